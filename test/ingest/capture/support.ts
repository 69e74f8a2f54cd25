import { readCapture } from '../../../src/ingest/capture/reader.js';
import type { CaptureSummary } from '../../../src/ingest/capture/record.js';

/** A copy of what a PacketRecord held. */
export interface Packet {
  seconds: number;
  nanoseconds: number;
  originalLength: number;
  interface: number;
  number: number;
  data: string;
}

export interface Reading {
  packets: Packet[];
  /** But for the waypoints, which are where chunks begin. */
  summary: Omit<CaptureSummary, 'waypoints'>;
}

export async function readPackets(
  chunks: AsyncIterable<Uint8Array>,
  options: { keepGoing?: boolean } = {},
): Promise<Reading> {
  const packets: Packet[] = [];
  const { waypoints: _, ...summary } = await readCapture(
    chunks,
    'test.pcap',
    (record) => {
      const end = record.offset + record.capturedLength;
      packets.push({
        seconds: record.seconds,
        nanoseconds: record.nanoseconds,
        originalLength: record.originalLength,
        interface: record.interface.index,
        number: record.number,
        data: Buffer.from(record.bytes.subarray(record.offset, end)).toString('hex'),
      });
      if (record.view.byteLength !== record.bytes.byteLength) throw new Error('view and bytes differ');
      if (record.capturedLength > 0 && record.view.getUint8(end - 1) !== record.bytes[end - 1]) {
        throw new Error('view and bytes differ');
      }
    },
    options,
  );
  return { packets, summary };
}

/** Reads a file's octets given at once. */
export function readOctets(octets: Uint8Array, options: { keepGoing?: boolean } = {}): Promise<Reading> {
  return readPackets(inChunks(octets, [octets.length]), options);
}

/**
 * The octets in chunks of these sizes, in turn, over and over. As a reader of files does, all chunks are given in one
 * buffer, which is spoilt once the next is asked for.
 */
export async function* inChunks(octets: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  // A Buffer, as Node's sources give: its `slice` is not that of a Uint8Array.
  const buffer = Buffer.alloc(Math.max(1, ...sizes));
  let position = 0;
  for (let turn = 0; position < octets.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
    const chunk = octets.subarray(position, position + size);
    buffer.fill(0xee);
    buffer.set(chunk);
    yield buffer.subarray(0, chunk.length);
    position += chunk.length;
  }
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(Buffer.from(chunk));
  return Buffer.concat(parts);
}
