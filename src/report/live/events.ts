/** What happens in a live run, an object an event, for other programs. */
import { KnownAttempts } from './known-attempts.js';
import { findingKey, isPending, type LiveNode, type LiveView, settledFindings } from './view.js';

/** Tells what is new in each view. */
export class LiveEvents {
  readonly #states = new Map<string, string>();
  readonly #attempts = new KnownAttempts();
  readonly #findings = new Set<string>();
  /** Connections of each probe that were told of. */
  readonly #probed: number[] = [];
  #asked = 0;

  /** One object a line of NDJSON. */
  *of(view: LiveView): Generator<object> {
    const time = new Date().toISOString();
    for (const node of view.nodes) {
      if (this.#states.get(node.node) === stateOf(node)) continue;
      this.#states.set(node.node, stateOf(node));
      yield { event: 'node', time, ...node };
    }
    for (const [i, { connections, from, vip, port }] of view.probes.entries()) {
      for (const { attempt, outcome, ...connection } of connections.slice(this.#probed[i] ?? 0)) {
        yield { event: 'probe', time, from, vip, port, ...connection };
      }
      this.#probed[i] = connections.length;
    }
    for (const arping of view.arpings.slice(this.#asked)) yield { event: 'arping', time, ...arping };
    this.#asked = view.arpings.length;
    for (const attempt of view.analysis?.attempts ?? []) {
      if (!isPending(attempt, view) && this.#attempts.take(attempt))
        yield { event: 'attempt', time, ...attempt };
    }
    for (const finding of settledFindings(view)) {
      const key = findingKey(finding);
      if (this.#findings.has(key)) continue;
      this.#findings.add(key);
      yield { event: 'finding', time, ...finding };
    }
  }
}

function stateOf({ state, message, dropped }: LiveNode): string {
  return JSON.stringify([state, message, (dropped ?? 0) > 0]);
}
