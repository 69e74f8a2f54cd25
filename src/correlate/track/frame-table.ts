/**
 * Hot path. How packets lay on the wire (the interface, the link-layer addresses, tag and tunnels), as small numbers:
 * a link has few of them, and a sighting needs but one word.
 */
import type { Packet } from '../../decode/packet.js';
import type { PacketRecord } from '../../ingest/capture/record.js';
import { formatMac } from '../../model/address.js';
import type { Encapsulation } from '../../model/sighting.js';
import { encapsulationsKey, readEncapsulations } from '../encapsulations.js';
import { Interner } from './interner.js';

const ETHERNET = 1;

/** Words of a row. */
const INTERFACE = 0;
const LINK = 1;
/** The upper 16 bits of the source's MAC, then those of the destination's; the lower 32 follow. */
const ETHER_HIGH = 2;
const ETHER_SOURCE_LOW = 3;
const ETHER_DESTINATION_LOW = 4;
/** Id of interned encapsulations; 0 for none. */
const TUNNELS = 5;
const WORDS = 6;

/** Bits of `LINK`; above them packetType + 1 (0 where not cooked), and VID + 1 (0 untagged). */
const IS_IFINDEX = 1;
const HAS_SOURCE = 2;
const HAS_DESTINATION = 4;
const PACKET_TYPE_SHIFT = 3;
const PACKET_TYPE_MASK = 0xf;
const VLAN_SHIFT = 8;

/** What is known of a packet's frame, the outermost where it is in a tunnel. */
export interface Frame {
  /** Index of the interface in its file, or the ifindex of a LINUX_SLL2 packet. */
  interface: number;
  isIfindex: boolean;
  /** Of a cooked packet; -1 elsewhere. */
  packetType: number;
  etherSource: string | null;
  etherDestination: string | null;
  /** VID of the 802.1Q tag (within a tunnel: of the inner frame's); null where untagged, or tagged for priority alone. */
  vlan: number | null;
  /** Outermost first. */
  encapsulations: readonly Encapsulation[];
}

export class FrameTable {
  #words = new Int32Array(64 * WORDS);
  #count = 0;
  #slots = new Uint32Array(256);
  readonly #encapsulations = new Interner<Encapsulation[]>();

  // The row that was written last, before it is known whether there is one alike.
  #link = 0;
  #high = 0;
  #sourceLow = 0;
  #destinationLow = 0;

