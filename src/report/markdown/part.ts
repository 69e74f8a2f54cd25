/** A piece of a Markdown report that stands or goes as a whole. */
export interface Part {
  /** What is said to be left out where there is no room: `the diagram of finding 1`. */
  name: string;
  /** What matters least has the highest, and goes first. */
  rank: number;
  /** Without blank lines around it. */
  text: string;
}

/** What is left out of a finding, from the last on, before any of the one before it is. */
const RANKS_OF_A_FINDING = 10;
/** From this finding on they are all the same to a reader. */
const MOST_RANKED = 9;

/** Ranks of what a report has of each finding, the most important first. */
export const FINDING_RANKS = { summary: 0, fix: 1, patterns: 2, proof: 3, way: 4, diagram: 5, ruledOut: 6 };

/** @param index of the finding, from 0 */
export function findingRank(index: number, of: keyof typeof FINDING_RANKS): number {
  return 10 + Math.min(index, MOST_RANKED) * RANKS_OF_A_FINDING + FINDING_RANKS[of];
}

/** Ranks of what is there once; the verdict goes last of all. */
export const RANKS = {
  verdict: 0,
  gaps: 12.5,
  totals: 14.5,
  predictions: 17,
  probe: 18,
  services: 117,
  inputs: 118,
  clocks: 119,
  attempts: 120,
};

const BETWEEN = '\n\n';

/**
 * The parts as one text that ends with a line feed and has no more than `maxLength` characters (UTF-16 code units:
 * nobody counts more). Where there are too many, parts are left out by their rank, the last of one rank first, and a
 * note at the end names them.
 *
 * @param whole where the rest is to be had, as a clause
 * @param shortened the first part in at most so many characters
 */
export function fitted(
  parts: readonly Part[],
  maxLength: number,
  whole: string,
  shortened: (length: number) => string,
): string {
  const kept = [...parts];
  const leftOut: Part[] = [];
  for (;;) {
    const text = joined(kept, noteOf(parts, leftOut, maxLength, whole));
    if (text.length <= maxLength) return text;
    const next = leastImportant(kept);
    if (next === null) break;
    kept.splice(kept.indexOf(next), 1);
    leftOut.push(next);
  }
  return `${shortened(maxLength - 1)}\n`;
}

/** The first part is never left out. */
function leastImportant(parts: readonly Part[]): Part | null {
  let found: Part | null = null;
  for (const part of parts.slice(1)) if (!found || part.rank >= found.rank) found = part;
  return found;
}

function noteOf(
  parts: readonly Part[],
  leftOut: readonly Part[],
  maxLength: number,
  whole: string,
): string | null {
  if (leftOut.length === 0) return null;
  // In the order of the report.
  const names = [...new Set(parts.filter((part) => leftOut.includes(part)).map((part) => part.name))];
  const note = (what: string) => `Left out, for ${maxLength} characters at most: ${what}; ${whole}.`;
  const named = note(names.join(', '));
  return named.length <= maxLength / 4 ? named : note(`${leftOut.length} parts of ${parts.length}`);
}

function joined(parts: readonly Part[], note: string | null): string {
  return `${[...parts.map((part) => part.text), ...(note === null ? [] : [note])].join(BETWEEN)}\n`;
}
