/** However many threads read the inputs, and whichever is done first: the result is the same. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual, promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import { analyze } from '../../../src/analyze.js';
import { type ReadInputsOptions, type Reading, readInputs } from '../../../src/correlate/read-inputs.js';
import type { FileReport } from '../../../src/correlate/reading/found.js';
import { gatherInputs } from '../../../src/correlate/reading/gather-inputs.js';
import { readReport, reportFile } from '../../../src/correlate/reading/read-file.js';
import { ReadingThreads, type ThreadData } from '../../../src/correlate/reading/threads.js';
import { ReadBuffer } from '../../../src/ingest/capture/source.js';
import { type InputFile, listFiles } from '../../../src/ingest/input-files.js';
import { parseInput } from '../../../src/ingest/specification.js';
import { jsonChunks } from '../../../src/report/json.js';
import { generate } from '../../bench/generate.js';
import { bundlesIn } from '../../scenarios/truth.js';
import { scratch } from '../../scratch.js';
import { fixture, ROOT } from '../../support.js';
import { recordedFile, unpack } from '../recorded.js';

const STRICT = bundlesIn(fixture('rp-filter-strict'));
const OPTIONS = {
  keepGoing: false,
  snapshotsOnly: false,
  keepsAll: true,
  maxAttempts: 10_000,
  ahead: null,
  wanted: null,
};

/** Bundles of each fixture that has several. */
const FIXTURES = readdirSync(fixture())
  .filter((name) => existsSync(fixture(name, 'truth.json')))
  .map((name) => bundlesIn(fixture(name)))
  .filter((bundles) => bundles.length > 1);

/** What was read, or what it failed with. */
async function outcome(inputs: readonly string[], options: Partial<ReadInputsOptions>): Promise<unknown> {
  try {
    return await readInputs(inputs, { keepGoing: false, threadOctets: 0, ...options });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { ...error, name: error.name, message: error.message };
  }
}

async function json(inputs: readonly string[], threads: number): Promise<string> {
  const analysis = await analyze(inputs, {
    vips: [],
    keepGoing: false,
    attempts: 'all',
    threads,
    threadOctets: 0,
    warn: () => {},
  });
  return [...jsonChunks(analysis)].join('');
}

test('the result is the same to the byte', async (t) => {
  for (const bundles of FIXTURES.filter((_, i) => i % 20 === 0)) {
    const alone = await json(bundles, 0);
    for (const threads of [1, 2, 5]) t.is(await json(bundles, threads), alone, `${threads}: ${bundles[0]}`);
  }
});

/** Inputs of all kinds, whole ones and such that cannot be read. */
async function makeInputs(directory: string): Promise<string[]> {
  const at = (name: string) => join(directory, name);
  const pcap = recordedFile('rp-filter-strict', 'node2.tar.gz', 'node2/any.pcap');
  const damaged = Buffer.from(pcap);
  damaged.writeUInt32LE(0x7fffffff, 24 + 16 + pcap.readUInt32LE(24 + 8) + 8);
  const packed = gzipSync(pcap);
  await writeFile(at('whole.pcap'), pcap);
  await writeFile(at('damaged.pcap'), damaged);
  await writeFile(at('cut.pcap'), pcap.subarray(0, 2001));
  await writeFile(at('cut.pcap.gz'), packed.subarray(0, packed.length / 2));
  await writeFile(at('broken.pcap.gz'), packed.fill(0xff, 400, 500));
  await writeFile(at('text.pcap'), 'no capture\n');
  await writeFile(at('empty.pcap'), '');
  await mkdir(at('nothing'));
  await unpack(STRICT[0]!, at('bundle'));
  await writeFile(at('bundle/node1/more.pcap'), pcap);
  await unpack(STRICT[1]!, at('half'));
  await writeFile(at('half/node2/a.pcap'), damaged);
  await writeFile(at('half/node2/z.pcap'), 'no capture either\n');
  await unpack(STRICT[1]!, at('misnamed'));
  await writeFile(at('misnamed/node2/node.json'), '{');
  const names = readdirSync(directory).map(at);
  return [...names, at('missing.pcap'), join(at('whole.pcap'), 'beyond.pcap'), ...STRICT];
}

