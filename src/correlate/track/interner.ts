/** Texts that recur (addresses, encapsulations) as numbers from 1; 0 is none. */
export class Interner<T> {
  readonly #ids = new Map<string | number, number>();
  readonly #values: T[] = [];

  /** The number of `key`; `make` is called where it is new. */
  intern(key: string | number, make: () => T): number {
    let id = this.#ids.get(key);
    if (id === undefined) {
      this.#values.push(make());
      id = this.#values.length;
      this.#ids.set(key, id);
    }
    return id;
  }

  /** What was interned as `id`; null for 0. */
  value(id: number): T | null {
    return id === 0 ? null : this.#values[id - 1]!;
  }
}
