/** The sightings that are kept, as cells of eight words: `src/wasm/sightings.ts`. */
import type { Tables } from './tables.js';

const WORDS = 8;

export class SightingTable {
  readonly #tables: Tables;
  readonly #base: number;

  constructor(tables: Tables) {
    this.#tables = tables;
    this.#base = tables.functions.cellsBase() / 4;
  }

  /**
   * The number of a new sighting's cell, whose words are 0; -1 where there is no room.
   *
   * @param cells 1 or 2
   */
  add(cells: number): number {
    return this.#tables.functions.takeCells(cells);
  }

  set(cell: number, field: number, value: number): void {
    this.#tables.words[this.#base + cell * WORDS + field] = value;
  }

  get(cell: number, field: number): number {
    return this.#tables.words[this.#base + cell * WORDS + field]! >>> 0;
  }
}
