/** How easily a split of the counts as clean as this one comes about by chance. */

/**
 * Fisher's exact test, one-sided: the chance that of `bad` of `total` cases, dealt at random, `badInside` or more
 * fall among the `inside` cases.
 *
 * @returns the natural logarithm, which holds what a double would round to 0
 */
export function logChance(badInside: number, inside: number, bad: number, total: number): number {
  const most = Math.min(inside, bad);
  const first = logHypergeometric(badInside, inside, bad, total);
  let sum = 1;
  let term = 1;
  for (let x = badInside; x < most; x++) {
    term *= ((inside - x) * (bad - x)) / ((x + 1) * (total - inside - bad + x + 1));
    sum += term;
    if (term < sum * Number.EPSILON) break;
  }
  return Math.min(0, first + Math.log(sum));
}

function logHypergeometric(badInside: number, inside: number, bad: number, total: number): number {
  return logChoose(inside, badInside) + logChoose(total - inside, bad - badInside) - logChoose(total, bad);
}

/** The natural logarithm of the number of ways to choose `k` of `n`. */
export function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

function logFactorial(n: number): number {
  if (n < SMALL.length) return SMALL[n]!;
  // Stirling's series; the next term is below 1e-12 from here on.
  return (n + 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * n) - 1 / (360 * n ** 3);
}

const SMALL: number[] = [0];
for (let n = 1; n < 128; n++) SMALL.push(SMALL[n - 1]! + Math.log(n));
