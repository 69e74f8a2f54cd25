import type { FilterPacket } from '../packet.js';
import type { FilterNode } from '../rule-set.js';
import type { Atom, DataType } from './types.js';

/** Of a value that the packet has and that is not known here. */
export const UNKNOWN: unique symbol = Symbol('unknown');

export type Value = Atom | typeof UNKNOWN;

/** A selector: the left-hand side of a match, the key of a map, or a value that a statement sets. */
export interface Expression {
  /** One, or one for each part of a concatenation. */
  types: readonly DataType[];
  /**
   * @param draw what chance gave, from 0 to `draw.count` - 1; not looked at where `draw` is null
   * @returns one value for each of `types`; null where the packet has no such thing (NFT_BREAK: the rule ends)
   */
  read: (packet: FilterPacket, node: FilterNode, draw: number) => readonly Value[] | null;
  /** Null where the packet alone decides. */
  draw: Draw | null;
  /** In words, why `read` may give UNKNOWN; null where it does not. */
  unsure: string | null;
  /** Whether `read` gives UNKNOWN for every packet that has such a thing. */
  neverKnown: boolean;
  /** What is assumed of every value that it gives; null where nothing is. */
  assumes: string | null;
  /** The only bits that are known of the value; null for all of it. */
  knownBits: number | null;
  /** Asks the routing for the way back to the source. */
  wayBack: boolean;
}

/** Numbers from 0 to `count` - 1, each as likely. */
export interface Draw {
  count: number;
  /** `random`, `in turn`, `hash` */
  word: string;
}

/** An expression of one value that the packet alone decides. */
export function selector(
  type: DataType,
  read: (packet: FilterPacket, node: FilterNode) => Value | null,
  more: Partial<Expression> = {},
): Expression {
  return {
    types: [type],
    read: (packet, node) => {
      const value = read(packet, node);
      return value === null ? null : [value];
    },
    draw: null,
    unsure: null,
    neverKnown: false,
    assumes: null,
    knownBits: null,
    wayBack: false,
    ...more,
  };
}

/** What is not modelled, yet is certain not to be there where `has` says so. */
export function unknownSelector(
  why: string,
  has: (packet: FilterPacket) => boolean = () => true,
): Expression {
  return selector(NOTHING, (packet) => (has(packet) ? UNKNOWN : null), { unsure: why, neverKnown: true });
}

const NOTHING: DataType = { name: 'unknown', bits: 0, parse: () => null };

/** Draws beyond this are not gone through one by one. */
export const DRAWS = 65536;

/** `random 1 of 3`; of large numbers as a percentage. */
export function chanceText(word: string, draws: number, count: number): string {
  const share = Number(((draws / count) * 100).toPrecision(3));
  return count <= 1000 ? `${word} ${draws} of ${count}` : `${word} ${share} %`;
}
