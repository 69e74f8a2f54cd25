import type { Packet } from '../../decode/packet.js';
import { formatAddress, formatIPv4, formatMac } from '../../model/address.js';
import type { NeighbourClaim } from './message.js';

const ARP_REQUEST = 1;
const ARP_REPLY = 2;

const NEIGHBOR_SOLICITATION = 135;
const SOLICITED = 2;
const OVERRIDE = 1;

/** RFC 4861 section 7.1: a router would have lowered it, so that nothing from beyond the link passes for a neighbour's. */
const NDP_HOP_LIMIT = 255;

const MULTICAST_OCTET = 0xff;
const BROADCAST = 'ff:ff:ff:ff:ff:ff';
const UNKNOWN = '00:00:00:00:00:00';
const PACKET_BROADCAST = 1;

/**
 * What a decoded packet says of neighbours; null where it is none of their messages.
 *
 * One within a tunnel is left: it is of the tunnel's link, which its device shows as well.
 */
export function readClaim(packet: Packet): NeighbourClaim | null {
  if (packet.tunnelDepth > 0) return null;
  return packet.arpOperation >= 0 ? readArp(packet) : readNdp(packet);
}

function frameOf({ bytes, etherSource, etherDestination, linkAddress, linkAddressLength, vlan }: Packet) {
  const source = etherSource >= 0 ? etherSource : linkAddressLength === 6 ? linkAddress : -1;
  return {
    etherSource: source < 0 ? null : formatMac(bytes, source),
    etherDestination: etherDestination < 0 ? null : formatMac(bytes, etherDestination),
    // A priority tag (VID 0) is of no VLAN.
    vlan: vlan > 0 ? vlan : null,
  };
}

function readArp(packet: Packet): NeighbourClaim | null {
  const { bytes, arpOperation } = packet;
  const frame = frameOf(packet);
  const sender = formatIPv4(bytes, packet.arpSenderProtocol);
  const target = formatIPv4(bytes, packet.arpTargetProtocol);
  const senderMac = formatMac(bytes, packet.arpSenderHardware);
  const said = { protocol: 'arp', sender, senderMac, override: null, ...frame } as const;
  if (arpOperation === ARP_REQUEST) {
    if (sender === target) {
      return { ...said, kind: 'announcement', target, claimedMac: senderMac, asker: null };
    }
    const kind = sender === '0.0.0.0' ? 'probe' : 'request';
    return { ...said, kind, target, claimedMac: null, asker: null };
  }
  if (arpOperation !== ARP_REPLY || sender === '0.0.0.0') return null;
  return isToldToAll(packet, frame.etherDestination, senderMac)
    ? { ...said, kind: 'announcement', target: sender, claimedMac: senderMac, asker: null }
    : { ...said, kind: 'reply', target: sender, claimedMac: senderMac, asker: target };
}

/** A reply without a question: to all by its frame, or to nobody by what it says. */
function isToldToAll(
  { bytes, arpTargetHardware, packetType }: Packet,
  to: string | null,
  senderMac: string,
): boolean {
  if (to === BROADCAST || packetType === PACKET_BROADCAST) return true;
  const told = formatMac(bytes, arpTargetHardware);
  return told === BROADCAST || told === UNKNOWN || told === senderMac;
}

function readNdp(packet: Packet): NeighbourClaim | null {
  const { bytes, icmpType, ndpTarget, ndpLinkAddress, ndpFlags } = packet;
  if (ndpTarget < 0 || packet.ttl !== NDP_HOP_LIMIT) return null;
  const frame = frameOf(packet);
  const sender = formatAddress(bytes, packet.sourceAddress, 6);
  const target = formatAddress(bytes, ndpTarget, 6);
  const senderMac = ndpLinkAddress >= 0 ? formatMac(bytes, ndpLinkAddress) : frame.etherSource;
  const said = { protocol: 'ndp', target, sender, senderMac, ...frame } as const;
  if (icmpType === NEIGHBOR_SOLICITATION) {
    const kind = sender === '::' ? 'probe' : 'request';
    return { ...said, kind, claimedMac: null, asker: null, override: null };
  }
  const override = (ndpFlags & OVERRIDE) !== 0;
  const toOne = bytes[packet.destinationAddress] !== MULTICAST_OCTET && (ndpFlags & SOLICITED) !== 0;
  const asker = toOne ? formatAddress(bytes, packet.destinationAddress, 6) : null;
  return { ...said, kind: toOne ? 'reply' : 'announcement', claimedMac: senderMac, asker, override };
}
