/** Reads captures at the pace of who takes the packets, for putting several in one order. */
import type { Nanoseconds } from '../../model/time.js';
import { toNanoseconds } from '../../model/time.js';
import { readCapture } from './reader.js';
import type { CaptureInterface, PacketRecord } from './record.js';

/** A packet that outlives its reading. */
export interface KeptPacket {
  octets: Uint8Array;
  originalLength: number;
  /** Null where the file gives it none. */
  time: Nanoseconds | null;
  flags: number;
  interface: CaptureInterface;
  /** From 1, in the file. */
  number: number;
}

/**
 * The packets of a capture, those of one chunk at a time: no more is read until they are taken.
 *
 * A damaged capture ends where it is damaged.
 *
 * @throws InputError where it is no capture
 */
export async function* packetBatches(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
): AsyncGenerator<KeptPacket[]> {
  let batch: KeptPacket[] = [];
  let give: (batch: KeptPacket[] | null) => void = () => {};
  let ask: () => void = () => {};
  let given = new Promise<KeptPacket[] | null>((resolve) => {
    give = resolve;
  });
  let asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  let isLeft = false;
  async function* paced() {
    for await (const chunk of chunks) {
      yield chunk;
      // All packets of it have been handed on by now.
      if (batch.length === 0) continue;
      const taken = asked;
      give(batch);
      batch = [];
      await taken;
      if (isLeft) return;
    }
  }
  const reading = readCapture(paced(), file, (record) => batch.push(keep(record)), { keepGoing: true });
  // Told below, where it is waited for.
  reading.then(
    () => give(null),
    () => give(null),
  );
  try {
    for (;;) {
      const next = await given;
      if (next === null) break;
      given = new Promise((resolve) => {
        give = resolve;
      });
      yield next;
      const resume = ask;
      asked = new Promise((resolve) => {
        ask = resolve;
      });
      resume();
    }
    await reading;
    if (batch.length > 0) yield batch;
  } finally {
    isLeft = true;
    ask();
  }
}

function keep(record: PacketRecord): KeptPacket {
  const { bytes, offset, capturedLength, seconds, nanoseconds } = record;
  return {
    octets: bytes.slice(offset, offset + capturedLength),
    originalLength: record.originalLength,
    time: Number.isNaN(seconds) ? null : toNanoseconds(seconds, nanoseconds),
    flags: record.flags,
    interface: record.interface,
    number: record.number,
  };
}
