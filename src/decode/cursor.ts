import { MAX_TUNNELS, Outcome, type Packet } from './packet.js';

/**
 * What decoding goes on with: a number of one of the spaces below, or DONE. Decoders name their successor in
 * this way instead of calling it, so that no protocol's file needs to import another's and nesting costs no stack.
 */
export type Next = number;
export const DONE: Next = -1;

/** The spaces of protocol numbers, laid end to end so that one flat table serves them all. */
export const LINK_TYPE_SPACE = 512;
export const IP_PROTOCOL: Next = LINK_TYPE_SPACE;
export const ETHER_TYPE: Next = IP_PROTOCOL + 0x100;
export const UDP_PORT: Next = ETHER_TYPE + 0x10000;
export const NEXT_SPACE = UDP_PORT + 0x10000;

/** No header has said yet where the packet ends. */
export const UNBOUNDED = 0x3fffffff;

/** How well a tunnel is told by what stands before it. */
export const Trust = {
  /** By a protocol number: what follows is that tunnel's, or damaged. */
  certain: 0,
  /** By a UDP port, which any application may use: if it makes no sense, it is not this tunnel. */
  likely: 1,
  /** Such that only an IP or ARP header inside shows that there is a tunnel at all. */
  doubtful: 2,
} as const;
export type Trust = (typeof Trust)[keyof typeof Trust];

/** Where decoding stands in a packet. One object is reused. */
export class Cursor {
  /** First octet of the header to decode. */
  at = 0;
  /** First octet that must not be read: not captured, or past the end that a length field gives. */
  end = 0;
  /** First octet past what the length fields so far declare, captured or not. */
  limit = UNBOUNDED;
  /** Tunnels that may still be entered are those below this depth. */
  maxDepth = MAX_TUNNELS;
  /** Of the tunnel entered last. */
  trust: Trust = Trust.certain;
  /** Where the packet starts that an ICMP error quotes, and where the quote ends; -1 for none. */
  quoteAt = -1;
  quoteEnd = -1;
  /** What the quote starts with. */
  quoteNext: Next = DONE;
}

export type Decoder = (packet: Packet, cursor: Cursor) => Next;

/** Takes note of a length field: the packet ends before `limit`, and at its outer headers' end at the latest. */
export function boundTo(cursor: Cursor, limit: number): void {
  if (limit < cursor.limit) cursor.limit = limit;
  if (limit < cursor.end) cursor.end = limit;
}

/** Ends decoding where a header of `need` octets from the cursor is not all there. */
export function cutShort(packet: Packet, cursor: Cursor, need: number): Next {
  packet.outcome = cursor.at + need > cursor.limit ? Outcome.malformed : Outcome.snapped;
  return DONE;
}

/** Ends decoding at a header that contradicts itself. */
export function malformed(packet: Packet): Next {
  packet.outcome = Outcome.malformed;
  return DONE;
}
