/** Captures that were written to one file after the other. */
import { captureStem } from '../ingest/bundle-path.js';
import type { Nanoseconds } from '../model/time.js';
import type { CaptureFile } from './capture-points.js';

/** What was read of a file, as far as it tells which others it goes on from. */
interface Part {
  file: CaptureFile;
  summary: { firstTime: Nanoseconds | null; lastTime: Nanoseconds | null };
}

/** Longer silence between two files is no rotation: a capture that was stopped, and started again. */
const LONGEST_SEAM: Nanoseconds = 60_000_000_000n;

/** Stamps of packets that several processors saw at once may be out of order by as much. */
const DISORDER: Nanoseconds = 1_000_000_000n;

/**
 * Joins the files of each rotated capture: they are named alike in one directory, save a number or a date, and follow
 * one another in time. They get one name as a capture, and are put in their order in time, whatever their numbers say:
 * a ring starts anew with the first.
 *
 * @param stems of their names, by file
 */
export function joinRotated<P extends Part>(captures: P[], stems: ReadonlyMap<string, string>): void {
  const sets = new Map<string, number[]>();
  for (const [i, { file }] of captures.entries()) {
    const types = file.interfaces.map(({ linkType, name }) => `${linkType} ${name}`);
    const key = [file.node, file.netns, directoryOf(file), stems.get(file.file), ...types].join('\n');
    const set = sets.get(key);
    if (set) set.push(i);
    else sets.set(key, [i]);
  }
  for (const places of sets.values()) {
    if (places.length < 2) continue;
    const parts = places.map((i) => captures[i]!).sort(byFirstTime);
    for (const [n, part] of parts.entries()) {
      captures[places[n]!] = part;
      const before = parts[n - 1];
      if (before && goesOn(before, part)) part.file.capture = before.file.capture ?? before.file.file;
    }
  }
}

/**
 * Names the nodes of bare captures that were numbered one after the other, and are named by nothing but their files: what
 * was written one after the other is of one node, and what was recorded at one time (`node0`, `node1`) of several.
 *
 * @param stems of their names, by file
 * @returns the new names by the old ones
 */
export function joinNumbered(
  captures: readonly Part[],
  stems: ReadonlyMap<string, string>,
): Map<string, string> {
  const series = new Map<string, Part[]>();
  for (const part of captures) {
    const { node, file } = part.file;
    if (node !== captureStem(file)) continue;
    const key = directoryOf(part.file) + stems.get(file);
    series.set(key, [...(series.get(key) ?? []), part]);
  }
  const renamed = new Map<string, string>();
  for (const parts of series.values()) {
    const inOrder = parts.toSorted(byFirstTime);
    if (!inOrder.every((part, i) => i === 0 || goesOn(inOrder[i - 1]!, part))) continue;
    for (const { file } of parts) {
      const stem = stems.get(file.file)!;
      if (stem === file.node) continue;
      renamed.set(file.node, stem);
      file.node = stem;
    }
  }
  return renamed;
}

function directoryOf({ file }: CaptureFile): string {
  return file.slice(0, file.lastIndexOf('/') + 1);
}

function goesOn({ summary: before }: Part, { summary: after }: Part): boolean {
  if (before.lastTime === null || after.firstTime === null) return false;
  const silence = after.firstTime - before.lastTime;
  return silence >= -DISORDER && silence <= LONGEST_SEAM;
}

function byFirstTime({ summary: { firstTime: a } }: Part, { summary: { firstTime: b } }: Part): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a < b ? -1 : a > b ? 1 : 0;
}
