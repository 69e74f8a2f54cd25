import type { AnalysisClock } from '../model/analysis.js';
import type { Sighting } from '../model/sighting.js';

interface Offset {
  offset: bigint;
  /** Null where packets bound it from one side only. */
  uncertainty: bigint | null;
  matched: number;
}

/**
 * How far the nodes' clocks are apart, from packets that two nodes saw: a packet cannot arrive before it was
 * sent, so each one bounds the offset from one side, and one in each direction brackets it.
 */
export class Clocks {
  readonly #nodes: string[];
  /** `A|B`: the least (time at B - time at A) over packets that A saw before B. */
  readonly #least = new Map<string, bigint>();
  readonly #matched = new Map<string, number>();
  #offsets: Map<string, Offset> | null = null;

  /** @param nodes in the order of the inputs; the first is the reference */
  constructor(nodes: readonly string[]) {
    this.#nodes = [...nodes];
  }

  /** Takes in one packet's sightings in causal order, as far as hop limits alone order them. */
  observe(ordered: readonly Sighting[]): void {
    for (let i = 1; i < ordered.length; i++) {
      const before = ordered[i - 1]!;
      const after = ordered[i]!;
      if (before.point.node === after.point.node || before.time === null || after.time === null) continue;
      // Between equal hop limits the order came from directions, or (not usable here) from the clocks themselves.
      const ordering = before.ttl > after.ttl || (before.direction === 'out' && after.direction === 'in');
      if (!ordering) continue;
      const key = `${before.point.node}|${after.point.node}`;
      const difference = after.time - before.time;
      const least = this.#least.get(key);
      if (least === undefined || difference < least) this.#least.set(key, difference);
      this.#matched.set(key, (this.#matched.get(key) ?? 0) + 1);
    }
    this.#offsets = null;
  }

  /** The node's clock minus the first node's, ns; 0 where nothing matched. */
  offset(node: string): bigint {
    return this.#solve().get(node)?.offset ?? 0n;
  }

  /** For every node; the first is off by 0 against itself. */
  describe(): AnalysisClock[] {
    const solved = this.#solve();
    return this.#nodes.map((node) => {
      const known = solved.get(node);
      return {
        node,
        offsetNs: known ? Number(known.offset) : null,
        uncertaintyNs: known?.uncertainty == null ? null : Number(known.uncertainty),
        driftPpm: null,
        matched: known?.matched ?? 0,
      };
    });
  }

  /** Offsets against the first node, over other nodes where two did not see the same packets. */
  #solve() {
    if (this.#offsets) return this.#offsets;
    const solved = new Map<string, Offset>();
    const queue: string[] = [];
    if (this.#nodes[0] !== undefined) {
      solved.set(this.#nodes[0], { offset: 0n, uncertainty: 0n, matched: 0 });
      queue.push(this.#nodes[0]);
    }
    for (let from = queue.shift(); from !== undefined; from = queue.shift()) {
      const base = solved.get(from)!;
      for (const node of this.#nodes) {
        const pair = solved.has(node) ? null : this.#pair(from, node);
        if (!pair) continue;
        solved.set(node, {
          offset: base.offset + pair.offset,
          uncertainty:
            base.uncertainty === null || pair.uncertainty === null
              ? null
              : base.uncertainty + pair.uncertainty,
          matched: pair.matched,
        });
        queue.push(node);
      }
    }
    this.#offsets = solved;
    return solved;
  }

  /** `to`'s clock minus `from`'s. With packets in one direction only, the bound itself, of unknown uncertainty. */
  #pair(from: string, to: string) {
    const forth = this.#least.get(`${from}|${to}`);
    const back = this.#least.get(`${to}|${from}`);
    const matched = (this.#matched.get(`${from}|${to}`) ?? 0) + (this.#matched.get(`${to}|${from}`) ?? 0);
    if (forth === undefined && back === undefined) return null;
    if (forth === undefined) return { offset: -back!, uncertainty: null, matched };
    if (back === undefined) return { offset: forth, uncertainty: null, matched };
    const width = forth + back;
    // A negative width says that a clock was stepped or drifts: the middle is still the best guess.
    return { offset: (forth - back) / 2n, uncertainty: (width < 0n ? -width : width) / 2n, matched };
  }
}
