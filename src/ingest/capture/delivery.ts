import type { Nanoseconds } from '../../model/time.js';
import { toNanoseconds } from '../../model/time.js';
import { type PacketHandler, PacketRecord } from './record.js';

/** Hands the packets on, in the one record that is reused for all of them, and keeps their number and times. */
export class Delivery {
  readonly record = new PacketRecord();
  readonly #onPacket: PacketHandler;
  #firstSeconds = Infinity;
  #firstNanoseconds = 0;
  #lastSeconds = -Infinity;
  #lastNanoseconds = 0;

  constructor(onPacket: PacketHandler) {
    this.#onPacket = onPacket;
  }

  get packets(): number {
    return this.record.number;
  }

  /** Earliest time; packets need not be in order. */
  get firstTime(): Nanoseconds | null {
    return this.#firstSeconds === Infinity ? null : toNanoseconds(this.#firstSeconds, this.#firstNanoseconds);
  }

  get lastTime(): Nanoseconds | null {
    return this.#lastSeconds === -Infinity ? null : toNanoseconds(this.#lastSeconds, this.#lastNanoseconds);
  }

  /** Hands on what `record` holds; all its fields but the number are set by then. */
  deliver(): void {
    const record = this.record;
    const seconds = record.seconds;
    const nanoseconds = record.nanoseconds;
    record.number++;
    // Both are false for NaN: packets without a time.
    if (
      seconds < this.#firstSeconds ||
      (seconds === this.#firstSeconds && nanoseconds < this.#firstNanoseconds)
    ) {
      this.#firstSeconds = seconds;
      this.#firstNanoseconds = nanoseconds;
    }
    if (
      seconds > this.#lastSeconds ||
      (seconds === this.#lastSeconds && nanoseconds > this.#lastNanoseconds)
    ) {
      this.#lastSeconds = seconds;
      this.#lastNanoseconds = nanoseconds;
    }
    this.#onPacket(record);
  }
}
