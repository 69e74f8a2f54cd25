/** Texts that recur (addresses, encapsulations) as numbers from 1; 0 is none. */
export class Interner<T> {
  readonly #ids = new Map<string | number, number>();
  /** What was interned as 1, as 2, and so on. */
  readonly values: T[] = [];
  readonly #most: number;

  /** @param most texts that there is room for */
  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  /** The number of `key`; `make` is called where it is new. -1 where there is no room. */
  intern(key: string | number, make: () => T): number {
    let id = this.#ids.get(key);
    if (id === undefined) {
      if (this.values.length >= this.#most) return -1;
      this.values.push(make());
      id = this.values.length;
      this.#ids.set(key, id);
    }
    return id;
  }
}
