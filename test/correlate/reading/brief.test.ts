/**
 * A connection that begins and ends in one window of a large file, as it should be, may be counted without a row of its
 * own: all is as if each of its packets had been taken in by itself.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import type { Attempt } from '../../../src/correlate/attempt.js';
import { correlate } from '../../../src/correlate/correlate.js';
import { AheadReading } from '../../../src/correlate/reading/read-ahead.js';
import { DecodedPackets } from '../../../src/correlate/track/decoded-packets.js';
import { slotAt } from '../../../src/correlate/track/ring.js';
import { ALL, Tracker } from '../../../src/correlate/track/tracker.js';
import { UDP_PORT } from '../../../src/decode/cursor.js';
import { decoderOf } from '../../../src/decode/registry.js';
import { readCapture } from '../../../src/ingest/capture/reader.js';
import { fileChunks, ReadBuffer } from '../../../src/ingest/capture/source.js';
import { GENEVE_PORT, LINUX_VXLAN_PORT, VXLAN_PORT } from '../../../src/model/tunnel-ports.js';
import { BUFFER_SIZE, SLOT_BRIEF_COUNT, STALE_SECONDS } from '../../../src/wasm/layout.js';
import {
  BACKEND,
  connection,
  FLOWS,
  interleaved,
  type Packets,
  plainOf,
  totalsOf,
  VIP,
  withTranslation,
} from '../track/connections.js';
import { ACK, type FileFormat, pcapOf, RST, synOptions } from '../track/wire.js';

/** Connections up to which all are kept. */
const WHOLE = 20;
const LARGE = 60_000;
const SERVERS = [VIP, BACKEND, 100];
const BEGINNING = 150;

let directory = '';
test.before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'returnpath-brief-'));
});
test.after.always(() => rm(directory, { recursive: true, force: true }));

interface Way {
  whole: number;
  /** Threads that read windows beside the one that takes in; null: there are no windows. */
  threads: number | null;
  maxFlows?: number;
}

interface Reading {
  observations: ReturnType<Tracker['observations']>;
  attempts: readonly Attempt[];
  totals: Record<string, number>;
  times: (bigint | null)[];
  packets: number;
  letGo: number;
  /** Of those that were let go. */
  servers: string[];
  /** Brief connections that were found; only without threads. */
  briefs: number;
}

async function read(path: string, { whole, threads, maxFlows = FLOWS }: Way): Promise<Reading> {
  const tracker = new Tracker(maxFlows, whole);
  const decoded = new DecodedPackets(tracker);
  const reading = threads === null ? null : new AheadReading(tracker, threads);
  let briefs = 0;
  const counting = reading && {
    async chunkAt(...of: Parameters<AheadReading['chunkAt']>) {
      const chunk = await reading.chunkAt(...of);
      if (chunk !== null) briefs += briefsOf(tracker, chunk);
      return chunk;
    },
  };
  const into = new ReadBuffer();
  into.lend(tracker.plain.buffer, counting);
  const { interfaces, packets, firstTime, lastTime } = await readCapture(
    fileChunks(path, path, into),
    path,
    (record) => {
      if (!tracker.plain.observe(record)) decoded.observe(record);
    },
    { scanner: tracker.plain },
  );
  reading?.stop();
  tracker.finish();
  const observations = tracker.observations();
  const file = { node: 'n', netns: null, file: 'x.pcap', interfaces, nameHint: null, snapshot: null };
  const correlation = correlate([{ file, observations }], ['n'], { named: [], backends: new Map() });
  const { attempts, served } = correlation;
  return {
    ...{ observations, attempts, packets, briefs, times: [firstTime, lastTime] },
    totals: totalsOf(correlation),
    servers: [...new Set(served.map(({ server }) => `${server.address} ${server.port}`))].sort(),
    letGo: served.reduce((sum, { count }) => sum + count, 0),
  };
}

/** How many brief connections whoever read a chunk has found in it. */
function briefsOf({ tables: { functions, octets } }: Tracker, chunk: Uint8Array): number {
  const slot = slotAt(functions.ringAt() >>> 0, chunk.byteOffset);
  return slot === 0 ? 0 : new DataView(octets.buffer).getUint32(slot + SLOT_BRIEF_COUNT * 4, true);
}

