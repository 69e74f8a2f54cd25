/** A merged file tells what the captures told, in Wireshark and to us. */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { analyze } from '../../src/analyze.js';
import { type KeptPacket, packetBatches } from '../../src/ingest/capture/packet-stream.js';
import { merge } from '../../src/merge.js';
import type { Analysis } from '../../src/model/analysis.js';
import { capturesIn, recordedFile, unpackedBundles } from '../correlate/recorded.js';
import { scratch } from '../scratch.js';
import { fixture, has } from '../support.js';

async function merged(inputs: string[], warn: (line: string) => void = () => {}): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of merge(inputs, { keepGoing: false, application: 'returnpath', warn }))
    pieces.push(Uint8Array.from(piece));
  return Buffer.concat(pieces);
}

async function mergedTo(path: string, inputs: string[], warn?: (line: string) => void): Promise<string> {
  writeFileSync(path, await merged(inputs, warn));
  return path;
}

async function packetsIn(octets: Uint8Array): Promise<KeptPacket[]> {
  async function* chunks() {
    yield octets;
  }
  const packets: KeptPacket[] = [];
  for await (const batch of packetBatches(chunks(), 'merged')) packets.push(...batch);
  return packets;
}

async function analyzed(inputs: string[]): Promise<Analysis> {
  return analyze(inputs, { vips: [], keepGoing: false, attempts: 'all', warn: () => {} });
}

/** What was found, without the files that it is in, nor the times of which clock. */
function found({ attempts, findings, totals, vips }: Analysis) {
  return {
    totals,
    vips,
    attempts: attempts.map(({ id, client, server, outcome, tries, path }) => ({
      id,
      client,
      server,
      outcome,
      tries,
      path: path.map((s) => [s.role, s.node, s.netns, s.interface, s.direction, s.try]),
    })),
    findings: findings.map(({ cause, confidence, severity, node, interface: name, attempts: of }) => ({
      cause,
      confidence,
      severity,
      node,
      name,
      of,
    })),
  };
}

const SCENARIOS = [
  'rp-filter-strict',
  'rp-filter-intermittent',
  'arp-conflict-two-speakers',
  'wrong-gateway-udp',
  'wrong-gateway-pod',
  'untranslated-ethernet',
  'stateful-gateway',
  'filtered-in-pod',
  'healthy-ipv6',
];

for (const scenario of SCENARIOS) {
  test.serial(`${scenario}: the merged captures yield the same findings`, async (t) => {
    const bundles = await unpackedBundles(scenario, scratch(t));
    const before = await analyzed(bundles);
    const file = await mergedTo(join(scratch(t), 'merged.pcapng'), bundles);
    for (const capture of capturesIn(bundles)) rmSync(capture);
    t.deepEqual(found(await analyzed([...bundles, file])), found(before));
  });
}

const ALONE = [
  ...SCENARIOS,
  'backend-silent',
  'direct-return-ethernet',
  'not-delivered-unanswered',
  'refused-backend',
  'large-request-untold',
];

for (const scenario of ALONE) {
  test.serial(`${scenario}: the merged file alone tells the ways, and no other fault`, async (t) => {
    const bundles = await unpackedBundles(scenario, scratch(t));
    const before = await analyzed(bundles);
    const directory = scratch(t);
    const once = await mergedTo(join(directory, 'once.pcapng'), bundles);
    const twice = await mergedTo(join(directory, 'twice.pcapng'), [once]);
    for (const file of [once, twice]) {
      const after = await analyzed([file]);
      t.deepEqual(waysIn(after), waysIn(before));
      t.deepEqual(after.totals, before.totals);
      for (const { cause, node, interface: name, confidence } of after.findings) {
        const own = before.findings.find((one) => one.cause === cause);
        // What the settings had told is missing, which lowers what can be concluded, and is said.
        if (own && (name === null || name === own.interface) && (node === null || node === own.node))
          continue;
        t.true(after.gaps.length > 0);
        t.true(cause === 'undetermined' || confidence === 'possible', `${cause} (${confidence})`);
      }
    }
  });
}

/** What was seen where, going which way. */
function waysIn({ attempts }: Analysis) {
  return attempts.map(({ id, path }) => [
    id,
    path.map((s) => [s.role, s.node, s.netns, s.interface, s.direction, s.try, s.overheard]),
  ]);
}

