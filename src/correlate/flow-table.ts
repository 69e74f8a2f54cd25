/**
 * Hot path. Flows by 5-tuple (echoes by identifier and sequence number in place of ports), as rows of one typed array behind an open-addressing hash table.
 *
 * A row is one *instance* of a 5-tuple: when ports are reused, a new instance goes in front of the older one
 * and the hash slot points to the newest. Ends are ordered (`a` below `b`), so that both directions meet in
 * one row. IPv6 addresses are interned to numbers first; IPv4 addresses are their own.
 */
import type { Packet } from '../decode/packet.js';
import { AddressTable } from './address-table.js';

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
} as const;

const EMPTY = 0;

export class FlowTable {
  words = new Uint32Array(1024 * FLOW_WORDS);
  count = 0;
  readonly addresses = new AddressTable();
  #slots = new Uint32Array(4096);
  #used = 0;

  // The key of the last look-up: `insert` takes it over.
  #a = 0;
  #b = 0;
  #ports = 0;
  #transport = 0;
  #slot = 0;
  /** Whether the source of the packet looked up last is end b. */
  sourceIsB = false;

  /**
   * The newest instance of the packet's 5-tuple, -1 where there is none. Sets `sourceIsB`.
   *
   * @param transport 0 for TCP, or one of `Transport`
   */
  find(packet: Packet, transport = 0): number {
    let source: number;
    let destination: number;
    if (packet.ipVersion === 4) {
      source = packet.view.getUint32(packet.sourceAddress);
      destination = packet.view.getUint32(packet.destinationAddress);
    } else {
      source = this.addresses.intern(packet.view, packet.sourceAddress);
      destination = this.addresses.intern(packet.view, packet.destinationAddress);
    }
    const isEcho = transport === Transport.echo;
    const { sourcePort, destinationPort } = packet;
    const swap = source > destination || (source === destination && !isEcho && sourcePort > destinationPort);
    this.sourceIsB = swap;
    this.#a = swap ? destination : source;
    this.#b = swap ? source : destination;
    this.#ports =
      (isEcho
        ? (packet.icmpIdentifier << 16) | packet.icmpSequence
        : swap
          ? (destinationPort << 16) | sourcePort
          : (sourcePort << 16) | destinationPort) >>> 0;
    this.#transport = packet.ipVersion | transport;
    return this.#lookUp();
  }

  #lookUp(): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const words = this.words;
    let slot = hash(this.#a, this.#b, this.#ports) & mask;
    for (;;) {
      const entry = slots[slot]!;
      if (entry === EMPTY) {
        this.#slot = slot;
        return -1;
      }
      const at = (entry - 1) * FLOW_WORDS;
      if (
        words[at + Flow.ports] === this.#ports &&
        words[at] === this.#a &&
        words[at + 1] === this.#b &&
        (words[at + Flow.state]! & State.transportMask) === this.#transport
      ) {
        this.#slot = slot;
        return entry - 1;
      }
      slot = (slot + 1) & mask;
    }
  }

  /** Adds a new instance of the 5-tuple looked up last, in front of `older` (-1 for none). */
  insert(older: number): number {
    if (older < 0 && (this.#used + 1) * 2 > this.#slots.length) {
      this.#rehash(this.#slots.length * 2);
      this.#lookUp();
    }
    if ((this.count + 1) * FLOW_WORDS > this.words.length) {
      const grown = new Uint32Array(this.words.length * 2);
      grown.set(this.words);
      this.words = grown;
    }
    const row = this.count++;
    const at = row * FLOW_WORDS;
    this.words[at + Flow.addressA] = this.#a;
    this.words[at + Flow.addressB] = this.#b;
    this.words[at + Flow.ports] = this.#ports;
    this.words[at + Flow.state] = this.#transport;
    this.words[at + Flow.older] = older + 1;
    this.#slots[this.#slot] = row + 1;
    if (older < 0) this.#used++;
    return row;
  }

  get(row: number, field: number): number {
    return this.words[row * FLOW_WORDS + field]!;
  }

  set(row: number, field: number, value: number): void {
    this.words[row * FLOW_WORDS + field] = value;
  }

  #rehash(size: number): void {
    const old = this.#slots;
    const slots = new Uint32Array(size);
    const mask = size - 1;
    for (const entry of old) {
      if (entry === EMPTY) continue;
      const at = (entry - 1) * FLOW_WORDS;
      let slot = hash(this.words[at]!, this.words[at + 1]!, this.words[at + Flow.ports]!) & mask;
      while (slots[slot] !== EMPTY) slot = (slot + 1) & mask;
      slots[slot] = entry;
    }
    this.#slots = slots;
  }
}

/** A multiplicative mix (constants of MurmurHash3's finaliser): ports and low address bits spread over all bits. */
function hash(a: number, b: number, ports: number): number {
  let h = Math.imul(a ^ (b << 15) ^ (b >>> 17), 0xcc9e2d51) ^ Math.imul(ports, 0x1b873593);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