/**
 * Connections that were as they should be and are over, as many of each server as are kept, so that what follows may be let
 * go; and more than a chunk.
 */
function beginning(): Packets {
  const done = Array.from({ length: BEGINNING }, (_, i) =>
    connection(40_000 + i, SERVERS[i % SERVERS.length]!).map((packet): Packets[number] => ({
      ...packet,
      ipVersion: i % 2 === 0 ? 4 : 6,
    })),
  );
  return [...interleaved(done), ...Array.from({ length: Math.ceil(BUFFER_SIZE / LARGE) }, large)];
}

/** A segment that fills a window by a part, of a connection that began before. */
function large(): Packets[number] {
  const ends = { from: 250, to: 251, fromPort: 9, toPort: 10 };
  return { time: [0, 0], ...ends, flags: ACK, sequence: 1, acknowledgment: 1, payload: LARGE };
}

/** All packets at times one after the other; a large one after every so many. */
function timed(packets: Packets, every: number): Packets {
  return packets
    .flatMap((packet, i) => (every > 0 && i % every === 0 ? [large(), packet] : [packet]))
    .map((packet, i) => ({ ...packet, time: [1000 + Math.floor(i / 5000), (i % 5000) * 1000] }));
}

/** How a connection may go. */
const COURSES: Record<string, (packets: Packets) => Packets> = {
  made: (packets) => packets,
  'made without a last ACK': (packets) => packets.slice(0, 7),
  'made in haste': ([syn, synAck, ack, , , fin, last]) => [syn!, synAck!, ack!, last!, fin!],
  unanswered: (packets) => packets.slice(0, 1),
  'asked again': (packets) => [packets[0]!, ...packets],
  'asked again later': ([syn, ...rest]) => [
    syn!,
    { ...syn!, options: synOptions(7), identification: 7 },
    ...rest,
  ],
  'slow, without a last ACK': ([syn, ...rest]) => [
    syn!,
    { ...syn!, options: synOptions(7), identification: 7 },
    ...rest.slice(0, -1),
  ],
  refused: ([syn, synAck]) => [syn!, { ...synAck!, flags: RST | ACK }],
  'reply lost': ([syn, synAck]) => [syn!, synAck!, { ...synAck!, options: synOptions(9999) }],
  'another reply': ([syn, synAck, ...rest]) => [syn!, synAck!, { ...synAck!, sequence: 5 }, ...rest],
  'ACK of another number': ([syn, synAck, ack, ...rest]) => [
    syn!,
    synAck!,
    { ...ack!, acknowledgment: 5 },
    ...rest,
  ],
  'answer before the ACK': ([syn, synAck, ack, data, answer, ...rest]) => [
    syn!,
    synAck!,
    answer!,
    ack!,
    data!,
    ...rest,
  ],
  reset: (packets) => [...packets.slice(0, 5), { ...packets[5]!, flags: RST }],
  'left open': (packets) => packets.slice(0, 5),
  'begun before': (packets) => packets.slice(3),
  'closed again': (packets) => [...packets, packets[5]!, packets[6]!, packets[7]!],
  'reset when closed': (packets) => [...packets, { ...packets[6]!, flags: RST }],
  'asked for when closed': ([syn, ...rest]) => [syn!, ...rest, syn!],
  'seen twice': (packets) => packets.flatMap((packet) => [packet, { ...packet, ifindex: 3, packetType: 4 }]),
  'ACK sent again': ([syn, synAck, ack, ...rest]) => [syn!, synAck!, ack!, ack!, ...rest],
  'reset from the first': ([syn, synAck, ack, ...rest]) => [
    syn!,
    synAck!,
    ack!,
    { ...ack!, flags: RST },
    ...rest,
  ],
  'handshake seen elsewhere': ([syn, synAck, ack, ...rest]) => [
    syn!,
    synAck!,
    ack!,
    { ...ack!, ifindex: 3 },
    ...rest,
  ],
  'with an error': (packets) =>
    packets.flatMap((packet, i) => (i === 3 ? [packet, { ...packet, as: 'error' }] : [packet])),
  'with an error at last': (packets) => [
    ...packets.slice(0, 6),
    { ...packets[3]!, as: 'error' },
    ...packets.slice(6),
  ],
  'in a tunnel as well': (packets) => packets.flatMap((packet) => [packet, { ...packet, as: 'vxlan' }]),
  'first in a tunnel': ([syn, ...rest]) => [{ ...syn!, as: 'vxlan' }, syn!, ...rest],
  'with a tag': (packets) => packets.map((packet, i) => (i === 1 ? { ...packet, vlan: 7 } : packet)),
  'cut off': (packets) => packets.map((packet, i) => (i === 2 ? { ...packet, snap: 60 } : packet)),
  'beside others': ([syn, synAck, ...rest]) => [
    { ...syn!, as: 'arp' },
    syn!,
    synAck!,
    { ...syn!, as: 'datagram' },
    ...rest,
  ],
};

