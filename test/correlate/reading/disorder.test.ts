/**
 * Captures whose packets are not in the order of their times, as dumpcap writes those of several interfaces, and as
 * captures are that were put one behind the other: copies of a connection's packets come after it was over.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { analyze } from '../../../src/analyze.js';
import type { Analysis } from '../../../src/model/analysis.js';
import { returnpath } from '../../cli/run.js';
import { scratch } from '../../scratch.js';
import { connection, interleaved, type Packets, VIP, withTranslation } from '../track/connections.js';
import { pcapOf } from '../track/wire.js';

const CONNECTIONS = 1500;
/** Half as many legs are kept whole. */
const MOST = 2000;
const MOST_OF_TWO_LEGS = 3200;

async function totals(path: string, attempts: 'default' | 'all', threads?: number, maxAttempts = MOST) {
  const analysis = await analyze([path], {
    ...{ vips: [], keepGoing: false, attempts, maxAttempts, warn: () => {} },
    // Each file counts as a large one.
    ...(threads !== undefined && { threads, threadOctets: 0 }),
  });
  return {
    totals: told(analysis),
    gaps: analysis.gaps.filter(({ why }) => /order of their times/.test(why)),
  };
}

function told({ totals }: Pick<Analysis, 'totals'>) {
  return totals.map(({ vip, outcomes, slow }) => ({
    ...{ vip, slow },
    outcomes: Object.fromEntries(Object.entries(outcomes).filter(([, count]) => count > 0)),
  }));
}

function written(t: ExecutionContext, packets: Packets): string {
  const path = join(scratch(t), 'x.pcap');
  writeFileSync(path, pcapOf(packets, { link: 'sll2' }));
  return path;
}

function connections(translate = false): Packets {
  const all = Array.from({ length: CONNECTIONS }, (_, i) => {
    const packets = connection(i, translate ? VIP : 100);
    if (translate) return withTranslation(packets);
    return packets.flatMap((packet) => [packet, { ...packet, ifindex: 3, packetType: 4 }]);
  });
  return interleaved(all);
}

/** As many packets at a time, of each interface by itself. */
function batched(packets: Packets, size: number): Packets {
  const out: Packets = [];
  for (let i = 0; i < packets.length; i += size) {
    const batch = packets.slice(i, i + size);
    const isSecond = ({ ifindex }: Packets[number]) => ifindex === 3;
    out.push(...batch.filter((packet) => !isSecond(packet)), ...batch.filter(isSecond));
  }
  return out;
}

for (const translate of [false, true]) {
  for (const size of [1, 300, 3000, Number.POSITIVE_INFINITY]) {
    const ground = `${translate ? 'both legs of NAT' : 'two interfaces'}, in batches of ${size} packets`;
    test(`${ground}: counted as if all were kept`, async (t) => {
      const packets = connections(translate);
      const path = written(t, batched(packets, Math.min(size, packets.length)));
      const most = translate ? MOST_OF_TWO_LEGS : MOST;
      const kept = await totals(path, 'all', undefined, most);
      const vip = translate ? `192.0.2.${VIP}` : null;
      t.deepEqual(kept.totals, [{ vip, slow: undefined, outcomes: { established: CONNECTIONS } }]);
      for (const threads of [undefined, 1, 2]) {
        t.deepEqual(await totals(path, 'default', threads, most), kept);
      }
    });
  }
}

test('once in order and once more behind it: a file is read again, and what cannot be says so', async (t) => {
  const packets = connections();
  const path = written(t, [
    ...packets.filter(({ ifindex }) => ifindex !== 3),
    ...packets.filter(({ ifindex }) => ifindex === 3),
  ]);
  const found = await totals(path, 'default');
  t.deepEqual(found.totals, [{ vip: null, slow: undefined, outcomes: { established: CONNECTIONS } }]);
  t.deepEqual(found.gaps, []);
  const { stdout } = await returnpath(['analyze', 'n=-', '--max-attempts', `${MOST}`, '--format', 'json'], {
    input: pcapOf(batched(packets, packets.length), { link: 'sll2' }),
  });
  const { gaps } = JSON.parse(stdout) as Analysis;
  t.is(gaps.filter(({ why }) => /n=-: its packets are not in the order of their times/.test(why)).length, 1);
});

test('a few microseconds are no disorder: connections are still let go', async (t) => {
  const packets = connections();
  const swapped = packets.map((packet, i) => {
    const [seconds, nanoseconds] = packet.time;
    const time: [number, number] = i % 100 === 50 ? [seconds, Math.max(0, nanoseconds - 5000)] : packet.time;
    return { ...packet, time };
  });
  const path = written(t, swapped);
  const analysis = await analyze([path], {
    ...{ vips: [], keepGoing: false, attempts: 'default', maxAttempts: MOST, warn: () => {} },
  });
  t.true(analysis.attempts.length < CONNECTIONS / 2, `${analysis.attempts.length} are listed`);
  t.deepEqual(told(analysis)[0]!.outcomes, { established: CONNECTIONS });
});
