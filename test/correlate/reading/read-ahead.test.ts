/** A capture that one thread reads and another takes in leaves behind what it does where one thread does both. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import type { AheadOptions } from '../../../src/correlate/reading/read-ahead.js';
import { AheadReading } from '../../../src/correlate/reading/read-ahead.js';
import { reportFile } from '../../../src/correlate/reading/read-file.js';
import { Tracker } from '../../../src/correlate/track/tracker.js';
import { readCapture } from '../../../src/ingest/capture/reader.js';
import { fileChunks, type ReadAhead, ReadBuffer } from '../../../src/ingest/capture/source.js';
import { BUFFER_SIZE } from '../../../src/wasm/layout.js';
import {
  ACK,
  FIN,
  type FileFormat,
  pcapOf,
  RST,
  type Segment,
  SYN,
  stamps,
  synOptions,
} from '../track/wire.js';

const FLOWS = 1 << 14;
const OPTIONS = { keepGoing: true, snapshotsOnly: false, keepsAll: false, maxAttempts: FLOWS };

let directory = '';
test.before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'returnpath-ahead-'));
});
test.after.always(() => rm(directory, { recursive: true, force: true }));

/** What is wrong with every so many of the connections. */
interface Mixture {
  refused: number;
  silent: number;
  tagged: number;
  cut: number;
  ipv6: number;
  large: number;
}

/** Connections that overlap, each with what the mixture gives it. */
function conversations(count: number, mixture: Mixture): Segment[] {
  const segments: Segment[] = [];
  for (let i = 0; i < count; i++) {
    const is = (every: number) => every > 0 && i % every === every - 1;
    const ends = { from: 10 + (i % 50), to: 5, fromPort: 1024 + (i % 60_000), toPort: 80 };
    const back = { from: ends.to, to: ends.from, fromPort: ends.toPort, toPort: ends.fromPort };
    const common = {
      ...(is(mixture.ipv6) ? { ipVersion: 6 as const } : {}),
      ...(is(mixture.tagged) ? { vlan: 7 } : {}),
      ...(is(mixture.cut) ? { snap: 60 } : {}),
    };
    const payload = is(mixture.large) ? 60_000 : 1 + (i % 300);
    const number = (i * 2_654_435_761) >>> 0;
    const packets: Omit<Segment, 'time'>[] = [
      { ...ends, flags: SYN, sequence: number, options: synOptions(i) },
    ];
    if (is(mixture.silent)) packets.push(packets[0]!);
    else if (is(mixture.refused)) packets.push({ ...back, flags: RST | ACK, acknowledgment: number + 1 });
    else {
      const numbers = { sequence: number + 1, acknowledgment: 78 };
      const answers = { sequence: 78, acknowledgment: number + 1 };
      packets.push(
        { ...back, flags: SYN | ACK, sequence: 77, acknowledgment: number + 1, options: synOptions(9, i) },
        { ...ends, flags: ACK, ...numbers, options: stamps(i, 9) },
        { ...ends, flags: ACK, ...numbers, payload, options: stamps(i, 9) },
        { ...back, flags: FIN | ACK, ...answers },
        { ...ends, flags: FIN | ACK, ...numbers },
      );
    }
    for (const [n, packet] of packets.entries()) {
      const time = i * 100 + n * 350;
      segments.push({
        ...common,
        ...packet,
        time: [1_700_000_000 + Math.floor(time / 1e6), (time % 1e6) * 1000],
      });
    }
  }
  const at = ({ time: [seconds, nanoseconds] }: Segment) => seconds * 1e9 + nanoseconds;
  return segments.sort((a, b) => at(a) - at(b));
}

/** All but the waypoints, which are where chunks begin. */
async function report(path: string, ahead: AheadOptions | null): Promise<unknown> {
  const { found, ...rest } = await reportFile(
    { path, file: path, member: null },
    { ...OPTIONS, ahead, wanted: null },
    new ReadBuffer(),
  );
  return {
    ...rest,
    found: found.map((one) => {
      if (one.kind !== 'capture' || !one.reading) return one;
      const { waypoints: _, ...summary } = one.reading.summary;
      return { ...one, reading: { ...one.reading, summary } };
    }),
  };
}

const every = fc.constantFrom(0, 2, 7, 50);
const mixtures = fc.record({
  refused: every,
  silent: every,
  tagged: every,
  cut: every,
  ipv6: every,
  large: fc.constantFrom(0, 100),
});
const formats: fc.Arbitrary<FileFormat> = fc.record({
  link: fc.constantFrom('ethernet', 'sll2'),
  nanoseconds: fc.boolean(),
  bigEndian: fc.boolean(),
});

