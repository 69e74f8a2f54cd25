/** What an analysis holds for pictures alone: who claimed a VIP, the routers, and the packets that findings cite. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import { analyze } from '../../src/analyze.js';
import type { Analysis, Evidence } from '../../src/model/analysis.js';
import { testWith } from '../gates.js';
import { bundlesIn } from '../scenarios/truth.js';
import { scratch } from '../scratch.js';
import { fixture } from '../support.js';

const VIP = '192.168.1.100';

function analysisOf(name: string, vips: string[] = [VIP], quotes = true): Promise<Analysis> {
  const options = { vips, keepGoing: false, attempts: 'default' as const, quotes, warn: () => {} };
  return analyze(bundlesIn(fixture(name)), options);
}

test('one owner of a VIP has one spell', async (t) => {
  const { owners } = await analysisOf('rp-filter-strict');
  t.is(owners!.length, 1);
  const [{ address, protocol, spells }] = owners as [NonNullable<typeof owners>[number]];
  t.deepEqual([address, protocol, spells.length], [VIP, 'arp', 1]);
  t.deepEqual([spells[0]!.node, spells[0]!.interface], ['node1', 'eth0']);
});

test('two owners that both answer take turns', async (t) => {
  const { owners, findings } = await analysisOf('arp-conflict-kernel');
  const spells = owners![0]!.spells;
  t.true(spells.length > 2);
  t.deepEqual(new Set(spells.map(({ mac }) => mac)), new Set(findings[0]!.claimants.map(({ mac }) => mac)));
  for (const [i, spell] of spells.entries()) {
    t.true(spell.firstTime <= spell.lastTime);
    const next = spells[i + 1];
    if (!next) break;
    t.true(spell.lastTime <= next.firstTime, 'in the order of time');
    t.not(spell.mac, next.mac, 'each is of another owner than the one before');
  }
});

test('a hand-over is one change of owner', async (t) => {
  const { owners } = await analysisOf('arp-fail-over');
  t.deepEqual(
    owners![0]!.spells.map(({ node }) => node),
    ['node1', 'node2'],
  );
});

test('NDP has owners as well', async (t) => {
  const named = await analysisOf('ndp-fail-over', []);
  const [first] = named.attempts;
  const { owners } = await analysisOf('ndp-fail-over', [first!.server.address]);
  t.is(owners![0]!.protocol, 'ndp');
});

test('without a VIP nobody is said to own one', async (t) => {
  t.is((await analysisOf('wrong-gateway', [])).owners, undefined);
});

test('the routers of a detour are those of its proof', async (t) => {
  const { findings } = await analysisOf('wrong-gateway', []);
  const [finding] = findings;
  t.deepEqual(
    finding!.routers!.map(({ role, address }) => [role, address]),
    [
      ['request', '172.31.255.254'],
      ['reply', '10.20.30.254'],
    ],
  );
  for (const { mac } of finding!.routers!) t.true(finding!.summary.includes(mac!));
});

test('a SYN that is cited is decoded as the finding says', async (t) => {
  const { findings } = await analysisOf('rp-filter-strict');
  const cited = findings[0]!.evidence.filter(({ packet }) => packet !== null);
  t.true(cited.length > 0);
  for (const { text, decoded } of cited) {
    const [, from, fromPort, to, toPort] = /SYN ([\d.]+):(\d+) > ([\d.]+):(\d+)/.exec(text)!;
    t.true(
      decoded!.some((line) => line.startsWith(`IPv4 ${from} > ${to}, TTL `)),
      text,
    );
    t.true(
      decoded!.some((line) => line.startsWith(`TCP ${fromPort} > ${toPort}, SYN, seq `)),
      text,
    );
  }
});

test('headers are told from the outside in, through a tunnel', async (t) => {
  const { findings } = await analysisOf('untranslated-ethernet', []);
  const decoded = findings.flatMap(({ evidence }) => evidence).flatMap((item) => item.decoded ?? []);
  t.true(decoded.length > 0);
  t.true(decoded[0]!.startsWith('Ethernet '));
});

test('packets are read once more only where that is asked for', async (t) => {
  const { findings } = await analysisOf('rp-filter-strict', [VIP], false);
  t.true(findings[0]!.evidence.every((item) => item.octets === undefined && item.decoded === undefined));
});

testWith('tshark', 'tar')('the octets of a cited packet are those that tshark reads', async (t) => {
  const { findings } = await analysisOf('arp-conflict-kernel');
  const cited = findings[0]!.evidence.filter(
    (item): item is Evidence & { file: string } => item.octets !== undefined,
  );
  t.true(cited.length > 3);
  const directory = scratch(t);
  for (const archive of bundlesIn(fixture('arp-conflict-kernel')))
    execFileSync('tar', ['xzf', archive, '-C', directory]);
  for (const { file, packet, octets } of cited) {
    const capture = join(directory, file.slice(file.indexOf(':') + 1));
    const args = ['-r', capture, '-Y', `frame.number == ${packet}`, '-T', 'jsonraw'];
    const [frame] = JSON.parse(execFileSync('tshark', args, { encoding: 'utf8', stdio: 'pipe' }));
    t.is(octets, frame._source.layers.frame_raw[0].slice(0, 2 * 96));
  }
});
