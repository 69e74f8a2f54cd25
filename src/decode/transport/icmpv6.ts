import { type Cursor, cutShort, DONE, ETHER_TYPE, malformed, type Next } from '../cursor.js';
import type { Packet } from '../packet.js';
import { quote } from './quote.js';

const TYPE = 0;
const CODE = 1;
const QUOTE_LENGTH = 4;
const IDENTIFIER = 4;
const SEQUENCE_NUMBER = 6;
const HEADER_LENGTH = 8;

const DESTINATION_UNREACHABLE = 1;
const PACKET_TOO_BIG = 2;
const TIME_EXCEEDED = 3;
const PARAMETER_PROBLEM = 4;
const ECHO_REQUEST = 128;
const ECHO_REPLY = 129;
const NEIGHBOR_SOLICITATION = 135;
const NEIGHBOR_ADVERTISEMENT = 136;

const NDP_FLAGS = 4;
const NDP_TARGET = 8;
const NDP_HEADER_LENGTH = 24;
const SOURCE_LINK_LAYER_ADDRESS = 1;
const TARGET_LINK_LAYER_ADDRESS = 2;
/** An option's length is in units of eight octets: type, length and an Ethernet address are one. */
const ETHERNET_OPTION_UNITS = 1;

/** RFC 4443, and the neighbour messages of RFC 4861. */
export function decodeIcmpv6(packet: Packet, cursor: Cursor): Next {
  const { at } = cursor;
  if (at + HEADER_LENGTH > cursor.end) return cutShort(packet, cursor, HEADER_LENGTH);
  const { bytes, view } = packet;
  packet.icmpType = bytes[at + TYPE]!;
  packet.icmpCode = bytes[at + CODE]!;
  switch (packet.icmpType) {
    case ECHO_REQUEST:
    case ECHO_REPLY:
      packet.icmpIdentifier = view.getUint16(at + IDENTIFIER);
      packet.icmpSequence = view.getUint16(at + SEQUENCE_NUMBER);
      packet.payloadOffset = at + HEADER_LENGTH;
      packet.payloadLength = Math.max(0, packet.ipPayloadLength - HEADER_LENGTH);
      return DONE;
    case DESTINATION_UNREACHABLE:
    case TIME_EXCEEDED:
      // RFC 4884 section 4: in words of eight octets, in these two messages only.
      return quote(cursor, at + HEADER_LENGTH, bytes[at + QUOTE_LENGTH]! << 3, ETHER_TYPE + 0x86dd);
    case PACKET_TOO_BIG:
    case PARAMETER_PROBLEM:
      return quote(cursor, at + HEADER_LENGTH, 0, ETHER_TYPE + 0x86dd);
    case NEIGHBOR_SOLICITATION:
      return decodeNeighbor(packet, cursor, SOURCE_LINK_LAYER_ADDRESS);
    case NEIGHBOR_ADVERTISEMENT:
      packet.ndpFlags = bytes[at + NDP_FLAGS]! >> 5;
      return decodeNeighbor(packet, cursor, TARGET_LINK_LAYER_ADDRESS);
    default:
      return DONE;
  }
}

/** RFC 4861 sections 4.3, 4.4 and 4.6.1. */
function decodeNeighbor(packet: Packet, cursor: Cursor, addressOption: number): Next {
  const { bytes } = packet;
  if (cursor.at + NDP_HEADER_LENGTH > cursor.end) return cutShort(packet, cursor, NDP_HEADER_LENGTH);
  packet.ndpTarget = cursor.at + NDP_TARGET;
  const optionsEnd = cursor.at + packet.ipPayloadLength;
  cursor.at += NDP_HEADER_LENGTH;
  while (cursor.at < optionsEnd) {
    const { at } = cursor;
    if (at + 2 > cursor.end) return cutShort(packet, cursor, 2);
    const units = bytes[at + 1]!;
    if (units === 0) return malformed(packet);
    if (at + units * 8 > cursor.end) return cutShort(packet, cursor, units * 8);
    if (bytes[at] === addressOption && units === ETHERNET_OPTION_UNITS && packet.ndpLinkAddress < 0) {
      packet.ndpLinkAddress = at + 2;
    }
    cursor.at = at + units * 8;
  }
  return DONE;
}
