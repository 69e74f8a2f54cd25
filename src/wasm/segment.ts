/**
 * Nearly all packets of nearly all captures are TCP segments with nothing around them but Ethernet or LINUX_SLL2, in IP
 * packets without options or fragments; and they are a handshake as it should be, or belong to a connection that is
 * known. What they mean is plain, and is noted here, with the same result as by way of the decoders and the tracker.
 * Whatever is not quite so (a handshake's ACK at a second interface, other numbers, a tunnel) is left to them.
 */
import { ACK, FIN, RST, SYN } from '../model/tcp-flags';
import { behindClient, behindServer } from './first-data';
import { findOpen, isLate, isLateSyn, reopen, setNumber } from './flows';
import { frameOf } from './frames';
import { NONE } from './intern-table';
import {
  CELL_ACKNOWLEDGMENT_NUMBER,
  CELL_FRAME,
  CELL_ID_WINDOW,
  CELL_NANOSECONDS,
  CELL_NEXT,
  CELL_PACKET,
  CELL_SECONDS,
  CELL_SEQUENCE_NUMBER,
  CELL_TIMESTAMP_ECHO_REPLY,
  CELL_TIMESTAMP_VALUE,
  CELL_WIDE_FRAME,
  CLOCK_HAS_TIMESTAMPS,
  EXTENT_SECOND,
  FLOW_CLIENT_SEQUENCE,
  FLOW_FIRST_NANOSECONDS,
  FLOW_FIRST_SECONDS,
  FLOW_FIRST_SIGHTING,
  FLOW_LAST_NANOSECONDS,
  FLOW_LAST_SECONDS,
  FLOW_LAST_SIGHTING,
  FLOW_SERVER_SEQUENCE,
  FLOW_SIGHTINGS,
  FLOW_STATE,
  FRAME_ELSEWHERE,
  FROM_B,
  KIND_ACK,
  KIND_RST,
  KIND_SHIFT,
  KIND_SYN,
  KIND_SYN_ACK,
  LINKTYPE_ETHERNET,
  MAX_SIGHTINGS_PER_FLOW,
  STALE_SECONDS,
  STATE_A_FIN,
  STATE_A_RESET,
  STATE_A_SEQUENCE,
  STATE_A_SPOKE,
  STATE_B_FIN,
  STATE_B_RESET,
  STATE_B_SEQUENCE,
  STATE_B_SPOKE,
  STATE_CLIENT_IS_B,
  STATE_CLIENT_KNOWN,
  STATE_FINISHED,
  STATE_IGNORED,
  STATE_ODD,
  STATE_PAYLOAD,
  STATE_SPOKE,
  STATE_SYN,
  STATE_SYN_ACK,
  STATE_TIMED,
  TTL_SHIFT,
} from './layout';
import { HAS_PAYLOAD, HAS_TIMESTAMPS, IS_FROM_B, Segment } from './read-segment';
import { rowAt } from './rows';
import { finished, insertFlow } from './settlement';
import { cellAt, takeCell, takeCells } from './sightings';

const OPENED: u32 = STATE_CLIENT_KNOWN | STATE_SYN;

/** Of the capture's interface, and of the packet that is taken in. */
let linkType: u32 = 0;
let interfaceIndex: u32 = 0;
let packet: u32 = 0;

/** Says what interface of the file the packets are of from here on. */
export function setInterface(type: u32, index: u32): void {
  linkType = type;
  interfaceIndex = index;
}

/**
 * Takes in a segment whose key is made; false where it is not plain, and then nothing has changed.
 *
 * @param number of the packet in its file, from 1
 */
