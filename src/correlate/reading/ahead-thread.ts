/**
 * Hot path. What runs in the thread of `read-ahead.ts`: reads chunks of a classic pcap file, which end with a record
 * where they can, and makes segments of their plain packets (`src/wasm/ahead.ts`).
 */
import { workerData } from 'node:worker_threads';
import { CAPLEN, RECORD_HEADER } from '../../ingest/capture/pcap.js';
import { OpenFile } from '../../ingest/capture/source.js';
import { MODULE } from '../../wasm/ahead-module.js';
import { AHEAD_SIZE, SEGMENT_END, SEGMENT_SHIFT, SLOT_SEGMENTS } from '../../wasm/layout.js';
import { compile, instantiate } from '../track/module.js';
import { Ring, type Slot } from '../track/ring.js';
import type { AheadData } from './read-ahead.js';

const SEGMENT_OCTETS = 1 << SEGMENT_SHIFT;

interface AheadFunctions {
  readSegments(
    at: number,
    end: number,
    linkType: number,
    isSwapped: number,
    unit: number,
    most: number,
    list: number,
    room: number,
    goesOn: number,
  ): number;
}

const { path, memory, ringAt, format } = workerData as AheadData;
const { linkType, isSwapped, nanosecondsPerUnit, maximumLength } = format;
const octets = new Uint8Array(memory.buffer);
const view = new DataView(memory.buffer);
const ring = new Ring(memory.buffer, ringAt);
const { readSegments } = instantiate<AheadFunctions>(compile(MODULE), memory);

const file = new OpenFile(path);
try {
  readAll();
} finally {
  file.close();
}

function readAll(): void {
  const { from, record: before } = ring.awaitBeginning();
  let position = from;
  // Where the next record begins, which may be far behind the chunk; null where that is not known.
  let record = firstRecordFrom(from, before);
  for (let chunk = 0; ; chunk++) {
    ring.awaitRoom(chunk);
    const slot = ring.slot(chunk);
    const length = record === null ? 0 : file.read(chunkOf(slot), position);
    if (record === null || length === 0) {
      // What there may be still is left to who takes the chunks.
      slot.fill(0, 0, 0);
      ring.give(chunk, true);
      return;
    }
    const first = Math.min(record - position, length);
    const count = readRecords(slot, first, length);
    const end = count === 0 ? first : view.getUint32(endOf(slot, count - 1), true) - slot.chunk;
    const next = end < length ? recordLength(slot.chunk + end, length - end) : 0;
    let given = length;
    if (end > 0 && end < length && (next === null || next <= AHEAD_SIZE)) {
      // A record that is not whole begins the next chunk.
      given = end;
      record = position + end;
    } else {
      record = next === null ? null : Math.max(record, position + end + next);
    }
    slot.fill(given, first, count);
    ring.give(chunk, false);
    position += given;
  }
}

function chunkOf({ chunk }: Slot): Uint8Array {
  return octets.subarray(chunk, chunk + AHEAD_SIZE);
}

function readRecords(slot: Slot, first: number, length: number): number {
  return readSegments(
    slot.chunk + first,
    slot.chunk + length,
    linkType,
    Number(isSwapped),
    nanosecondsPerUnit,
    maximumLength,
    slot.segments,
    SLOT_SEGMENTS,
    1,
  );
}

function endOf(slot: Slot, segment: number): number {
  return slot.segments + segment * SEGMENT_OCTETS + SEGMENT_END;
}

/** The octets of the record at a place in memory; null where its header is damaged, or not whole. */
function recordLength(at: number, available: number): number | null {
  if (available < RECORD_HEADER) return null;
  const captured = view.getUint32(at + CAPLEN, !isSwapped);
  return captured > maximumLength ? null : RECORD_HEADER + captured;
}

/**
 * Where the first record begins that does not so before an offset; null where there is none, or it is damaged before.
 *
 * @param record one before that
 */
function firstRecordFrom(offset: number, record: number): number | null {
  const slot = ring.slot(0);
  let at = record;
  while (at < offset) {
    const length = recordLength(slot.chunk, file.read(chunkOf(slot), at));
    if (length === null) return null;
    at += length;
  }
  return at;
}
