/** A thread that was started beforehand does the work of one that is started for it; unused, it keeps nobody waiting. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import type { AheadData } from '../../../src/correlate/reading/read-ahead.js';
import { AheadReading } from '../../../src/correlate/reading/read-ahead.js';
import { standBy, startThread } from '../../../src/correlate/reading/standby.js';
import { Tracker } from '../../../src/correlate/track/tracker.js';
import { readCapture } from '../../../src/ingest/capture/reader.js';
import { fileChunks, ReadBuffer } from '../../../src/ingest/capture/source.js';
import { hasOneLarge, LARGE_OCTETS } from '../../../src/ingest/large-files.js';
import { scratch } from '../../scratch.js';
import { pcapOf, SYN } from '../track/wire.js';

const run = promisify(execFile);
const STANDBY = new URL('../../../src/correlate/reading/standby.js', import.meta.url).href;
const SYNS = 20_000;

test('one is used, others are started', async (t) => {
  const path = join(scratch(t), 'any.pcap');
  const syn = (i: number) => ({ from: 9, to: 8, fromPort: 1024 + i, toPort: 80, flags: SYN, sequence: i });
  const segments = Array.from({ length: SYNS }, (_, i) => ({
    time: [1_700_000_000, i] as [number, number],
    ...syn(i),
  }));
  await writeFile(path, pcapOf(segments, { link: 'ethernet' }));
  standBy();
  const threads = new Set<number>();
  const start = (data: AheadData) => {
    const worker = startThread(data);
    threads.add(worker.threadId);
    return worker;
  };
  for (let time = 0; time < 2; time++) {
    const tracker = new Tracker(1 << 15);
    const reading = new AheadReading(tracker, 2, start);
    const into = new ReadBuffer();
    into.lend(tracker.plain.buffer, reading);
    const { packets } = await readCapture(fileChunks(path, path, into), path, () => {}, {
      keepGoing: false,
      scanner: tracker.plain,
    });
    reading.stop();
    t.is(packets, SYNS);
    t.is(tracker.observations().count, SYNS);
  }
  t.is(threads.size, 4);
});

test('one that is not used ends with the program', async (t) => {
  const script = `const { standBy } = await import('${STANDBY}'); standBy(); console.log('done');`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { timeout: 60_000 });
  t.is(stdout, 'done\n');
});

test('it is worth it for one large file that is no archive', async (t) => {
  const directory = scratch(t);
  const sized = async (name: string, octets: number) => {
    const path = join(directory, name);
    await writeFile(path, '');
    const { truncateSync } = await import('node:fs');
    truncateSync(path, octets);
    return path;
  };
  const [large, other, small, archive] = await Promise.all([
    sized('large.pcap', LARGE_OCTETS),
    sized('other.pcap', LARGE_OCTETS + 1),
    sized('small.pcap', LARGE_OCTETS - 1),
    sized('large.tar.gz', LARGE_OCTETS),
  ]);
  t.true(hasOneLarge([large!]));
  t.true(hasOneLarge([`node1=${large}`, small!, archive!]));
  for (const inputs of [[], [small!], [archive!], [large!, other!], [directory], ['-'], [`${large}.not`]]) {
    t.false(hasOneLarge(inputs), inputs.join(' '));
  }
});