/** How the file was spoilt: cut off, or with a wrong octet. */
interface Damage {
  kind: 'none' | 'cut' | 'octet' | 'more';
  /** Part of the file that is before it. */
  share: number;
}

function damaged(pcap: Uint8Array, { kind, share }: Damage): Uint8Array {
  const at = 24 + Math.floor(share * (pcap.length - 25));
  if (kind === 'cut') return pcap.subarray(0, at);
  if (kind === 'more') return Buffer.concat([pcap, new Uint8Array(7)]);
  const copy = Uint8Array.from(pcap);
  if (kind === 'octet') copy[at] = copy[at]! ^ 0xff;
  return copy;
}

const damages = fc.record({
  kind: fc.constantFrom<Damage['kind']>('none', 'none', 'cut', 'octet', 'more'),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
});

test('what is read ahead is taken in as what is not', async (t) => {
  const path = join(directory, 'any.pcap');
  await fc.assert(
    fc.asyncProperty(mixtures, formats, damages, fc.nat(3), async (mixture, format, damage, ownChunks) => {
      await writeFile(path, damaged(pcapOf(conversations(1200, mixture), format), damage));
      const ahead = await report(path, { leastOctets: 0, ownChunks });
      t.deepEqual(ahead, await report(path, null));
    }),
    { numRuns: 25 },
  );
});

/** Takes in the plain packets of a file; how many there were, and how many were not plain. */
async function takeIn(
  path: string,
  tracker: Tracker,
  ahead: ReadAhead,
): Promise<{ packets: number; left: number }> {
  const into = new ReadBuffer();
  into.lend(tracker.plain.buffer, ahead);
  let left = 0;
  const { packets } = await readCapture(
    fileChunks(path, path, into),
    path,
    (record) => {
      if (!tracker.plain.observe(record)) left++;
    },
    { scanner: tracker.plain },
  );
  return { packets, left };
}

test('a thread reads what comes after the chunks that are read here, up to the end', async (t) => {
  const path = join(directory, 'plain.pcap');
  const mixture = { refused: 0, silent: 0, tagged: 0, cut: 0, ipv6: 3, large: 40 };
  const pcap = pcapOf(conversations(4000, mixture), { link: 'ethernet' });
  await writeFile(path, pcap);
  const tracker = new Tracker(FLOWS);
  const reading = new AheadReading(tracker, 2);
  let octets = 0;
  const counting = {
    async chunkAt(...of: Parameters<AheadReading['chunkAt']>) {
      const chunk = await reading.chunkAt(...of);
      octets += chunk?.length ?? 0;
      return chunk;
    },
  };
  const { packets, left } = await takeIn(path, tracker, counting);
  await reading.stop();
  t.is(packets, 6 * 4000);
  t.is(left, 0);
  // One chunk before the format is known, and two more.
  t.is(octets, pcap.length - 3 * BUFFER_SIZE);
});

test('what is compressed is read by one thread', async (t) => {
  const none = { refused: 0, silent: 0, tagged: 0, cut: 0, ipv6: 0, large: 0 };
  const path = join(directory, 'compressed.pcap.gz');
  // Stored as it is: longer than the chunks that are read here.
  await writeFile(path, gzipSync(pcapOf(conversations(3000, none), { link: 'ethernet' }), { level: 0 }));
  const tracker = new Tracker(FLOWS);
  const reading = new AheadReading(tracker, 0);
  const { packets } = await takeIn(path, tracker, reading);
  t.is(packets, 6 * 3000);
  t.is(reading.chunkAt(path, 65_536), null);
});

test('where the thread cannot read the file, it is read here', async (t) => {
  const path = join(directory, 'there.pcap');
  const format: FileFormat = { link: 'ethernet' };
  await writeFile(
    path,
    pcapOf(conversations(3000, { refused: 9, silent: 0, tagged: 0, cut: 0, ipv6: 0, large: 0 }), format),
  );
  const tracker = new Tracker(FLOWS);
  const reading = new AheadReading(tracker, 0);
  const elsewhere = {
    chunkAt: (_path: string, offset: number) => reading.chunkAt(join(directory, 'gone.pcap'), offset),
  };
  const { packets, left } = await takeIn(path, tracker, elsewhere);
  await reading.stop();
  t.is(packets, 6 * 3000 - Math.floor(3000 / 9) * 4);
  t.is(left, Math.floor(3000 / 9));
});
