/** Captures that tcpdump numbered, and that have no ending before the number: `trace00`, `trace01` (-W), `trace`, `trace1` (-C). */
import { captureStem, isCaptureName, namesInterface } from './bundle-path.js';

/**
 * The stems of captures that were given together. A number at the end of a name without an ending may be a rotation's
 * where others of the directory make up the series from its beginning.
 *
 * @returns by path: as `captureStem`, and without the number of a series
 */
export function captureStems(paths: readonly string[]): Map<string, string> {
  const stems = new Map(paths.map((path) => [path, captureStem(path)]));
  const plain = new Set(paths.filter((path) => !isCaptureName(path)));
  for (const path of plain) {
    const found = zeroPadded(path, plain) ?? [path, path, ...numbered(path, 1, 1, plain)];
    const [before, ...members] = found;
    if (members.length < 2) continue;
    const stem = captureStem(before!.replace(/[-_.]$/, ''));
    for (const member of members) stems.set(member, stem);
  }
  return stems;
}

/**
 * The series that a path is the first of, behind what its members have in common; null where there is none. Of `ens1800`
 * the number may be `0` or `00`: what is before it is an interface's name rather than a part of one.
 */
function zeroPadded(path: string, paths: ReadonlySet<string>): [string, ...string[]] | null {
  const zeros = /(0+)$/.exec(path)?.[1]?.length ?? 0;
  const series: [string, ...string[]][] = [];
  for (let width = zeros; width > 0; width--) {
    const before = path.slice(0, -width);
    const members = numbered(before, 0, width, paths);
    if (!before.endsWith('/') && members.length > 1) series.push([before, ...members]);
  }
  const named = series.find(([before]) => /\d$/.test(before) && namesInterface(captureStem(before)));
  return named ?? series[0] ?? null;
}

/** Those that bear every number from the first on. */
function numbered(before: string, first: number, width: number, paths: ReadonlySet<string>): string[] {
  const members: string[] = [];
  for (let n = first; ; n++) {
    const member = before + String(n).padStart(width, '0');
    if (!paths.has(member)) return members;
    members.push(member);
  }
}
