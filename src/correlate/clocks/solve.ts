import type { Bounds } from './bounds.js';
import { boundAt, type Envelope, envelopeOf, loosened, MAX_DRIFT, sum } from './envelope.js';
import { contradiction, type Fit, fitBelow, fitBetween, type Span } from './fit.js';

/** Most captures have microseconds, so that a time may be this much too early, ns. */
const RESOLUTION = 1000;

/** A bound has to be better by this much to be taken over, ns: rounding is less. */
const BETTER = 1;

/** What NTP steers away without setting the clock bends it by less, ns: it sets one that is off by 128 ms. */
const BENT = 20_000_000;

/** One clock against another, as `Fit` has it. */
export interface SolvedClock extends Fit {
  /** Packets that it and others saw. */
  matched: number;
  /** Whether no steady clock comes near the bounds. */
  wasSet: boolean;
}

/** What packets say of two clocks: of the `b`th minus the `a`th, `a` being the lower, over the time of the `a`th. */
export interface Pair extends Span {
  a: number;
  b: number;
  /** Null where no packet went that way. */
  above: Envelope | null;
  /** Of the difference times -1. */
  below: Envelope | null;
  matched: number;
  isSteady: boolean;
}

/** @param forth of packets from `a` to `b` */
export function pairOf(a: number, b: number, forth: Bounds | undefined, back: Bounds | undefined): Pair {
  const [above, below] = [forth?.envelope() ?? null, back?.envelope() ?? null];
  const bend = above && below ? contradiction(loosened(above, RESOLUTION), loosened(below, RESOLUTION)) : 0;
  const loose = (envelope: Envelope | null) => envelope && loosened(envelope, RESOLUTION + bend);
  return {
    a,
    b,
    above: loose(above),
    below: loose(below),
    first: Math.min(forth?.first ?? Number.POSITIVE_INFINITY, back?.first ?? Number.POSITIVE_INFINITY),
    last: Math.max(forth?.last ?? Number.NEGATIVE_INFINITY, back?.last ?? Number.NEGATIVE_INFINITY),
    matched: (forth?.matched ?? 0) + (back?.matched ?? 0),
    isSteady: bend <= BENT,
  };
}

/**
 * Each clock against one of them, by all ways over others.
 *
 * @param count of clocks
 * @returns null for those that no packet joins to it
 */
export function solve(count: number, pairs: readonly Pair[], root: number): (SolvedClock | null)[] {
  let fits = roughFits(count, pairs, root);
  // Bounds between others than the root are placed in time by one of them: as far as it is known.
  for (let round = 0; round < 2; round++) fits = refined(fits, pairs, root);
  const steady = roughFits(
    count,
    pairs.filter((pair) => pair.isSteady),
    root,
  );
  return fits.map((fit, i) => {
    const own = pairs.filter(({ a, b }) => a === i || b === i);
    const matched = i === root ? 0 : own.reduce((all, pair) => all + pair.matched, 0);
    return fit && { ...fit, matched, wasSet: steady[i] === null || fit.bend > BENT };
  });
}

/** A fit, and how far the bounds had to be loosened for it, ns. */
interface LoosenedFit extends Fit {
  bend: number;
}

const SAME: LoosenedFit = { at: 0, offset: 0, drift: null, uncertainty: 0, bound: null, bend: 0 };

/** Without drift, by one way to each that there is. */
function roughFits(count: number, pairs: readonly Pair[], root: number): (LoosenedFit | null)[] {
  const fits: (LoosenedFit | null)[] = new Array(count).fill(null);
  fits[root] = SAME;
  const queue = [root];
  for (let from = queue.shift(); from !== undefined; from = queue.shift()) {
    for (const { a, b, above, below } of pairs) {
      const to = a === from ? b : b === from ? a : from;
      if (fits[to]) continue;
      const [high, low] = [above && leastOf(above), below && -leastOf(below)];
      const apart = ((high ?? low)! + (low ?? high)!) / 2;
      const offset = fits[from]!.offset + (to === b ? apart : -apart);
      fits[to] = { ...SAME, offset, uncertainty: null };
      queue.push(to);
    }
  }
  return fits;
}