test('what cannot be read is told alike, and first where it was given first', async (t) => {
  const directory = scratch(t);
  const inputs = await makeInputs(directory);
  const at = (name: string) => join(directory, name);
  const property = fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...inputs), { minLength: 2, maxLength: 5 }),
      fc.constantFrom(2, 5),
      fc.boolean(),
      async (given, threads, keepGoing) => {
        const alone = await outcome(given, { threads: 0, keepGoing });
        return isDeepStrictEqual(await outcome(given, { threads, keepGoing }), alone);
      },
    ),
    {
      numRuns: 16,
      examples: [
        [[at('damaged.pcap'), at('missing.pcap'), at('text.pcap')], 2, false],
        [[at('missing.pcap'), at('damaged.pcap'), at('text.pcap')], 2, true],
        [[at('whole.pcap'), at('cut.pcap'), at('whole.pcap')], 2, true],
        [[at('half'), at('bundle'), at('nothing')], 5, true],
        [[at('text.pcap'), at('empty.pcap')], 2, true],
      ],
    },
  );
  await t.notThrowsAsync(property);
});

test('whichever file is done first, the result is the same', async (t) => {
  const directory = scratch(t);
  const inputs = await makeInputs(directory);
  const options = { ...OPTIONS, keepGoing: true };
  const listings = await Promise.all(inputs.map((input) => listFiles(parseInput(input))));
  const files = listings.flatMap((listing) => listing.files);
  const reports = new Map<InputFile, FileReport>();
  for (const file of files) reports.set(file, await reportFile(file, options, new ReadBuffer()));
  const inOrder = await outcome(inputs, { ...options, threads: 0 });
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(files, { minLength: files.length }), async (order) => {
      const done = new Map<InputFile, () => void>();
      const pending = new Map<InputFile, Promise<FileReport>>();
      for (const file of files) {
        const report = structuredClone(reports.get(file)!);
        pending.set(file, new Promise((resolve) => done.set(file, () => resolve(report))));
      }
      const gathered = gatherInputs(listings, options, async function* (file) {
        yield* readReport(await pending.get(file)!);
      });
      for (const file of order) {
        done.get(file)!();
        await new Promise(setImmediate);
      }
      return isDeepStrictEqual(await gathered, inOrder);
    }),
    { numRuns: 20 },
  );
  t.true(files.length > inputs.length);
});

async function filesOf(inputs: readonly string[]): Promise<InputFile[]> {
  const listings = await Promise.all(inputs.map((input) => listFiles(parseInput(input))));
  return listings.flatMap((listing) => listing.files);
}

test('threads read all recorded bundles as this one does', async (t) => {
  t.true(FIXTURES.length > 50);
  const files = await filesOf(FIXTURES.flat());
  const threads = new ReadingThreads(files, OPTIONS, 5);
  for (const file of files) {
    const alone = structuredClone(await reportFile(file, OPTIONS, new ReadBuffer()));
    t.true(isDeepStrictEqual(await threads.report(file), alone), file.path);
  }
  t.is(await threads.report({ ...files[0]! }), null);
  await threads.stop();
});

test('threads that are stopped read no more', async (t) => {
  const files = await filesOf(STRICT);
  const threads = new ReadingThreads(files, OPTIONS, 1);
  const reports = files.map((file) => threads.report(file)!);
  const first = t.throwsAsync(reports[0]!, { message: /a thread ended/ });
  await threads.stop();
  await first;
});

test('a bug in a thread comes out as such', async (t) => {
  const [file] = await filesOf(STRICT);
  const broken = { ...file!, member: 1 as unknown as string };
  const threads = new ReadingThreads([broken, file!], OPTIONS, 1);
  const error = await t.throwsAsync(threads.report(broken)!, { any: true, instanceOf: TypeError });
  t.regex(String((error as TypeError).stack), /ingest\/items/);
  await t.throwsAsync(threads.report(file!)!, { any: true, instanceOf: TypeError });
  await threads.stop();
});

