/**
 * The straight line between bounds from above and from below: how far a clock is from another, and how fast that
 * changes. Of all lines that keep to the bounds (a linear program of two unknowns), for each slope those that do are
 * between two values, whose difference is concave in the slope, and straight between slopes of the envelopes' edges.
 */
import { type Envelope, MAX_DRIFT, slope } from './envelope.js';

/** One clock against another: `offset + drift * (x - at)`, ns. */
export interface Fit {
  at: number;
  offset: number;
  /** Null where path delays hide it: then 0 is used. */
  drift: number | null;
  /** How far the line can be from the truth, from the first common packet to the last; null with bounds from one side. */
  uncertainty: number | null;
  /** How the truth is to the offset where it is bounded from one side alone; null where it is from both. */
  bound: 'at-most' | 'at-least' | null;
}

export interface Span {
  first: number;
  last: number;
}

/** A drift that is known this well is told, even where it may be none. */
const PRECISE_DRIFT = 1e-6;

/** Bounds from one side alone: fewer packets than this do not tell drift from path delays. */
const ENOUGH_ONE_WAY = 16;

/** And the line has to leave this much less of what lies between a constant and the bounds. */
const MUCH_LESS = 1 / 4;

/**
 * By how much all bounds have to be loosened that a line keeps to them, and may be off by as much as it has to; 0 where
 * one does as they are. Clocks that are steered by NTP bend a little; one that was set bends by half of that.
 *
 * @param above bounds the difference from above
 * @param below bounds what the difference is times -1 from above
 */
export function contradiction(above: Envelope, below: Envelope): number {
  const { corners, width } = linesBetween(above, below);
  return Math.max(0, -width(corners[peak(corners, width)]!));
}

/**
 * The offset where packets went both ways. Drift is told where no constant keeps to the bounds, or where all lines that
 * do have one slope to within a part in a million.
 *
 * @param above bounds the difference from above
 * @param below bounds what the difference is times -1 from above; the two do not contradict each other
 */
export function fitBetween(above: Envelope, below: Envelope, { first, last }: Span): Fit {
  const { corners, high, low, width } = linesBetween(above, below);
  const best = peak(corners, width);
  const slowest = zeroBetween(corners.slice(0, best + 1).reverse(), width);
  const fastest = zeroBetween(corners.slice(best), width);
  const isTold = width(0) < 0 || fastest - slowest <= 2 * PRECISE_DRIFT;
  const drift = isTold ? (slowest + fastest) / 2 : 0;
  const start = (high(drift) + low(drift)) / 2;
  const allowed = [slowest, ...corners.filter((c) => c > slowest && c < fastest), fastest];
  let uncertainty = 0;
  for (const x of [first, last]) {
    const upper = (d: number) => high(d) + d * x;
    const lower = (d: number) => -low(d) - d * x;
    const value = start + drift * x;
    const most = upper(allowed[peak(allowed, upper)]!);
    const fewest = -lower(allowed[peak(allowed, lower)]!);
    uncertainty = Math.max(uncertainty, most - value, value - fewest);
  }
  return {
    at: first,
    offset: start + drift * first,
    drift: isTold ? drift : null,
    uncertainty,
    bound: null,
  };
}

/** Of each slope the range of lines that keep to the bounds, by their values at x = 0. */
function linesBetween(above: Envelope, below: Envelope) {
  const high = (drift: number) => least(above, drift);
  const low = (drift: number) => -least(below, -drift);
  const width = (drift: number) => high(drift) - low(drift);
  const edges = [...edgeSlopes(above), ...edgeSlopes(below).map((s) => -s)];
  return { corners: inOrder([-MAX_DRIFT, ...edges, 0, MAX_DRIFT]), high, low, width };
}

/**
 * The offset where packets went one way: what path delays add to it is not known. The line is the one nearest below
 * the bounds, where enough of them say that it is not level; it is told for a time at which it touches one.
 */
export function fitBelow(envelope: Envelope, { first, last }: Span, matched: number): Fit {
  const middle = (first + last) / 2;
  const edge = envelope.findIndex(
    (point, i) => point.x <= middle && (envelope[i + 1]?.x ?? point.x) > middle,
  );
  const level = { drift: 0, at: touching(envelope, 0) };
  const tilt = edge < 0 ? 0 : slope(envelope[edge]!, envelope[edge + 1]!);
  const line = { drift: tilt, at: touching(envelope, tilt) };
  const isTold =
    matched >= ENOUGH_ONE_WAY && gap(envelope, line.drift) < gap(envelope, level.drift) * MUCH_LESS;
  const { drift, at } = isTold ? line : level;
  return { at: at.x, offset: at.y, drift: isTold ? drift : null, uncertainty: null, bound: 'at-most' };
}

/** The greatest value at x = 0 of a line of this slope below the envelope. */
function least(envelope: Envelope, drift: number): number {
  let value = Number.POSITIVE_INFINITY;
  for (const { x, y } of envelope) value = Math.min(value, y - drift * x);
  return value;
}

function touching(envelope: Envelope, drift: number) {
  return envelope.reduce((best, point) =>
    point.y - drift * point.x < best.y - drift * best.x ? point : best,
  );
}

/** The area between an envelope and the line of this slope that touches it. */
function gap(envelope: Envelope, drift: number): number {
  const start = least(envelope, drift);
  let area = 0;
  for (let i = 1; i < envelope.length; i++) {
    const [a, b] = [envelope[i - 1]!, envelope[i]!];
    area += ((a.y - drift * a.x + (b.y - drift * b.x)) / 2 - start) * (b.x - a.x);
  }
  return area;
}

function edgeSlopes(envelope: Envelope): number[] {
  return envelope.slice(1).map((point, i) => slope(envelope[i]!, point));
}

/** Slopes that differ by less change nothing within a day, and rounding hides which is the better. */
const SAME_DRIFT = 1e-12;

function inOrder(drifts: number[]): number[] {
  return drifts.sort((a, b) => a - b).filter((d, i) => i === 0 || d - drifts[i - 1]! > SAME_DRIFT);
}

/** The index of the place where a concave function is greatest. */
function peak(places: readonly number[], f: (place: number) => number): number {
  let [low, high] = [0, places.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (f(places[middle]!) < f(places[middle + 1]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where a function that is straight between the places, and falls from one to the next, gets to 0; else the last. */
function zeroBetween(places: readonly number[], f: (place: number) => number): number {
  let before = places[0]!;
  for (const place of places) {
    const value = f(place);
    if (value < 0) {
      const from = f(before);
      return before + ((place - before) * from) / (from - value);
    }
    before = place;
  }
  return before;
}
