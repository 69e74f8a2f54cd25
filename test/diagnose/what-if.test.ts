/** `analyze --set` and `--add`: whether a change would have got a finding's packets through, as its twins show. */
import test from 'ava';
import type { WhatIf } from '../../src/model/analysis.js';
import { analyzeJson, returnpath } from '../cli/run.js';
import { bundlesIn } from '../scenarios/truth.js';
import { fixture } from '../support.js';

async function ask(scenario: string, ...flags: string[]): Promise<WhatIf> {
  const { analysis, status } = await analyzeJson([...bundlesIn(fixture(scenario)), ...flags]);
  // What if is a question: what happened stays as it was.
  if (status !== 1) throw new Error(`exit status ${status}`);
  return analysis.findings[0]!.whatIf!;
}

test('a change that the healthy twin has', async (t) => {
  const { mended, changes, expected } = await ask(
    'rp-filter-strict',
    '--set',
    'node2:net.ipv4.conf.all.rp_filter=0',
    '--set',
    'node2:net.ipv4.conf.flannel/1.rp_filter=0',
  );
  t.true(mended);
  t.is(changes.length, 2);
  t.regex(changes[0]!, /net\.ipv4\.conf\.all\.rp_filter.*was 1/);
  t.regex(expected, /the reply goes by cni0 into node2, by flannel\.1 into node1, by eth0/);
});

test('half of it: the larger of the two counts', async (t) => {
  const { mended, expected } = await ask('rp-filter-strict', '--set', 'node2:net.ipv4.conf.all.rp_filter=0');
  t.false(mended);
  t.regex(expected, /is dropped by node2/);
});

test('loose mode where the reply would go round the node that translated: no help', async (t) => {
  const { mended, expected } = await ask(
    'rp-filter-no-return',
    '--set',
    'node2:net.ipv4.conf.all.rp_filter=2',
    '--set',
    'node2:net.ipv4.conf.flannel/1.rp_filter=2',
  );
  t.false(mended);
  t.regex(
    expected,
    /the reply goes by cni0 into node2, by eth0 via 192\.168\.1\.1 to \S+ as 10\.244\.1\.10:8080/,
  );
});

test('what lies beyond the nodes that were recorded: not told to be no help', async (t) => {
  const { mended, expected } = await ask('one-node-missing', '--set', 'node1:net.ipv4.conf.all.rp_filter=2');
  t.is(mended, null);
  t.regex(expected, /no snapshot tells what its node does/);
});

test('routes and rules', async (t) => {
  const { mended } = await ask(
    'second-nic-strict',
    '--add',
    'node1:ip route add default via 10.9.8.1 dev eth1 table 100',
    '--add',
    'node1:ip rule add from 10.9.8.7 lookup 100',
  );
  t.true(mended);
});

test('a loss that the settings do not explain: no change of them can be judged', async (t) => {
  const { mended, expected } = await ask('refused-backend', '--set', 'node2:net.ipv4.conf.all.rp_filter=0');
  t.is(mended, null);
  t.regex(expected, /the loss has another reason/);
});

for (const [flags, message] of [
  [['--set', 'node9:net.ipv4.ip_forward=0'], /--set 'node9:net\.ipv4\.ip_forward=0'.*node1, node2/],
  [['--set', 'net.ipv4.ip_forward=0'], /node1, node2/],
  [['--add', 'node1:ip rule add from banana'], /--add 'node1:ip rule add from banana'.*banana/],
  [['--add', 'node1:ip link set eth0 down'], /--add 'node1:ip link set eth0 down'/],
] as const) {
  test(`refused in one line: ${flags.join(' ')}`, async (t) => {
    const { status, stdout, stderr } = await returnpath([
      'analyze',
      ...bundlesIn(fixture('rp-filter-strict')),
      ...flags,
    ]);
    t.is(status, 2);
    t.is(stdout, '');
    t.regex(stderr, message);
    t.is(stderr.trimEnd().split('\n').length, 1);
  });
}
