import { ETHER_TYPE, IP_PROTOCOL, type Next, UDP_PORT } from '../decode/cursor.js';
import type { Header } from '../decode/decode.js';
import type { Addresses } from './addresses.js';

export const IPV4: readonly Next[] = [228, ETHER_TYPE + 0x0800];
export const IPV6: readonly Next[] = [229, ETHER_TYPE + 0x86dd];
export const [ICMP, TCP, UDP, GRE, ICMPV6] = [1, 6, 17, 47, 58].map((number) => IP_PROTOCOL + number) as [
  Next,
  Next,
  Next,
  Next,
  Next,
];

/**
 * Puts other addresses in place of those of one header.
 *
 * @returns where that ends of which it is known that it tells nothing else; the header's start where that is not known
 *   of any of it
 */
export type RedactHeader = (octets: Uint8Array, header: Header, addresses: Addresses) => number;

/** What a header holds is its lengths, labels and numbers. */
const plain: RedactHeader = (_, { end }) => end;

const ethernet: RedactHeader = (octets, { start, end }, addresses) => {
  if (start + 14 > octets.length) return start;
  put(octets, start, addresses.mac(octets.subarray(start, start + 6)));
  put(octets, start + 6, addresses.mac(octets.subarray(start + 6, start + 12)));
  return Math.max(end, start + 14);
};

/** @param lengthAt where the length of the link-layer address is, of which 8 octets have room */
function cooked(lengthAt: number, addressAt: number, headerLength: number): RedactHeader {
  return (octets, { start, end }, addresses) => {
    if (start + headerLength > octets.length) return start;
    const field = octets.subarray(start + addressAt, start + addressAt + 8);
    const length = octets[start + lengthAt]!;
    const address = field.slice(0, length);
    field.fill(0);
    // Of a tunnel it is an IPv4 address.
    if (length === 4) field.set(addresses.octets(address));
    if (length === 6) field.set(addresses.mac(address));
    return Math.max(end, start + headerLength);
  };
}

const arp: RedactHeader = (octets, { start }, addresses) => {
  const view = viewOf(octets);
  const isKnown = start + 28 <= octets.length && view.getUint32(start) === 0x00010800;
  if (!isKnown || view.getUint16(start + 4) !== 0x0604) return start;
  for (const at of [start + 8, start + 18]) {
    put(octets, at, addresses.mac(octets.subarray(at, at + 6)));
    put(octets, at + 6, addresses.octets(octets.subarray(at + 6, at + 10)));
  }
  return start + 28;
};

const NO_OPERATION = 1;

const ipv4: RedactHeader = (octets, { start, end }, addresses) => {
  const [first = 0] = octets.subarray(start);
  if (start + 20 > octets.length || first >> 4 !== 4) return start;
  putAddresses(octets, [start + 12, start + 16], 4, addresses);
  // Its options are cut off, or it contradicts itself.
  if (end === start) return start + 20;
  // Routes and stamps hold addresses.
  octets.fill(NO_OPERATION, start + 20, start + ((first & 0x0f) << 2));
  return end;
};

const [HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION_OPTIONS] = [0, 43, 44, 51, 60];

const ipv6: RedactHeader = (octets, { start, end }, addresses) => {
  if (start + 40 > octets.length || end === start) return start;
  putAddresses(octets, [start + 8, start + 24], 16, addresses);
  let type = octets[start + 6]!;
  for (let at = start + 40; at + 8 <= end; ) {
    const units = octets[at + 1]!;
    const length = type === FRAGMENT ? 8 : type === AUTHENTICATION ? (units + 2) << 2 : (units + 1) << 3;
    if (type === HOP_BY_HOP || type === DESTINATION_OPTIONS)
      redactOptions(octets.subarray(at + 2, at + length));
    if (type === ROUTING) octets.fill(0, at + 4, at + length);
    type = octets[at]!;
    at += length;
  }
  return end;
};

const PAD1 = 0;
/** Router alert, and the length of a jumbogram. */
const PLAIN_OPTIONS6 = new Set([5, 0xc2]);

/** @param options of IPv6; those that may tell of something become padding */
function redactOptions(options: Uint8Array): void {
  for (let at = 0; at < options.length; ) {
    const length = options[at] === PAD1 ? 1 : 2 + (options[at + 1] ?? 0);
    if (!PLAIN_OPTIONS6.has(options[at]!)) options.fill(PAD1, at, at + length);
    at += length;
  }
}

/** End, no operation, MSS, window scale, SACK permitted, SACK, timestamps. */
const PLAIN_OPTIONS = new Set([0, NO_OPERATION, 2, 3, 4, 5, 8]);

