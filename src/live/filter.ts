import type { Recording } from './recording.js';

/** ARP, neighbour discovery, what connections and exchanges are made of, and the tunnels that carry them. */
export const EVERYTHING = 'arp or icmp or icmp6 or tcp or udp or proto 4 or proto 41 or proto 47';

/** Segments that begin or end a connection (SYN, FIN, RST), and those without data: a client's ACK of the SYN-ACK is one. */
const HANDSHAKES = [
  'tcp[13] & 7 != 0',
  'ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2) = 0',
  '(ip6 and ip6[6] = 6 and (ip6[53] & 7 != 0 or ip6[4:2] - ((ip6[52] & 0xf0) >> 2) = 0))',
];

/**
 * Beside what has a VIP's address: behind NAT it is gone, in a tunnel it cannot be seen, so that of all TCP connections
 * nothing but their data is left out, and no datagram is.
 */
export const BESIDE = ['arp or icmp or icmp6 or udp or proto 4 or proto 41 or proto 47', ...HANDSHAKES].join(
  ' or ',
);

/** The filter, in libpcap's language, that leaves out what is of no use. */
export function captureFilter({ filter, vips }: Pick<Recording, 'filter' | 'vips'>): string {
  if (filter !== null) return filter;
  return vips.length === 0 ? EVERYTHING : [BESIDE, ...vips.map((vip) => `host ${vip}`)].join(' or ');
}
