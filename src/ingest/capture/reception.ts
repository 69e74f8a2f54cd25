/** What a cooked capture says of how a packet came, as a pcapng's `epb_flags` say it. */
import { LinkType } from './linktypes.js';

const INBOUND = 1;
const OUTBOUND = 2;
/** From which bit on the kind of reception stands. */
const RECEPTION = 2;

/** By PACKET_HOST, PACKET_BROADCAST, PACKET_MULTICAST, PACKET_OTHERHOST: unicast, broadcast, multicast, promiscuous. */
const RECEPTIONS = [1, 3, 2, 4];
const PACKET_OUTGOING = 4;

/** @returns 0 where the packet does not tell */
export function receptionFlags(octets: Uint8Array, linkType: number): number {
  const type = packetType(octets, linkType);
  if (type === PACKET_OUTGOING) return OUTBOUND;
  const reception = RECEPTIONS[type];
  return reception === undefined ? 0 : INBOUND | (reception << RECEPTION);
}

function packetType(octets: Uint8Array, linkType: number): number {
  if (linkType === LinkType.LINUX_SLL && octets.length >= 2) return (octets[0]! << 8) | octets[1]!;
  if (linkType === LinkType.LINUX_SLL2 && octets.length > 10) return octets[10]!;
  return -1;
}
