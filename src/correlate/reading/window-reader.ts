/**
 * Hot path. Reads windows of a classic pcap file, whose records are those that begin in it, and makes segments of their
 * plain packets (`src/wasm/ahead.ts`). Several threads read one file so: one at a time finds where the last record of
 * its window ends, and only that waits for the window before.
 */
import { CAPLEN, RECORD_HEADER } from '../../ingest/capture/pcap.js';
import type { ScanFormat } from '../../ingest/capture/record.js';
import { readAt } from '../../ingest/capture/source.js';
import { OVERHANG_READ, SLOT_ROOM, WINDOW_SIZE } from '../../wasm/layout.js';
import type { AheadFunctions } from '../track/ahead-functions.js';
import { type Begun, NOWHERE, type Ring, type Slot } from '../track/ring.js';

/** What of a file is read in windows, and how: plain data. */
export interface Windows {
  /** Its descriptor, which threads of a process share. */
  file: number;
  format: ScanFormat;
  /** Offset of the first window, which begins with a record. */
  from: number;
  /** Where the addresses are of which alone packets are wanted; 0: all are. */
  wanted: number;
  /** Whether connections may be counted and let go. */
  mayLetGo: boolean;
}

export class WindowReader {
  readonly #functions: AheadFunctions;
  readonly #octets: Uint8Array;
  readonly #view: DataView;
  readonly #windows: Windows;
  readonly #ring: Ring;

  /** @param memory that the ring is in */
  constructor(windows: Windows, ring: Ring, functions: AheadFunctions, memory: ArrayBufferLike) {
    this.#windows = windows;
    this.#ring = ring;
    this.#functions = functions;
    this.#octets = new Uint8Array(memory);
    this.#view = new DataView(memory);
  }

  /**
   * Reads a window into its slot, and a little of what is behind it.
   *
   * @returns octets that there are; fewer than that where the file ends
   */
  read({ window, slot }: Begun): number {
    return this.#read(slot.room, this.#offsetOf(window), WINDOW_SIZE + OVERHANG_READ);
  }

  /**
   * Fills the slot of a window that was read.
   *
   * @param length octets that there are
   * @param start where in it the first record begins, as the ring tells
   * @returns the slot
   */
  fill({ window, slot }: Begun, length: number, start: number): Slot {
    if (start === NOWHERE || start >= WINDOW_SIZE) {
      const next = start === NOWHERE ? NOWHERE : start - WINDOW_SIZE;
      this.#ring.divide(window, next);
      slot.chunk = { start, octets: 0, count: 0, briefs: 0 };
    } else {
      const octets = this.#divide(window, slot.room, length, start);
      // Others go on meanwhile.
      const count = this.#readRecords(slot, start, octets);
      slot.chunk = { start, octets, count, briefs: this.#functions.briefCount() };
    }
    this.#ring.give(window);
    return slot;
  }

  /** Finds out how many octets the records of a window have. */
  #divide(window: number, room: number, length: number, start: number): number {
    const { isSwapped, maximumLength } = this.#windows.format;
    const { behindRecords } = this.#functions;
    const first = room + start;
    const end = room + WINDOW_SIZE;
    const available = room + length;
    const last = behindRecords(first, available, end, Number(isSwapped), maximumLength) >>> 0;
    if (last < end && length < WINDOW_SIZE) {
      // What may be behind the last record of the file is left to who takes it in.
      this.#ring.divide(window, NOWHERE);
      return length - start;
    }
    const behind =
      last >= end ? last : this.#readRest(last, available, this.#offsetOf(window) + length, room);
    this.#ring.divide(window, behind === null ? NOWHERE : behind - end);
    return (behind ?? last) - first;
  }

  /**
   * Reads what is missing of a record.
   *
   * @param at where it begins
   * @param end of what there is of it
   * @param offset in the file of that end
   * @param room of the slot
   * @returns where it ends; null where it is damaged, cut off or too long
   */
  #readRest(at: number, end: number, offset: number, room: number): number | null {
    if (end - at < RECORD_HEADER) return null;
    const { isSwapped, maximumLength } = this.#windows.format;
    const captured = this.#view.getUint32(at + CAPLEN, !isSwapped);
    const behind = at + RECORD_HEADER + captured;
    if (captured > maximumLength || behind > room + SLOT_ROOM) return null;
    return this.#read(end, offset, behind - end) === behind - end ? behind : null;
  }

  #readRecords({ at, room }: Slot, start: number, octets: number): number {
    const { format, wanted, mayLetGo } = this.#windows;
    const { linkType, isSwapped, nanosecondsPerUnit, maximumLength } = format;
    const first = room + start;
    return this.#functions.readWindow(
      at,
      first,
      first + octets,
      linkType,
      Number(isSwapped),
      nanosecondsPerUnit,
      maximumLength,
      wanted,
      Number(mayLetGo),
      this.#ring.scratch,
    );
  }

  #offsetOf(window: number): number {
    return this.#windows.from + window * WINDOW_SIZE;
  }

  #read(at: number, offset: number, length: number): number {
    return readAt(this.#windows.file, this.#octets.subarray(at, at + length), offset);
  }
}