/** Those that can be counted. */
const BRIEF: ReadonlySet<string> = new Set([
  'made',
  'made without a last ACK',
  'made in haste',
  'closed again',
  'reset when closed',
  'asked for when closed',
  'first in a tunnel',
  'beside others',
]);

/** All that is told of attempts that met something. */
function troubled({ attempts }: Reading) {
  return attempts
    .filter(
      ({ outcome, tries, delayNs, others }) =>
        outcome !== 'established' ||
        tries !== 1 ||
        delayNs !== 0n ||
        others.some(({ kind }) => kind !== 'ack'),
    )
    .map(plainOf);
}

async function capture(packets: Packets, format: FileFormat = { link: 'ethernet' }): Promise<string> {
  const path = join(await mkdtemp(join(directory, 'x')), 'x.pcap');
  await writeFile(path, pcapOf(packets, format));
  return path;
}

test('connections as they should be are counted without having been taken in one by one', async (t) => {
  const all = Array.from({ length: 2000 }, (_, i) => connection(i, 100 + (i % 5)));
  const path = await capture(timed([...beginning(), ...interleaved(all)], 0));
  const kept = await read(path, { whole: ALL, threads: null });
  const counted = await read(path, { whole: WHOLE, threads: 0 });
  t.deepEqual(counted.totals, { 'null established': 2000 + BEGINNING, ...unknown(kept) });
  t.deepEqual(counted.totals, kept.totals);
  t.is(counted.briefs, 2000);
  t.true(counted.letGo > 1900);
  t.is(counted.packets, kept.packets);
  t.deepEqual(counted.times, kept.times);
  t.true(counted.attempts.length < 60 && counted.attempts.length > 2, `${counted.attempts.length}`);
});

/** The large segments' connection. */
function unknown({ totals }: Reading): Record<string, number> {
  return Object.fromEntries(Object.entries(totals).filter(([key]) => !key.endsWith(' established')));
}

const healthy = fc.constantFrom('made', 'made without a last ACK', 'made in haste', 'beside others');
const course = fc.oneof(
  { weight: 2, arbitrary: healthy },
  { weight: 1, arbitrary: fc.constantFrom(...Object.keys(COURSES)) },
);

/**
 * Where a connection's packets are: in one round, half of them in the next one, or before NAT in the one (of which it may
 * be that not all were seen) and behind it in the next.
 */
const places = fc.constantFrom('here', 'here', 'here', 'here', 'split', 'split by NAT', 'lost behind NAT');

interface Ground {
  /** By round and port: how a connection goes, and where. */
  rounds: { course: string; place: string }[][];
  /** Large segments between two rounds: so many are more than a window has room for. */
  gap: number;
  isTranslated: boolean;
  /** Every so many ports are of IPv6. */
  ipv6: number;
  /** A large segment after every so many packets. */
  every: number;
  format: FileFormat;
}

const grounds: fc.Arbitrary<Ground> = fc.record({
  rounds: fc.array(fc.array(fc.record({ course, place: places }), { minLength: 5, maxLength: 40 }), {
    minLength: 2,
    maxLength: 5,
  }),
  gap: fc.constantFrom(0, 36),
  isTranslated: fc.boolean(),
  ipv6: fc.constantFrom(0, 2, 5),
  every: fc.constantFrom(0, 0, 0, 20),
  format: fc.record({
    link: fc.constantFrom('ethernet', 'sll2'),
    nanoseconds: fc.boolean(),
    bigEndian: fc.boolean(),
  }),
});

