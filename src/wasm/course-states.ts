/** How far a connection is in a window, and what each segment makes of that: a table, made of the rules once. */
import { FIN, RST, SYN } from '../model/tcp-flags';
import { COURSE_EVENTS } from './layout';

/** It is none that can be brief. */
export const ODD: u32 = 0;
export const ASKED: u32 = 1;
export const ANSWERED: u32 = 2;
const MADE: u32 = 3;
const CLIENT_CLOSED: u32 = 4;
const SERVER_CLOSED: u32 = 5;
export const OVER: u32 = 6;
/** Nothing of it was seen. */
export const NEW: u32 = 7;
const STATE: u32 = 7;

/** What a segment is to its connection, beside the state. The sender is the client's end: */
export const FROM_CLIENT: u32 = 1 << 3;
/** its sequence number follows the client's initial one, */
export const IS_NEXT: u32 = 1 << 4;
/** it acknowledges the client's initial number, or the server's (which is `NOTHING` as long as there is none); */
export const ACKS_CLIENT: u32 = 1 << 5;
export const ACKS_SERVER: u32 = 1 << 6;
/** it has payload. */
export const BEARS: u32 = 1 << 7;
/** FIN, SYN and RST as they are, and above them ACK. */
export const FLAGS_SHIFT: u32 = 8;
const ACK_BIT: u32 = 1 << 3;

/** Before the first number to be acknowledged, which is 0 in a SYN. */
export const NOTHING: u32 = u32.MAX_VALUE;

let table: usize = 0;

/** @param at where there are `COURSE_EVENTS` octets, always the same */
export function setUpStates(at: usize): void {
  if (table === at) return;
  table = at;
  for (let event: u32 = 0; event < <u32>COURSE_EVENTS; event++) {
    store<u8>(table + event, <u8>ruledNext(event & STATE, event));
  }
}

/** How far a connection is behind a segment. */
export function nextOf(state: u32, event: u32): u32 {
  return load<u8>(table + <usize>(state | event));
}

/** The rules are those of `segment.ts`, or stricter. */
function ruledNext(state: u32, event: u32): u32 {
  if (state === ODD || state === OVER) return state;
  const flags = event >>> FLAGS_SHIFT;
  const fromClient = (event & FROM_CLIENT) !== 0;
  if (state === NEW) return flags === SYN && (event & ACKS_SERVER) !== 0 ? ASKED : ODD;
  if ((flags & RST) !== 0) return ODD;
  if (state === ASKED) {
    return flags === (SYN | ACK_BIT) && !fromClient && (event & ACKS_CLIENT) !== 0 ? ANSWERED : ODD;
  }
  if ((flags & SYN) !== 0) return ODD;
  const isNext = (event & IS_NEXT) !== 0;
  if (state === ANSWERED) {
    return flags === ACK_BIT && fromClient && isNext && (event & ACKS_SERVER) !== 0 ? MADE : ODD;
  }
  if ((flags & FIN) === 0) {
    // It may be the handshake's ACK, at another interface.
    return fromClient && isNext && (event & BEARS) === 0 ? ODD : state;
  }
  if (state === MADE) return fromClient ? CLIENT_CLOSED : SERVER_CLOSED;
  return fromClient === (state === SERVER_CLOSED) ? OVER : state;
}