  /** The number of the packet's frame, from 0 in the order in which they were first seen. */
  intern(frame: Packet, record: PacketRecord): number {
    const index = frame.ifindex !== 0 ? frame.ifindex : record.interface.index;
    this.#read(frame);
    return frame.tunnelDepth === 0
      ? this.#lookUp(index, 0)
      : this.#lookUp(
          index,
          this.#encapsulations.intern(encapsulationsKey(frame), () => readEncapsulations(frame)),
        );
  }

  /** The same of a frame without tag or tunnel, of Ethernet or LINUX_SLL2, that was captured with its header. */
  internRecord(record: PacketRecord): number {
    const { view, offset } = record;
    if (record.interface.linkType === ETHERNET) {
      this.#link = HAS_SOURCE | HAS_DESTINATION;
      this.#high = (view.getUint16(offset + 6) << 16) | view.getUint16(offset);
      this.#sourceLow = view.getInt32(offset + 8);
      this.#destinationLow = view.getInt32(offset + 2);
      return this.#lookUp(record.interface.index, 0);
    }
    const ifindex = view.getInt32(offset + 4);
    const hasAddress = view.getUint8(offset + 11) === 6;
    const type = ((view.getUint8(offset + 10) + 1) & PACKET_TYPE_MASK) << PACKET_TYPE_SHIFT;
    this.#link = (ifindex !== 0 ? IS_IFINDEX : 0) | type | (hasAddress ? HAS_SOURCE : 0);
    this.#high = hasAddress ? view.getUint16(offset + 12) << 16 : 0;
    this.#sourceLow = hasAddress ? view.getInt32(offset + 14) : 0;
    this.#destinationLow = 0;
    return this.#lookUp(ifindex !== 0 ? ifindex : record.interface.index, 0);
  }

  #lookUp(index: number, tunnels: number): number {
    const words = this.#words;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hashOf(index ^ tunnels, this.#link, this.#sourceLow, this.#destinationLow ^ this.#high) & mask;
    for (;;) {
      const entry = slots[slot]!;
      if (entry === 0) break;
      const at = (entry - 1) * WORDS;
      if (
        words[at + ETHER_SOURCE_LOW] === this.#sourceLow &&
        words[at + ETHER_DESTINATION_LOW] === this.#destinationLow &&
        words[at + LINK] === this.#link &&
        words[at + INTERFACE] === index &&
        words[at + ETHER_HIGH] === this.#high &&
        words[at + TUNNELS] === tunnels
      ) {
        return entry - 1;
      }
      slot = (slot + 1) & mask;
    }
    return this.#add(index, tunnels, slot);
  }

  #read(frame: Packet): void {
    const { bytes, view, tunnelDepth } = frame;
    const outer = tunnelDepth > 0 ? frame.tunnels[0]! : frame;
    let source = outer.etherSource;
    if (source < 0 && frame.linkAddressLength === 6) source = frame.linkAddress;
    const destination = outer.etherDestination;
    let link = frame.ifindex !== 0 ? IS_IFINDEX : 0;
    link |= ((frame.packetType + 1) & PACKET_TYPE_MASK) << PACKET_TYPE_SHIFT;
    link |= (frame.vlan + 1) << VLAN_SHIFT;
    let high = 0;
    this.#sourceLow = 0;
    this.#destinationLow = 0;
    if (source >= 0) {
      link |= HAS_SOURCE;
      high = (bytes[source]! << 24) | (bytes[source + 1]! << 16);
      this.#sourceLow = view.getInt32(source + 2);
    }
    if (destination >= 0) {
      link |= HAS_DESTINATION;
      high |= (bytes[destination]! << 8) | bytes[destination + 1]!;
      this.#destinationLow = view.getInt32(destination + 2);
    }
    this.#high = high;
    this.#link = link;
  }

  #add(index: number, tunnels: number, slot: number): number {
    if ((this.#count + 1) * WORDS > this.#words.length) {
      const grown = new Int32Array(this.#words.length * 2);
      grown.set(this.#words);
      this.#words = grown;
    }
    this.#words.set(
      [index, this.#link, this.#high, this.#sourceLow, this.#destinationLow, tunnels],
      this.#count * WORDS,
    );
    this.#count++;
    this.#slots[slot] = this.#count;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    return this.#count - 1;
  }

  #rehash(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    const words = this.#words;
    for (let i = 0; i < this.#count; i++) {
      const at = i * WORDS;
      const hash = hashOf(
        words[at + INTERFACE]! ^ words[at + TUNNELS]!,
        words[at + LINK]!,
        words[at + ETHER_SOURCE_LOW]!,
        words[at + ETHER_DESTINATION_LOW]! ^ words[at + ETHER_HIGH]!,
      );
      let slot = hash & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = i + 1;
    }
    this.#slots = slots;
  }

  /** Whether two frames were seen at one interface, going the same way as far as a cooked capture says. */
  isSamePlace(one: number, other: number): boolean {
    const words = this.#words;
    const mask = (PACKET_TYPE_MASK << PACKET_TYPE_SHIFT) | IS_IFINDEX;
    const [a, b] = [one * WORDS, other * WORDS];
    return (
      words[a + INTERFACE] === words[b + INTERFACE] && ((words[a + LINK]! ^ words[b + LINK]!) & mask) === 0
    );
  }

  /** What stands behind a number, in words. */
  describe(id: number): Frame {
    const [index, link, high, sourceLow, destinationLow, tunnels] = this.#words.subarray(
      id * WORDS,
      (id + 1) * WORDS,
    ) as unknown as [number, number, number, number, number, number];
    const vlan = link >>> VLAN_SHIFT;
    return {
      interface: index,
      isIfindex: (link & IS_IFINDEX) !== 0,
      packetType: ((link >>> PACKET_TYPE_SHIFT) & PACKET_TYPE_MASK) - 1,
      etherSource: (link & HAS_SOURCE) === 0 ? null : macText(high >>> 16, sourceLow),
      etherDestination: (link & HAS_DESTINATION) === 0 ? null : macText(high & 0xffff, destinationLow),
      vlan: vlan > 1 ? vlan - 1 : null,
      encapsulations: this.#encapsulations.value(tunnels) ?? [],
    };
  }
}

function macText(high: number, low: number): string {
  const octets = new Uint8Array(6);
  const view = new DataView(octets.buffer);
  view.setUint16(0, high);
  view.setUint32(2, low);
  return formatMac(octets, 0);
}

function hashOf(place: number, link: number, source: number, destination: number): number {
  const h =
    Math.imul(source ^ (destination << 13) ^ (destination >>> 19), 0xcc9e2d51) ^
    Math.imul(place ^ Math.imul(link, 0x1b873593), 0x85ebca6b);
  return h ^ (h >>> 15);
}
