/** Packets that are read again by their numbers: from a waypoint on, the same as from the start. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import { readCapture } from '../../src/ingest/capture/reader.js';
import { type Waypoint, Waypoints, waypointBefore } from '../../src/ingest/capture/waypoints.js';
import { readChosenPackets } from '../../src/ingest/chosen-packets.js';
import { scratch } from '../scratch.js';
import { inChunks } from './capture/support.js';
import { type PcapPacket, writePcap } from './capture/writer.js';

/** Packets of all sizes, each with its own octets; 3 MiB, of which waypoints are 256 KiB apart. */
const PACKETS: readonly PcapPacket[] = Array.from({ length: 6000 }, (_, i) => ({
  seconds: 1_700_000_000 + i,
  fraction: i,
  data: randomBytes(i % 1000),
}));

async function waypointsOf(path: string): Promise<readonly Waypoint[]> {
  const { waypoints } = await readCapture(createReadStream(path), path, () => {});
  return waypoints;
}

/** The packets that were asked for, and what was told of each. */
async function readAgain(
  path: string,
  numbers: readonly number[],
  waypoints: readonly Waypoint[],
  most?: number,
) {
  const chosen = new Map([[path, new Map(numbers.map((number) => [number, number] as const))]]);
  const told: [number: number, seconds: number, octets: string][] = [];
  await readChosenPackets(
    [path],
    chosen,
    ({ bytes, offset, capturedLength, seconds }, number) => {
      const octets = Buffer.from(bytes.subarray(offset, offset + capturedLength)).toString('hex');
      told.push([number, seconds, octets]);
    },
    most,
    new Map([[path, waypoints]]),
  );
  return told;
}

function expected(numbers: readonly number[]) {
  return [...new Set(numbers)]
    .sort((a, b) => a - b)
    .map((number) => {
      const { seconds, data } = PACKETS[number - 1]!;
      return [number, seconds, Buffer.from(data).toString('hex')];
    });
}

for (const [name, options] of [
  ['microseconds', {}],
  ['nanoseconds, the other byte order', { magic: 0xa1b23c4d, littleEndian: false }],
] as const) {
  test(`any packets of a pcap file: ${name}`, async (t) => {
    const path = join(scratch(t), 'one.pcap');
    writeFileSync(path, writePcap(PACKETS, options));
    const waypoints = await waypointsOf(path);
    t.true(waypoints.length > 5);
    const numbers = fc.array(fc.integer({ min: 1, max: PACKETS.length }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(numbers, async (wanted) => {
        const told = await readAgain(path, wanted, waypoints);
        t.deepEqual(told, expected(wanted) as typeof told);
      }),
      { numRuns: 40 },
    );
  });
}

test('waypoints are where records begin, however the file comes in chunks', async (t) => {
  const octets = writePcap(PACKETS);
  const offsets: number[] = [24];
  for (const { data } of PACKETS) offsets.push(offsets.at(-1)! + 16 + data.length);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 300_000 }), { minLength: 1, maxLength: 8 }),
      async (sizes) => {
        // One octet at a time would take too long.
        const chunks = inChunks(octets, [...sizes, 100_000]);
        const { waypoints } = await readCapture(chunks, 'one.pcap', () => {});
        t.true(waypoints.length > 1);
        for (const { packets, offset } of waypoints) t.is(offset, offsets[packets]!);
      },
    ),
    { numRuns: 20 },
  );
});

test('what lies far into a file is read by its waypoint alone', async (t) => {
  const path = join(scratch(t), 'one.pcap');
  writeFileSync(path, writePcap(PACKETS));
  const wanted = [5990];
  // More than lies between two waypoints, and far less than lies before the packet.
  const most = 512 * 1024;
  t.deepEqual(await readAgain(path, wanted, [], most), []);
  t.deepEqual(
    (await readAgain(path, wanted, await waypointsOf(path), most)).map(([number]) => number),
    wanted,
  );
});

test('a FIFO is not waited for', async (t) => {
  const path = join(scratch(t), 'fifo');
  execFileSync('mkfifo', [path]);
  t.deepEqual(await readAgain(path, [1], []), []);
});

test('waypoints into what a file holds compressed are no places in it', async (t) => {
  const path = join(scratch(t), 'one.pcap.gz');
  writeFileSync(path, gzipSync(writePcap(PACKETS)));
  const waypoints = await readCapture(createReadStream(path), path, () => {}).then((s) => s.waypoints);
  const wanted = [1, 3000, 6000];
  const told = await readAgain(path, wanted, waypoints);
  t.deepEqual(told, expected(wanted) as typeof told);
});

test('a file that is gone by now is passed over', async (t) => {
  const path = join(scratch(t), 'one.pcap');
  const waypoints = [
    { packets: 0, offset: 24 },
    { packets: 10, offset: 4000 },
  ];
  t.deepEqual(await readAgain(path, [11], waypoints), []);
  writeFileSync(path, 'something else lies there now');
  t.deepEqual(await readAgain(path, [11], waypoints), []);
});

test('the waypoint before a packet is the last that is not behind it; of a large file they are few', (t) => {
  const offsets = fc.array(fc.integer({ min: 1, max: 3_000_000 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(offsets, fc.integer({ min: 1, max: 300 }), (lengths, packet) => {
      const waypoints = new Waypoints();
      let offset = 24;
      for (const [i, length] of lengths.entries()) {
        waypoints.pass(i, offset);
        offset += length;
      }
      const { all } = waypoints;
      const found = all.filter(({ packets }) => packets < packet).at(-1) ?? null;
      t.deepEqual(waypointBefore(all, packet), found);
      t.deepEqual(all[0], { packets: 0, offset: 24 });
    }),
  );
  const large = new Waypoints();
  for (let i = 0; i < 100_000; i++) large.pass(i * 1000, 24 + i * 1_000_000);
  t.true(large.all.length > 1000 && large.all.length < 4096);
  const gaps = large.all.slice(1).map(({ offset }, i) => offset - large.all[i]!.offset);
  // A hundred gigabytes, evenly.
  t.true(Math.max(...gaps) <= 2 * Math.min(...gaps));
});
