/** A capture that several threads read leaves behind what it does where one thread reads it and takes it in. */
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import type { AheadOptions } from '../../../src/correlate/reading/read-ahead.js';
import { AheadReading } from '../../../src/correlate/reading/read-ahead.js';
import { reportFile } from '../../../src/correlate/reading/read-file.js';
import type { Wanted } from '../../../src/correlate/track/interest.js';
import { Tracker } from '../../../src/correlate/track/tracker.js';
import { readCapture } from '../../../src/ingest/capture/reader.js';
import { fileChunks, type ReadAhead, ReadBuffer } from '../../../src/ingest/capture/source.js';
import { BUFFER_SIZE, NOTE_SHIFT } from '../../../src/wasm/layout.js';
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
const AHEAD_THREAD = new URL('../../../src/correlate/reading/ahead-thread.js', import.meta.url);
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
  /** Carry a capture, of other packets. */
  nested: number;
}

const PLAIN: Mixture = { refused: 0, silent: 0, tagged: 0, cut: 0, ipv6: 0, large: 0, nested: 0 };

const NESTED = pcapOf(
  Array.from({ length: 40 }, (_, i) => ({
    ...{ time: [1_700_000_000, i] as [number, number], from: 9, to: 8, fromPort: 7, toPort: 80 },
    ...{ flags: SYN, sequence: i, payload: i },
  })),
  { link: 'ethernet' },
);

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
    const size = is(mixture.large) ? 60_000 : 1 + (i % 300);
    const payload = is(mixture.nested) ? NESTED : size;
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

/**
 * All but the waypoints, which are where chunks begin. Notes of what was passed over are a set; the packets may count
 * more than once.
 */
async function report(
  path: string,
  ahead: AheadOptions | null,
  wanted: Wanted | null = null,
  maxAttempts = FLOWS,
): Promise<unknown> {
  const { found, ...rest } = await reportFile(
    { path, file: path, member: null },
    { ...OPTIONS, maxAttempts, ahead, wanted },
    new ReadBuffer(),
  );
  return {
    ...rest,
    found: found.map((one) => {
      if (one.kind !== 'capture' || !one.reading) return one;
      const { waypoints: _, ...summary } = one.reading.summary;
      const { passedOver, ...observations } = one.reading.observations;
      const passed = passedOver && {
        ...passedOver,
        packets: passedOver.packets > 0,
        notes: sortedNotes(passedOver.notes),
        wanted: sortedNotes(passedOver.wanted),
      };
      return { ...one, reading: { ...one.reading, observations: { ...observations, passed }, summary } };
    }),
  };
}

function sortedNotes(notes: Int32Array): string[] {
  const words = 1 << (NOTE_SHIFT - 2);
  return Array.from({ length: notes.length / words }, (_, i) =>
    notes.subarray(i * words, (i + 1) * words).join(' '),
  ).sort();
}

const every = fc.constantFrom(0, 2, 7, 50);
const mixtures = fc.record({
  refused: every,
  silent: every,
  tagged: every,
  cut: every,
  ipv6: every,
  large: fc.constantFrom(0, 100),
  nested: every,
});

/** Of no address, of one of the clients, or of the server of all. */
const filters: fc.Arbitrary<Wanted | null> = fc.constantFrom(
  null,
  ...['192.0.2.12', '2001:db8::c', '192.0.2.5'].map((address) => ({
    addresses: [address],
    linked: [],
    numbers: [],
    mostNotes: 10_000,
  })),
);
const formats: fc.Arbitrary<FileFormat> = fc.record({
  link: fc.constantFrom('ethernet', 'sll2'),
  nanoseconds: fc.boolean(),
  bigEndian: fc.boolean(),
});

/** How the file was spoilt: cut off, or with a wrong octet, or a wrong length of a packet. */
interface Damage {
  kind: 'none' | 'cut' | 'octet' | 'length' | 'more';
  /** Part of the file that is before it. */
  share: number;
}

function damaged(pcap: Uint8Array, { kind, share }: Damage): Uint8Array {
  const at = 24 + Math.floor(share * (pcap.length - 25));
  if (kind === 'cut') return pcap.subarray(0, at);
  if (kind === 'more') return Buffer.concat([pcap, new Uint8Array(7)]);
  const copy = Uint8Array.from(pcap);
  if (kind === 'octet') copy[at] = copy[at]! ^ 0xff;
  if (kind === 'length') copy.fill(0xff, lengthAt(copy, at), lengthAt(copy, at) + 4);
  return copy;
}

