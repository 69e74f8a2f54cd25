/** Hot path. Each flow's sightings, as a list from cell to cell. */
import {
  CELL_ACKNOWLEDGMENT_NUMBER,
  CELL_FRAME,
  CELL_NEXT,
  CELL_SEQUENCE_NUMBER,
  CELL_WIDE_FRAME,
  EXTENT_NEXT,
  EXTENT_SECOND,
  FLOW_FIRST_SIGHTING,
  FRAME_ELSEWHERE,
  KIND_SHIFT,
} from '../../wasm/layout.js';
import { derivedAcknowledgment, derivedSequence } from './derived.js';
import type { Rows } from './rows.js';

export class SightingLists {
  readonly #flows: Rows;
  readonly #cells: Rows;

  constructor(flows: Rows, cells: Rows) {
    this.#flows = flows;
    this.#cells = cells;
  }

  /** The cell of the flow's first sighting; -1 where none was kept. */
  first(flow: number): number {
    return this.#flows.get(flow, FLOW_FIRST_SIGHTING) - 1;
  }

  /** The cell of the flow's next sighting; -1 after its last. */
  after(cell: number): number {
    return (this.#cells.get(cell, CELL_NEXT) & EXTENT_NEXT) - 1;
  }

  /** One of `KIND_`. */
  kindOf(cell: number): number {
    return (this.#cells.get(cell, CELL_FRAME) >>> KIND_SHIFT) & 7;
  }

  /** Number of the frame that a sighting was in. */
  frameOf(cell: number): number {
    const id = this.#cells.get(cell, CELL_FRAME) & FRAME_ELSEWHERE;
    return id === FRAME_ELSEWHERE ? this.#cells.get(cell, CELL_WIDE_FRAME) : id;
  }

  /** Of a sighting of TCP or of an ICMP error. */
  sequenceNumber(flow: number, cell: number): number {
    if ((this.#cells.get(cell, CELL_NEXT) & EXTENT_SECOND) !== 0) {
      return this.#cells.get(cell, CELL_SEQUENCE_NUMBER);
    }
    return derivedSequence(this.#flows, flow, this.kindOf(cell));
  }

  acknowledgmentNumber(flow: number, cell: number): number {
    if ((this.#cells.get(cell, CELL_NEXT) & EXTENT_SECOND) !== 0) {
      return this.#cells.get(cell, CELL_ACKNOWLEDGMENT_NUMBER);
    }
    return derivedAcknowledgment(this.#flows, flow, this.kindOf(cell));
  }
}
