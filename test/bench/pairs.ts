/** Two commands in turn, so that a machine whose speed drifts is fair to both. */
import { type Command, measure, type Run } from './measure.js';

export interface Pairs {
  ours: Run[];
  theirs: Run[];
}

/** @param rounds an odd number, so that the median is one of them; each is run once before, which is not counted */
export async function inTurn(
  ours: Command,
  theirs: Command,
  rounds: number,
  directory: string,
): Promise<Pairs> {
  const pairs: Pairs = { ours: [], theirs: [] };
  for (let round = -1; round < rounds; round++) {
    const one = await measure(ours, directory);
    const other = await measure(theirs, directory);
    if (round < 0) continue;
    pairs.ours.push(one);
    pairs.theirs.push(other);
  }
  return pairs;
}

export interface Spread {
  least: number;
  median: number;
  most: number;
}

/** @param values at least one */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { least: sorted[0]!, median: sorted[sorted.length >> 1]!, most: sorted.at(-1)! };
}
