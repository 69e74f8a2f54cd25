/**
 * Plain packets are taken in by the WebAssembly module in one go. What they leave behind has to be what the decoders
 * and the tracker make of them.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { CapturePoints } from '../../../src/correlate/capture-points.js';
import type { Leg } from '../../../src/correlate/leg.js';
import { DecodedPackets } from '../../../src/correlate/track/decoded-packets.js';
import { Tracker } from '../../../src/correlate/track/tracker.js';
import { readCapture } from '../../../src/ingest/capture/reader.js';
import { readItems } from '../../../src/ingest/items.js';
import { readAll } from '../../../src/ingest/peek.js';
import { parseInput } from '../../../src/ingest/specification.js';
import { fixture } from '../../support.js';
import { legsOf } from '../legs.js';
import { ACK, FIN, type Link, pcapOf, RST, type Segment, SYN, stamps, synOptions } from './wire.js';

/** Enough for all that is tracked here; a memory for the usual million would be one of hundreds. */
const FLOWS = 1 << 14;

interface Result {
  legs: Leg[];
  /** Packets that were decoded. */
  decoded: number;
  packets: number;
  times: (bigint | null)[];
}

interface Way {
  /** Whether packets are offered to the module first: whole chunks, or one at a time. */
  plain: 'scanned' | 'single' | 'never';
  /** Octets of a chunk. */
  chunk: number;
  /** Whether chunks lie in the module's own memory. */
  inPlace?: boolean;
}

async function track(pcap: Uint8Array, { plain, chunk, inPlace = false }: Way): Promise<Result> {
  const tracker = new Tracker(FLOWS);
  const others = new DecodedPackets(tracker);
  let decoded = 0;
  async function* chunks() {
    for (let at = 0; at < pcap.length; at += chunk) {
      const part = pcap.subarray(at, at + chunk);
      if (inPlace) tracker.plain.buffer.set(part);
      yield inPlace ? tracker.plain.buffer.subarray(0, part.length) : part;
    }
  }
  const summary = await readCapture(
    chunks(),
    'x.pcap',
    (record) => {
      if (plain !== 'never' && tracker.plain.observe(record)) return;
      decoded++;
      others.observe(record);
    },
    plain === 'scanned' ? { scanner: tracker.plain } : {},
  );
  const file = {
    node: 'node1',
    netns: null,
    file: 'x.pcap',
    interfaces: summary.interfaces,
    nameHint: null,
    snapshot: null,
  };
  return {
    legs: legsOf(tracker.observations(), new CapturePoints(file)),
    decoded,
    packets: summary.packets,
    times: [summary.firstTime, summary.lastTime],
  };
}

const WAYS: Way[] = [
  { plain: 'single', chunk: 64 * 1024 },
  { plain: 'scanned', chunk: 64 * 1024, inPlace: true },
  { plain: 'scanned', chunk: 64 * 1024 },
  // Records lie across chunks, and more than the module takes at one time lie in one.
  { plain: 'scanned', chunk: 997, inPlace: true },
  { plain: 'scanned', chunk: 300_000 },
];

