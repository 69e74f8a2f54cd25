/** The sightings that are kept, as cells of eight words: `src/wasm/sightings.ts`. */
import { CELL_SHIFT } from '../../wasm/layout.js';
import { Rows } from './rows.js';
import type { Tables } from './tables.js';

export class SightingTable extends Rows {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    super(tables.words.subarray(tables.functions.cellsBase() >>> 2), CELL_SHIFT);
    this.#tables = tables;
  }

  /**
   * The number of a new sighting's cell, whose words are 0; -1 where there is no room.
   *
   * @param cells 1 or 2
   */
  add(cells: number): number {
    return this.#tables.functions.takeCells(cells);
  }
}
