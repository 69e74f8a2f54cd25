/**
 * Puts recorded IP packets into headers that no device of the recording machine could make: MPLS, PPPoE, stacked
 * tags, GRE, Geneve, IPIP and the link types of other systems. Checksums are left 0.
 */

export interface Wrapping {
  name: string;
  linkType: number;
  /** The frame around an IP packet of either version. */
  wrap: (packet: Uint8Array) => Uint8Array;
  /** Of the frame on the wire, where its headers say more than there is. */
  originalLength?: number;
}

export const concat = (...parts: (Uint8Array | readonly number[])[]) =>
  Uint8Array.from(parts.flatMap((part) => [...part]));
export const u16 = (value: number) => [value >> 8, value & 0xff];
export const u32 = (value: number) => [value >>> 24, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff];

export const versionOf = (packet: Uint8Array) => packet[0]! >> 4;
const etherTypeOf = (packet: Uint8Array) => (versionOf(packet) === 4 ? 0x0800 : 0x86dd);
const ipProtocolOf = (packet: Uint8Array) => (versionOf(packet) === 4 ? 4 : 41);

const MACS = [2, 0, 0, 0, 0xaa, 1, 2, 0, 0, 0, 0xbb, 2];
const INNER_MACS = [2, 0, 0, 0, 0xcc, 3, 2, 0, 0, 0, 0xdd, 4];

export const ethernet = (type: number, payload: Uint8Array, tags: readonly number[] = [], macs = MACS) =>
  concat(macs, tags, u16(type), payload);
export const tag = (type: number, vid: number, priority = 0) => [
  ...u16(type),
  ...u16((priority << 13) | vid),
];

export function ipv4(
  protocol: number,
  payload: Uint8Array,
  options: readonly number[] = [],
  fragment = 0x4000,
) {
  const headerLength = 20 + options.length;
  const header = [0x40 | (headerLength / 4), 0, ...u16(headerLength + payload.length), 0xab, 0xcd];
  return concat(header, u16(fragment), [61, protocol, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2], options, payload);
}

export function ipv6(nextHeader: number, payload: Uint8Array, payloadLength = payload.length) {
  const source = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
  return concat(
    [0x60, 0, 0, 0],
    u16(payloadLength),
    [nextHeader, 62],
    source,
    [...source.slice(0, 15), 2],
    payload,
  );
}

export const udp = (port: number, payload: Uint8Array, source = 50_000) =>
  concat(u16(source), u16(port), u16(payload.length + 8), [0, 0], payload);
export const vxlanHeader = (vni: number, flags = 0x08) => [flags, 0, 0, 0, ...u32(vni << 8)];
export const vxlan = (vni: number, frame: Uint8Array, port = 4789) =>
  udp(port, concat(vxlanHeader(vni), frame));
export const geneve = (vni: number, type: number, options: readonly number[], payload: Uint8Array) =>
  udp(6081, concat([options.length / 4, 0], u16(type), u32(vni << 8), options, payload));
export const gre = (flags: number, type: number, fields: readonly number[], payload: Uint8Array) =>
  concat(u16(flags), u16(type), fields, payload);
export const label = (value: number, bottom: boolean) => u32((value << 12) | (bottom ? 0x100 : 0) | 64);
export const pppoe = (session: number, protocol: number, payload: Uint8Array) =>
  concat([0x11, 0], u16(session), u16(payload.length + 2), u16(protocol), payload);
const pppOf = (packet: Uint8Array) => (versionOf(packet) === 4 ? 0x0021 : 0x0057);
const inner = (packet: Uint8Array) => ethernet(etherTypeOf(packet), packet, [], INNER_MACS);

/** The transport part of a packet with IPv6 addresses and these extension headers before it. */
function extended(first: number, headers: (next: number) => number[], packet: Uint8Array) {
  const version = versionOf(packet);
  const next = version === 4 ? packet[9]! : packet[6]!;
  const payload = packet.subarray(version === 4 ? (packet[0]! & 15) * 4 : 40);
  return ipv6(first, concat(headers(next), payload));
}

const overEthernet = (packet: Uint8Array) => ethernet(etherTypeOf(packet), packet);