/** Archives of the scenarios' fixtures. */
function recordedBundles(): string[] {
  return readdirSync(fixture('.'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.tar.gz'))
    .map((path) => join(fixture('.'), path));
}

test('recorded captures leave the same behind', async (t) => {
  let captures = 0;
  for (const bundle of recordedBundles()) {
    for await (const item of readItems(parseInput(bundle))) {
      if (item.kind !== 'capture') continue;
      const octets = (await readAll(item.chunks, 1 << 26))!;
      const reference = await track(octets, { plain: 'never', chunk: 64 * 1024 });
      for (const way of captures % 10 === 0 ? WAYS : WAYS.slice(0, 2)) {
        t.deepEqual(pick(await track(octets, way)), pick(reference), `${item.file} ${JSON.stringify(way)}`);
      }
      captures++;
    }
  }
  t.true(captures > 200);
});

function pick({ legs, packets, times }: Result) {
  return { legs, packets, times };
}

const number = fc.constantFrom(0, 1, 2, 3, 1000, 1001, 2000, 2001, 0x7fffffff, 0x80000000, 0xffffffff);
const segment: fc.Arbitrary<Segment> = fc
  .record({
    from: fc.constantFrom(1, 2),
    to: fc.constantFrom(1, 2),
    fromPort: fc.constantFrom(80, 40_000),
    toPort: fc.constantFrom(80, 40_000),
    flags: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(SYN, SYN | ACK, ACK, ACK | FIN) },
      { weight: 1, arbitrary: fc.constantFrom(RST, RST | ACK, FIN, 0, SYN | FIN, SYN | RST) },
    ),
    sequence: number,
    acknowledgment: number,
    payload: fc.constantFrom(0, 0, 1, 100),
    ttl: fc.constantFrom(64, 63),
    identification: fc.constantFrom(0, 1, 2),
    options: fc.oneof(
      fc.constant([]),
      fc.constant(synOptions(7, 8)),
      fc.constant(stamps(7, 8)),
      fc.array(fc.constantFrom(0, 1, 2, 3, 4, 8, 10, 255), { maxLength: 24 }),
    ),
    ipVersion: fc.constantFrom(4, 4, 6) as fc.Arbitrary<4 | 6>,
    ifindex: fc.constantFrom(2, 2, 3),
    packetType: fc.constantFrom(0, 4),
    vlan: fc.constantFrom(undefined, undefined, undefined, 0, 5),
    snap: fc.constantFrom(undefined, undefined, undefined, 60, 66, 70),
    pause: fc.constantFrom(0, 0, 0, 1, 5, 31, 400),
  })
  .map(({ pause, vlan, snap, ...rest }) => ({
    ...rest,
    ...(vlan === undefined ? {} : { vlan }),
    ...(snap === undefined ? {} : { snap }),
    time: [pause, 0] as [number, number],
  }));

/** The first data of either end, that comes again and again: nothing of it is acknowledged, or all. */
const again = fc.array(
  fc.record({
    byClient: fc.boolean(),
    payload: fc.constantFrom(0, 1, 10, 10),
    isAcknowledging: fc.boolean(),
    pause: fc.constantFrom(0, 1, 2),
  }),
  { maxLength: 8 },
);

/** A handshake, data and its end, most of it as it should be; each packet maybe seen twice, or lost. */
const connection: fc.Arbitrary<Segment[]> = fc
  .record({
    port: fc.constantFrom(40_000, 40_001),
    isn: number,
    peer: number,
    ipVersion: fc.constantFrom(4, 6) as fc.Arbitrary<4 | 6>,
    seen: fc.array(fc.constantFrom(1, 1, 1, 1, 0, 2), { minLength: 7, maxLength: 7 }),
    stamped: fc.boolean(),
    again,
  })
  .map(({ port, isn, peer, ipVersion, seen, stamped, again }) => {
    const to = (flags: number, sequence: number, acknowledgment: number, payload = 0): Segment => ({
      ...{ time: [0, 0], from: 1, to: 2, fromPort: port, toPort: 80, flags, ipVersion, payload },
      ...{ sequence: sequence >>> 0, acknowledgment: acknowledgment >>> 0 },
      options: stamped ? ((flags & SYN) !== 0 ? synOptions(5) : stamps(5, 6)) : [],
    });
    const back = (...numbers: Parameters<typeof to>): Segment => ({
      ...to(...numbers),
      ...{ from: 2, to: 1, fromPort: 80, toPort: port },
    });
    const packets = [
      to(SYN, isn, 0),
      back(SYN | ACK, peer, isn + 1),
      to(ACK, isn + 1, peer + 1),
      to(ACK, isn + 1, peer + 1, 10),
      back(ACK, peer + 1, isn + 11, 20),
      back(ACK | FIN, peer + 21, isn + 11),
      to(ACK | FIN, isn + 11, peer + 22),
    ];
    const repeated = again.map(({ byClient, payload, isAcknowledging, pause }): Segment => {
      const heard = isAcknowledging ? 11 : 1;
      const data = byClient
        ? to(ACK, isn + 1, peer + heard, payload)
        : back(ACK, peer + 1, isn + heard, payload);
      return { ...data, time: [pause, 0] };
    });
    const whole = packets.flatMap((packet, i) =>
      Array.from({ length: seen[i]! }, (_, n) => ({ ...packet, ifindex: 2 + n, ttl: 64 - n })),
    );
    const made = whole.findIndex(({ payload }) => payload !== 0);
    return made < 0 ? [...whole, ...repeated] : [...whole.slice(0, made), ...repeated, ...whole.slice(made)];
  });

