import type { Snapshot } from '../../model/snapshot.js';

/** A file of a bundle that tells of a node: what is in it, and what it takes to have it. */
export interface SnapshotFile {
  name: string;
  field: keyof Snapshot;
  /** In a sentence: `no kernel log`. */
  holds: string;
  /** What cannot be told without it. */
  tells: string;
  /** Makes it, in the bundle's directory. */
  command: string;
  /** With this, nothing is missing: nftables lists what iptables wrote, but for the old `iptables-legacy`. */
  coveredBy?: keyof Snapshot;
  /** Where given, only a node of which this holds misses the file. */
  neededBy?: (snapshot: Snapshot) => boolean;
}

/**
 * Drop events are placed in time by clock.txt, so both are made at once. Where there is no tracefs nothing else is done,
 * least of all in another directory.
 */
export const RECORD_DROPS =
  '{ date +%s.%N; cat /proc/uptime; } > clock.txt; (cd /sys/kernel/tracing && echo 1 > events/skb/kfree_skb/enable && { timeout 30 cat trace_pipe > "$OLDPWD/drops.txt"; echo 0 > events/skb/kfree_skb/enable; })';

/** Counters before and after: those that did not move rule drops out. */
export const RECORD_COUNTERS =
  'nstat -a -s -z --json > nstat-before.json; sleep 30; nstat -a -s -z --json > nstat-after.json';

const WAY = 'which way a packet takes, and whether the reverse-path check lets it in';
const RULES = 'which packets the firewall drops, and what it translates';

export const SNAPSHOT_FILES: readonly SnapshotFile[] = [
  {
    name: 'sysctl.txt',
    field: 'sysctl',
    holds: 'sysctls',
    tells: 'rp_filter, forwarding and what else decides on a packet',
    command: "sysctl -a -r '^net\\.' > sysctl.txt",
  },
  {
    name: 'ip-route.json',
    field: 'routes4',
    holds: 'IPv4 routes',
    tells: WAY,
    command: 'ip -j -4 route show table all > ip-route.json',
  },
  {
    name: 'ip-route6.json',
    field: 'routes6',
    holds: 'IPv6 routes',
    tells: `${WAY} (IPv6)`,
    command: 'ip -j -6 route show table all > ip-route6.json',
  },
  {
    name: 'ip-rule.json',
    field: 'rules4',
    holds: 'IPv4 rules',
    tells: 'which routing table is asked',
    command: 'ip -j -4 rule show > ip-rule.json',
  },
  {
    name: 'ip-rule6.json',
    field: 'rules6',
    holds: 'IPv6 rules',
    tells: 'which routing table is asked (IPv6)',
    command: 'ip -j -6 rule show > ip-rule6.json',
  },
  {
    name: 'ip-addr.json',
    field: 'addresses',
    holds: 'addresses',
    tells: 'what is for the node itself, and whose an address is',
    command: 'ip -j addr show > ip-addr.json',
  },
  {
    name: 'ip-link.json',
    field: 'links',
    holds: 'links',
    tells: 'which interface a packet of `-i any` was on, and which tunnels and bridges there are',
    command: 'ip -j -d link show > ip-link.json',
  },
  {
    name: 'ip-neigh.json',
    field: 'neighbours',
    holds: 'neighbour table',
    tells: 'whose MAC the node believes an address to have',
    command: 'ip -j neigh show > ip-neigh.json',
  },
  {
    name: 'iptables-save.txt',
    field: 'iptables',
    holds: 'iptables rules',
    tells: RULES,
    command: 'iptables-save > iptables-save.txt',
    coveredBy: 'nft',
  },
  {
    name: 'ip6tables-save.txt',
    field: 'ip6tables',
    holds: 'ip6tables rules',
    tells: `${RULES} (IPv6)`,
    command: 'ip6tables-save > ip6tables-save.txt',
    coveredBy: 'nft',
  },
  {
    name: 'nft.json',
    field: 'nft',
    holds: 'nftables rules',
    tells: RULES,
    command: 'nft -j list ruleset > nft.json',
  },
  {
    name: 'conntrack.txt',
    field: 'conntrack',
    holds: 'conntrack table',
    tells: 'how connections that began before were translated',
    command: 'conntrack -L > conntrack.txt',
  },
  {
    name: 'ipvsadm.txt',
    field: 'ipvs',
    holds: 'IPVS services',
    tells: 'which backends kube-proxy or keepalived have behind an address, in IPVS mode',
    command: 'ipvsadm -Ln > ipvsadm.txt',
    // Few nodes have any; this is the device of kube-proxy.
    neededBy: ({ links, addresses }) =>
      [...(links ?? []).map(({ name }) => name), ...(addresses ?? []).map((own) => own.interface)].includes(
        'kube-ipvs0',
      ),
  },
  {
    name: 'ipset.txt',
    field: 'ipsets',
    holds: 'ipsets',
    tells: 'which packets the rules match that ask a set (Calico, firewalld, kube-proxy in IPVS mode)',
    command: 'ipset save > ipset.txt',
    // Few nodes have any.
    neededBy: ({ iptables, ip6tables }) =>
      [iptables, ip6tables].some((rules) => rules?.includes(' --match-set ') ?? false),
  },
  {
    name: 'kernel.log',
    field: 'kernelLog',
    holds: 'kernel log',
    tells: "the kernel's own record of a drop (martian lines): without it or drop reasons, none is confirmed",
    command: 'dmesg --time-format=iso > kernel.log',
  },
  {
    name: 'clock.txt',
    field: 'clock',
    holds: 'time of boot',
    tells: 'when a line of the kernel log in seconds since boot was written',
    command: '{ date +%s.%N; cat /proc/uptime; } > clock.txt',
  },
  {
    name: 'nstat-before.json',
    field: 'countersBefore',
    holds: 'counters from before',
    tells: 'how far the counters of drops rose: those that did not rule a drop out',
    command: RECORD_COUNTERS,
  },
  {
    name: 'nstat-after.json',
    field: 'countersAfter',
    holds: 'counters',
    tells: 'how far the counters of drops rose: those that did not rule a drop out',
    command: RECORD_COUNTERS,
  },
  {
    name: 'drops.txt',
    field: 'drops',
    holds: 'drop reasons',
    tells: "the kernel's own reason for a drop",
    command: RECORD_DROPS,
  },
];

/** What none of a node's snapshots has. */
export function missingFiles(snapshots: readonly Snapshot[]): SnapshotFile[] {
  const has = (field: keyof Snapshot) => snapshots.some((snapshot) => snapshot[field] !== null);
  return SNAPSHOT_FILES.filter(
    ({ field, coveredBy, neededBy }) =>
      !has(field) && !(coveredBy && has(coveredBy)) && (!neededBy || snapshots.some(neededBy)),
  );
}

/** The commands for the files, one after the other in their order; null where there are none. */
export function recordingCommand(names: readonly string[]): string | null {
  const commands = names.flatMap((name) => SNAPSHOT_FILES.find((file) => file.name === name)?.command ?? []);
  return commands.length === 0 ? null : [...new Set(commands)].join('; ');
}
