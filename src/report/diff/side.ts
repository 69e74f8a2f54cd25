import type { Analysis, AnalysisAttempt, AnalysisTotal, Finding, Outcome } from '../../model/analysis.js';
import type { Success } from '../../model/comparison.js';

/** By what the captures show, the connection was made. */
const MADE: readonly Outcome[] = ['established', 'reply-unseen'];
/** Of these the captures do not show how they began. */
const UNTOLD: readonly Outcome[] = ['midstream'];

/** One of the two analyses, asked for what a comparison needs. */
export class Side {
  readonly analysis: Analysis;
  readonly isPrediction: boolean;
  readonly #success = new Map<string, { address: string | null; protocol: string; success: Success }>();
  readonly #captured: Set<string>;
  readonly #attempts: Map<string, AnalysisAttempt>;
  /** Whether every attempt that was made is listed. */
  readonly listsAll: boolean;

  /** @param services addresses that either of the two analyses knows as such */
  constructor(analysis: Analysis, services: ReadonlySet<string>) {
    this.analysis = analysis;
    this.isPrediction = analysis.predictions !== undefined;
    this.#captured = new Set(analysis.inputs.filter((i) => i.packets > 0).map((i) => i.node));
    this.#attempts = new Map(analysis.attempts.map((attempt) => [attempt.id, attempt]));
    const counted = analysis.totals.reduce((sum, total) => sum + countOf(total), 0);
    this.listsAll = analysis.attempts.length >= counted;
    for (const total of analysis.totals) this.#add(total.vip, total.protocol, successOf(total));
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
      ({ vip, server, outcome }) =>
        MADE.includes(outcome) && (address === null || vip === address || server.address === address),
    );
  }

  /** The address that the finding's clients asked for; null where it is not one. */
  serviceOf(finding: Finding): string | null {
    if (finding.vip !== null) return finding.vip;
    const asked = new Set(this.attemptsOf(finding).map(({ server }) => server.address));
    return asked.size === 1 ? [...asked][0]! : null;
  }

  #add(address: string | null, protocol: string, { made, all }: Success): void {
    const key = `${address} ${protocol}`;
    const known = this.#success.get(key) ?? { address, protocol, success: { made: 0, all: 0 } };
    known.success.made += made;
    known.success.all += all;
    this.#success.set(key, known);
  }

  /** One analysis may know as a VIP what is any server's address to the other. */
  #nameOthers(services: ReadonlySet<string>): void {
    for (const { vip, server, protocol, outcome } of this.analysis.attempts) {
      if (vip !== null || !services.has(server.address) || UNTOLD.includes(outcome)) continue;
      const made = MADE.includes(outcome) ? 1 : 0;
      this.#add(server.address, protocol, { made, all: 1 });
      this.#add(null, protocol, { made: -made, all: -1 });
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

function countOf({ outcomes }: AnalysisTotal): number {
  return Object.values(outcomes).reduce((sum, count) => sum + count, 0);
}

function successOf(total: AnalysisTotal): Success {
  const sum = (some: readonly Outcome[]) => some.reduce((n, outcome) => n + total.outcomes[outcome], 0);
  return { made: sum(MADE), all: countOf(total) - sum(UNTOLD) };
}