const traffic = fc
  .array(fc.oneof(connection, fc.array(segment, { minLength: 1, maxLength: 3 })), {
    minLength: 1,
    maxLength: 8,
  })
  .chain((parts) => fc.tuple(fc.constant(parts), fc.boolean()))
  .map(([parts, interleaved]) => {
    const longest = Math.max(...parts.map((part) => part.length));
    const turns = Array.from({ length: longest }, (_, i) => parts.flatMap((part) => part.slice(i, i + 1)));
    let seconds = 1000;
    return (interleaved ? turns.flat() : parts.flat()).map((packet, i) => {
      seconds += packet.time[0];
      return { ...packet, time: [seconds, i * 1000] as [number, number] };
    });
  });

test('any traffic leaves the same behind', async (t) => {
  let plain = 0;
  let all = 0;
  await fc.assert(
    fc.asyncProperty(
      traffic,
      fc.constantFrom<Link>('ethernet', 'sll2'),
      fc.boolean(),
      fc.boolean(),
      async (segments, link, nanoseconds, bigEndian) => {
        const pcap = pcapOf(segments, { link, nanoseconds, bigEndian });
        const reference = await track(pcap, { plain: 'never', chunk: 64 * 1024 });
        for (const way of [WAYS[0]!, WAYS[1]!, { ...WAYS[2]!, chunk: 211 }]) {
          const result = await track(pcap, way);
          if (!isDeepStrictEqual(pick(result), pick(reference))) return false;
          all += result.packets;
          plain += result.packets - result.decoded;
        }
        return true;
      },
    ),
    { numRuns: 300 },
  );
  t.true(plain > all / 2, `${plain} of ${all} packets were plain`);
});

const CLIENT = { from: 1, to: 2, fromPort: 40_000, toPort: 80 };
const SERVER = { from: 2, to: 1, fromPort: 80, toPort: 40_000 };

const plainly: [string, (Partial<Segment> & { flags: number })[]][] = [
  ['a SYN that is sent again', [{ flags: SYN, sequence: 7 }]],
  [
    'a SYN-ACK that is sent again',
    [
      { ...SERVER, flags: SYN | ACK, sequence: 20, acknowledgment: 8 },
      { ...SERVER, flags: SYN | ACK, sequence: 20, acknowledgment: 8 },
    ],
  ],
  ['a RST that answers', [{ ...SERVER, flags: RST | ACK, sequence: 0, acknowledgment: 8 }]],
  [
    'a RST of the client amid all',
    [
      { ...SERVER, flags: SYN | ACK, sequence: 20, acknowledgment: 8 },
      { flags: RST, sequence: 8 },
      { flags: RST, sequence: 8 },
    ],
  ],
  [
    'ACKs of a client that only receives',
    [
      { ...SERVER, flags: SYN | ACK, sequence: 20, acknowledgment: 8 },
      { flags: ACK, sequence: 8, acknowledgment: 21 },
      { ...SERVER, flags: ACK, sequence: 21, acknowledgment: 8, payload: 100 },
      { flags: ACK, sequence: 8, acknowledgment: 121 },
      { ...SERVER, flags: ACK, sequence: 121, acknowledgment: 8, payload: 100 },
      { flags: ACK, sequence: 8, acknowledgment: 221 },
    ],
  ],
];

for (const [what, segments] of plainly) {
  test(`${what}: is taken in where it lies`, async (t) => {
    const times = [{ flags: SYN, sequence: 7 }, ...segments].map((part, i) => ({
      ...{ ...CLIENT, acknowledgment: 0, identification: i + 1, time: [1000 + i, 0] as [number, number] },
      ...part,
    }));
    for (const ipVersion of [4, 6] as const) {
      const pcap = pcapOf(
        times.map((segment) => ({ ...segment, ipVersion })),
        { link: 'ethernet' },
      );
      const result = await track(pcap, WAYS[1]!);
      t.is(result.decoded, 0);
      t.deepEqual(pick(result), pick(await track(pcap, { plain: 'never', chunk: 64 * 1024 })));
    }
  });
}
