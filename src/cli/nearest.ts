/**
 * The name that a mistyped one was most likely meant to be: one that begins so, else the one with the fewest letters
 * to add, drop, exchange or swap (Damerau's and Levenshtein's distance), letter case and `_` for `-` aside.
 *
 * @param names never none
 */
export function nearestName<T extends string>(typed: string, names: readonly T[]): T {
  const wanted = plain(typed);
  return begunSo(wanted, names) ?? closest(wanted, names).name;
}

/** As `nearestName`; null where none is so like it that it must have been meant. */
export function closeName<T extends string>(typed: string, names: readonly T[]): T | null {
  const wanted = plain(typed);
  if (names.length === 0 || wanted.length > LONGEST) return null;
  const { name, letters } = closest(wanted, names);
  return letters <= Math.min(3, (wanted.length + 1) / 3) ? name : (begunSo(wanted, names) ?? null);
}

/** What is longer is no name that was mistyped. */
const LONGEST = 64;

function plain(typed: string): string {
  return typed.toLowerCase().replaceAll('_', '-');
}

function begunSo<T extends string>(wanted: string, names: readonly T[]): T | undefined {
  return wanted === '' ? undefined : names.find((name) => name.startsWith(wanted));
}

function closest<T extends string>(wanted: string, names: readonly T[]): { name: T; letters: number } {
  const distances = names.map((name) => distance(wanted, name));
  const letters = Math.min(...distances);
  return { name: names[distances.indexOf(letters)]!, letters };
}

function distance(a: string, b: string): number {
  let above: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j++) {
      const exchanged = row[j - 1]! + Number(letter !== b[j - 1]);
      const isSwap = i > 0 && j > 1 && letter === b[j - 2] && a[i - 1] === b[j - 1];
      const swapped = isSwap ? above[j - 2]! + 1 : exchanged;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, exchanged, swapped));
    }
    above = row;
    row = next;
  }
  return row[b.length]!;
}