function leastOf(envelope: Envelope): number {
  return envelope.reduce((least, { y }) => Math.min(least, y), Number.POSITIVE_INFINITY);
}

function refined(
  fits: readonly (LoosenedFit | null)[],
  pairs: readonly Pair[],
  root: number,
): (LoosenedFit | null)[] {
  const placed = pairs.flatMap((pair) => (fits[pair.a] ? placedByRoot(pair, fits[pair.a]!) : []));
  const forth = placed.flatMap(({ a, b, above }) => (above ? { from: a, to: b, envelope: above } : []));
  const back = placed.flatMap(({ a, b, below }) => (below ? { from: b, to: a, envelope: below } : []));
  const above = spread([...forth, ...back], fits.length, root);
  // What bounds the difference from below bounds it from above the other way round.
  const below = spread(
    [...forth, ...back].map(({ from, to, envelope }) => ({ from: to, to: from, envelope })),
    fits.length,
    root,
  );
  return fits.map((fit, i) => {
    if (fit === null || i === root) return fit;
    const own = placed.filter(({ a, b }) => a === i || b === i);
    const span = {
      first: Math.min(...own.map(({ first }) => first)),
      last: Math.max(...own.map(({ last }) => last)),
    };
    const matched = own.reduce((all, pair) => all + pair.matched, 0);
    return fitOf(above[i] ?? null, below[i] ?? null, span, matched) ?? fit;
  });
}

/** The pair with its bounds in the time of the root, as far as that is known: meanwhile its clocks run apart. */
function placedByRoot(pair: Pair, { at, offset, drift, uncertainty }: Fit): Pair {
  const place = (x: number) => at + (x - offset - at) / (1 + (drift ?? 0));
  const slack = (uncertainty ?? 0) * MAX_DRIFT;
  const moved = (envelope: Envelope | null) =>
    envelope?.map(({ x, y }) => ({ x: place(x), y: y + slack })) ?? null;
  return {
    ...pair,
    above: moved(pair.above),
    below: moved(pair.below),
    first: place(pair.first),
    last: place(pair.last),
  };
}

interface Link {
  from: number;
  to: number;
  /** Bounds `to` minus `from` from above. */
  envelope: Envelope;
}

/** The best bounds of each clock minus the root, over any number of links (Bellman-Ford). */
function spread(links: readonly Link[], count: number, root: number): (Envelope | null)[] {
  const best: (Envelope | null)[] = new Array(count).fill(null);
  let improved = true;
  // Ways with more links than that pass a clock twice: they are better only where bounds contradict each other.
  for (let round = 1; round < count && improved; round++) {
    improved = false;
    for (const { from, to, envelope } of links) {
      const start = best[from];
      if (to === root || (from !== root && !start)) continue;
      const bounds = start ? sum(start, envelope) : envelope;
      const known = best[to];
      if (known && bounds.every(({ x, y }) => y > boundAt(known, x) - BETTER)) continue;
      best[to] = envelopeOf([...(known ?? []), ...bounds]);
      improved = true;
    }
  }
  return best;
}

function fitOf(
  above: Envelope | null,
  below: Envelope | null,
  span: Span,
  matched: number,
): LoosenedFit | null {
  if (above && below) {
    const bend = contradiction(above, below);
    return { ...fitBetween(loosened(above, bend), loosened(below, bend), span), bend };
  }
  if (above) return { ...fitBelow(above, span, matched), bend: 0 };
  if (!below) return null;
  const fit = fitBelow(below, span, matched);
  const drift = fit.drift === null ? null : -fit.drift;
  return { ...fit, offset: -fit.offset, drift, bound: 'at-least', bend: 0 };
}