export const WRAPPINGS: readonly Wrapping[] = [
  { name: '802.1Q', linkType: 1, wrap: (p) => ethernet(etherTypeOf(p), p, tag(0x8100, 100)) },
  { name: 'priority tag', linkType: 1, wrap: (p) => ethernet(etherTypeOf(p), p, tag(0x8100, 0, 5)) },
  {
    name: '802.1ad',
    linkType: 1,
    wrap: (p) => ethernet(etherTypeOf(p), p, [...tag(0x88a8, 4094), ...tag(0x8100, 7)]),
  },
  {
    name: 'QinQ 0x9100',
    linkType: 1,
    wrap: (p) => ethernet(etherTypeOf(p), p, [...tag(0x9100, 3), ...tag(0x8100, 8)]),
  },
  {
    name: 'LLC/SNAP',
    linkType: 1,
    wrap: (p) => ethernet(p.length + 8, concat([0xaa, 0xaa, 3, 0, 0, 0], u16(etherTypeOf(p)), p)),
  },
  {
    name: 'Ethernet padding',
    linkType: 1,
    wrap: (p) => concat(overEthernet(p), new Uint8Array(30).fill(0x5a)),
  },
  { name: 'PPPoE', linkType: 1, wrap: (p) => ethernet(0x8864, pppoe(0x1234, pppOf(p), p)) },
  {
    name: 'PPPoE in a VLAN',
    linkType: 1,
    wrap: (p) => ethernet(0x8864, pppoe(7, pppOf(p), p), tag(0x8100, 35)),
  },
  { name: 'MPLS, one label', linkType: 1, wrap: (p) => ethernet(0x8847, concat(label(16_000, true), p)) },
  {
    name: 'MPLS, three labels',
    linkType: 1,
    wrap: (p) => ethernet(0x8848, concat(label(1_000_000, false), label(17, false), label(18, true), p)),
  },
  {
    name: 'MPLS pseudowire',
    linkType: 1,
    wrap: (p) => ethernet(0x8847, concat(label(299, true), [0, 0, 0, 0], inner(p))),
  },
  {
    name: 'VXLAN with group policy',
    linkType: 1,
    wrap: (p) => overEthernet(ipv4(17, udp(4789, concat(vxlanHeader(5, 0x88), inner(p))))),
  },
  {
    name: 'VXLAN over IPv6, 8472',
    linkType: 1,
    wrap: (p) => overEthernet(ipv6(17, vxlan(0xffffff, inner(p), 8472))),
  },
  {
    name: 'VXLAN with a VLAN inside and one outside',
    linkType: 1,
    wrap: (p) =>
      ethernet(
        0x0800,
        ipv4(17, vxlan(9, ethernet(etherTypeOf(p), p, tag(0x8100, 22), INNER_MACS))),
        tag(0x8100, 11),
      ),
  },
  {
    name: 'Geneve, Ethernet',
    linkType: 1,
    wrap: (p) => overEthernet(ipv4(17, geneve(77, 0x6558, [], inner(p)))),
  },
  {
    name: 'Geneve with options',
    linkType: 1,
    wrap: (p) => overEthernet(ipv6(17, geneve(78, 0x6558, [1, 2, 3, 1, 9, 9, 9, 9, 1, 3, 4, 0], inner(p)))),
  },
  { name: 'Geneve, IP', linkType: 1, wrap: (p) => overEthernet(ipv4(17, geneve(79, etherTypeOf(p), [], p))) },
  { name: 'GRE', linkType: 1, wrap: (p) => overEthernet(ipv4(47, gre(0, etherTypeOf(p), [], p))) },
  {
    name: 'GRE with checksum, key and sequence',
    linkType: 1,
    wrap: (p) =>
      overEthernet(ipv4(47, gre(0xb000, etherTypeOf(p), [0, 0, 0, 0, ...u32(0xdeadbeef), ...u32(1)], p))),
  },
  {
    name: 'GRE with a sequence',
    linkType: 1,
    wrap: (p) => overEthernet(ipv6(47, gre(0x1000, etherTypeOf(p), u32(1), p))),
  },
  {
    name: 'gretap with a key',
    linkType: 1,
    wrap: (p) => overEthernet(ipv4(47, gre(0x2000, 0x6558, u32(42), inner(p)))),
  },
  { name: 'in IPv4', linkType: 1, wrap: (p) => overEthernet(ipv4(ipProtocolOf(p), p)) },
  { name: 'in IPv6', linkType: 1, wrap: (p) => overEthernet(ipv6(ipProtocolOf(p), p)) },
  {
    name: 'in IPv4 with options',
    linkType: 1,
    wrap: (p) => overEthernet(ipv4(ipProtocolOf(p), p, [1, 1, 1, 1, 7, 7, 4, 0])),
  },
  {
    name: 'four tunnels',
    linkType: 1,
    wrap: (p) =>
      overEthernet(
        ipv4(17, vxlan(1, overEthernet(ipv4(47, gre(0, 0x86dd, [], ipv6(4, ipv4(ipProtocolOf(p), p))))))),
      ),
  },
  {
    name: 'Hop-by-Hop',
    linkType: 1,
    wrap: (p) => overEthernet(extended(0, (n) => [n, 0, 5, 2, 0, 0, 1, 0], p)),
  },
  {
    name: 'jumbogram',
    linkType: 1,
    originalLength: 70_054,
    wrap: (p) => {
      const framed = overEthernet(extended(0, (n) => [n, 0, 0xc2, 4, 0, 0, 0, 0], p));
      framed.set([0, 0], 18);
      framed.set(u32(70_000), 58); // below 65 536 none is allowed
      return framed;
    },
  },
  {
    name: 'Destination Options, Routing and AH',
    linkType: 1,
    wrap: (p) =>
      overEthernet(
        extended(
          60,
          (n) => [
            ...[43, 0, 1, 4, 0, 0, 0, 0],
            ...[51, 2, 4, 0, 0, 0, 0, 0, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9],
            ...[n, 4, 0, 0, ...u32(256), ...u32(1), ...u32(1), ...u32(2), ...u32(3)],
          ],
          p,
        ),
      ),
  },
  {
    name: 'SLL',
    linkType: 113,
    wrap: (p) => concat([0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 9, 0, 0], u16(etherTypeOf(p)), p),
  },
  {
    name: 'SLL with a tag',
    linkType: 113,
    wrap: (p) => concat([0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 9, 0, 0], tag(0x8100, 12), u16(etherTypeOf(p)), p),
  },
  {
    name: 'SLL2 of a device without addresses',
    linkType: 276,
    wrap: (p) =>
      concat(u16(etherTypeOf(p)), [0, 0], u32(4_000_000), [0xff, 0xfe, 0, 0], new Uint8Array(8), p),
  },
  { name: 'RAW', linkType: 101, wrap: (p) => p },
  {
    name: 'NULL, little-endian',
    linkType: 0,
    wrap: (p) => concat([versionOf(p) === 4 ? 2 : 24, 0, 0, 0], p),
  },
  { name: 'NULL, big-endian', linkType: 0, wrap: (p) => concat([0, 0, 0, versionOf(p) === 4 ? 2 : 24], p) },
  { name: 'NULL of FreeBSD', linkType: 0, wrap: (p) => concat([versionOf(p) === 4 ? 2 : 28, 0, 0, 0], p) },
  { name: 'NULL of Darwin', linkType: 0, wrap: (p) => concat([versionOf(p) === 4 ? 2 : 30, 0, 0, 0], p) },
  { name: 'LOOP', linkType: 108, wrap: (p) => concat([0, 0, 0, versionOf(p) === 4 ? 2 : 24], p) },
  { name: 'PPP', linkType: 9, wrap: (p) => concat(u16(pppOf(p)), p) },
  { name: 'PPP with HDLC framing', linkType: 9, wrap: (p) => concat([0xff, 3], u16(pppOf(p)), p) },
  { name: 'PPP, compressed protocol', linkType: 9, wrap: (p) => concat([pppOf(p)], p) },
  { name: 'PPP_HDLC', linkType: 50, wrap: (p) => concat([0xff, 3], u16(pppOf(p)), p) },
  { name: 'Cisco HDLC', linkType: 50, wrap: (p) => concat([0x0f, 0], u16(etherTypeOf(p)), p) },
  { name: 'PPP_ETHER', linkType: 51, wrap: (p) => pppoe(99, pppOf(p), p) },
];
