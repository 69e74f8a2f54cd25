/** What the kernel hands to NFLOG, as tcpdump writes it (LINKTYPE_NFLOG). */
import type { Readable } from 'node:stream';
import { parsePacket, type TestPacket } from './frames.js';

/** Rules that log what gets to the end of the input and postrouting hooks, behind all others. */
export const OBSERVER = `table inet observer {
  chain end { type filter hook prerouting priority -500; meta l4proto 253 log prefix "end" group 5 queue-threshold 1 drop; }
  chain in { type filter hook input priority 1000; log prefix "in" group 5 queue-threshold 1; }
  chain out { type filter hook postrouting priority 1000; log prefix "out" group 5 queue-threshold 1; }
}`;

export interface Sighting {
  at: 'in' | 'out' | 'end';
  mark: number;
  /** Index of the device that it leaves by. */
  outdev: number | null;
  /** Null for `end`. */
  packet: TestPacket | null;
}

const PCAP_HEADER = 24;
const RECORD_HEADER = 16;
const NFLOG_HEADER = 4;
const NFULA = { mark: 2, outdev: 5, payload: 9, prefix: 10 };

/** Reads a capture while it is written. */
export async function* sightings(pcap: Readable): AsyncGenerator<Sighting> {
  let buffered: Buffer = Buffer.alloc(0);
  let skip = PCAP_HEADER;
  for await (const chunk of pcap) {
    buffered = Buffer.concat([buffered, chunk as Buffer]);
    let at = 0;
    if (skip > 0 && buffered.length >= skip) {
      at = skip;
      skip = 0;
    }
    while (skip === 0 && buffered.length >= at + RECORD_HEADER) {
      const end = at + RECORD_HEADER + buffered.readUInt32LE(at + 8);
      if (buffered.length < end) break;
      const sighting = parseRecord(buffered.subarray(at + RECORD_HEADER, end));
      at = end;
      if (sighting) yield sighting;
    }
    buffered = buffered.subarray(at);
  }
}

function parseRecord(record: Buffer): Sighting | null {
  const fields = new Map<number, Buffer>();
  for (let at = NFLOG_HEADER; at + 4 <= record.length; ) {
    const length = record.readUInt16LE(at);
    if (length < 4) break;
    fields.set(record.readUInt16LE(at + 2), record.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
  const at = fields.get(NFULA.prefix)?.toString('latin1').replace(/\0.*$/, '');
  if (at === 'end') return { at, mark: 0, outdev: null, packet: null };
  const data = fields.get(NFULA.payload);
  const packet = data ? parsePacket(data) : null;
  if (!packet || (at !== 'in' && at !== 'out')) return null;
  return {
    at,
    mark: fields.get(NFULA.mark)?.readUInt32BE(0) ?? 0,
    outdev: fields.get(NFULA.outdev)?.readUInt32BE(0) ?? null,
    packet,
  };
}
