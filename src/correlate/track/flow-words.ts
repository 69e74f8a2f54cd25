/** What the words of a flow's row are: 64 octets, a cache line. */

/** Words of a row. */
export const Flow = {
  addressA: 0,
  addressB: 1,
  /** Port of a in the upper half, of b in the lower; an echo's identifier and sequence number. */
  ports: 2,
  /** `Transport` in bits 0-3, `State` above. */
  state: 3,
  /**
   * Initial sequence number of the client, or (midstream) the first sequence number from a. Of UDP: the ID of a DNS
   * message.
   */
  clientSequence: 4,
  /**
   * Initial sequence number of the server, or (midstream) the first one from b. Of UDP: the digest of the first
   * datagram from the client.
   */
  serverSequence: 5,
  firstSeconds: 6,
  firstNanoseconds: 7,
  lastSeconds: 8,
  lastNanoseconds: 9,
  /** Row in the sighting table plus 1, 0 for none. */
  firstSighting: 10,
  lastSighting: 11,
  /** Row of the instance before this one plus 1, 0 for none. */
  older: 12,
  sightings: 13,
  /** Of UDP: sightings kept of datagrams from the client, and from the server. */
  clientKept: 14,
  serverKept: 15,
} as const;
export const FLOW_WORDS = 16;

/** What a flow's key says besides addresses and ports: the IP version, and a bit for each protocol but TCP. */
export const Transport = { udp: 1, echo: 8 } as const;

/** Bits of `Flow.state`. */
export const State = {
  transportMask: 0xf,
  versionMask: 6,
  /** Which end is the client is known, and it is b. Without `clientKnown` it is open. */
  clientKnown: 1 << 4,
  clientIsB: 1 << 5,
  syn: 1 << 6,
  synAck: 1 << 7,
  /** Segments with ACK and neither SYN nor RST. */
  aSpoke: 1 << 8,
  bSpoke: 1 << 9,
  aReset: 1 << 10,
  bReset: 1 << 11,
  aFin: 1 << 12,
  bFin: 1 << 13,
  aData: 1 << 14,
  bData: 1 << 15,
  /** First sequence number from a, from b, noted in a midstream row. */
  aSequence: 1 << 16,
  bSequence: 1 << 17,
  icmpError: 1 << 18,
  /** `Flow.first*` and `Flow.last*` are set: a packet of it had a time. */
  timed: 1 << 19,
  /** Of UDP: the first datagram that was seen came from the server. */
  serverFirst: 1 << 20,
  spoke: (1 << 8) | (1 << 9),
  reset: (1 << 10) | (1 << 11),
  finished: (1 << 12) | (1 << 13),
} as const;
