/**
 * How packets lay on the wire (the interface, the link-layer addresses, tag and tunnels), as small numbers: a link has
 * few of them, and a sighting needs but one word.
 */
import type { Packet } from '../../decode/packet.js';
import type { PacketRecord } from '../../ingest/capture/record.js';
import type { Encapsulation } from '../../model/sighting.js';
import {
  FRAME_INTERFACE,
  FRAME_LINK,
  LINK_HAS_DESTINATION,
  LINK_HAS_SOURCE,
  LINK_IS_IFINDEX,
  LINK_PACKET_TYPE,
  LINK_PACKET_TYPE_SHIFT,
  LINK_VLAN_SHIFT,
} from '../../wasm/layout.js';
import { encapsulationsKey, readEncapsulations } from '../encapsulations.js';
import { Interner } from './interner.js';
import type { Tables } from './tables.js';

/** Ways to be wrapped in tunnels that there is room for; a network has one for each two of its nodes. */
export const MOST_WRAPPINGS = 1 << 16;

export class FrameTable {
  readonly #tables: Tables;
  readonly encapsulations = new Interner<Encapsulation[]>(MOST_WRAPPINGS);

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** There is no room for a packet of another tunnel. */
  get areTunnelsFull(): boolean {
    return this.encapsulations.values.length >= MOST_WRAPPINGS;
  }

  /** The number of the packet's frame, from 0 in the order in which they were first seen; -1 where there is no room. */
  intern(frame: Packet, record: PacketRecord): number {
    const { bytes, view, tunnelDepth, packetType, vlan, ifindex } = frame;
    const outer = tunnelDepth > 0 ? frame.tunnels[0]! : frame;
    let source = outer.etherSource;
    if (source < 0 && frame.linkAddressLength === 6) source = frame.linkAddress;
    const destination = outer.etherDestination;
    let link = ifindex !== 0 ? LINK_IS_IFINDEX : 0;
    link |= ((packetType + 1) & LINK_PACKET_TYPE) << LINK_PACKET_TYPE_SHIFT;
    link |= (vlan + 1) << LINK_VLAN_SHIFT;
    let high = 0;
    if (source >= 0) {
      link |= LINK_HAS_SOURCE;
      high = (bytes[source]! << 24) | (bytes[source + 1]! << 16);
    }
    if (destination >= 0) {
      link |= LINK_HAS_DESTINATION;
      high |= (bytes[destination]! << 8) | bytes[destination + 1]!;
    }
    const tunnels =
      tunnelDepth === 0
        ? 0
        : this.encapsulations.intern(encapsulationsKey(frame), () => readEncapsulations(frame));
    if (tunnels < 0) return -1;
    return this.#tables.functions.internFrame(
      ifindex !== 0 ? ifindex : record.interface.index,
      link,
      high,
      source < 0 ? 0 : view.getUint32(source + 2),
      destination < 0 ? 0 : view.getUint32(destination + 2),
      tunnels,
    );
  }

  /** Whether two frames were seen at one interface, going the same way as far as a cooked capture says. */
  isSamePlace(one: number, other: number): boolean {
    const mask = (LINK_PACKET_TYPE << LINK_PACKET_TYPE_SHIFT) | LINK_IS_IFINDEX;
    return (
      this.#word(one, FRAME_INTERFACE) === this.#word(other, FRAME_INTERFACE) &&
      ((this.#word(one, FRAME_LINK) ^ this.#word(other, FRAME_LINK)) & mask) === 0
    );
  }

  #word(id: number, field: number): number {
    const { functions, words } = this.#tables;
    return words[functions.frameAt(id) / 4 + field]! >>> 0;
  }
}
