/** However little room there is, nothing breaks, nothing is lost without a word, and nobody is accused for it. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import test from 'ava';
import fc from 'fast-check';
import { type AnalyzeOptions, analyze } from '../../src/analyze.js';
import { toldUntil } from '../../src/correlate/coverage.js';
import { DecodedPackets } from '../../src/correlate/track/decoded-packets.js';
import { Tracker } from '../../src/correlate/track/tracker.js';
import { readCapture } from '../../src/ingest/capture/reader.js';
import type { Analysis } from '../../src/model/analysis.js';
import { UsageError } from '../../src/model/errors.js';
import { toNanoseconds } from '../../src/model/time.js';
import { generate } from '../bench/generate.js';
import { bundlesIn } from '../scenarios/truth.js';
import { scratch } from '../scratch.js';
import { fixture, ROOT } from '../support.js';
import { recordedFile } from './recorded.js';

function within(
  inputs: readonly string[],
  maxAttempts: number | undefined,
  attempts: AnalyzeOptions['attempts'] = 'default',
): Promise<Analysis> {
  const options: AnalyzeOptions = {
    vips: [],
    keepGoing: false,
    attempts,
    maxAttempts,
    warn: () => {},
  };
  return analyze(inputs, options);
}

function attemptsIn({ totals }: Analysis): number {
  return totals.reduce((sum, { outcomes }) => sum + Object.values(outcomes).reduce((a, b) => a + b), 0);
}

/** What the gaps say there was no room for. */
function left({ gaps }: Analysis, what: RegExp): number {
  return gaps.reduce((sum, { why }) => sum + Number(what.exec(why)?.[1] ?? 0), 0);
}

const SYNS = /\b(\d+) SYNs/;
const LEFT_OUT = /left out, .*: (\d+) connections/;
const FULL = /the room for (\d+) connections/;

for (const link of ['ethernet', 'sll2'] as const) {
  test(`what is followed and what is not add up to what there is: ${link}`, async (t) => {
    const path = join(scratch(t), 'load.pcap');
    const flows = 1500;
    generate(path, { flows, segments: 1, payload: 10, concurrent: 40, link });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 2 * flows }), fc.boolean(), async (limit, keepsAll) => {
        const analysis = await within([path], limit, keepsAll ? 'all' : 'default');
        const unfollowed = left(analysis, SYNS) + left(analysis, LEFT_OUT);
        t.is(attemptsIn(analysis) + unfollowed, flows);
        t.is(
          analysis.gaps.some(({ why }) => FULL.test(why)),
          unfollowed > 0,
        );
        if (keepsAll) t.is(attemptsIn(analysis), Math.min(limit, flows));
      }),
      { numRuns: 12 },
    );
  });
}

test('connections that are let go leave room for others', async (t) => {
  const path = join(scratch(t), 'load.pcap');
  const flows = 24_000;
  generate(path, { flows, segments: 0, payload: 0, concurrent: 40, link: 'ethernet' });
  const analysis = await within([path], 12_000);
  t.is(attemptsIn(analysis), flows);
  t.false(analysis.gaps.some(({ why }) => FULL.test(why)));
});

/** A SYN each from addresses that are all different, to addresses that are. */
function flood(path: string, packets: number): void {
  const length = 14 + 40 + 20;
  const bytes = Buffer.alloc(24 + packets * (16 + length));
  bytes.writeUInt32LE(0xa1b2c3d4, 0);
  bytes.writeUInt16LE(2, 4);
  bytes.writeUInt16LE(4, 6);
  bytes.writeUInt32LE(262_144, 16);
  bytes.writeUInt32LE(1, 20);
  for (let i = 0; i < packets; i++) {
    let at = 24 + i * (16 + length);
    bytes.writeUInt32LE(1_700_000_000, at);
    bytes.writeUInt32LE(i, at + 4);
    bytes.writeUInt32LE(length, at + 8);
    bytes.writeUInt32LE(length, at + 12);
    at += 16;
    bytes.writeUInt32BE(i, at + 8);
    bytes.writeUInt16BE(0x86dd, at + 12);
    at += 14;
    bytes[at] = 0x60;
    bytes.writeUInt16BE(20, at + 4);
    bytes[at + 6] = 6;
    bytes[at + 7] = 63;
    bytes.writeUInt32BE(0xfd000001, at + 8);
    bytes.writeUInt32BE(i, at + 20);
    bytes.writeUInt32BE(0xfd000002, at + 24);
    bytes.writeUInt32BE(i, at + 36);
    at += 40;
    bytes.writeUInt16BE(40_000, at);
    bytes.writeUInt16BE(443, at + 2);
    bytes.writeUInt32BE(i, at + 4);
    bytes[at + 12] = 0x50;
    bytes[at + 13] = 2;
  }
  writeFileSync(path, bytes);
}

test('a flood from addresses and MACs that are all different fills no memory but its own', async (t) => {
  const path = join(scratch(t), 'flood.pcap');
  const packets = 150_000;
  flood(path, packets);
  for (const limit of [1, 3000, 20_000]) {
    const analysis = await within([path], limit);
    t.is(attemptsIn(analysis) + left(analysis, SYNS) + left(analysis, LEFT_OUT), packets, `${limit}`);
    t.true(attemptsIn(analysis) > 0);
  }
});

