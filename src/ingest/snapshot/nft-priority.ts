/** NF_IP_PRI_*, by the names of nft(8). */
const PRIORITIES: Readonly<Record<string, number>> = {
  raw: -300,
  mangle: -150,
  dstnat: -100,
  filter: 0,
  security: 50,
  srcnat: 100,
};
/** NF_BR_PRI_* */
const BRIDGE_PRIORITIES: Readonly<Record<string, number>> = {
  dstnat: -300,
  filter: -200,
  out: 100,
  srcnat: 300,
};

/**
 * A base chain's priority.
 *
 * @param words `-150`, `mangle`, `mangle -5`, `mangle + 5`
 * @param family of its table, as nft names it
 * @returns null where they are none of these
 */
export function nftPriority(words: string, family: string): number | null {
  const [, base, sign, offset] = /^(-?\d+|[a-z]+)(?:\s*([-+])\s*(\d+))?$/.exec(words.trim()) ?? [];
  if (base === undefined) return null;
  const names = family === 'bridge' ? BRIDGE_PRIORITIES : PRIORITIES;
  const number = /\d/.test(base) ? Number(base) : names[base];
  if (number === undefined) return null;
  return offset === undefined ? number : number + Number(`${sign}${offset}`);
}
