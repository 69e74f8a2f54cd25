import { Cursor, DONE, type Next, Trust, UNBOUNDED } from './cursor.js';
import { canDecode } from './linktypes.js';
import { MAX_TUNNELS, Outcome, type Packet } from './packet.js';
import { decodePlainTcp } from './plain-tcp.js';
import { decoderOf } from './registry.js';
import { reset } from './reset.js';

/** Decoding is synchronous and never re-entered, so one cursor serves every packet without being allocated. */
const cursor = new Cursor();

/**
 * Decodes one packet into `packet`, of which nothing from before is kept. Never throws, and reads no octet
 * outside `offset` to `offset + capturedLength`. How far it got is in `packet.outcome`.
 *
 * @param linkType LINKTYPE_ value, without the FCS bits
 * @param view over the same octets as `bytes`, with the same offsets
 * @param offset of the packet's first octet
 * @param capturedLength in octets
 */
export function decodePacket(
  linkType: number,
  bytes: Uint8Array,
  view: DataView,
  offset: number,
  capturedLength: number,
  packet: Packet,
): void {
  packet.bytes = bytes;
  packet.view = view;
  packet.end = Math.min(offset + capturedLength, bytes.length);
  if (!decodePlainTcp(linkType, offset, packet)) decodeHeaders(linkType, offset, packet);
}

/**
 * The same by way of each protocol's decoder, for a packet whose `bytes`, `view` and `end` are set: what
 * `decodePlainTcp` is measured against.
 */
export function decodeHeaders(linkType: number, offset: number, packet: Packet): void {
  packet.plainLinkType = -1;
  if (!canDecode(linkType)) {
    reset(packet);
    packet.outcome = Outcome.unknownLinkType;
    return;
  }
  decodeFrom(linkType, offset, packet);
  if (cursor.quoteAt >= 0) decodeQuoted(packet);
}

/** Decodes the packet that starts at `offset` with protocol `first`, and goes into its tunnels. */
function decodeFrom(first: Next, offset: number, packet: Packet): void {
  run(first, offset, packet, MAX_TUNNELS);
  if (packet.tunnelDepth === 0 || packet.ipVersion !== 0 || packet.arpOperation >= 0) return;
  const { outcome } = packet;
  if (outcome === Outcome.complete && cursor.trust !== Trust.doubtful) return;

  // The tunnel entered last holds no packet that can be read. Its carrier then is the packet: decoding anew as
  // far as that costs less, over all packets, than saving the carrier's fields at every tunnel.
  const guessed = cursor.trust !== Trust.certain;
  run(first, offset, packet, packet.tunnelDepth - 1);
  packet.outcome = outcome === Outcome.malformed && guessed ? Outcome.complete : outcome;
}

/** A header as it lies in a packet. */
export interface Header {
  /** Its protocol, as `registry.ts` numbers them. */
  protocol: Next;
  start: number;
  /** First octet after it; the same as `start` where it is not read on from there. */
  end: number;
}

/**
 * The headers of a packet, the outermost first, and after an ICMP error those of the packet that it quotes. Tags of the
 * link layer and IPv6 extension headers are part of what they follow.
 *
 * @param packet gets what `decodePacket` would fill in
 */
export function headersOf(linkType: number, octets: Uint8Array, packet: Packet): Header[] {
  packet.bytes = octets;
  packet.view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  packet.end = octets.length;
  decodeHeaders(linkType, 0, packet);
  if (packet.outcome === Outcome.unknownLinkType) return [];
  const headers: Header[] = [];
  const note = (protocol: Next, start: number, end: number) => headers.push({ protocol, start, end });
  // Again, now that it is known which tunnels hold a packet.
  const { outcome, quoted } = packet;
  run(linkType, 0, packet, packet.tunnelDepth, note);
  packet.outcome = outcome;
  if (cursor.quoteAt >= 0 && quoted) {
    const { quoteNext, quoteAt } = cursor;
    run(quoteNext, quoteAt, quoted, quoted.tunnelDepth, note);
    packet.quoted = quoted;
  }
  return headers;
}

function run(
  first: Next,
  offset: number,
  packet: Packet,
  maxDepth: number,
  note?: (protocol: Next, start: number, end: number) => void,
): void {
  reset(packet);
  cursor.at = offset;
  cursor.end = packet.end;
  cursor.limit = UNBOUNDED;
  cursor.maxDepth = maxDepth;
  cursor.trust = Trust.certain;
  cursor.quoteAt = -1;
  let next = first;
  do {
    const decoder = decoderOf(next);
    if (decoder === undefined) return;
    const [protocol, start] = [next, cursor.at];
    next = decoder(packet, cursor);
    note?.(protocol, start, cursor.at);
  } while (next !== DONE);
}

/** Decodes the quote of an ICMP error. A quote within a quote (RFC 1122 section 3.2.2 forbids it) is left. */
function decodeQuoted(packet: Packet): void {
  const quoted = packet.quoteHolder();
  quoted.bytes = packet.bytes;
  quoted.view = packet.view;
  quoted.end = cursor.quoteEnd;
  decodeFrom(cursor.quoteNext, cursor.quoteAt, quoted);
  // A tunnel may carry ARP, or what is not decoded: its outer addresses are worth having all the same.
  if (quoted.ipVersion !== 0 || quoted.tunnelDepth > 0) packet.quoted = quoted;
}
