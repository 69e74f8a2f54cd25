import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import { InputError } from '../../../src/model/errors.js';
import { fixture } from '../../support.js';
import { inChunks, type Reading, readPackets } from './support.js';
import { writePcap } from './writer.js';

const samples = ['ethernet.pcap', 'cooked2-nano.pcap', 'dumpcap.pcapng', 'mergecap.pcapng'].map((name) =>
  readFileSync(fixture('captures', name)),
);
const compressed = ['ethernet.pcap.gz', 'dumpcap.pcapng.zst'].map((name) =>
  readFileSync(fixture('captures', name)),
);

/** Null where the file was refused; anything but an InputError fails the test. */
async function readOrRefuse(octets: Uint8Array, size: number): Promise<Reading | null> {
  try {
    return await readPackets(inChunks(octets, [size]), { keepGoing: true });
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

const flips = fc.array(fc.record({ at: fc.nat(), value: fc.nat(255) }), { minLength: 1, maxLength: 6 });

function damaged(octets: Buffer, changes: { at: number; value: number }[]): Buffer {
  const copy = Buffer.from(octets);
  for (const { at, value } of changes) copy[at % copy.length] = value;
  return copy;
}

test('damaged octets give packets or an InputError, never more octets than there are', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...samples),
      flips,
      fc.integer({ min: 1, max: 9000 }),
      async (octets, changes, size) => {
        const reading = await readOrRefuse(damaged(octets, changes), size);
        const given = reading?.packets.reduce((sum, packet) => sum + packet.data.length / 2, 0) ?? 0;
        t.true(given <= octets.length);
      },
    ),
    { numRuns: 1500 },
  );
});

test('damage close to the start of a capture', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...samples), fc.nat(200), fc.nat(255), async (octets, at, value) => {
      await readOrRefuse(damaged(octets, [{ at, value }]), 4096);
      t.pass();
    }),
    { numRuns: 1500 },
  );
});

test('damaged compressed octets give packets or an InputError', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...compressed),
      flips,
      fc.integer({ min: 1, max: 3000 }),
      async (octets, changes, size) => {
        await readOrRefuse(damaged(octets, changes), size);
        t.pass();
      },
    ),
    { numRuns: 800 },
  );
});

test('random octets after a good magic', async (t) => {
  const magics = ['d4c3b2a1', 'a1b23c4d', '0a0d0d0a1c0000004d3c2b1a', '1f8b0800', '28b52ffd'];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...magics), fc.uint8Array({ maxLength: 300 }), async (magic, octets) => {
      await readOrRefuse(Buffer.concat([Buffer.from(magic, 'hex'), octets]), 64);
      t.pass();
    }),
    { numRuns: 2000 },
  );
});

test('what a length field claims is not allocated', async (t) => {
  const header = writePcap([], { snapLength: 16 * 1024 * 1024 });
  const record = Buffer.alloc(17);
  record.writeUInt32LE(16 * 1024 * 1024, 8);
  const block = Buffer.from(
    '0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c0000000600000000000001',
    'hex',
  );
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 20; i++) {
    t.true((await readPackets(inChunks(Buffer.concat([header, record]), [7]))).summary.truncated);
    t.true((await readPackets(inChunks(Buffer.concat([block, Buffer.alloc(9)]), [7]))).summary.truncated);
  }
  t.true(process.memoryUsage().arrayBuffers - before < 64 * 1024 * 1024);
});

test('a corrupt gzip stream gives the packets before the damage', async (t) => {
  const packets = Array.from({ length: 20_000 }, (_, i) => ({
    seconds: i,
    fraction: (i * 7919) % 1_000_000,
    data: Buffer.from(String(i * 2_654_435_761).repeat(4)),
  }));
  const octets = gzipSync(writePcap(packets));
  octets.fill(0xff, octets.length - 1000, octets.length - 900);
  const { summary } = await readPackets(inChunks(octets, [65536]), { keepGoing: true });
  t.true(summary.packets > 15_000);
  // Garbage may decompress for a while: then it is the capture in it that shows the damage first.
  t.true(summary.error instanceof InputError);
  await t.throwsAsync(readPackets(inChunks(octets, [65536])), { instanceOf: InputError });
});

test('what the packet handler throws is not taken for damage', async (t) => {
  const { readCapture } = await import('../../../src/ingest/capture/reader.js');
  const handler = () => {
    throw new TypeError('a bug');
  };
  await t.throwsAsync(readCapture(inChunks(samples[0]!, [4096]), 'x', handler, { keepGoing: true }), {
    instanceOf: TypeError,
    message: 'a bug',
  });
});