function packetsOf({ rounds, gap, isTranslated, ipv6, every }: Ground): Packets {
  let i = 0;
  const byRound: Packets[][] = [...rounds.map(() => []), []];
  for (const [round, connections] of rounds.entries()) {
    for (const [port, { course, place }] of connections.entries()) {
      const plain = connection(++i, VIP).map((packet) => ({
        ...packet,
        from: packet.from === VIP ? VIP : 1 + (port % 7),
        to: packet.to === VIP ? VIP : 1 + (port % 7),
        ...(packet.toPort === 443 ? { fromPort: 20_000 + port } : { toPort: 20_000 + port }),
        ...(ipv6 > 0 && port % ipv6 === 0 ? { ipVersion: 6 as const } : {}),
      }));
      const packets = COURSES[course]!(plain);
      const both = isTranslated && port % 2 === 0 ? withTranslation(packets) : packets;
      const [here, next] = [byRound[round]!, byRound[round + 1]!];
      if (place === 'here') here.push(both);
      else if (place === 'split') {
        here.push(both.slice(0, 4));
        next.push(both.slice(4));
      } else {
        const front = place === 'split by NAT' ? plain : plain.slice(0, 2);
        here.push(front);
        next.push(withTranslation(plain).filter(({ from, to }) => from === BACKEND || to === BACKEND));
      }
    }
  }
  const between = Array.from({ length: gap }, large);
  return timed([...beginning(), ...byRound.flatMap((round) => [...interleaved(round), ...between])], every);
}

function compare(t: ExecutionContext, ground: Ground): Promise<Reading> {
  return comparePackets(t, packetsOf(ground), ground.format);
}

async function comparePackets(t: ExecutionContext, packets: Packets, format: FileFormat): Promise<Reading> {
  const path = await capture(packets, format);
  const plain = await read(path, { whole: WHOLE, threads: null });
  const counted = await read(path, { whole: WHOLE, threads: 0 });
  t.deepEqual(counted.totals, plain.totals);
  t.deepEqual(troubled(counted), troubled(plain));
  t.deepEqual(counted.servers, plain.servers);
  t.deepEqual(counted.times, plain.times);
  t.is(counted.packets, plain.packets);
  return counted;
}

for (const course of Object.keys(COURSES)) {
  const isBrief = BRIEF.has(course);
  test(`a connection that is ${course} is ${isBrief ? '' : 'not '}brief`, async (t) => {
    const rounds = [Array.from({ length: 12 }, () => ({ course, place: 'here' }))];
    const ground: Ground = {
      rounds,
      gap: 0,
      isTranslated: false,
      ipv6: 2,
      every: 0,
      format: { link: 'ethernet' },
    };
    const { briefs } = await compare(t, ground);
    t.is(briefs, isBrief ? 12 : 0);
  });
}

/** More connections than are kept of each server however few there are. */
const SOME = 40;

function someOf(course: string, place: string) {
  return Array.from({ length: SOME }, () => ({ course, place }));
}

const GROUND = { isTranslated: false, ipv6: 3, every: 0, format: { link: 'sll2' } } as const;

test('of a connection through NAT, no leg is brief, whichever was seen first', async (t) => {
  const rounds = [someOf('made', 'here')];
  const { briefs } = await compare(t, { ...GROUND, rounds, gap: 0, isTranslated: true });
  t.is(briefs, SOME / 2);
  t.is((await compare(t, { ...GROUND, rounds: [someOf('made', 'split by NAT')], gap: 0 })).briefs, 0);
});

test('one whose number another leg has is not counted, though that began in the window before', async (t) => {
  const rounds = [someOf('made', 'lost behind NAT')];
  const counted = await compare(t, { ...GROUND, rounds, gap: 36 });
  t.is(counted.briefs, SOME);
  t.true(counted.attempts.filter(({ legs }) => legs.length > 1).length >= SOME);
});

test('one whose ports were used before is not counted, so that what comes late is not of the one before', async (t) => {
  for (const before of ['refused', 'slow, without a last ACK']) {
    const rounds = [someOf(before, 'here'), someOf('reset when closed', 'here')];
    t.is((await compare(t, { ...GROUND, rounds, gap: 36 })).briefs, SOME, before);
  }
});

