import type { Analysis, AnalysisAttempt, AnalysisTotal, Finding, Outcome } from '../../model/analysis.js';
import type { Success } from '../../model/comparison.js';
import { isAnswered } from '../answered.js';
import { stuckOf } from '../shown-attempts.js';

/** By what the captures show, the connection was made. */
const MADE: readonly Outcome[] = ['established', 'reply-unseen'];
/** Of these the captures do not show how they began. */
const UNTOLD: readonly Outcome[] = ['midstream'];

/** One of the two analyses, asked for what a comparison needs. */
export class Side {
  readonly analysis: Analysis;
  readonly isPrediction: boolean;
  readonly #success = new Map<string, { address: string | null; protocol: string; success: Success }>();
  /** Of those that were made, how many were answered and no more: by service and protocol. */
  readonly #answered = new Map<string, number>();
  readonly #captured: Set<string>;
  readonly #attempts: Map<string, AnalysisAttempt>;
  readonly #stuck: ReadonlySet<string>;
  /** Whether every attempt that was made is listed. */
  readonly listsAll: boolean;

  /** @param services addresses that either of the two analyses knows as such */
  constructor(analysis: Analysis, services: ReadonlySet<string>) {
    this.analysis = analysis;
    this.isPrediction = analysis.predictions !== undefined;
    this.#captured = new Set(analysis.inputs.filter((i) => i.packets > 0).map((i) => i.node));
    this.#attempts = new Map(analysis.attempts.map((attempt) => [attempt.id, attempt]));
    this.#stuck = stuckOf(analysis);
    const counted = analysis.totals.reduce((sum, total) => sum + countOf(total), 0);
    this.listsAll = analysis.attempts.length >= counted;
    for (const total of analysis.totals) {
      this.#add(total.vip, total.protocol, successOf(total), total.answered);
    }
    if (this.listsAll) this.#nameOthers(services);
    for (const { vip, protocol, ways } of analysis.predictions ?? []) {
      const made = ways.filter(({ fate }) => fate === 'answered' || fate === 'answered-elsewhere').length;
      this.#add(vip, protocol, { made, all: ways.length });
    }
  }

  /** Every service and protocol that was asked for. */
  get success(): readonly { address: string | null; protocol: string; success: Success }[] {
    return [...this.#success.values()];
  }

  /** Of one service, over the protocols named; over all where none is. */
  successOf(address: string | null, protocols: ReadonlySet<string>): Success {
    const sum = { made: 0, all: 0 };
    for (const one of this.#success.values()) {
      if (one.address !== address || (protocols.size > 0 && !protocols.has(one.protocol))) continue;
      sum.made += one.success.made;
      sum.all += one.success.all;
    }
    return sum;
  }

  captured(node: string): boolean {
    return this.#captured.has(node);
  }

  /** Those that are listed. */
  attemptsOf(finding: Finding): AnalysisAttempt[] {
    return finding.attempts.flatMap((id) => this.#attempts.get(id) ?? []);
  }

  /** Those to one service that were made, as far as they are listed. */
  madeTo(address: string | null): AnalysisAttempt[] {
    return this.analysis.attempts.filter(
      (attempt) =>
        this.#isMade(attempt) &&
        (address === null || attempt.vip === address || attempt.server.address === address),
    );
  }

  /** Whether of none of those to one service it is known that the reply got back, though all were answered. */
  isUnsure(address: string | null, protocol: string): boolean {
    const { made } = this.successOf(address, new Set([protocol]));
    return made > 0 && made === (this.#answered.get(keyOf(address, protocol)) ?? 0);
  }

  /** The address that the finding's clients asked for; null where it is not one. */
  serviceOf(finding: Finding): string | null {
    if (finding.vip !== null) return finding.vip;
    const asked = new Set(this.attemptsOf(finding).map(({ server }) => server.address));
    return asked.size === 1 ? [...asked][0]! : null;
  }

  /**
   * Answered is all that those can be that nothing acknowledges. One that a fault keeps from getting any further than
   * the handshake is made in the captures alone.
   */
  #isMade(attempt: AnalysisAttempt): boolean {
    return (MADE.includes(attempt.outcome) && !this.#stuck.has(attempt.id)) || isAnswered(attempt);
  }

  /** @param answered how many of those that were made were answered and no more */
  #add(address: string | null, protocol: string, { made, all }: Success, answered = 0): void {
    const key = keyOf(address, protocol);
    this.#answered.set(key, (this.#answered.get(key) ?? 0) + answered);
    const known = this.#success.get(key) ?? { address, protocol, success: { made: 0, all: 0 } };
    known.success.made += made;
    known.success.all += all;
    this.#success.set(key, known);
  }

  /** One analysis may know as a VIP what is any server's address to the other. */
  #nameOthers(services: ReadonlySet<string>): void {
    for (const attempt of this.analysis.attempts) {
      const { vip, server, protocol, outcome } = attempt;
      if (vip !== null || !services.has(server.address) || UNTOLD.includes(outcome)) continue;
      const made = this.#isMade(attempt) ? 1 : 0;
      const answered = isAnswered(attempt) ? 1 : 0;
      this.#add(server.address, protocol, { made, all: 1 }, answered);
      this.#add(null, protocol, { made: -made, all: -1 }, -answered);
    }
  }
}

/** The addresses that an analysis knows as those of services: VIPs, and what the clients of its findings asked for. */
export function servicesOf(analysis: Analysis): string[] {
  const side = new Side(analysis, new Set());
  return [
    ...analysis.vips.map((vip) => vip.address),
    ...analysis.findings.flatMap((finding) => side.serviceOf(finding) ?? []),
  ];
}

function keyOf(address: string | null, protocol: string): string {
  return `${address} ${protocol}`;
}

function countOf({ outcomes }: AnalysisTotal): number {
  return Object.values(outcomes).reduce((sum, count) => sum + count, 0);
}

function successOf(total: AnalysisTotal): Success {
  const sum = (some: readonly Outcome[]) => some.reduce((n, outcome) => n + total.outcomes[outcome], 0);
  const made = sum(MADE) - (total.stuck ?? 0) + (total.answered ?? 0);
  return { made, all: countOf(total) - sum(UNTOLD) };
}
