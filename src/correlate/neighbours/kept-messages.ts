import type { NeighbourClaim } from './message.js';

/** One message as a capture has it; its interface and direction are named when it is asked for. */
export interface NeighbourRow {
  claim: NeighbourClaim;
  /** The ifindex of a LINUX_SLL2 packet, else the number of its interface in the file. */
  interface: number;
  isIfindex: boolean;
  /** Of a cooked capture; -1 elsewhere. */
  packetType: number;
  /** NaN where the file gives no time. */
  seconds: number;
  nanoseconds: number;
  packet: number;
}

/** Of messages that say the same again, the first of them and the last are kept. */
const REPEATS_KEPT = 3;

/** Messages of one address: its first and its latest half as many. */
const MAX_ROWS = 256;

/** Senders of one address that are told apart while its owner stays the same. */
const MAX_SIGNATURES = 64;

interface Repeated {
  count: number;
  last: NeighbourRow;
}

/** The messages about one address on one link, without those that tell nothing new of who has it. */
export class KeptMessages {
  readonly rows: NeighbourRow[] = [];
  /** Messages that were dropped for want of room. */
  leftOut = 0;
  #owner: string | null = null;
  readonly #repeated = new Map<string, Repeated>();

  add(row: NeighbourRow): void {
    const { kind, claimedMac, sender, senderMac, asker } = row.claim;
    // What another claims is news, and so is all that comes after it.
    if (claimedMac !== null && claimedMac !== this.#owner) {
      this.#owner = claimedMac;
      this.#repeated.clear();
    }
    const signature = `${kind} ${claimedMac} ${sender} ${senderMac} ${asker} ${row.packetType}`;
    const repeated = this.#repeated.get(signature);
    if (repeated && repeated.count > REPEATS_KEPT) {
      Object.assign(repeated.last, row);
      return;
    }
    const kept = { ...row };
    this.#push(kept);
    if (repeated) {
      repeated.count++;
      repeated.last = kept;
      return;
    }
    if (this.#repeated.size >= MAX_SIGNATURES) this.#repeated.clear();
    this.#repeated.set(signature, { count: 1, last: kept });
  }

  #push(row: NeighbourRow): void {
    if (this.rows.length >= MAX_ROWS) {
      this.rows.splice(MAX_ROWS / 2, 1);
      this.leftOut++;
    }
    this.rows.push(row);
  }
}
