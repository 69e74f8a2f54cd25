import { GENEVE_PORT, LINUX_VXLAN_PORT, VXLAN_PORT } from '../model/tunnel-ports.js';
import { type Decoder, ETHER_TYPE, IP_PROTOCOL, NEXT_SPACE, type Next, UDP_PORT } from './cursor.js';
import { decodeEthernet } from './link/ethernet.js';
import { decodeLoop, decodeNull } from './link/loopback.js';
import { decodePpp, decodePppHdlc } from './link/ppp.js';
import { decodeRaw } from './link/raw.js';
import { decodeSll } from './link/sll.js';
import { decodeSll2 } from './link/sll2.js';
import { decodeArp } from './network/arp.js';
import { decodeIPv4 } from './network/ipv4.js';
import { decodeIPv6 } from './network/ipv6.js';
import { decodeIcmp } from './transport/icmp.js';
import { decodeIcmpv6 } from './transport/icmpv6.js';
import { decodeTcp } from './transport/tcp.js';
import { decodeUdp } from './transport/udp.js';
import { decodeGeneve } from './tunnel/geneve.js';
import { decodeGre } from './tunnel/gre.js';
import { decodeIPv4InIP, decodeIPv6InIP } from './tunnel/ipip.js';
import { decodeMpls } from './tunnel/mpls.js';
import { decodePppoe } from './tunnel/pppoe.js';
import { decodeVxlan } from './tunnel/vxlan.js';

/** Every protocol that is decoded: a row each. Link types are LINKTYPE_ values as libpcap assigns them. */
const ROWS: readonly (readonly [Next, Decoder])[] = [
  [0, decodeNull],
  [1, decodeEthernet],
  [9, decodePpp],
  [12, decodeRaw], // DLT_RAW as some systems wrote it into files
  [14, decodeRaw], // the same, OpenBSD
  [50, decodePppHdlc],
  [51, decodePppoe],
  [101, decodeRaw],
  [108, decodeLoop],
  [113, decodeSll],
  [228, decodeIPv4],
  [229, decodeIPv6],
  [276, decodeSll2],

  // 802.1Q and 802.1ad tags belong to the link layer: link/ether-type.ts.
  [ETHER_TYPE + 0x0800, decodeIPv4],
  [ETHER_TYPE + 0x0806, decodeArp],
  [ETHER_TYPE + 0x86dd, decodeIPv6],
  [ETHER_TYPE + 0x8847, decodeMpls], // downstream-assigned labels
  [ETHER_TYPE + 0x8848, decodeMpls], // upstream-assigned labels (RFC 5332)
  [ETHER_TYPE + 0x8864, decodePppoe], // the session stage; 0x8863, discovery, carries no packets

  [IP_PROTOCOL + 1, decodeIcmp],
  [IP_PROTOCOL + 4, decodeIPv4InIP],
  [IP_PROTOCOL + 6, decodeTcp],
  [IP_PROTOCOL + 17, decodeUdp],
  [IP_PROTOCOL + 41, decodeIPv6InIP],
  [IP_PROTOCOL + 47, decodeGre],
  [IP_PROTOCOL + 58, decodeIcmpv6],
  [IP_PROTOCOL + 137, decodeMpls], // MPLS in IP (RFC 4023)

  // By destination port alone: tunnels choose their source ports by a hash of the flow inside.
  [UDP_PORT + VXLAN_PORT, decodeVxlan],
  [UDP_PORT + LINUX_VXLAN_PORT, decodeVxlan],
  [UDP_PORT + GENEVE_PORT, decodeGeneve],
];

// An octet a number and a short list of decoders: with a Map, decoding of Ethernet TCP took 1.4 times as long.
const slots = new Uint8Array(NEXT_SPACE);
const decoders: (Decoder | undefined)[] = [undefined];
for (const [next, decoder] of ROWS) {
  slots[next] = decoders.length;
  decoders.push(decoder);
}

/** The decoder of a protocol number; undefined where what follows is not decoded. */
export function decoderOf(next: Next): Decoder | undefined {
  return decoders[slots[next]!];
}
