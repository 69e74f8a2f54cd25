/** /etc/protocols */
export const PROTOCOLS: Readonly<Record<string, number>> = {
  ip: 0,
  icmp: 1,
  igmp: 2,
  ggp: 3,
  ipencap: 4,
  st: 5,
  tcp: 6,
  egp: 8,
  igp: 9,
  pup: 12,
  udp: 17,
  dccp: 33,
  ipv6: 41,
  'ipv6-route': 43,
  'ipv6-frag': 44,
  rsvp: 46,
  gre: 47,
  esp: 50,
  ah: 51,
  'ipv6-icmp': 58,
  icmpv6: 58,
  'ipv6-nonxt': 59,
  'ipv6-opts': 60,
  eigrp: 88,
  ospf: 89,
  ipip: 94,
  etherip: 97,
  pim: 103,
  ipcomp: 108,
  comp: 108,
  vrrp: 112,
  l2tp: 115,
  isis: 124,
  sctp: 132,
  udplite: 136,
  hip: 139,
};

/** The number of a protocol given by its name in `/etc/protocols` or as a number; null where the name is not known. */
export function protocolNumber(name: string): number | null {
  if (/^\d+$/.test(name)) return Number(name);
  const lower = name.toLowerCase();
  return Object.hasOwn(PROTOCOLS, lower) ? PROTOCOLS[lower]! : null;
}

const WITH_PORTS = new Set([6, 17, 33, 132, 136]);

/** Whether the protocol's packets have ports in the sense of a NAT tuple. */
export function hasPorts(protocol: string): boolean {
  return WITH_PORTS.has(protocolNumber(protocol) ?? -1);
}
