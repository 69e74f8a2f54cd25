import type { Attempt } from './correlate/attempt.js';
import type { AnalysisAttempt, PathStep } from './model/analysis.js';
import { type Nanoseconds, timeText } from './model/time.js';

export function describeAttempt(attempt: Attempt, path: PathStep[]): AnalysisAttempt {
  const { id, protocol, client, server, vip, outcome, firstTime, tries, delayNs } = attempt;
  return {
    id,
    protocol,
    client,
    server,
    vip,
    outcome,
    firstTime: timeText(firstTime),
    tries,
    delayNs: numberOf(delayNs),
    path,
  };
}

function numberOf(delay: Nanoseconds | null): number | null {
  return delay === null ? null : Number(delay);
}

const NO_PATH: PathStep[] = [];

/**
 * One of a list that a report in text only counts: of a flood, what `describeAttempt` makes of each takes longer than the
 * report. Here it is made when it is asked for. A copy has to be made of `toJSON()`.
 */
export class ListedAttempt implements AnalysisAttempt {
  readonly #attempt: Attempt;

  constructor(attempt: Attempt) {
    this.#attempt = attempt;
  }

  get id() {
    return this.#attempt.id;
  }

  get protocol() {
    return this.#attempt.protocol;
  }

  get client() {
    return this.#attempt.client;
  }

  get server() {
    return this.#attempt.server;
  }

  get vip() {
    return this.#attempt.vip;
  }

  get outcome() {
    return this.#attempt.outcome;
  }

  get tries() {
    return this.#attempt.tries;
  }

  get firstTime() {
    return timeText(this.#attempt.firstTime);
  }

  get delayNs() {
    return numberOf(this.#attempt.delayNs);
  }

  get path() {
    return NO_PATH;
  }

  toJSON(): AnalysisAttempt {
    return describeAttempt(this.#attempt, []);
  }
}
