/** Numbers in the network's order. */
export function word(at: usize): u32 {
  return bswap<u32>(load<u32>(at));
}

export function half(at: usize): u32 {
  return <u32>bswap<u16>(load<u16>(at));
}
