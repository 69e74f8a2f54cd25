/** Commands that record what a bundle lacks; each writes the file that the bundle format names. */
import { SNAPSHOT_FILES } from '../ingest/snapshot/files.js';
import type { Sighting } from '../model/sighting.js';
import { shellWord } from './shell-word.js';

/**
 * Both the packet and the tunnels that may carry it: a `tcp` filter hides what is inside UDP. ICMPv6 holds what ARP is
 * for IPv4.
 */
export function captureFilter({ source: { address }, encapsulations }: Sighting): string {
  const tunnel = encapsulations[0]?.port;
  const tunnels = tunnel == null ? '4789 or udp port 8472' : String(tunnel);
  const others = isIPv6(address) ? 'icmp or icmp6' : 'arp or icmp or icmp6';
  return `host ${address} or udp port ${tunnels} or ${others}`;
}

/** Who asks for the address on its link, and who answers: ARP, or neighbour solicitations and advertisements. */
export function neighbourFilter(address: string): string {
  // The type of an ICMPv6 message has no name of its own in older tcpdump; neighbour discovery bears no extension headers.
  return isIPv6(address) ? 'icmp6 and (ip6[40] = 135 or ip6[40] = 136)' : 'arp';
}

/** The same beside another term. */
export function orNeighbours(address: string): string {
  const filter = neighbourFilter(address);
  return isIPv6(address) ? `or (${filter})` : `or ${filter}`;
}

function isIPv6(address: string): boolean {
  return address.includes(':');
}

/** @param name null: all interfaces */
export function captureCommand(name: string | null, filter: string): string {
  const stem = name ?? 'any';
  return `tcpdump -i ${shellWord(stem)} -n -s 128 --immediate-mode -U -w ${shellWord(`${stem}.pcap`)} '${filter}'`;
}

/**
 * The rules that packets with such an address meet, those of iptables with their counters; nft lists its own always.
 */
export function recordRules(address: string): string {
  const program = isIPv6(address) ? 'ip6tables-save' : 'iptables-save';
  return `${program} -c > ${program}.txt; nft -j list ruleset > nft.json`;
}

/** What a line names before it says that this is missing; a rule of nft may have that word as well. */
const MISSING = /^(.*?) (?:is|are)(?: empty or)? missing\b/;

/** The bundle's files that a line of doubt says are missing. */
export function filesNamedIn(lines: readonly string[]): string[] {
  // A line may go on with files that are there.
  const missing = lines.flatMap((line) => MISSING.exec(line)?.[1] ?? []);
  return SNAPSHOT_FILES.map(({ name }) => name).filter((name) => missing.some((said) => said.includes(name)));
}

/**
 * Of a node of which nothing was recorded: packets and settings at once, so that one round is enough. It is run where
 * returnpath is, not on the node.
 *
 * @param host the node's name, or an address of it
 * @param name what the node is called; null where that is not known
 */
export function collectCommand(host: string, name: string | null, filter: string): string {
  const called = name === null ? '' : ` -n ${shellWord(name)}`;
  return `npx returnpath collect-script --log-martians --drop-reasons --filter '${filter}' | ssh ${shellWord(host)} sudo sh -s --${called} -t 60 -o /tmp`;
}
