/** Hot path. The rows of a table: words of four octets in a typed array, as `src/wasm/layout.ts` lays them out. */
export class Rows {
  readonly words: Int32Array;
  readonly #shift: number;

  /** @param shift octets of a row, as a power of two: `FLOW_SHIFT` and its like */
  constructor(words: Int32Array, shift: number) {
    this.words = words;
    this.#shift = shift - 2;
  }

  /** Rows that there is room for. */
  get length(): number {
    return this.words.length >> this.#shift;
  }

  /** Where a row's words begin, for those who read many of them. */
  at(row: number): number {
    return row << this.#shift;
  }

  get(row: number, field: number): number {
    return this.words[(row << this.#shift) + field]! >>> 0;
  }

  set(row: number, field: number, value: number): void {
    this.words[(row << this.#shift) + field] = value;
  }
}