export function observe(segment: Segment, number: u32): bool {
  if (segment.isForeign) return true;
  packet = number;
  const flags = <u32>segment.flags;
  const found = findOpen(segment.hashed, segment.a, segment.b, segment.ports, segment.version);
  if (found < 0) {
    // What comes late for a connection that was let go is nothing any more.
    if ((flags & SYN) === 0) return !isNameless(segment) && isLate();
    if ((flags & (RST | ACK)) !== 0 || segment.acknowledgment !== 0) return false;
    return begin(segment);
  }
  const row = <u32>found;
  const at = rowAt(row);
  const state = load<u32>(at, FLOW_STATE << 2);
  // Begun by a packet that had no time: what had the first one is noted.
  if ((state & STATE_TIMED) === 0) return false;
  const fromB = segment.has(IS_FROM_B);
  if ((flags & RST) !== 0) return (flags & SYN) === 0 && reset(at, state, segment);
  const fromClient = ((state & STATE_CLIENT_IS_B) !== 0) === fromB;
  if ((flags & SYN) !== 0) {
    return (flags & ACK) !== 0
      ? !fromClient && accept(at, state, segment)
      : fromClient && repeat(at, state, segment);
  }
  const isClientKnown = (state & STATE_CLIENT_KNOWN) !== 0;
  // Of a connection that began before the capture, the first number from each end is noted.
  if (!isClientKnown && (state & (fromB ? STATE_B_SEQUENCE : STATE_A_SEQUENCE)) === 0) return false;
  const spoke: u32 = fromB ? STATE_B_SPOKE : STATE_A_SPOKE;
  let now = state | spoke;
  if (isClientKnown && fromClient && (flags & ACK) !== 0) {
    const isNext = segment.sequence === load<u32>(at, FLOW_CLIENT_SEQUENCE << 2) + 1;
    if ((state & spoke) === 0) {
      if (!isNext || (flags & FIN) !== 0 || (state & STATE_SYN_ACK) === 0) return false;
      if (segment.acknowledgment !== load<u32>(at, FLOW_SERVER_SEQUENCE << 2) + 1) return false;
      if (!keep(at, KIND_ACK, segment)) return false;
      store<u32>(at, behindClient(at, now, isNext, segment), FLOW_STATE << 2);
      return true;
    }
    // The first with payload is no copy of one.
    const isFirst = segment.has(HAS_PAYLOAD) && (state & STATE_PAYLOAD) === 0;
    const isEarly = isNext && !isFirst && (flags & FIN) === 0;
    if (isEarly && isLastKept(at, segment)) return false;
    // Not before: what is left to the tracker would be asked of twice.
    now = behindClient(at, now, isNext, segment);
  } else if (isClientKnown && !fromClient) {
    now = behindServer(at, now, segment);
  }
  if ((flags & FIN) !== 0) now |= fromB ? STATE_B_FIN : STATE_A_FIN;
  store<u32>(at, segment.seconds, FLOW_LAST_SECONDS << 2);
  store<u32>(at, segment.nanoseconds, FLOW_LAST_NANOSECONDS << 2);
  if (now !== state) {
    store<u32>(at, now, FLOW_STATE << 2);
    if ((now & STATE_FINISHED) === STATE_FINISHED && (state & STATE_FINISHED) !== STATE_FINISHED) {
      finished(row);
    }
  }
  return true;
}

/** A SYN of a 5-tuple that is not open. */
function begin(segment: Segment): bool {
  // One that was silent goes on, or ports are used again.
  if (reopen() >= 0) return false;
  if (isNameless(segment)) return false;
  if (isLateSyn(segment.sequence)) return true;
  const row = insertFlow(-1, segment.seconds);
  if (row < 0) return false;
  const at = rowAt(row);
  const client: u32 = segment.has(IS_FROM_B) ? STATE_CLIENT_IS_B : 0;
  store<u32>(at, load<u32>(at, FLOW_STATE << 2) | OPENED | STATE_TIMED | client, FLOW_STATE << 2);
  store<u32>(at, segment.seconds, FLOW_FIRST_SECONDS << 2);
  store<u32>(at, segment.nanoseconds, FLOW_FIRST_NANOSECONDS << 2);
  setNumber(row, segment.sequence);
  if (keep(at, KIND_SYN, segment)) return true;
  // The tracker finds the row, and keeps the sighting in another way or says that there is no room for it.
  store<u32>(at, segment.seconds, FLOW_LAST_SECONDS << 2);
  store<u32>(at, segment.nanoseconds, FLOW_LAST_NANOSECONDS << 2);
  return false;
}

/** An address of it has no number, for want of room; it is the higher of the two then. */
function isNameless(segment: Segment): bool {
  return segment.version === 6 && segment.b === NONE;
}

/** A SYN-ACK to the SYN that is known: the first one, or the same once more. */
function accept(at: usize, state: u32, segment: Segment): bool {
  if ((state & OPENED) !== OPENED) return false;
  if (segment.acknowledgment !== load<u32>(at, FLOW_CLIENT_SEQUENCE << 2) + 1) return false;
  if (isStale(at, segment)) return false;
  if ((state & (STATE_SYN_ACK | STATE_SPOKE)) === 0) {
    if (!keep(at, KIND_SYN_ACK, segment)) return false;
    store<u32>(at, segment.sequence, FLOW_SERVER_SEQUENCE << 2);
    store<u32>(at, state | STATE_SYN_ACK, FLOW_STATE << 2);
    return true;
  }
  if ((state & STATE_SYN_ACK) === 0 || segment.sequence !== load<u32>(at, FLOW_SERVER_SEQUENCE << 2))
    return false;
  const heard: u32 = segment.has(IS_FROM_B) ? STATE_B_SPOKE : STATE_A_SPOKE;
  const ignored: u32 = (state & (STATE_PAYLOAD | heard)) === STATE_PAYLOAD ? STATE_IGNORED : 0;
  return keepAgain(at, state | ignored, KIND_SYN_ACK, segment);
}

/** The SYN that is known once more: sent again, or at another interface. */
function repeat(at: usize, state: u32, segment: Segment): bool {
  if ((state & OPENED) !== OPENED || segment.acknowledgment !== 0) return false;
  if (segment.sequence !== load<u32>(at, FLOW_CLIENT_SEQUENCE << 2) || isStale(at, segment)) return false;
  return keepAgain(at, state, KIND_SYN, segment);
}

/** After so long a silence the same numbers are another attempt's. */
function isStale(at: usize, segment: Segment): bool {
  return <i32>(segment.seconds - load<u32>(at, FLOW_LAST_SECONDS << 2)) > STALE_SECONDS;
}

