/** The word that an IPv6 address is looked at by (`interest.ts`). */
export function wordOf6(at: usize): u32 {
  const mixed = (load<u64>(at) ^ rotl<u64>(load<u64>(at, 8) * 0xd6e8feb86659fd93, 32)) * 0xff51afd7ed558ccd;
  return <u32>(mixed >>> 32);
}
