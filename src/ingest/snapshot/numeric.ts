/** What `ip -N` prints in place of the names, by linux/rtnetlink.h. What has no name there stays a number. */
const NAMES = {
  type: {
    '1': 'unicast',
    '2': 'local',
    '3': 'broadcast',
    '4': 'anycast',
    '5': 'multicast',
    '6': 'blackhole',
    '7': 'unreachable',
    '8': 'prohibit',
    '9': 'throw',
    '10': 'nat',
    '11': 'xresolve',
  },
  scope: { '0': 'global', '200': 'site', '253': 'link', '254': 'host', '255': 'nowhere' },
  protocol: {
    '1': 'redirect',
    '2': 'kernel',
    '3': 'boot',
    '4': 'static',
    '8': 'gated',
    '9': 'ra',
    '10': 'mrt',
    '11': 'zebra',
    '12': 'bird',
    '13': 'dnrouted',
    '14': 'xorp',
    '15': 'ntk',
    '16': 'dhcp',
    '18': 'keepalived',
    '42': 'babel',
    '186': 'bgp',
    '187': 'isis',
    '188': 'ospf',
    '189': 'rip',
    '192': 'eigrp',
  },
  table: { '253': 'default', '254': 'main', '255': 'local' },
} satisfies Record<string, Readonly<Record<string, string>>>;

/** The name of a number of that sort, and any other text as it is. */
export function nameOf(sort: keyof typeof NAMES, text: string): string {
  const names: Readonly<Record<string, string>> = NAMES[sort];
  return names[text] ?? text;
}
