/** Packets that may have caused log lines, and such lines; times in ns since one moment, packets in order. */
export interface Pool {
  packets: readonly number[];
  lines: readonly number[];
}

export interface LogShift {
  /** What is to be added to the lines' times to have them by the packets' clock, ns. */
  shift: number;
  /** Whether most lines that have a packet about them lie right at it: else their times are too coarse, or too far off. */
  fits: boolean;
}

const MILLISECOND = 1_000_000;

/**
 * What a log's clock is off by as a rule. Further apart, packets that are sent again once a second would fit as well with
 * the next one.
 */
const USUAL_SHIFT = 350 * MILLISECOND;

/** Between a line's stamp and its packet's, once the clocks' difference is known. */
const JITTER = 30 * MILLISECOND;

/** Of a flood, these tell the shift as well as all. */
const MOST_LINES = 512;
const MOST_PACKETS_A_LINE = 64;

/**
 * How far the log's clock is off against the captures': the shift that puts most lines right at a packet, of several the
 * smallest. printk's clock is not disciplined, and is placed on the wall clock by one reading: the longer a node has been
 * up, the further it may be off.
 *
 * @param uncertainty of the lines' times, ns
 */
export function logShift(pools: readonly Pool[], uncertainty = 0): LogShift {
  const most = Math.max(USUAL_SHIFT, uncertainty);
  const total = pools.reduce((sum, { lines }) => sum + lines.length, 0);
  const step = Math.max(1, Math.ceil(total / MOST_LINES));
  const pairs: { line: number; shift: number }[] = [];
  let line = 0;
  for (const { packets, lines } of pools) {
    for (let i = 0; i < lines.length; i += step) {
      const shifts = shiftsOf(lines[i]!, packets, most);
      for (const shift of shifts) pairs.push({ line, shift });
      // A line by itself may be of a packet that no attempt counts, as the second datagram of an exchange.
      if (shifts.length > 0) line++;
    }
  }
  const best = mostCommon(pairs, line);
  return { shift: best.shift, fits: total === 0 || (line > 0 && 2 * best.lines >= line) };
}

/** What would put a line on each of the packets around it, that are no further apart than `most`. */
function shiftsOf(line: number, packets: readonly number[], most: number): number[] {
  const shifts: number[] = [];
  const from = firstAtLeast(packets, line);
  let [before, after] = [from - 1, from];
  while (shifts.length < MOST_PACKETS_A_LINE) {
    const ahead = after < packets.length ? packets[after]! - line : Number.POSITIVE_INFINITY;
    const behind = before >= 0 ? line - packets[before]! : Number.POSITIVE_INFINITY;
    if (Math.min(ahead, behind) > most) break;
    if (ahead <= behind) {
      shifts.push(ahead);
      after++;
    } else {
      shifts.push(-behind);
      before--;
    }
  }
  return shifts;
}

/** Of the shifts, the one that most lines have about. */
function mostCommon(
  pairs: { line: number; shift: number }[],
  lines: number,
): { shift: number; lines: number } {
  pairs.sort((a, b) => a.shift - b.shift);
  const counts = new Uint32Array(lines);
  let best = { shift: 0, lines: 0 };
  let [low, high, distinct] = [0, 0, 0];
  for (const { shift } of pairs) {
    for (; high < pairs.length && pairs[high]!.shift <= shift + JITTER; high++) {
      if (counts[pairs[high]!.line]!++ === 0) distinct++;
    }
    for (; pairs[low]!.shift < shift - JITTER; low++) {
      if (--counts[pairs[low]!.line]! === 0) distinct--;
    }
    const isSmaller = Math.abs(shift) < Math.abs(best.shift);
    if (distinct > best.lines || (distinct === best.lines && isSmaller)) best = { shift, lines: distinct };
  }
  return best;
}

/** The index of the first time that is not before another; of sorted ones. */
function firstAtLeast(times: readonly number[], time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Of sorted times, the index of the nearest; null where there is none. */
export function nearestOf(times: readonly number[], time: number): number | null {
  const after = firstAtLeast(times, time);
  if (after === 0) return times.length === 0 ? null : 0;
  if (after === times.length) return after - 1;
  return times[after]! - time < time - times[after - 1]! ? after : after - 1;
}