test('that settings and logs are not in it is said, where there are any', async (t) => {
  const said: string[] = [];
  await merged([fixture('rp-filter-strict', 'node1.tar.gz')], (line) => said.push(line));
  t.regex(said.join('\n'), /^the nodes' settings, counters and logs are not in it/m);
});

test('packets are in order of time, all of them are there, and merging again changes none', async (t) => {
  const bundles = await unpackedBundles('rp-filter-intermittent', scratch(t));
  const once = await merged(bundles);
  const packets = await packetsIn(once);
  const { inputs } = await analyzed(bundles);
  t.is(
    packets.length,
    inputs.reduce((sum, input) => sum + input.packets, 0),
  );
  for (let i = 1; i < packets.length; i++) t.true(packets[i - 1]!.time! <= packets[i]!.time!);
  const file = join(scratch(t), 'once.pcapng');
  writeFileSync(file, once);
  const again = await packetsIn(await merged([file]));
  const plain = (all: KeptPacket[]) =>
    all.map(({ octets, time, originalLength, flags, interface: { name, linkType } }) => ({
      octets: Buffer.from(octets).toString('hex'),
      time,
      originalLength,
      flags,
      name,
      linkType,
    }));
  t.deepEqual(plain(again), plain(packets));
});

const tshark = has(['tshark', 'mergecap']) ? test : test.skip;

const FIELDS = ['frame.time_epoch', 'frame.len', 'frame.cap_len', 'frame.protocols', 'ip.id', 'tcp.seq_raw'];

function fieldsOf(file: string, fields: readonly string[]): string[] {
  const args = ['-n', '-r', file, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])];
  return execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    .trimEnd()
    .split('\n');
}

tshark('of captures by one clock, it holds what mergecap writes', async (t) => {
  const [bundle] = (await unpackedBundles('stateful-gateway', scratch(t))).filter(
    (path) => capturesIn([path]).length > 0,
  );
  const directory = scratch(t);
  const theirs = join(directory, 'theirs.pcapng');
  execFileSync('mergecap', ['-w', theirs, ...capturesIn([bundle!])]);
  const ours = await mergedTo(join(directory, 'ours.pcapng'), [bundle!]);
  t.deepEqual(fieldsOf(ours, FIELDS).sort(), fieldsOf(theirs, FIELDS).sort());
});

tshark('Wireshark shows the node and interface of each packet, and its direction', async (t) => {
  const file = await mergedTo(join(scratch(t), 'merged.pcapng'), [
    fixture('rp-filter-strict', 'node1.tar.gz'),
    fixture('rp-filter-strict', 'node2.tar.gz'),
  ]);
  const rows = fieldsOf(file, ['frame.interface_name', 'frame.packet_flags_direction', 'sll.pkttype']);
  const names = new Set(rows.map((row) => row.split('\t')[0]));
  t.deepEqual([...names].sort(), ['node1:any', 'node2:any']);
  for (const row of rows) {
    const [, direction, type] = row.split('\t');
    t.is(Number(direction), type === '4' ? 2 : 1, row);
  }
});

test('clocks that differ are aligned, and that is said', async (t) => {
  const directory = scratch(t);
  const { shift } = await import('../correlate/recorded.js');
  const [one, two] = [1, 2].map((n) =>
    recordedFile('rp-filter-intermittent', `node${n}.tar.gz`, `node${n}/any.pcap`),
  );
  const inputs = [join(directory, 'node1.pcap'), join(directory, 'node2.pcap')];
  writeFileSync(inputs[0]!, one!);
  writeFileSync(inputs[1]!, shift(two!, 3_600_000_000_000n, 0));
  const lines: string[] = [];
  const packets = await packetsIn(await merged(inputs, (line) => lines.push(line)));
  t.true(
    lines.some((line) => /^node2: its clock was 3600\.\d s ahead/.test(line)),
    lines.join('\n'),
  );
  const [first, last] = [packets[0]!.time!, packets.at(-1)!.time!];
  t.true(last - first < 3_000_000_000_000n);
  const text = (await merged(inputs)).toString('latin1');
  t.true(text.includes('node2: its clock was 3600'));
});

test('a packet that two captures of one interface hold is there once', async (t) => {
  const directory = scratch(t);
  const whole = recordedFile('rp-filter-intermittent', 'node1.tar.gz', 'node1/any.pcap');
  const { keep } = await import('../correlate/recorded.js');
  writeFileSync(
    join(directory, 'any.pcap'),
    keep(whole, (_, i) => i < 60),
  );
  writeFileSync(
    join(directory, 'again.pcap'),
    keep(whole, (_, i) => i >= 30),
  );
  const lines: string[] = [];
  const packets = await packetsIn(await merged([directory], (line) => lines.push(line)));
  async function* chunks() {
    yield whole;
  }
  let count = 0;
  for await (const batch of packetBatches(chunks(), 'whole')) count += batch.length;
  t.is(packets.length, count);
  t.true(lines.includes('30 packets are in two captures of one interface, and here once'), lines.join('\n'));
});
