import type { Analysis } from '../../src/model/analysis.js';
import type { Counts } from './reference.js';

/** What an analysis says of the connections of its captures, all added up. */
export function countsOf({ inputs, totals }: Pick<Analysis, 'inputs' | 'totals'>): Counts {
  const outcomes: Record<string, number> = {};
  let connections = 0;
  for (const total of totals) {
    for (const [outcome, count] of Object.entries(total.outcomes)) {
      if (count === 0) continue;
      outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
      connections += count;
    }
  }
  return { packets: inputs.reduce((sum, input) => sum + input.packets, 0), connections, outcomes };
}