/** Whether the sighting that was kept last is of an ACK with the same acknowledgment number; of a payload's, of that packet. */
function isLastKept(at: usize, segment: Segment): bool {
  const last = load<u32>(at, FLOW_LAST_SIGHTING << 2);
  if (last === 0) return false;
  const cell = cellAt(last - 1);
  if (((load<u32>(cell, CELL_FRAME << 2) >>> KIND_SHIFT) & 7) !== KIND_ACK) return false;
  if (segment.has(HAS_PAYLOAD) && !isCopy(cell, segment)) return false;
  const isNumbered = (load<u32>(cell, CELL_NEXT << 2) & EXTENT_SECOND) !== 0;
  const acknowledgment = isNumbered
    ? load<u32>(cell, CELL_ACKNOWLEDGMENT_NUMBER << 2)
    : load<u32>(at, FLOW_SERVER_SEQUENCE << 2) + 1;
  return acknowledgment === segment.acknowledgment;
}

/** Whether nothing but the place tells a segment from the one of a sighting. */
function isCopy(cell: usize, segment: Segment): bool {
  if (load<u32>(cell, CELL_ID_WINDOW << 2) !== idAndWindow(segment)) return false;
  const isStamped = (load<u32>(cell, CELL_NANOSECONDS << 2) & CLOCK_HAS_TIMESTAMPS) !== 0;
  if (isStamped !== segment.has(HAS_TIMESTAMPS)) return false;
  return !isStamped || load<u32>(cell, CELL_TIMESTAMP_VALUE << 2) === segment.stamp;
}

function idAndWindow(segment: Segment): u32 {
  return <u32>segment.identification | ((<u32>segment.window) << 16);
}

function reset(at: usize, state: u32, segment: Segment): bool {
  const by: u32 = segment.has(IS_FROM_B) ? STATE_B_RESET : STATE_A_RESET;
  return keepAgain(at, state | by, KIND_RST, segment);
}

/** Keeps what may come any number of times. */
function keepAgain(at: usize, state: u32, kind: u32, segment: Segment): bool {
  if (load<u32>(at, FLOW_SIGHTINGS << 2) >= <u32>MAX_SIGHTINGS_PER_FLOW) return false;
  if (!keep(at, kind, segment)) return false;
  store<u32>(at, state | STATE_ODD, FLOW_STATE << 2);
  return true;
}

/** Keeps a sighting; false where there is no room for it. */
function keep(at: usize, kind: u32, segment: Segment): bool {
  // In two cells, with its numbers; those of others follow from their flow.
  const isNumbered = kind === KIND_RST;
  const isEthernet = linkType === LINKTYPE_ETHERNET;
  const frame = frameOf(segment.link, segment.linkRest, interfaceIndex, isEthernet);
  if (frame >= <u32>FRAME_ELSEWHERE) return false;
  const cell = isNumbered ? takeCells(2) : takeCell();
  if (cell < 0) return false;
  const last = load<u32>(at, FLOW_LAST_SIGHTING << 2);
  if (last === 0) {
    store<u32>(at, cell + 1, FLOW_FIRST_SIGHTING << 2);
  } else {
    const before = cellAt(last - 1);
    store<u32>(before, load<u32>(before, CELL_NEXT << 2) | (cell + 1), CELL_NEXT << 2);
  }
  store<u32>(at, cell + 1, FLOW_LAST_SIGHTING << 2);
  store<u32>(at, load<u32>(at, FLOW_SIGHTINGS << 2) + 1, FLOW_SIGHTINGS << 2);
  store<u32>(at, segment.seconds, FLOW_LAST_SECONDS << 2);
  store<u32>(at, segment.nanoseconds, FLOW_LAST_NANOSECONDS << 2);

  const to = cellAt(cell);
  store<u32>(to, segment.seconds, CELL_SECONDS << 2);
  store<u32>(to, packet, CELL_PACKET << 2);
  const clock: u32 = segment.has(HAS_TIMESTAMPS) ? CLOCK_HAS_TIMESTAMPS : 0;
  store<u32>(to, segment.nanoseconds | clock, CELL_NANOSECONDS << 2);
  store<u32>(to, segment.stamp, CELL_TIMESTAMP_VALUE << 2);
  store<u32>(to, segment.stampEcho, CELL_TIMESTAMP_ECHO_REPLY << 2);
  store<u32>(to, idAndWindow(segment), CELL_ID_WINDOW << 2);
  const direction: u32 = segment.has(IS_FROM_B) ? FROM_B : 0;
  const ttl = <u32>segment.ttl;
  store<u32>(to, frame | (ttl << TTL_SHIFT) | (kind << KIND_SHIFT) | direction, CELL_FRAME << 2);
  store<u32>(to, isNumbered ? <u32>EXTENT_SECOND : 0, CELL_NEXT << 2);
  if (!isNumbered) return true;
  store<u32>(to, segment.sequence, CELL_SEQUENCE_NUMBER << 2);
  store<u32>(to, segment.acknowledgment, CELL_ACKNOWLEDGMENT_NUMBER << 2);
  store<u32>(to, frame, CELL_WIDE_FRAME << 2);
  return true;
}
