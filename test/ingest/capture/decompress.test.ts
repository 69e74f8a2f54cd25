import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { openStream } from '../../../src/ingest/capture/decompress.js';
import { InputError } from '../../../src/model/errors.js';
import { testWith } from '../../gates.js';
import { fixture, has } from '../../support.js';
import { collect, inChunks, readOctets } from './support.js';

/** Octets that compress, but not to nothing: several blocks and windows of either format. */
const sample = Buffer.from(
  Array.from({ length: 60_000 }, (_, i) => `${(i * 2_654_435_761) % 100_003} `).join(''),
);

const test = testWith('zstd', 'gzip');

function zstd(octets: Uint8Array, ...args: string[]): Buffer {
  if (!has(['zstd'])) return Buffer.alloc(0); // every test here is skipped
  return execFileSync('zstd', ['-q', '-c', ...args], { input: octets, maxBuffer: 1 << 28 });
}

function gzipCommand(octets: Uint8Array, ...args: string[]): Buffer {
  return execFileSync('gzip', ['-c', ...args], { input: octets, maxBuffer: 1 << 28 });
}

async function decompress(octets: Uint8Array, size = 4096): Promise<{ data: Buffer; truncated: boolean }> {
  const stream = openStream(inChunks(octets, [size]), 'test');
  const data = await collect(stream);
  return { data, truncated: stream.truncated };
}

/** What was delivered before the error. */
async function decompressUntilError(octets: Uint8Array): Promise<{ delivered: Buffer; error: unknown }> {
  const parts: Buffer[] = [];
  try {
    for await (const chunk of openStream(inChunks(octets, [4096]), 'test')) parts.push(Buffer.from(chunk));
  } catch (error) {
    return { delivered: Buffer.concat(parts), error };
  }
  return { delivered: Buffer.concat(parts), error: null };
}

const forms: Record<string, Buffer> = {
  gzip: gzipSync(sample),
  'gzip with a name': gzipCommand(readFileSync(fixture('captures', 'ethernet.pcap')), '-1'),
  'gzip, stored': gzipSync(sample, { level: 0 }),
  zstd: zstd(sample),
  'zstd -19': zstd(sample, '-19'),
  'zstd without checksum': zstd(sample, '--no-check'),
  'zstd of little': zstd(Buffer.from('x')),
  'zstd of nothing': zstd(Buffer.alloc(0)),
  'zstd of zeros': zstd(Buffer.alloc(3_000_000)),
};

function original(name: string): Buffer {
  if (name === 'gzip with a name') return readFileSync(fixture('captures', 'ethernet.pcap'));
  if (name.endsWith('little')) return Buffer.from('x');
  if (name.endsWith('nothing')) return Buffer.alloc(0);
  if (name.endsWith('zeros')) return Buffer.alloc(3_000_000);
  return sample;
}

for (const [name, octets] of Object.entries(forms)) {
  test(`${name}: what was compressed, in any chunks`, async (t) => {
    const expected = original(name);
    // Octet by octet, zlib takes its time.
    const sizes = [octets.length < 20_000 ? 1 : 37, 1000, 65536, 1 << 20];
    for (const size of sizes) {
      const { data, truncated } = await decompress(octets, size);
      t.true(data.equals(expected), `chunks of ${size}`);
      t.false(truncated);
    }
  });

  test(`${name}: twice in one file, and what follows that is none`, async (t) => {
    const expected = Buffer.concat([original(name), original(name)]);
    for (const tail of ['', '\0', '\0'.repeat(1000), 'garbage after the end', '\x1f', '\x1f\x8b']) {
      const { data, truncated } = await decompress(
        Buffer.concat([octets, octets, Buffer.from(tail, 'latin1')]),
        777,
      );
      t.true(data.equals(expected));
      t.false(truncated);
    }
  });

  test(`${name}: cut off, it gives what it can`, async (t) => {
    const expected = original(name);
    const cuts = [octets.length - 1, octets.length - 5, octets.length >> 1, octets.length >> 3, 6];
    let longest = -1;
    for (const cut of cuts.filter((each) => each >= 5)) {
      const { data, truncated } = await decompress(octets.subarray(0, cut));
      t.true(truncated, `at ${cut}`);
      t.true(data.equals(expected.subarray(0, data.length)));
      longest = Math.max(longest, data.length);
    }
    // All but the last block of 128 KiB, which zstd gives whole or not at all.
    t.true(longest >= expected.length - 128 * 1024);
  });
}

test('gzip gives every octet that came before the cut', async (t) => {
  const stored = gzipSync(sample, { level: 0 });
  const { data } = await decompress(stored.subarray(0, 50_000));
  t.true(data.length > 49_900);
});

