import { type Cursor, cutShort, DONE, ETHER_TYPE, type Next } from '../cursor.js';
import type { Packet } from '../packet.js';
import { quote } from './quote.js';

const TYPE = 0;
const CODE = 1;
const IDENTIFIER = 4;
const SEQUENCE_NUMBER = 6;
const QUOTE_LENGTH = 5;
const HEADER_LENGTH = 8;

const ECHO_REPLY = 0;
const DESTINATION_UNREACHABLE = 3;
const SOURCE_QUENCH = 4;
const REDIRECT = 5;
const ECHO_REQUEST = 8;
const TIME_EXCEEDED = 11;
const PARAMETER_PROBLEM = 12;

/** RFC 792. */
export function decodeIcmp(packet: Packet, cursor: Cursor): Next {
  const { at } = cursor;
  if (at + HEADER_LENGTH > cursor.end) return cutShort(packet, cursor, HEADER_LENGTH);
  const { bytes, view } = packet;
  packet.icmpType = bytes[at + TYPE]!;
  packet.icmpCode = bytes[at + CODE]!;
  switch (packet.icmpType) {
    case ECHO_REPLY:
    case ECHO_REQUEST:
      packet.icmpIdentifier = view.getUint16(at + IDENTIFIER);
      packet.icmpSequence = view.getUint16(at + SEQUENCE_NUMBER);
      packet.payloadOffset = at + HEADER_LENGTH;
      packet.payloadLength = Math.max(0, packet.ipPayloadLength - HEADER_LENGTH);
      return DONE;
    case DESTINATION_UNREACHABLE:
    case TIME_EXCEEDED:
    case PARAMETER_PROBLEM:
      // RFC 4884 section 4: in words of four octets.
      return quote(cursor, at + HEADER_LENGTH, bytes[at + QUOTE_LENGTH]! << 2, ETHER_TYPE + 0x0800);
    case SOURCE_QUENCH:
    case REDIRECT:
      return quote(cursor, at + HEADER_LENGTH, 0, ETHER_TYPE + 0x0800);
    default:
      return DONE;
  }
}
