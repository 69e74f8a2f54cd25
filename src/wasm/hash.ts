/**
 * Three words mixed into 64 bits, of which any are as good as any others (multipliers of MurmurHash3's and
 * SplitMix64's finalisers): addresses of one network and ports in a row differ in few bits.
 */
export function mix(a: u32, b: u32, c: u32): u64 {
  let h: u64 = (<u64>a | ((<u64>b) << 32)) * 0xff51afd7ed558ccd;
  h = (h ^ (h >>> 32) ^ <u64>c) * 0xbf58476d1ce4e5b9;
  h = (h ^ (h >>> 29)) * 0x94d049bb133111eb;
  return h ^ (h >>> 32);
}

/** Of a table's place. */
export function hash(a: u32, b: u32, c: u32): u32 {
  return <u32>mix(a, b, c);
}
