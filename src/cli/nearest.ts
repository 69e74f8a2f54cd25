/**
 * The name that a mistyped one was most likely meant to be: one that begins so, else the one with the fewest letters
 * to add, drop or exchange (Levenshtein's distance), letter case and `_` for `-` aside.
 *
 * @param names never none
 */
export function nearestName<T extends string>(typed: string, names: readonly T[]): T {
  const wanted = typed.toLowerCase().replaceAll('_', '-');
  const begun = wanted === '' ? undefined : names.find((name) => name.startsWith(wanted));
  if (begun !== undefined) return begun;
  const distances = names.map((name) => distance(wanted, name));
  return names[distances.indexOf(Math.min(...distances))]!;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + Number(letter !== b[j - 1])));
    }
    row = next;
  }
  return row[b.length]!;
}
