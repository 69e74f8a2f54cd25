import type { NeighbourMessage } from '../../correlate/neighbours/message.js';
import { elapsed } from './claims.js';

/** How long an answer is kept against later ones, unless these are told to all (net.ipv4.neigh.DEV.locktime). */
export const LOCK_TIME = 1_000_000_000n;

/**
 * The MAC that the node of a capture has for an address, by what it asked and was told (arp_process()); null where
 * that was before the capture.
 *
 * @param messages about the address, of one capture, up to the time that is meant
 */
export function believedOf(messages: readonly NeighbourMessage[]): string | null {
  let last: NeighbourMessage | null = null;
  let asked = false;
  for (const message of [...messages].sort((a, b) => a.packet - b.packet)) {
    const { claimedMac, direction, kind } = message;
    if (kind === 'request' && direction === 'out') asked = true;
    if (claimedMac === null || direction === 'out') continue;
    const age = last && elapsed(last, message);
    if (!asked && kind === 'reply' && age !== null && age <= LOCK_TIME) continue;
    last = message;
    asked = false;
  }
  return last?.claimedMac ?? null;
}