const tcp: RedactHeader = (octets, { start }) => {
  const offset = octets[start + 12];
  const end = Math.min(octets.length, start + (offset === undefined ? 20 : (offset >> 4) << 2));
  for (let at = start + 20; at < end; ) {
    const kind = octets[at]!;
    if (kind === 0) break;
    const length = kind === NO_OPERATION ? 1 : Math.max(2, octets[at + 1] ?? 2);
    // Multipath TCP tells of other addresses.
    if (!PLAIN_OPTIONS.has(kind)) octets.fill(NO_OPERATION, at, Math.min(end, at + length));
    at += length;
  }
  return Math.max(start, end);
};

const first8: RedactHeader = (octets, { start }) => Math.min(octets.length, start + 8);

const REDIRECT = 5;

const icmp: RedactHeader = (octets, { start }, addresses) => {
  if (start + 8 > octets.length) return start;
  if (octets[start] === REDIRECT) putAddresses(octets, [start + 4], 4, addresses);
  return start + 8;
};

/** Where the addresses of a neighbour discovery message are, and where its options begin (RFC 4861 section 4). */
const NEIGHBOUR_MESSAGES: ReadonlyMap<number, { addresses: readonly number[]; options: number }> = new Map([
  [133, { addresses: [], options: 8 }],
  [134, { addresses: [], options: 16 }],
  [135, { addresses: [8], options: 24 }],
  [136, { addresses: [8], options: 24 }],
  [137, { addresses: [8, 24], options: 40 }],
]);

const icmpv6: RedactHeader = (octets, { start }, addresses) => {
  if (start + 8 > octets.length) return start;
  const message = NEIGHBOUR_MESSAGES.get(octets[start]!);
  if (!message) return start + 8;
  if (start + message.options > octets.length) return start + 8;
  putAddresses(
    octets,
    message.addresses.map((at) => start + at),
    16,
    addresses,
  );
  let at = start + message.options;
  for (;;) {
    const length = (octets[at + 1] ?? 0) << 3;
    if (length === 0 || at + length > octets.length) return at;
    redactNeighbourOption(octets.subarray(at, at + length), addresses);
    at += length;
  }
};

const LINK_LAYER_ADDRESS = [1, 2];
const PREFIX_INFORMATION = 3;
const MTU = 5;

/** @param option of neighbour discovery; of those that are not known the content goes */
function redactNeighbourOption(option: Uint8Array, addresses: Addresses): void {
  const type = option[0]!;
  if (LINK_LAYER_ADDRESS.includes(type) && option.length === 8)
    put(option, 2, addresses.mac(option.slice(2)));
  else if (type === PREFIX_INFORMATION && option.length === 32) {
    const prefix = addresses.octets(option.subarray(16));
    put(option, 16, prefix.fill(0, 8));
  } else if (type !== MTU) option.fill(0, 2);
}

const ROWS: readonly (readonly [Next, RedactHeader])[] = [
  [0, plain],
  [1, ethernet],
  [9, plain],
  [12, plain],
  [14, plain],
  [50, plain],
  [51, plain],
  [101, plain],
  [108, plain],
  [113, cooked(5, 6, 16)],
  [276, cooked(11, 12, 20)],
  ...IPV4.map((number) => [number, ipv4] as const),
  ...IPV6.map((number) => [number, ipv6] as const),
  [ETHER_TYPE + 0x0806, arp],
  [ETHER_TYPE + 0x8847, plain],
  [ETHER_TYPE + 0x8848, plain],
  [ETHER_TYPE + 0x8864, plain],
  [ICMP, icmp],
  [IP_PROTOCOL + 4, plain],
  [TCP, tcp],
  [UDP, first8],
  [IP_PROTOCOL + 41, plain],
  [GRE, plain],
  [ICMPV6, icmpv6],
  [IP_PROTOCOL + 137, plain],
  [UDP_PORT + 4789, plain],
  [UDP_PORT + 8472, plain],
  [UDP_PORT + 6081, plain],
];

/** By protocol, for all that are decoded. */
export const REDACT_HEADER: ReadonlyMap<Next, RedactHeader> = new Map(ROWS);

function putAddresses(octets: Uint8Array, at: readonly number[], length: number, addresses: Addresses): void {
  for (const offset of at) put(octets, offset, addresses.octets(octets.subarray(offset, offset + length)));
}

function put(octets: Uint8Array, at: number, value: Uint8Array): void {
  octets.set(value, at);
}

export function viewOf(octets: Uint8Array): DataView {
  return new DataView(octets.buffer, octets.byteOffset, octets.length);
}
