import { Outcome, type Packet } from '../packet.js';

const END_OF_LIST = 0;
const NO_OPERATION = 1;
const MAXIMUM_SEGMENT_SIZE = 2;
const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
const TIMESTAMPS = 8;

/** Two no-operations before Timestamps and its length: the layout of RFC 7323 appendix A. */
const ALIGNED_TIMESTAMPS = 0x0101080a;
const ALIGNED_TIMESTAMPS_LENGTH = 12;

/**
 * Reads the options of a TCP header (RFC 9293 section 3.1, RFC 7323, RFC 2018). As in the kernel
 * (`tcp_parse_options`), one of unexpected length is passed over and a list that breaks is kept up to the break.
 *
 * @param start of the list
 * @param end first octet that must not be read
 * @param listEnd where the header says that the list ends; past `end` where the capture is cut
 */
export function readTcpOptions(packet: Packet, start: number, end: number, listEnd: number): void {
  const { bytes, view } = packet;
  // Nearly every segment after the handshake has these twelve octets and no more.
  if (
    listEnd - start === ALIGNED_TIMESTAMPS_LENGTH &&
    end === listEnd &&
    view.getUint32(start) === ALIGNED_TIMESTAMPS
  ) {
    packet.timestampValue = view.getUint32(start + 4);
    packet.timestampEchoReply = view.getUint32(start + 8);
    return;
  }
  let at = start;
  while (at < end) {
    const kind = bytes[at]!;
    if (kind === END_OF_LIST) return;
    if (kind === NO_OPERATION) {
      at++;
      continue;
    }
    if (at + 1 >= end) break;
    const length = bytes[at + 1]!;
    if (length < 2) {
      packet.outcome = Outcome.malformed;
      return;
    }
    if (at + length > end) break;
    readOption(packet, kind, length, at + 2);
    at += length;
  }
  // A list that the capture did not cut, yet whose last option does not fit in.
  if (at < listEnd && end === listEnd) packet.outcome = Outcome.malformed;
}

function readOption(packet: Packet, kind: number, length: number, value: number): void {
  const { bytes, view } = packet;
  if (kind === MAXIMUM_SEGMENT_SIZE && length === 4) {
    if (packet.maximumSegmentSize === 0) packet.maximumSegmentSize = view.getUint16(value);
  } else if (kind === WINDOW_SCALE && length === 3) {
    if (packet.windowScale < 0) packet.windowScale = bytes[value]!;
  } else if (kind === SACK_PERMITTED && length === 2) {
    packet.sackPermitted = true;
  } else if (kind === TIMESTAMPS && length === 10) {
    if (packet.timestampValue >= 0) return;
    packet.timestampValue = view.getUint32(value);
    packet.timestampEchoReply = view.getUint32(value + 4);
  }
}
