import { type Cursor, cutShort, DONE, malformed, type Next } from '../cursor.js';
import type { Packet } from '../packet.js';
import { readTcpOptions } from './tcp-options.js';

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const SEQUENCE_NUMBER = 4;
const ACKNOWLEDGMENT_NUMBER = 8;
const DATA_OFFSET = 12;
const FLAGS = 13;
const WINDOW = 14;
const MIN_HEADER_LENGTH = 20;

/** RFC 9293. */
export function decodeTcp(packet: Packet, cursor: Cursor): Next {
  const { at, end } = cursor;
  const { bytes, view } = packet;
  if (at + MIN_HEADER_LENGTH > end) return decodePart(packet, cursor);
  packet.sourcePort = view.getUint16(at + SOURCE_PORT);
  packet.destinationPort = view.getUint16(at + DESTINATION_PORT);
  packet.sequenceNumber = view.getUint32(at + SEQUENCE_NUMBER);
  packet.acknowledgmentNumber = view.getUint32(at + ACKNOWLEDGMENT_NUMBER);
  packet.tcpFlags = bytes[at + FLAGS]!;
  packet.window = view.getUint16(at + WINDOW);

  const headerLength = (bytes[at + DATA_OFFSET]! >> 4) << 2;
  if (headerLength < MIN_HEADER_LENGTH || headerLength > packet.ipPayloadLength) return malformed(packet);
  packet.payloadLength = packet.ipPayloadLength - headerLength;
  const payload = at + headerLength;
  if (payload > end) {
    cutShort(packet, cursor, headerLength);
    readTcpOptions(packet, at + MIN_HEADER_LENGTH, end, payload);
    return DONE;
  }
  packet.payloadOffset = payload;
  if (headerLength > MIN_HEADER_LENGTH) readTcpOptions(packet, at + MIN_HEADER_LENGTH, payload, payload);
  return DONE;
}

/** What is left of a cut header: ICMP errors have to quote no more than its first eight octets (RFC 792). */
function decodePart(packet: Packet, cursor: Cursor): Next {
  const { at, end } = cursor;
  const { view } = packet;
  if (at + DESTINATION_PORT + 2 <= end) {
    packet.sourcePort = view.getUint16(at + SOURCE_PORT);
    packet.destinationPort = view.getUint16(at + DESTINATION_PORT);
  }
  if (at + SEQUENCE_NUMBER + 4 <= end) packet.sequenceNumber = view.getUint32(at + SEQUENCE_NUMBER);
  if (at + ACKNOWLEDGMENT_NUMBER + 4 <= end) {
    packet.acknowledgmentNumber = view.getUint32(at + ACKNOWLEDGMENT_NUMBER);
  }
  return cutShort(packet, cursor, MIN_HEADER_LENGTH);
}
