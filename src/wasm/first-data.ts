/** Whether what an end sends first is answered: it is sent again and again where it is not. */
import { ACK, FIN } from '../model/tcp-flags';
import {
  DATA_AGAIN,
  DATA_SHIFT,
  DATA_WENT_ON,
  FLOW_CLIENT_SEQUENCE,
  FLOW_FIRST_DATA,
  FLOW_SERVER_SEQUENCE,
  OLDEST_DATA,
  SENT_AGAIN,
  STATE_ANSWERED,
  STATE_PAYLOAD,
  STATE_SERVER_PAYLOAD,
  STATE_SYN_ACK,
  STATE_UNANSWERED,
  UNANSWERED,
} from './layout';
import { HAS_ONE_OCTET, HAS_PAYLOAD, Segment } from './read-segment';

/**
 * The state behind an ACK of the client's, which shows whether it gets on. Not to be asked twice of one.
 *
 * @param isNext its sequence number follows the client's initial one
 */
export function behindClient(at: usize, state: u32, isNext: bool, segment: Segment): u32 {
  const hasPayload = segment.has(HAS_PAYLOAD);
  const now: u32 = hasPayload ? state | STATE_PAYLOAD : state;
  const hasHeard = segment.acknowledgment !== load<u32>(at, FLOW_SERVER_SEQUENCE << 2) + 1;
  if ((state & STATE_SERVER_PAYLOAD) !== 0) return hasHeard ? goneOn(at, now) : now;
  if ((state & STATE_PAYLOAD) === 0) {
    if (hasPayload) begin(at, segment);
    return now;
  }
  if (hasPayload && isNext) return repeated(at, now, segment);
  if (!hasPayload && !hasHeard && (<u32>segment.flags & FIN) === 0) return now;
  // Who did not see it answered may not see all.
  return (state & STATE_ANSWERED) !== 0 ? goneOn(at, now) : now & ~STATE_UNANSWERED;
}

/**
 * The state behind a segment of the server's. What was lost before it acknowledges anything may have been lost on its way
 * there: only what comes again from then on shows that the answer does not get back.
 */
export function behindServer(at: usize, state: u32, segment: Segment): u32 {
  if ((state & STATE_SYN_ACK) === 0) return state;
  let now = state;
  if ((state & STATE_ANSWERED) === 0 && acknowledges(at, segment)) {
    now = (state & ~STATE_UNANSWERED) | STATE_ANSWERED;
    if ((state & STATE_PAYLOAD) !== 0) begin(at, segment);
  }
  const isFirst =
    segment.has(HAS_PAYLOAD) && segment.sequence === load<u32>(at, FLOW_SERVER_SEQUENCE << 2) + 1;
  if (!isFirst) return now;
  if ((state & STATE_SERVER_PAYLOAD) !== 0) return repeated(at, now, segment);
  begin(at, segment);
  return (now | STATE_SERVER_PAYLOAD) & ~STATE_UNANSWERED;
}

/** Whether a segment of the server's acknowledges more than the SYN. */
function acknowledges(at: usize, segment: Segment): bool {
  if ((<u32>segment.flags & ACK) === 0) return false;
  return segment.acknowledgment !== load<u32>(at, FLOW_CLIENT_SEQUENCE << 2) + 1;
}

function begin(at: usize, segment: Segment): void {
  store<u32>(at, millisecondOf(segment) << DATA_SHIFT, FLOW_FIRST_DATA << 2);
}

function goneOn(at: usize, state: u32): u32 {
  const first = load<u32>(at, FLOW_FIRST_DATA << 2);
  if ((first & DATA_WENT_ON) === 0) store<u32>(at, first | DATA_WENT_ON, FLOW_FIRST_DATA << 2);
  return state & ~STATE_UNANSWERED;
}

/** A single octet that comes again asks whether its receiver is there, or has room (RFC 1122 4.2.2.17 and 4.2.3.6). */
function repeated(at: usize, state: u32, segment: Segment): u32 {
  if (segment.has(HAS_ONE_OCTET)) return state;
  const first = load<u32>(at, FLOW_FIRST_DATA << 2);
  const age = (millisecondOf(segment) - (first >>> DATA_SHIFT)) & (u32.MAX_VALUE >>> DATA_SHIFT);
  if (age < <u32>SENT_AGAIN || age > <u32>OLDEST_DATA) return state;
  const isAgain = (first & DATA_AGAIN) !== 0;
  // Since it was acknowledged it may have been waited for long.
  const isAnswered = (state & (STATE_ANSWERED | STATE_SERVER_PAYLOAD)) === <u32>STATE_ANSWERED;
  if (age < <u32>UNANSWERED || (isAnswered && !isAgain)) {
    store<u32>(at, first | DATA_AGAIN, FLOW_FIRST_DATA << 2);
    return state;
  }
  return isAgain ? state | STATE_UNANSWERED : state;
}

function millisecondOf(segment: Segment): u32 {
  return segment.seconds * 1000 + segment.nanoseconds / 1_000_000;
}
