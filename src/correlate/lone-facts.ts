/**
 * Hot path. What became of most connections is told by the kinds of the few packets that were kept of each, where they
 * lie in the tables: nothing has to be made of them but what is asked. Whatever is not quite so is left to
 * `buildAttempt`, which comes to the same (tested over all recordings).
 */
import type { Outcome, Role } from '../model/analysis.js';
import type { Nanoseconds } from '../model/time.js';
import {
  CELL_FRAME,
  CELL_ID_WINDOW,
  CELL_NANOSECONDS,
  CELL_NEXT,
  CELL_SECONDS,
  CELL_TIMESTAMP_VALUE,
  CLOCK_HAS_TIMESTAMPS,
  CLOCK_NANOSECONDS,
  CLOCK_NO_TIME,
  EXTENT_NEXT,
  FLOW_FIRST_SIGHTING,
  FLOW_STATE,
  FROM_B,
  KIND_ACK,
  KIND_RST,
  KIND_SHIFT,
  KIND_SYN,
  KIND_SYN_ACK,
  STATE_A_SPOKE,
  STATE_B_SPOKE,
  STATE_CLIENT_IS_B,
  STATE_CLIENT_KNOWN,
  STATE_FINISHED,
  STATE_SERVER_PAYLOAD,
  STATE_UNANSWERED,
  TRANSPORT_ECHO,
  TRANSPORT_UDP,
} from '../wasm/layout.js';
import { CellClock } from './cell-clock.js';
import type { Rows } from './track/rows.js';

/** Of an attempt of one leg, on the clock of its capture. */
export interface LoneFacts {
  outcome: Outcome;
  firstTime: Nanoseconds | null;
  tries: number;
  replies: number;
  delayNs: Nanoseconds | null;
}

/** SYNs that are compared with each other; of more, `buildAttempt` tells copies from retransmissions. */
const MOST_REQUESTS = 8;

export class LoneFactsReader {
  readonly #flows: Rows;
  readonly #cells: Rows;
  readonly #clock = new CellClock();
  /** Cells of the SYNs of one flow. */
  readonly #requests = new Int32Array(MOST_REQUESTS);

  constructor(flows: Rows, cells: Rows) {
    this.#flows = flows;
    this.#cells = cells;
  }

  /** Null where there is more to it than SYNs, one SYN-ACK, the client's ACKs and RSTs. */
  read(row: number): LoneFacts | null {
    const state = this.#flows.get(row, FLOW_STATE);
    if ((state & STATE_CLIENT_KNOWN) === 0 || (state & (TRANSPORT_ECHO | TRANSPORT_UDP)) !== 0) return null;
    const { words } = this.#cells;
    const clientIsB = (state & STATE_CLIENT_IS_B) !== 0;
    let tries = 0;
    let replies = 0;
    let isRefused = false;
    let isAborted = false;
    let seconds = Number.POSITIVE_INFINITY;
    let nanoseconds = 0;
    let next = this.#flows.get(row, FLOW_FIRST_SIGHTING);
    while (next !== 0) {
      const at = this.#cells.at(next - 1);
      const packed = words[at + CELL_FRAME]!;
      const clock = words[at + CELL_NANOSECONDS]!;
      const fromClient = ((packed & FROM_B) !== 0) === clientIsB;
      next = words[at + CELL_NEXT]! & EXTENT_NEXT;
      switch ((packed >>> KIND_SHIFT) & 7) {
        case KIND_SYN:
          if (!fromClient || tries === MOST_REQUESTS) return null;
          this.#requests[tries++] = at;
          break;
        case KIND_SYN_ACK:
          if (fromClient) return null;
          replies++;
          break;
        case KIND_ACK:
          continue;
        case KIND_RST:
          if (fromClient) isAborted = true;
          else isRefused = true;
          continue;
        default:
          return null;
      }
      if ((clock & CLOCK_NO_TIME) !== 0) return null;
      const second = words[at + CELL_SECONDS]! >>> 0;
      const nanosecond = clock & CLOCK_NANOSECONDS;
      if (second < seconds || (second === seconds && nanosecond < nanoseconds)) {
        seconds = second;
        nanoseconds = nanosecond;
      }
    }
    // What was sent again after an answer, or aborted, takes a closer look.
    if (tries === 0 || replies > 1 || (replies === 1 && (tries > 1 || isAborted))) return null;
    if (!this.#areRetransmissions(tries)) return null;
    if (unansweredBy(state) !== null) return null;
    const spoke = (state & (clientIsB ? STATE_B_SPOKE : STATE_A_SPOKE)) !== 0;
    const firstTime = this.#clock.time(seconds, nanoseconds);
    const outcome = replies === 1 ? answered(spoke) : unanswered(spoke, isRefused);
    return { outcome, firstTime, tries, replies, delayNs: outcome === 'established' ? 0n : null };
  }

  /** Whether the SYNs differ each from each as retransmissions do: copies of one packet, seen at several places, do not. */
  #areRetransmissions(count: number): boolean {
    const { words } = this.#cells;
    for (let i = 1; i < count; i++) {
      const one = this.#requests[i]!;
      for (let j = 0; j < i; j++) {
        const other = this.#requests[j]!;
        const isSameId = ((words[one + CELL_ID_WINDOW]! ^ words[other + CELL_ID_WINDOW]!) & 0xffff) === 0;
        if (isSameId && this.#stampOf(one) === this.#stampOf(other)) return false;
      }
    }
    return true;
  }

  #stampOf(at: number): number | null {
    const { words } = this.#cells;
    if ((words[at + CELL_NANOSECONDS]! & CLOCK_HAS_TIMESTAMPS) === 0) return null;
    return words[at + CELL_TIMESTAMP_VALUE]!;
  }
}

function answered(spoke: boolean): Outcome {
  return spoke ? 'established' : 'unacknowledged';
}

function unanswered(spoke: boolean, isRefused: boolean): Outcome {
  if (spoke) return 'reply-unseen';
  return isRefused ? 'refused' : 'no-reply';
}

/**
 * Whether both ends closed the connection, having got on: a server may close behind its response that never arrives, and
 * the client that gives up behind it, which has acknowledged none of it.
 */
export function isClosed(state: number): boolean {
  return (state & (STATE_FINISHED | STATE_UNANSWERED)) === STATE_FINISHED;
}

/** Whose first data went unanswered, by a row's state: the client's `request`, or the server's `reply`; null for neither. */
export function unansweredBy(state: number): Role | null {
  if ((state & STATE_UNANSWERED) === 0) return null;
  return (state & STATE_SERVER_PAYLOAD) === 0 ? 'request' : 'reply';
}
