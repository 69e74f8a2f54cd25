/** Lets a few tasks run side by side, and some alone, in the order in which they ask. */
export class Lanes {
  readonly #width: number;
  readonly #waiting: { width: number; start: () => void }[] = [];
  #taken = 0;

  constructor(width: number) {
    this.#width = width;
  }

  run<T>(task: () => Promise<T>): Promise<T> {
    return this.#take(1, task);
  }

  alone<T>(task: () => Promise<T>): Promise<T> {
    return this.#take(this.#width, task);
  }

  async #take<T>(width: number, task: () => Promise<T>): Promise<T> {
    await new Promise<void>((start) => {
      this.#waiting.push({ width, start });
      this.#admit();
    });
    try {
      return await task();
    } finally {
      this.#taken -= width;
      this.#admit();
    }
  }

  #admit(): void {
    for (
      let next = this.#waiting[0];
      next && this.#taken + next.width <= this.#width;
      next = this.#waiting[0]
    ) {
      this.#waiting.shift();
      this.#taken += next.width;
      next.start();
    }
  }
}