/** Where the captured length is of the last record that begins before an offset, or of the first. */
function lengthAt(pcap: Uint8Array, offset: number): number {
  const view = new DataView(pcap.buffer, pcap.byteOffset);
  const isLittle = view.getUint8(0) === 0xd4 || view.getUint8(0) === 0x4d;
  let at = 24;
  for (let next = at; next < offset; next = at + 16 + view.getUint32(at + 8, isLittle)) at = next;
  return at + 8;
}

const damages = fc.record({
  kind: fc.constantFrom<Damage['kind']>('none', 'none', 'cut', 'octet', 'length', 'more'),
  // Not `double`: of those, most are next to 0.
  share: fc.nat(1000).map((thousandths) => thousandths / 1000),
});

test('what is read ahead is taken in as what is not', async (t) => {
  const path = join(directory, 'any.pcap');
  await fc.assert(
    fc.asyncProperty(
      ...[mixtures, formats, damages, filters, fc.nat(2)],
      async (mixture, format, damage, wanted, threads) => {
        await writeFile(path, damaged(pcapOf(conversations(4000, mixture), format), damage));
        const ahead = await report(path, { leastOctets: 0, threads }, wanted);
        t.deepEqual(ahead, await report(path, null, wanted));
      },
    ),
    { numRuns: 24 },
  );
});

/** A record of that many octets, of something that no one has decoders for. */
function longRecord(length: number): Buffer {
  const record = Buffer.alloc(16 + length, 0x7a);
  record.writeUInt32LE(1_700_000_000, 0);
  record.writeUInt32LE(5, 4);
  record.writeUInt32LE(length, 8);
  record.writeUInt32LE(length, 12);
  return record;
}