test('gzip: all optional fields of the header', async (t) => {
  const member = gzipSync(sample).subarray(10);
  const header = Buffer.from('1f8b081e00000000000304006162636466696c652e706361700061206e6f74650012fe', 'hex');
  t.true((await decompress(Buffer.concat([header, member]), 5)).data.equals(sample));
  for (let cut = 4; cut < header.length; cut++) {
    t.deepEqual(await decompress(header.subarray(0, cut)), { data: Buffer.alloc(0), truncated: true });
  }
});

test('gzip: a wrong checksum or length is told, after the data', async (t) => {
  for (const offset of [8, 4]) {
    const octets = gzipSync(sample);
    octets[octets.length - offset]! ^= 1;
    const { delivered, error } = await decompressUntilError(octets);
    t.true(delivered.equals(sample));
    t.true(error instanceof InputError);
    t.regex((error as InputError).message, /checksum does not match/);
  }
});

test('zstd: skippable frames are left out, also in front', async (t) => {
  const skippable = Buffer.concat([Buffer.from('502a4d1805000000', 'hex'), Buffer.alloc(5, 0xaa)]);
  const octets = Buffer.concat([skippable, zstd(sample), skippable, zstd(sample)]);
  t.true((await decompress(octets, 13)).data.equals(Buffer.concat([sample, sample])));
  t.deepEqual(await decompress(skippable.subarray(0, 10)), { data: Buffer.alloc(0), truncated: true });
});

test('zstd: an impossible block is told, after the blocks before', async (t) => {
  const octets = zstd(sample, '--no-check');
  const end = Buffer.concat([octets.subarray(0, octets.length >> 1), Buffer.alloc(octets.length, 0xff)]);
  const { delivered, error } = await decompressUntilError(end);
  t.true(error instanceof InputError);
  t.true(delivered.length >= 128 * 1024);
  t.true(delivered.equals(sample.subarray(0, delivered.length)));
});

test('zstd: a window too large and a dictionary are refused with the cure', async (t) => {
  // Window descriptor 0xa0: 1 GiB.
  const window = Buffer.from('28b52ffd00a0010000', 'hex');
  const { error } = await decompressUntilError(window);
  t.regex(String(error), /InputError: test: needs a zstd window of 1024 MiB, .*zstd -d --long=31/);
  const dictionary = Buffer.from('28b52ffd0100070000', 'hex');
  t.regex(String((await decompressUntilError(dictionary)).error), /needs the zstd dictionary 7/);
});

test('a few octets that stand for very many do not pile up', async (t) => {
  // Two thousand RLE blocks of 128 KiB each.
  const block = Buffer.from([0x02, 0x00, 0x10, 0x00]);
  const octets = Buffer.concat([
    Buffer.from('28b52ffd0038', 'hex'),
    ...Array.from({ length: 2000 }, () => block),
    Buffer.from([0x01, 0, 0]),
  ]);
  let length = 0;
  let largest = 0;
  for await (const chunk of openStream(inChunks(octets, [1 << 20]), 'test')) {
    length += chunk.length;
    largest = Math.max(largest, chunk.length);
  }
  t.is(length, 2000 * 128 * 1024);
  t.true(largest <= 128 * 1024);
});

test('anything else passes through', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 200 }),
      fc.integer({ min: 1, max: 300 }),
      async (octets, size) => {
        fc.pre(octets[0] !== 0x1f && octets[0] !== 0x28 && (octets[0]! & 0xf0) !== 0x50);
        const { data, truncated } = await decompress(octets, size);
        t.true(data.equals(octets));
        t.false(truncated);
      },
    ),
  );
});

test('a stream left early frees its source', async (t) => {
  for (const octets of [gzipSync(sample), zstd(sample), sample]) {
    let freed = false;
    const source = async function* () {
      try {
        yield* inChunks(octets, [100]);
      } finally {
        freed = true;
      }
    };
    for await (const _ of openStream(source(), 'test')) break;
    t.true(freed);
  }
});

test('a capture that was compressed in full but cut off is truncated', async (t) => {
  for (const name of ['ethernet.pcap.gz', 'dumpcap.pcapng.zst']) {
    const octets = readFileSync(fixture('captures', name));
    const whole = await readOctets(octets);
    const cut = await readOctets(octets.subarray(0, octets.length - 2));
    t.false(whole.summary.truncated);
    t.true(cut.summary.truncated);
    t.is(cut.summary.error, null);
  }
});

test('opened before, a stream keeps its say', async (t) => {
  const octets = gzipSync(readFileSync(fixture('captures', 'ethernet.pcap')));
  const once = openStream(inChunks(octets.subarray(0, octets.length - 3), [500]), 'test');
  const twice = openStream(once, 'test');
  t.is((await collect(twice)).length, readFileSync(fixture('captures', 'ethernet.pcap')).length);
  t.true(twice.truncated);
});