/** A SYN in each of so many VXLANs: Ethernet, IPv4, UDP, VXLAN, and within it the same again. */
function tunnelled(path: string, tunnels: number): void {
  const ethernet = `${'020000000001020000000002'}0800`;
  const ip = (length: number, protocol: string, from: string, to: string) =>
    `4500${length.toString(16).padStart(4, '0')}0000400040${protocol}0000${from}${to}`;
  const header = 'd4c3b2a1020004000000000000000000ffff000001000000';
  const records: string[] = [];
  for (let i = 0; i < tunnels; i++) {
    const inner = `${ethernet}${ip(40, '06', '0a000001', '0a000002')}9c4001bb${i.toString(16).padStart(8, '0')}00000000${'5002ffff00000000'}`;
    const vxlan = `08000000${i.toString(16).padStart(6, '0')}00${inner}`;
    const length = 8 + vxlan.length / 2;
    const udp = `303912b5${length.toString(16).padStart(4, '0')}0000${vxlan}`;
    const packet = `${ethernet}${ip(20 + length, '11', 'c0000201', 'c0000202')}${udp}`;
    const record = Buffer.alloc(16);
    record.writeUInt32LE(1000 + Math.floor(i / 1000), 0);
    record.writeUInt32LE((i % 1000) * 1000, 4);
    record.writeUInt32LE(packet.length / 2, 8);
    record.writeUInt32LE(packet.length / 2, 12);
    records.push(record.toString('hex'), packet);
  }
  writeFileSync(path, Buffer.from(header + records.join(''), 'hex'));
}

test('more tunnels than there is room for: it says so, and not that --max-attempts would help', async (t) => {
  const path = join(scratch(t), 'tunnels.pcap');
  const room = 65_536;
  tunnelled(path, room + 3);
  const { gaps, totals } = await within([path], 500_000);
  const why = gaps.map((gap) => gap.why).find((text) => text.includes('used up'));
  t.regex(why!, new RegExp(`the room for connections in ${room} tunnels .* used up at packet ${room + 1};`));
  t.notRegex(why!, /max-attempts/);
  t.is(attemptsIn({ totals } as Analysis), room);
});

for (const scenario of ['healthy-masquerade', 'healthy-udp', 'healthy-echo', 'healthy-ipv6']) {
  test(`nobody is accused for want of room: ${scenario}`, async (t) => {
    const bundles = bundlesIn(fixture(scenario));
    for (let limit = 1; limit <= 12; limit++) {
      const { findings } = await within(bundles, limit);
      t.deepEqual(
        findings.filter(({ severity }) => severity === 'fault').map(({ summary }) => summary),
        [],
        `with room for ${limit}`,
      );
    }
  });
}

test('where something is wrong, want of room points at nothing else', async (t) => {
  const bundles = bundlesIn(fixture('rp-filter-strict'));
  const whole = await within(bundles, undefined);
  t.deepEqual(
    whole.findings.map(({ cause }) => cause),
    ['rp-filter'],
  );
  for (let limit = 1; limit <= 12; limit++) {
    const { findings } = await within(bundles, limit);
    for (const { cause, node } of findings.filter((f) => f.severity === 'fault')) {
      t.true(cause === 'undetermined' || (cause === 'rp-filter' && node === 'node2'), `${limit}: ${cause}`);
    }
  }
});

test('datagrams that there is no room for are counted', async (t) => {
  const analysis = await within(bundlesIn(fixture('healthy-udp')), 1);
  t.true(left(analysis, /\b(\d+) datagrams and echoes/) > 0);
});

test('a capture tells what was not there up to the first packet that there was no room for', async (t) => {
  const capture = recordedFile('rp-filter-strict', 'node1.tar.gz', 'node1/any.pcap');
  for (const [flows, isFull] of [
    [2, true],
    [1000, false],
  ] as const) {
    const tracker = new Tracker(flows);
    const decoded = new DecodedPackets(tracker);
    const times: bigint[] = [];
    await readCapture(Readable.from([capture]), 'any.pcap', (record) => {
      times.push(toNanoseconds(record.seconds, record.nanoseconds));
      decoded.observe(record);
    });
    const { since } = tracker.unfollowed;
    t.is(since > 0, isFull);
    t.is(toldUntil(tracker.observations(), times.at(-1)!), isFull ? times[since - 1]! : times.at(-1)!);
  }
});

test('a limit that is none is refused', async (t) => {
  for (const limit of [0, -1, 1.5, Number.NaN, 3_000_001]) {
    await t.throwsAsync(within([fixture('healthy-udp')], limit), { instanceOf: UsageError });
  }
});

/** Peak memory of the command on a capture, in KiB. */
function peak(path: string): number {
  const tell = "process.on('exit', () => console.error('peak', process.resourceUsage().maxRSS))";
  const args = ['--import', `data:text/javascript,${encodeURIComponent(tell)}`];
  args.push(join(ROOT, 'bin/returnpath.js'), 'analyze', path, '--format', 'json', '--attempts', 'none');
  const { stderr } = spawnSync(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  return Number(/peak (\d+)/.exec(stderr)![1]);
}

test('memory does not grow with a capture whose connections come one after the other', (t) => {
  const directory = scratch(t);
  const load = { segments: 0, payload: 0, concurrent: 20, link: 'ethernet' } as const;
  const [short, long] = [25_000, 250_000].map((flows) => {
    const path = join(directory, `${flows}.pcap`);
    generate(path, { ...load, flows });
    return peak(path);
  });
  // Those that failed, three in a hundred, are kept; all of them would take ten times as much.
  t.true(long! < short! * 2, `${short} KiB, ten times longer ${long} KiB`);
});
