/**
 * Hot path. Hands packets over to the WebAssembly module where they lie, as it takes in those that are plain
 * (`src/wasm/segment.ts`) by itself.
 */
import type { PacketRecord, RecordScanner, ScanFormat, ScanTime } from '../../ingest/capture/record.js';
import { BUFFER_SIZE, SCRATCH_SIZE } from '../../wasm/layout.js';
import { slotAt } from './ring.js';
import type { Tables } from './tables.js';

export class PlainPackets implements RecordScanner {
  readonly #tables: Tables;
  // What `scan` was offered, and where in the memory it lies: all of it, or a part that was copied there.
  #bytes: Uint8Array = new Uint8Array(0);
  #end = 0;
  #from = 0;
  #to = 0;
  #at = 0;
  /** Octets of a chunk are in the memory already. */
  #isInPlace = false;
  position = 0;
  /** Of the records, where the file that they are read from is one of records itself: not compressed, nor an archive. */
  format: ScanFormat | null = null;
  /** Offset in the file of the record that comes next. */
  nextRecord = 0;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** Where packets may be read into, so that they need not be copied. */
  get buffer(): Uint8Array {
    return this.#tables.buffer;
  }

  /** Takes in one packet; false where it is not plain, and then nothing has changed. */
  observe(record: PacketRecord): boolean {
    const { bytes, offset, capturedLength, seconds } = record;
    if (Number.isNaN(seconds)) return false;
    const { functions, octets, scratch } = this.#tables;
    let start: number;
    let length = capturedLength;
    if (bytes.buffer === octets.buffer) {
      start = bytes.byteOffset + offset;
    } else {
      // Its headers are all that is looked at.
      length = Math.min(capturedLength, SCRATCH_SIZE);
      octets.set(bytes.subarray(offset, offset + length), scratch);
      start = scratch;
    }
    const { linkType, index } = record.interface;
    return (
      functions.observePacket(
        start,
        start + length,
        linkType,
        index,
        seconds,
        record.nanoseconds,
        record.number,
      ) !== 0
    );
  }

  begin(bytes: Uint8Array, end: number): void {
    this.#bytes = bytes;
    this.#end = end;
    this.#isInPlace = bytes.buffer === this.#tables.octets.buffer;
    this.#from = 0;
    this.#to = this.#isInPlace ? end : 0;
    this.#at = bytes.byteOffset;
    const { functions } = this.#tables;
    const slot = this.#isInPlace ? slotAt(functions.ringAt() >>> 0, bytes.byteOffset) : 0;
    functions.beginScan(slot, bytes.byteOffset);
  }

  scan(position: number, packets: number, format: ScanFormat): number {
    if (!this.#isInPlace && position >= this.#to) this.#stage(position);
    if (this.#isInPlace) this.format = format;
    const shift = this.#at - this.#from;
    const { functions } = this.#tables;
    const count = functions.scan(
      position + shift,
      this.#to + shift,
      format.linkType,
      Number(format.isSwapped),
      format.nanosecondsPerUnit,
      format.maximumLength,
      packets,
    );
    this.position = functions.scanStopped() - shift;
    return count;
  }

  leave(offset: number): void {
    this.nextRecord = offset;
  }

  get firstTime(): ScanTime {
    return timeOf(this.#tables.functions.scanFirst());
  }

  get lastTime(): ScanTime {
    return timeOf(this.#tables.functions.scanLast());
  }

  /** Copies what comes next of a chunk into the memory. */
  #stage(position: number): void {
    const { octets, staging } = this.#tables;
    this.#from = position;
    this.#to = Math.min(this.#end, position + BUFFER_SIZE);
    this.#at = staging;
    octets.set(this.#bytes.subarray(position, this.#to), staging);
  }
}

/** Seconds in the upper half, nanoseconds in the lower. */
function timeOf(time: bigint): ScanTime {
  const unsigned = BigInt.asUintN(64, time);
  return { seconds: Number(unsigned >> 32n), nanoseconds: Number(unsigned & 0xffffffffn) };
}