test('one of an address that was not met before is taken in packet by packet', async (t) => {
  const all = Array.from({ length: SOME }, (_, i) =>
    connection(i, VIP).map((packet): Packets[number] => {
      const host = (low: number) => (low === VIP ? low : 300 + i);
      return { ...packet, from: host(packet.from), to: host(packet.to), ipVersion: 6 };
    }),
  );
  const counted = await comparePackets(t, timed([...beginning(), ...interleaved(all)], 0), { link: 'sll2' });
  t.is(counted.briefs, SOME);
});

test('one that was answered so late that it is another attempt is taken in packet by packet', async (t) => {
  for (const [seconds, briefs] of [
    [STALE_SECONDS - 1, SOME],
    [STALE_SECONDS + 1, 0],
  ] as const) {
    const all = Array.from({ length: SOME }, (_, i) => connection(i, VIP));
    const asked = timed([...beginning(), ...all.flatMap((packets) => packets.slice(0, 1))], 0);
    const answered = timed(
      all.flatMap((packets) => packets.slice(1)),
      0,
    );
    const later = answered.map(({ time: [second, fraction], ...packet }) => ({
      ...packet,
      time: [second + seconds, fraction] as [number, number],
    }));
    const counted = await comparePackets(t, [...asked, ...later], { link: 'ethernet' });
    t.is(counted.briefs, briefs);
  }
});

test('where they are more than the first segments of a window let expect, all are taken in packet by packet', async (t) => {
  const sparse = Array.from({ length: 300 }, (_, i) =>
    i % 5 === 0 ? connection(5000 + i, 100).slice(0, 1) : [{ ...large(), payload: 3000 }],
  ).flat();
  const dense = Array.from({ length: 800 }, (_, i) => connection(i, 100 + (i % 5)));
  const packets = timed([...beginning(), ...sparse, ...interleaved(dense)], 0);
  const counted = await comparePackets(t, packets, { link: 'ethernet' });
  t.is(counted.briefs, 0);
  t.true(counted.letGo > 700);
});

test('whatever lies beside them, all is as if each packet had been taken in by itself', async (t) => {
  let letGo = 0;
  let briefs = 0;
  await fc.assert(
    fc.asyncProperty(grounds, async (ground) => {
      const counted = await compare(t, ground);
      letGo += counted.letGo;
      briefs += counted.briefs;
    }),
    { numRuns: 10, endOnFailure: true },
  );
  t.true(briefs > 50 && letGo > briefs / 2, `${briefs} were brief, ${letGo} let go`);
});

test('it does not depend on how many threads read', async (t) => {
  await fc.assert(
    fc.asyncProperty(grounds, async (ground) => {
      const path = await capture(packetsOf({ ...ground, gap: 36 }), ground.format);
      const [alone, ...others] = await Promise.all(
        [0, 1, 2].map((threads) => read(path, { whole: WHOLE, threads })),
      );
      for (const other of others) {
        t.deepEqual(other!.observations, alone!.observations);
        t.deepEqual(other!.totals, alone!.totals);
      }
    }),
    { numRuns: 5, endOnFailure: true },
  );
});

test('where there is no room for more, those that come after are not counted', async (t) => {
  const open = Array.from({ length: 3000 }, (_, i) => connection(i, 100).slice(0, 3));
  const later = Array.from({ length: 500 }, (_, i) => connection(5000 + i, 100));
  // In a window behind the one in which it became too many.
  const between = Array.from({ length: 36 }, large);
  const packets = timed([...beginning(), ...interleaved(open), ...between, ...interleaved(later)], 0);
  const path = await capture(packets);
  const way = { whole: WHOLE, maxFlows: 2000 };
  const plain = await read(path, { ...way, threads: null });
  const counted = await read(path, { ...way, threads: 0 });
  t.true(counted.observations.unfollowed.syns > 0);
  t.true(counted.briefs > 400);
  t.deepEqual(counted.observations.unfollowed, plain.observations.unfollowed);
  t.is(counted.letGo, plain.letGo);
});

test('every tunnel by UDP is known as one', (t) => {
  const tunnels = new Set([VXLAN_PORT, LINUX_VXLAN_PORT, GENEVE_PORT]);
  for (let port = 0; port <= 0xffff; port++) {
    t.is(decoderOf((UDP_PORT + port) as Parameters<typeof decoderOf>[0]) !== undefined, tunnels.has(port));
  }
});