test('records that are longer than a window, or many more in one than there is room for', async (t) => {
  const path = join(directory, 'lengths.pcap');
  const pcap = pcapOf(conversations(3000, { ...PLAIN, nested: 9 }), { link: 'ethernet' });
  const tiny = Buffer.concat(Array.from({ length: 40_000 }, () => longRecord(20)));
  for (const lengths of [
    [262_144, 262_144, 100],
    [200_000, 262_144, 262_128],
    [0, 0, 300_000],
  ]) {
    const long = lengths.map(longRecord);
    const head = Buffer.from(pcap.subarray(0, 24));
    // Longer packets than any of libpcap's are let through where the file says so.
    if (Math.max(...lengths) > 262_144) head.writeUInt32LE(1 << 20, 16);
    const rest = pcap.subarray(24);
    await writeFile(path, Buffer.concat([head, rest, ...long, tiny, rest, long[0]!, rest]));
    const alone = await report(path, null);
    t.deepEqual(await report(path, { leastOctets: 0, threads: 1 }), alone, `${lengths}`);
    t.deepEqual(await report(path, { leastOctets: 0, threads: 0 }), alone, `${lengths}`);
  }
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

test('where there is no room for more addresses, the same ones have none', async (t) => {
  const path = join(directory, 'addresses.pcap');
  // Whole connections, whose rows are free again, each from an address of its own.
  const segments = Array.from({ length: 6000 }, (_, i): Segment[] => {
    const ends = { from: 1000 + i, to: 5, fromPort: 1024, toPort: 80 };
    const back = { from: 5, to: 1000 + i, fromPort: 80, toPort: 1024 };
    const packets: Omit<Segment, 'time'>[] = [
      { ...ends, flags: SYN, sequence: i },
      { ...back, flags: SYN | ACK, sequence: 7, acknowledgment: i + 1 },
      { ...ends, flags: ACK, sequence: i + 1, acknowledgment: 8 },
      { ...back, flags: FIN | ACK, sequence: 8, acknowledgment: i + 1 },
      { ...ends, flags: FIN | ACK, sequence: i + 1, acknowledgment: 8 },
      // One with a tag is left to the decoders, who come to its addresses later.
      { ...ends, from: 20_000 + i, vlan: 7, flags: SYN, sequence: i },
    ];
    return packets.map((packet, n) => ({ ...packet, ipVersion: 6, time: [1_700_000_000 + i, n * 1000] }));
  });
  await writeFile(path, pcapOf(segments.flat(), { link: 'ethernet' }));
  for (let maxAttempts = 1500; maxAttempts < 1516; maxAttempts++) {
    const alone = await report(path, null, null, maxAttempts);
    t.deepEqual(
      await report(path, { leastOctets: 0, threads: 1 }, null, maxAttempts),
      alone,
      `${maxAttempts}`,
    );
  }
});

test('all is read ahead but the first chunk, before which the format is not known', async (t) => {
  const path = join(directory, 'plain.pcap');
  const pcap = pcapOf(conversations(4000, { ...PLAIN, ipv6: 3, large: 40 }), { link: 'ethernet' });
  await writeFile(path, pcap);
  for (const threads of [0, 1, 2]) {
    const tracker = new Tracker(FLOWS);
    const reading = new AheadReading(tracker, threads);
    let octets = 0;
    const counting = {
      async chunkAt(...of: Parameters<AheadReading['chunkAt']>) {
        const chunk = await reading.chunkAt(...of);
        octets += chunk?.length ?? 0;
        return chunk;
      },
    };
    const { packets, left } = await takeIn(path, tracker, counting);
    reading.stop();
    t.is(packets, 6 * 4000);
    t.is(left, 0);
    t.is(octets, pcap.length - BUFFER_SIZE);
  }
});

test('what is compressed is read by one thread', async (t) => {
  const path = join(directory, 'compressed.pcap.gz');
  // Stored as it is: longer than a window.
  await writeFile(path, gzipSync(pcapOf(conversations(3000, PLAIN), { link: 'ethernet' }), { level: 0 }));
  const tracker = new Tracker(FLOWS);
  const reading = new AheadReading(tracker, 1);
  const { packets } = await takeIn(path, tracker, reading);
  t.is(packets, 6 * 3000);
  const file = openSync(path, 'r');
  t.teardown(() => closeSync(file));
  t.is(reading.chunkAt(file, 65_536), null);
});

test('a thread that ends in the midst of it is not waited for', async (t) => {
  const path = join(directory, 'ended.pcap');
  await writeFile(
    path,
    pcapOf(conversations(9000, { ...PLAIN, refused: 9, large: 31 }), { link: 'ethernet' }),
  );
  const tracker = new Tracker(FLOWS);
  const reading = new AheadReading(tracker, 1);
  let chunks = 0;
  const ending = {
    async chunkAt(...of: Parameters<AheadReading['chunkAt']>) {
      if (++chunks === 4) await reading.endThreads();
      return await reading.chunkAt(...of);
    },
  };
  const { packets, left } = await takeIn(path, tracker, ending);
  reading.stop();
  t.true(chunks > 8);
  t.is(packets, 6 * 9000 - 1000 * 4);
  t.is(left, 0);
});

test('where a second thread may not be started, the first one does, and is ended', async (t) => {
  const path = join(directory, 'one.pcap');
  await writeFile(path, pcapOf(conversations(4000, PLAIN), { link: 'ethernet' }));
  const tracker = new Tracker(FLOWS);
  const ended: Promise<unknown>[] = [];
  const reading = new AheadReading(tracker, 2, (data) => {
    if (ended.length > 0) throw Object.assign(new Error('EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' });
    const worker = new Worker(AHEAD_THREAD);
    worker.postMessage(data);
    ended.push(once(worker, 'exit'));
    return worker;
  });
  const { packets } = await takeIn(path, tracker, reading);
  reading.stop();
  t.is(packets, 6 * 4000);
  t.is((await Promise.all(ended)).length, 1);
});

test('what cannot be read ahead is read in the other way', async (t) => {
  const path = join(directory, 'unreadable.pcap');
  await writeFile(path, pcapOf(conversations(9000, PLAIN), { link: 'ethernet' }));
  const tracker = new Tracker(FLOWS);
  const reading = new AheadReading(tracker, 0);
  const file = openSync(path, 'r');
  let chunks = 0;
  const spoiling = {
    async chunkAt(_file: number, offset: number) {
      if (++chunks === 4) exchange();
      return await reading.chunkAt(file, offset);
    },
  };
  // Another file under the same descriptor, which cannot be read.
  const opened: number[] = [];
  const exchange = () => {
    closeSync(file);
    do opened.push(openSync(directory, 'r'));
    while (opened.at(-1) !== file);
  };
  const { packets } = await takeIn(path, tracker, spoiling);
  reading.stop();
  for (const one of opened) closeSync(one);
  t.true(chunks > 4);
  t.is(packets, 6 * 9000);
});
