/** Commands that record what a bundle lacks; each writes the file that the bundle format names. */
import type { Sighting } from '../model/sighting.js';
import { shellWord } from './shell-word.js';

/** Drop events are placed in time by clock.txt, so both are made at once. */
export const RECORD_DROPS =
  '{ date +%s.%N; cat /proc/uptime; } > clock.txt; cd /sys/kernel/tracing && echo 1 > events/skb/kfree_skb/enable; timeout 30 cat trace_pipe > "$OLDPWD/drops.txt"; echo 0 > events/skb/kfree_skb/enable; cd -';

/** Counters before and after: those that did not move rule drops out. */
export const RECORD_COUNTERS =
  'nstat -a -s -z --json > nstat-before.json; sleep 30; nstat -a -s -z --json > nstat-after.json';

/** Both the packet and the tunnels that may carry it: a `tcp` filter hides what is inside UDP. */
export function captureFilter(last: Sighting): string {
  const tunnel = last.encapsulations[0]?.port;
  const tunnels = tunnel == null ? '4789 or udp port 8472' : String(tunnel);
  return `host ${last.source.address} or udp port ${tunnels} or arp or icmp or icmp6`;
}

/** @param name null: all interfaces */
export function captureCommand(name: string | null, filter: string): string {
  const stem = name ?? 'any';
  return `tcpdump -i ${shellWord(stem)} -n -s 128 --immediate-mode -U -w ${shellWord(`${stem}.pcap`)} '${filter}'`;
}

/** By the bundle's file, the command that makes it. */
const COMMANDS: Readonly<Record<string, string>> = {
  'sysctl.txt': "sysctl -a -r '^net\\.' > sysctl.txt",
  'ip-route.json': 'ip -j -4 route show table all > ip-route.json',
  'ip-route6.json': 'ip -j -6 route show table all > ip-route6.json',
  'ip-rule.json': 'ip -j -4 rule show > ip-rule.json',
  'ip-rule6.json': 'ip -j -6 rule show > ip-rule6.json',
  'ip-addr.json': 'ip -j addr show > ip-addr.json',
  'ip-link.json': 'ip -j -d link show > ip-link.json',
  'ip-neigh.json': 'ip -j neigh show > ip-neigh.json',
  'iptables-save.txt': 'iptables-save > iptables-save.txt',
  'ip6tables-save.txt': 'ip6tables-save > ip6tables-save.txt',
  'nft.json': 'nft -j list ruleset > nft.json',
  'conntrack.txt': 'conntrack -L > conntrack.txt',
};

/** The commands for the files, one after the other; null where there are none. */
export function snapshotCommand(files: readonly string[]): string | null {
  const commands = [...new Set(files)].flatMap((file) => COMMANDS[file] ?? []);
  return commands.length === 0 ? null : commands.join('; ');
}

/** The bundle's files that a line of doubt says are missing. */
export function filesNamedIn(lines: readonly string[]): string[] {
  const missing = lines.filter((line) => /missing/.test(line));
  return Object.keys(COMMANDS).filter((file) => missing.some((line) => line.includes(file)));
}
