/** A multiplicative mix (constants of MurmurHash3): ports and low address bits spread over all bits. */
export function hash(a: u32, b: u32, c: u32): u32 {
  let h: u32 = ((a ^ (b << 15) ^ (b >>> 17)) * 0xcc9e2d51) ^ (c * 0x1b873593);
  h = (h ^ (h >>> 16)) * 0x85ebca6b;
  h = (h ^ (h >>> 13)) * 0xc2b2ae35;
  return h ^ (h >>> 16);
}
