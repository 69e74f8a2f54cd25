/**
 * The name that a mistyped one must have been meant to be: the one with the fewest letters to add, drop, exchange or
 * swap (Damerau's and Levenshtein's distance), where those are few, else one that begins so; letter case and `_` for
 * `-` aside.
 *
 * @returns null where none is so like it
 */
export function closeName<T extends string>(typed: string, names: readonly T[]): T | null {
  const wanted = typed.toLowerCase().replaceAll('_', '-');
  if (wanted === '' || wanted.length > LONGEST || names.length === 0) return null;
  const distances = names.map((name) => distance(wanted, name));
  const letters = Math.min(...distances);
  if (letters <= Math.min(3, (wanted.length + 1) / 3)) return names[distances.indexOf(letters)]!;
  return names.find((name) => name.startsWith(wanted)) ?? null;
}

/** What is longer is no name that was mistyped. */
const LONGEST = 64;

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
