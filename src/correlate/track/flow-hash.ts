/**
 * Hot path. A flow's place in a table: a multiplicative mix (constants of MurmurHash3's finaliser), so that ports and
 * low address bits spread over all bits.
 */
export function hash(a: number, b: number, ports: number): number {
  let h = Math.imul(a ^ (b << 15) ^ (b >>> 17), 0xcc9e2d51) ^ Math.imul(ports, 0x1b873593);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
