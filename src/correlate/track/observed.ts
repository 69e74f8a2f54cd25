import { formatAddress, formatIPv4 } from '../../model/address.js';
import { ADDRESS_SHIFT, CELL_SHIFT, FLOW_SHIFT, FRAME_SHIFT } from '../../wasm/layout.js';
import { describeFrame, type Frame } from './frame.js';
import type { Observations } from './observations.js';
import { Rows } from './rows.js';
import { SightingLists } from './sighting-lists.js';

/** Reads what a capture left behind. */
export class Observed {
  readonly flows: Rows;
  readonly cells: Rows;
  readonly lists: SightingLists;
  readonly #frames: Rows;
  readonly #observations: Observations;

  constructor(observations: Observations) {
    this.#observations = observations;
    this.flows = new Rows(observations.flows, FLOW_SHIFT);
    this.cells = new Rows(observations.cells, CELL_SHIFT);
    this.#frames = new Rows(observations.frames, FRAME_SHIFT);
    this.lists = new SightingLists(this.flows, this.cells);
  }

  /**
   * The text of an address as the tables have it.
   *
   * @param word an IPv4 address itself, the number of an IPv6 address
   */
  address(word: number, version: number): string {
    if (version === 6) return formatAddress(this.#observations.addresses, word << ADDRESS_SHIFT, 6);
    return formatIPv4(Uint8Array.of(word >>> 24, word >>> 16, word >>> 8, word));
  }

  /** What stands behind a frame's number. */
  frame(id: number): Frame {
    return describeFrame(this.#frames, this.#observations.encapsulations, id);
  }

  /** The address that an ICMP error came from; '' for 0. */
  icmpSender(id: number): string {
    return this.#observations.icmpSenders[id - 1] ?? '';
  }
}
