import type { Family } from '../model/address.js';

/** iproute2's program for one family: for IPv6 it has to be said, where nothing else in the command tells. */
export function ipCommand(family: Family): string {
  return family === 6 ? 'ip -6' : 'ip';
}

/** The same for the family of an address. */
export function ipCommandFor(address: string): string {
  return ipCommand(address.includes(':') ? 6 : 4);
}
