import type { Nanoseconds } from '../../model/time.js';
import { toNanoseconds } from '../../model/time.js';
import { type PacketHandler, PacketRecord, type RecordScanner } from './record.js';

/** Hands the packets on, in the one record that is reused for all of them, and keeps their number and times. */
export class Delivery {
  readonly record = new PacketRecord();
  readonly scanner: RecordScanner | null;
  readonly #onPacket: PacketHandler;
  #firstSeconds = Infinity;
  #firstNanoseconds = 0;
  #lastSeconds = -Infinity;
  #lastNanoseconds = 0;

  /** @param scanner takes in what it can by itself, before `onPacket` gets the rest */
  constructor(onPacket: PacketHandler, scanner: RecordScanner | null = null) {
    this.#onPacket = onPacket;
    this.scanner = scanner;
  }

  get packets(): number {
    return this.record.number;
  }

  /** Earliest time; packets need not be in order. */
  get firstTime(): Nanoseconds | null {
    this.#noteScanned();
    return this.#firstSeconds === Infinity ? null : toNanoseconds(this.#firstSeconds, this.#firstNanoseconds);
  }

  get lastTime(): Nanoseconds | null {
    this.#noteScanned();
    return this.#lastSeconds === -Infinity ? null : toNanoseconds(this.#lastSeconds, this.#lastNanoseconds);
  }

  /** Hands on what `record` holds; all its fields but the number are set by then. */
  deliver(): void {
    const record = this.record;
    record.number++;
    this.#note(record.seconds, record.nanoseconds);
    this.#onPacket(record);
  }

  /** All comparisons are false for NaN: packets without a time. */
  #note(seconds: number, nanoseconds: number): void {
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
  }

  #noteScanned(): void {
    if (!this.scanner) return;
    const { firstTime: first, lastTime: last } = this.scanner;
    const isNone =
      first.seconds > last.seconds ||
      (first.seconds === last.seconds && first.nanoseconds > last.nanoseconds);
    if (isNone) return;
    this.#note(first.seconds, first.nanoseconds);
    this.#note(last.seconds, last.nanoseconds);
  }
}
