import { execFileSync } from 'node:child_process';
import ava from 'ava';
import fc from 'fast-check';
import { openStream } from '../../../src/ingest/capture/decompress.js';
import { InputError } from '../../../src/model/errors.js';
import { testWith } from '../../gates.js';
import { collect, inChunks } from './support.js';

const test = testWith('xz');

const sample = Buffer.from(
  Array.from({ length: 60_000 }, (_, i) => `${(i * 2_654_435_761) % 100_003} `).join(''),
);

function xz(octets: Uint8Array, ...args: string[]): Buffer {
  return execFileSync('xz', ['-c', ...args], { input: octets, maxBuffer: 1 << 28 });
}

async function decompress(octets: Uint8Array, size = 4096): Promise<{ data: Buffer; truncated: boolean }> {
  const stream = openStream(inChunks(octets, [size]), 'test');
  return { data: await collect(stream), truncated: stream.truncated };
}

for (const [name, args] of Object.entries({
  plain: [],
  'without a check': ['--check=none'],
  'with SHA-256': ['--check=sha256'],
  'in many blocks': ['--block-size=65536'],
})) {
  test(`xz ${name} gives what went in`, async (t) => {
    t.deepEqual(await decompress(xz(sample, ...args)), { data: sample, truncated: false });
  });
}

test('several streams in one file are one', async (t) => {
  const both = Buffer.concat([xz(sample), xz(Buffer.from('more'))]);
  t.deepEqual((await decompress(both)).data, Buffer.concat([sample, Buffer.from('more')]));
});

test('a stream within a stream is opened while the outer one is', async (t) => {
  const outer = openStream(inChunks(xz(xz(sample)), [1000]), 'outer');
  t.deepEqual(await collect(openStream(outer, 'inner')), sample);
});

test('cut anywhere: a beginning of what went in, said to be cut', async (t) => {
  const packed = xz(sample, '--block-size=65536');
  const lengths = fc.sample(fc.integer({ min: 6, max: packed.length - 1 }), 20);
  for (const length of lengths) {
    const { data, truncated } = await decompress(packed.subarray(0, length));
    t.true(truncated, `at ${length}`);
    t.true(sample.subarray(0, data.length).equals(data), `at ${length}`);
  }
});

test('damage is told, with the file', async (t) => {
  const packed = xz(sample);
  packed.fill(0xff, packed.length >> 1, (packed.length >> 1) + 64);
  const error = await t.throwsAsync(decompress(packed), { instanceOf: InputError });
  t.regex(error.message, /^test: at octet \d+: corrupt xz data \(/);
});

test('a consumer that has seen enough leaves no xz behind', async (t) => {
  const stream = openStream(inChunks(xz(Buffer.alloc(50_000_000)), [4096]), 'test');
  for await (const chunk of stream) {
    t.true(chunk.length > 0);
    break;
  }
});

// Alone, and before the others: they look for xz in the same place.
ava.serial('where there is no xz, that is said', async (t) => {
  const path = process.env.PATH;
  process.env.PATH = '';
  try {
    const head = Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04);
    await t.throwsAsync(decompress(head), { instanceOf: InputError, message: /no `xz` on this machine/ });
  } finally {
    process.env.PATH = path;
  }
});
