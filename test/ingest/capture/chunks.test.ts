import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { fixture } from '../../support.js';
import { inChunks, readOctets, readPackets } from './support.js';
import { Blocks, writePcap } from './writer.js';

const big = new Blocks(false);
const captures: Record<string, Buffer> = {
  'ethernet.pcap': readFileSync(fixture('captures', 'ethernet.pcap')),
  'cooked2-nano.pcap': readFileSync(fixture('captures', 'cooked2-nano.pcap')),
  'dumpcap.pcapng': readFileSync(fixture('captures', 'dumpcap.pcapng')),
  'mergecap.pcapng': readFileSync(fixture('captures', 'mergecap.pcapng')),
  'long packets': writePcap(
    Array.from({ length: 5 }, (_, i) => ({ seconds: i, fraction: 0, data: Buffer.alloc(200_000 + i, i) })),
  ),
  'two sections': Buffer.concat([
    readFileSync(fixture('captures', 'dumpcap.pcapng')),
    big.section(),
    big.interface(1, 0),
    big.simple(3, Buffer.alloc(3)),
    big.enhanced(0, 1n, Buffer.alloc(100_000, 1)),
  ]),
};

for (const [name, octets] of Object.entries(captures)) {
  test(`${name}: any chunks give the same`, async (t) => {
    const whole = await readOctets(octets);
    t.true(whole.packets.length > 0);
    t.deepEqual(await readPackets(inChunks(octets, [1])), whole);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 300_000 })), {
          minLength: 1,
          maxLength: 8,
        }),
        async (sizes) => {
          const reading = await readPackets(inChunks(octets, sizes));
          t.deepEqual(reading, whole);
        },
      ),
      { numRuns: 40 },
    );
  });
}

/** Where each record of the file begins, and where the last one ends. */
const boundaries: Record<string, (octets: Buffer) => number[]> = {
  'cooked2-nano.pcap': (octets) => walk(octets, 24, (at) => 16 + octets.readUInt32LE(at + 8)),
  'dumpcap.pcapng': (octets) => walk(octets, 0, (at) => octets.readUInt32LE(at + 4)),
};

for (const [name, walkRecords] of Object.entries(boundaries)) {
  const octets = captures[name]!;
  const ends = walkRecords(octets);

  test(`${name}: cut off anywhere, its whole packets are given and truncated is right`, async (t) => {
    const { packets } = await readOctets(octets);
    for (let length = 4; length <= octets.length; length++) {
      const cut = await readOctets(octets.subarray(0, length));
      const whole = ends.filter((end) => end <= length).length;
      t.is(cut.summary.truncated, !ends.includes(length), `at ${length}`);
      t.is(cut.summary.bytes, length);
      t.is(cut.summary.error, null);
      if (name.endsWith('.pcap')) t.is(cut.packets.length, Math.max(0, whole - 1));
      t.deepEqual(cut.packets, packets.slice(0, cut.packets.length));
    }
  });
}

test('a pcapng packet is given as soon as its block is whole', async (t) => {
  const octets = captures['dumpcap.pcapng']!;
  const starts = [0, ...boundaries['dumpcap.pcapng']!(octets)];
  let expected = 0;
  for (const [i, end] of starts.entries()) {
    if (i > 0 && octets.readUInt32LE(starts[i - 1]!) === 6) expected++;
    if (end < 4) continue;
    t.is((await readOctets(octets.subarray(0, end))).packets.length, expected);
  }
  t.true(expected > 30);
});

function walk(octets: Buffer, start: number, lengthAt: (position: number) => number): number[] {
  const ends = start > 0 ? [start] : [];
  for (let position = start; position < octets.length; ) {
    position += lengthAt(position);
    ends.push(position);
  }
  return ends;
}
