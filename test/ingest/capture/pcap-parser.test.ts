import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { relative } from 'node:path';
import { Readable } from 'node:stream';
import test from 'ava';
import { fixture, ROOT } from '../../support.js';
import { type Packet, readOctets } from './support.js';
import { writePcap } from './writer.js';

interface ForeignPacket {
  header: {
    timestampSeconds: number;
    timestampMicroseconds: number;
    capturedLength: number;
    originalLength: number;
  };
  data: Buffer;
}

interface PcapParser {
  on(event: 'packet', listener: (packet: ForeignPacket) => void): void;
  on(event: 'end', listener: () => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
}

const { parse } = createRequire(import.meta.url)('pcap-parser') as { parse(input: Readable): PcapParser };

function readWithPcapParser(octets: Buffer): Promise<Packet[]> {
  const packets: Packet[] = [];
  return new Promise((resolve, reject) => {
    const parser = parse(Readable.from([octets]));
    parser.on('packet', ({ header, data }) => {
      if (header.capturedLength !== data.length) reject(new Error('a packet of another length'));
      packets.push({
        seconds: header.timestampSeconds,
        nanoseconds: header.timestampMicroseconds * 1000,
        originalLength: header.originalLength,
        interface: 0,
        number: packets.length + 1,
        data: data.toString('hex'),
      });
    });
    parser.on('error', reject);
    parser.on('end', () => resolve(packets));
  });
}

/** Every classic pcap in microseconds among all fixtures: those that pcap-parser can read. */
const classics = readdirSync(fixture(), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.pcap'))
  .map((entry) => `${entry.parentPath}/${entry.name}`)
  .filter((path) => ['d4c3b2a1', 'a1b2c3d4'].includes(readFileSync(path).toString('hex', 0, 4)));

for (const path of classics) {
  test(`${relative(ROOT, path)}: the packets that pcap-parser reads`, async (t) => {
    const octets = readFileSync(path);
    const theirs = await readWithPcapParser(octets);
    const { packets, summary } = await readOctets(octets);
    t.deepEqual(packets, theirs);
    t.is(summary.packets, theirs.length);
  });
}

test('there are classic captures among the fixtures', (t) => {
  t.true(classics.length >= 3);
});

test('big-endian: the packets that pcap-parser reads', async (t) => {
  const written = Array.from({ length: 50 }, (_, i) => ({
    seconds: 1_700_000_000 + i,
    fraction: (i * 99_991) % 1_000_000,
    data: Buffer.alloc(i, i),
    originalLength: i + 7,
  }));
  const octets = writePcap(written, { littleEndian: false });
  const { packets } = await readOctets(octets);
  t.is(packets.length, 50);
  t.deepEqual(packets, await readWithPcapParser(octets));
});
