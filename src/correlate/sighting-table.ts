/**
 * Hot path. The sightings that are kept, as columns of one typed array: an object a packet would cost five to
 * nine times the time and several times the memory on captures of a million flows.
 */
export const Kind = {
  syn: 0,
  synAck: 1,
  ack: 2,
  rst: 3,
  icmpError: 4,
  datagram: 5,
  echoRequest: 6,
  echoReply: 7,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** Words of a row. */
export const Field = {
  seconds: 0,
  nanoseconds: 1,
  packet: 2,
  /** Index of the interface in its file, or the ifindex of a LINUX_SLL2 packet. */
  interface: 3,
  /** Of datagrams and echoes: the payload's digest, long digest, length, and octets digested. */
  sequenceNumber: 4,
  acknowledgmentNumber: 5,
  timestampValue: 6,
  timestampEchoReply: 7,
  /** Kind 0-7, ttl 8-15, identification 16-31. */
  kindTtlId: 8,
  /** `Bits` 0-15, window 16-31. */
  bitsWindow: 9,
  /** Ids of interned texts, 0 for none. */
  etherSource: 10,
  etherDestination: 11,
  encapsulation: 12,
  /** ICMP: version, type and code in a byte each. */
  icmp: 13,
  /** ICMP error: id of the interned address that it came from. Others: VID + 1 of the frame's tag, 0 untagged. */
  icmpFromOrVlan: 14,
  /** Row of the flow's next sighting, plus 1; 0 at the end. */
  next: 15,
} as const;
const WORDS = 16;

export const Bit = {
  /** Sent by end `b` of the flow. */
  fromB: 1,
  noTime: 2,
  hasTimestamps: 4,
  /** `Field.interface` is an ifindex. */
  ifindex: 8,
  /** `Field.sequenceNumber` to `timestampEchoReply` hold a payload's identity. */
  hasPayload: 256,
  /** packetType + 1 of a cooked capture in bits 4 to 7; 0 where not cooked. */
  packetTypeShift: 4,
} as const;

export class SightingTable {
  words = new Uint32Array(1024 * WORDS);
  count = 0;

  /** A new row's number; its words are 0. */
  add(): number {
    if ((this.count + 1) * WORDS > this.words.length) {
      const grown = new Uint32Array(this.words.length * 2);
      grown.set(this.words);
      this.words = grown;
    }
    return this.count++;
  }

  set(row: number, field: number, value: number): void {
    this.words[row * WORDS + field] = value;
  }

  get(row: number, field: number): number {
    return this.words[row * WORDS + field]!;
  }
}
