import { formatMac } from '../../model/address.js';
import type { Encapsulation } from '../../model/sighting.js';
import {
  FRAME_DESTINATION_LOW,
  FRAME_ETHER_HIGH,
  FRAME_INTERFACE,
  FRAME_LINK,
  FRAME_SOURCE_LOW,
  FRAME_TUNNELS,
  LINK_HAS_DESTINATION,
  LINK_HAS_SOURCE,
  LINK_IS_IFINDEX,
  LINK_PACKET_TYPE,
  LINK_PACKET_TYPE_SHIFT,
  LINK_VLAN_SHIFT,
} from '../../wasm/layout.js';
import type { Rows } from './rows.js';

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

/** What stands behind a frame's number, in words. */
export function describeFrame(
  frames: Rows,
  encapsulations: readonly (readonly Encapsulation[])[],
  id: number,
): Frame {
  const link = frames.get(id, FRAME_LINK);
  const high = frames.get(id, FRAME_ETHER_HIGH);
  const vlan = link >>> LINK_VLAN_SHIFT;
  return {
    interface: frames.get(id, FRAME_INTERFACE),
    isIfindex: (link & LINK_IS_IFINDEX) !== 0,
    packetType: ((link >>> LINK_PACKET_TYPE_SHIFT) & LINK_PACKET_TYPE) - 1,
    etherSource:
      (link & LINK_HAS_SOURCE) === 0 ? null : macText(high >>> 16, frames.get(id, FRAME_SOURCE_LOW)),
    etherDestination:
      (link & LINK_HAS_DESTINATION) === 0
        ? null
        : macText(high & 0xffff, frames.get(id, FRAME_DESTINATION_LOW)),
    vlan: vlan > 1 ? vlan - 1 : null,
    encapsulations: encapsulations[frames.get(id, FRAME_TUNNELS) - 1] ?? [],
  };
}

function macText(high: number, low: number): string {
  const octets = new Uint8Array(6);
  const view = new DataView(octets.buffer);
  view.setUint16(0, high);
  view.setUint32(2, low);
  return formatMac(octets, 0);
}
