import type { PacketRecord } from './record.js';

/** Turns the 64-bit time stamps of one interface into a record's seconds and nanoseconds. */
export interface TimestampUnit {
  /** @param high @param low the stamp's upper and lower 32 bits */
  apply(record: PacketRecord, high: number, low: number): void;
}

/** `if_tsresol` where an interface has none: microseconds. */
export const DEFAULT_RESOLUTION = 6;

/**
 * @param resolution `if_tsresol`: units of 10^-n seconds, or with the top bit set 2^-n
 * @param offsetSeconds `if_tsoffset`: added to every stamp
 */
export function timestampUnit(resolution: number, offsetSeconds: number): TimestampUnit {
  const exponent = resolution & 0x7f;
  const binary = (resolution & 0x80) !== 0;
  if (!binary && exponent <= 9) return new DecimalUnit(10 ** exponent, offsetSeconds);
  return new FineUnit((binary ? 2n : 10n) ** BigInt(exponent), offsetSeconds);
}

/**
 * Units of 10^-9 s and coarser. Divides the 64-bit stamp in three steps, 32, 16 and 16 bits, as on paper: each
 * dividend is below 10^9 * 2^16, so doubles hold it exactly, and the quotient of two of them is below 2^32 while
 * it misses an integer by 10^-9 at least, so it is never rounded up to one. Seconds beyond 2^53, which only a
 * unit of seconds can reach, are rounded.
 */
class DecimalUnit implements TimestampUnit {
  readonly #unitsPerSecond: number;
  readonly #nanosecondsPerUnit: number;
  readonly #offsetSeconds: number;

  constructor(unitsPerSecond: number, offsetSeconds: number) {
    this.#unitsPerSecond = unitsPerSecond;
    this.#nanosecondsPerUnit = 1e9 / unitsPerSecond;
    this.#offsetSeconds = offsetSeconds;
  }

  apply(record: PacketRecord, high: number, low: number): void {
    const divisor = this.#unitsPerSecond;
    const top = Math.floor(high / divisor);
    const middleDividend = (high - top * divisor) * 0x10000 + (low >>> 16);
    const middle = Math.floor(middleDividend / divisor);
    const bottomDividend = (middleDividend - middle * divisor) * 0x10000 + (low & 0xffff);
    const bottom = Math.floor(bottomDividend / divisor);
    record.seconds = top * 0x1_0000_0000 + middle * 0x10000 + bottom + this.#offsetSeconds;
    record.nanoseconds = (bottomDividend - bottom * divisor) * this.#nanosecondsPerUnit;
  }
}

/** Finer units and powers of two. Rare in files, so plain BigInt; what is finer than a nanosecond is cut off. */
class FineUnit implements TimestampUnit {
  readonly #unitsPerSecond: bigint;
  readonly #offsetSeconds: number;

  constructor(unitsPerSecond: bigint, offsetSeconds: number) {
    this.#unitsPerSecond = unitsPerSecond;
    this.#offsetSeconds = offsetSeconds;
  }

  apply(record: PacketRecord, high: number, low: number): void {
    const stamp = (BigInt(high) << 32n) | BigInt(low);
    record.seconds = Number(stamp / this.#unitsPerSecond) + this.#offsetSeconds;
    record.nanoseconds = Number(((stamp % this.#unitsPerSecond) * 1_000_000_000n) / this.#unitsPerSecond);
  }
}
