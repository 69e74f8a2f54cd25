import type { FilterPacket } from '../packet.js';
import type { FilterNode } from '../rule-set.js';
import type { Option } from './words.js';

/** Null: what it asks for is not known. */
export type Test = (packet: FilterPacket, node: FilterNode) => boolean | null;

/** In words; where that depends on the node, as it is asked. */
export type Missing = string | ((packet: FilterPacket, node: FilterNode) => string);

export type Match =
  | {
      kind: 'test';
      test: Test;
      /** What is not known where the test is null: `the sender's MAC is not known`. */
      missing: Missing;
      /** What is taken then. */
      taken: boolean;
      /** Of a set: what is said where all else of the rule holds, and this does not. */
      missed?: (packet: FilterPacket) => string;
    }
  | { kind: 'chance'; chance: number; every: number | null };

/** One `-m NAME`: its options with the number of their values, and what they mean. */
export interface MatchExtension {
  options: Readonly<Record<string, number>>;
  /** @returns null where an option cannot be read */
  compile: (options: readonly Option[], family: 4 | 6) => Match | null;
}

/** A match that always knows, or for which nothing matches where it does not. */
export function tests(test: Test, missing = 'what it asks for is not known'): Match {
  return { kind: 'test', test, missing, taken: false };
}

/** A match on what no snapshot and no packet tells. */
export function unknown(missing: string, taken = false): Match {
  return { kind: 'test', test: () => null, missing, taken };
}

/** All of the tests; null where one is null and none is false. */
export function all(list: readonly (Test | null)[]): Test | null {
  const given = list.filter((test) => test !== null);
  if (given.length < list.length) return null;
  if (given.length === 1) return given[0]!;
  return (packet, node) => {
    let result: boolean | null = true;
    for (const test of given) {
      const one = test(packet, node);
      if (one === false) return false;
      result &&= one;
    }
    return result;
  };
}

export function negatedIf(not: boolean, test: Test): Test {
  if (!not) return test;
  return (packet, node) => {
    const result = test(packet, node);
    return result === null ? null : !result;
  };
}

/** The match that the options make together, each read by its own function. */
export function each(
  options: readonly Option[],
  read: (option: Option) => Test | null,
  missing?: string,
): Match | null {
  const test = all(options.map(read));
  return test && tests(test, missing);
}
