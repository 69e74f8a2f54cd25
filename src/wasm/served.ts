/** Connections that were counted and let go, by the server that the client addressed. */
import { InternTable, NONE } from './intern-table';
import { SERVED_COUNT, SERVED_FRONT, SERVED_KEPT, SERVED_PORT, SERVED_SHIFT } from './layout';
import { allocate } from './memory';

export const servers = new InternTable(4, SERVED_SHIFT);
const key: usize = allocate(1 << SERVED_SHIFT);
let total: u32 = 0;

/** Connections that were let go. */
export function servedTotal(): u32 {
  return total;
}

/**
 * @param back the address that NAT made of `front`; the same without NAT
 * @param port in bits 4-19, and below it the IP version
 * @returns `NONE` where there is no room for another server: of that, connections are kept
 */
export function internServer(front: u32, back: u32, port: u32): u32 {
  // They are read two words at a time, which waits for two narrower stores.
  store<u64>(key, <u64>front | ((<u64>back) << 32), SERVED_FRONT << 2);
  store<u64>(key, <u64>port, SERVED_PORT << 2);
  return servers.intern(key);
}

export function countServed(server: u32): void {
  const at = servers.at(server);
  store<u32>(at, load<u32>(at, SERVED_COUNT << 2) + 1, SERVED_COUNT << 2);
  total++;
}

/** Connections to the server that were met, whether they were kept or let go. */
export function metOf(server: u32): u32 {
  const at = servers.at(server);
  return load<u32>(at, SERVED_COUNT << 2) + load<u32>(at, SERVED_KEPT << 2);
}

export function countKept(server: u32): void {
  addKept(server, 1);
}

export function uncountKept(server: u32): void {
  addKept(server, -1);
}

function addKept(server: u32, count: i32): void {
  if (server === NONE) return;
  const at = servers.at(server);
  store<u32>(at, load<u32>(at, SERVED_KEPT << 2) + count, SERVED_KEPT << 2);
}

/** Begins to count anew how many are kept. */
export function forgetKept(): void {
  for (let i: u32 = 0; i < servers.count; i++) store<u32>(servers.at(i), 0, SERVED_KEPT << 2);
}