const thread = () => new URL('../../../src/correlate/reading/thread.js', import.meta.url);

test('with fewer threads than were wanted, all is read all the same', async (t) => {
  const files = await filesOf(STRICT);
  const alone = structuredClone(
    await Promise.all(files.map((file) => reportFile(file, OPTIONS, new ReadBuffer()))),
  );
  for (const most of [0, 1]) {
    let started = 0;
    const threads = new ReadingThreads(files, OPTIONS, 3, new Map(), (workerData) => {
      if (started === most) throw Object.assign(new Error('EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' });
      started++;
      return new Worker(thread(), { workerData });
    });
    const reports = await Promise.all(files.map((file) => threads.report(file)));
    t.true(isDeepStrictEqual(reports, most === 0 ? files.map(() => null) : alone), `${most}`);
    await threads.stop();
  }
});

test('what a thread had no memory for is left to be read, and all else where no thread is left', async (t) => {
  const greedy = () =>
    new Worker(
      `require('node:worker_threads').parentPort.once('message', () => {
        for (const all = []; ; ) all.push(new Array(10_000).fill(1.5));
      });`,
      { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8 } },
    );
  const files = await filesOf(FIXTURES[0]!.concat(FIXTURES[1]!));
  t.true(files.length > 3);
  const reportsOf = async (starts: readonly ((workerData: ThreadData) => Worker)[]) => {
    const left = [...starts];
    const threads = new ReadingThreads(files, OPTIONS, left.length, new Map(), (data) => left.shift()!(data));
    const reports = await Promise.all(files.map((file) => threads.report(file)));
    await threads.stop();
    return reports.map((report) => report !== null);
  };
  t.deepEqual(
    await reportsOf([greedy, greedy]),
    files.map(() => false),
  );
  t.deepEqual(
    await reportsOf([greedy, (workerData) => new Worker(thread(), { workerData })]),
    files.map((_, i) => i > 0),
  );
});

test('where Node.js may start no thread, the result is the same', async (t) => {
  const flag = ['--permission', '--experimental-permission'].find((name) =>
    process.allowedNodeEnvironmentFlags.has(name),
  );
  const script = `
    import assert from 'node:assert';
    import { Worker } from 'node:worker_threads';
    import { analyze } from './dist/src/analyze.js';
    import { jsonChunks } from './dist/src/report/json.js';
    assert.throws(() => new Worker('', { eval: true }), { code: 'ERR_ACCESS_DENIED' });
    const options = { vips: [], keepGoing: false, attempts: 'all', threads: 2, threadOctets: 0, warn() {} };
    for (const text of jsonChunks(await analyze(process.argv.slice(1), options))) process.stdout.write(text);`;
  // A large one of its own would be read ahead.
  const large = join(scratch(t), 'large.pcap');
  generate(large, { flows: 1000, segments: 1, payload: 10, concurrent: 40, link: 'ethernet' });
  for (const inputs of [STRICT, [large]]) {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [flag!, '--allow-fs-read=*', '--input-type=module', '-e', script, ...inputs],
      { cwd: ROOT, maxBuffer: 1 << 26 },
    );
    t.true(stdout === (await json(inputs, 0)), inputs[0]);
  }
});

test('how far each file is read is told alike', async (t) => {
  const readings = async (threads: number) => {
    const told = new Map<string, Reading>();
    const onReading = (reading: Reading) => void told.set(reading.file, reading);
    await readInputs(STRICT, { keepGoing: false, threads, threadOctets: 0, onReading });
    return told;
  };
  const alone = await readings(0);
  t.is(alone.size, STRICT.length);
  t.true([...alone.values()].every(({ octets, total, ended }) => ended && octets === total));
  t.deepEqual(new Map([...(await readings(2))].sort()), new Map([...alone].sort()));
});
