/** Whether what an end sends first is answered: it is sent again and again where it is not. */
import { FIN } from '../model/tcp-flags';
import {
  FLOW_FIRST_DATA,
  FLOW_SERVER_SEQUENCE,
  OLDEST_DATA,
  SENT_AGAIN,
  STATE_PAYLOAD,
  STATE_SERVER_PAYLOAD,
  STATE_SYN_ACK,
  STATE_UNANSWERED,
  UNANSWERED,
} from './layout';
import { HAS_PAYLOAD, Segment } from './read-segment';

/**
 * The state behind an ACK of the client's, which shows whether it has had anything of the server's.
 *
 * @param isNext its sequence number follows the client's initial one
 */
export function behindClient(at: usize, state: u32, isNext: bool, segment: Segment): u32 {
  const hasPayload = segment.has(HAS_PAYLOAD);
  const now: u32 = hasPayload ? state | STATE_PAYLOAD : state;
  const goesOn = now & ~STATE_UNANSWERED;
  const hasHeard = segment.acknowledgment !== load<u32>(at, FLOW_SERVER_SEQUENCE << 2) + 1;
  if ((state & STATE_SERVER_PAYLOAD) !== 0) return hasHeard ? goesOn : now;
  if (!hasPayload) return hasHeard || (<u32>segment.flags & FIN) !== 0 ? goesOn : now;
  if ((state & STATE_PAYLOAD) === 0) {
    begin(at, segment);
    return now;
  }
  return isNext ? repeated(at, now, segment) : goesOn;
}

/** The state behind payload of the server's. */
export function behindServer(at: usize, state: u32, segment: Segment): u32 {
  if ((state & STATE_SYN_ACK) === 0) return state;
  if (segment.sequence !== load<u32>(at, FLOW_SERVER_SEQUENCE << 2) + 1) return state;
  if ((state & STATE_SERVER_PAYLOAD) !== 0) return repeated(at, state, segment);
  begin(at, segment);
  return (state | STATE_SERVER_PAYLOAD) & ~STATE_UNANSWERED;
}

function begin(at: usize, segment: Segment): void {
  store<u32>(at, millisecondOf(segment) << 1, FLOW_FIRST_DATA << 2);
}

function repeated(at: usize, state: u32, segment: Segment): u32 {
  const first = load<u32>(at, FLOW_FIRST_DATA << 2);
  const age = (millisecondOf(segment) - (first >>> 1)) & <u32>i32.MAX_VALUE;
  if (age < <u32>SENT_AGAIN || age > <u32>OLDEST_DATA) return state;
  if (age < <u32>UNANSWERED) store<u32>(at, first | 1, FLOW_FIRST_DATA << 2);
  else if ((first & 1) !== 0) return state | STATE_UNANSWERED;
  return state;
}

function millisecondOf(segment: Segment): u32 {
  return segment.seconds * 1000 + segment.nanoseconds / 1_000_000;
}
