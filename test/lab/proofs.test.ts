import test from 'ava';
import { contradictions } from './proofs.js';
import type { Scenario } from './scenario.js';
import { SCENARIOS } from './scenarios/index.js';
import { type ClientResult, counterDeltas, packetsFiltered, type Truth } from './truth.js';

const named = (name: string) => SCENARIOS.find((scenario) => scenario.name === name)!;
const MARTIAN = 'IPv4: martian source 10.244.1.10 from 10.0.0.5, on dev flannel.1\n';

function truth(scenario: Scenario, results: ClientResult['result'][], drops: number): Truth {
  return {
    scenario: scenario.name,
    description: scenario.description,
    vip: '192.168.1.100',
    protocol: 'tcp',
    port: 80,
    from: '10.0.0.5',
    healthy: scenario.expect === null,
    expect: scenario.expect,
    also: [],
    client: results.map((result, i) => ({ sourcePort: 40001 + i, result, milliseconds: 1, server: null })),
    counters: {
      node1: { TcpExtIPReversePathFilter: 0 },
      node2: { TcpExtIPReversePathFilter: drops },
    },
    filtered: { node1: 0, node2: 0 },
  };
}

test('a drop that the client, the counter and the log agree on is believed', (t) => {
  const scenario = named('rp-filter-strict');
  const witnesses = { kernelLog: MARTIAN, drops: 'reason: IP_RPFILTER' };
  t.deepEqual(contradictions(scenario, truth(scenario, ['timeout', 'timeout'], 8), witnesses), []);
});

test('each witness that says otherwise is heard', (t) => {
  const scenario = named('rp-filter-strict');
  const good = { kernelLog: MARTIAN, drops: 'reason: IP_RPFILTER' };
  const lost: ClientResult['result'][] = ['timeout', 'timeout'];
  const said = (made: Truth, witnesses = good) => contradictions(scenario, made, witnesses).join('; ');
  t.regex(said(truth(scenario, ['connected', 'timeout'], 8)), /1 connections were made/);
  t.regex(said(truth(scenario, ['refused', 'timeout'], 8)), /otherwise than by timeout/);
  t.regex(said(truth(scenario, lost, 0)), /0 rp_filter drops on node2/);
  t.regex(said(truth(scenario, lost, 8), { ...good, kernelLog: '' }), /no martian line/);
  t.regex(said(truth(scenario, lost, 8), { ...good, drops: '' }), /no IP_RPFILTER/);
  const elsewhere = truth(scenario, lost, 8);
  elsewhere.counters.node1!.TcpExtIPReversePathFilter = 1;
  t.regex(said(elsewhere), /1 rp_filter drops on node1/);
});

test('a scenario that logs nothing may not have logged', (t) => {
  const scenario = named('rp-filter-strict-unlogged');
  const made = truth(scenario, ['timeout'], 4);
  t.deepEqual(contradictions(scenario, made, { kernelLog: '', drops: null }), []);
  t.is(contradictions(scenario, made, { kernelLog: MARTIAN, drops: null }).length, 1);
});

test('an intermittent fault has connections of both kinds', (t) => {
  const scenario = named('rp-filter-intermittent');
  const witnesses = { kernelLog: MARTIAN, drops: 'IP_RPFILTER' };
  t.deepEqual(contradictions(scenario, truth(scenario, ['connected', 'timeout'], 4), witnesses), []);
  t.is(contradictions(scenario, truth(scenario, ['timeout', 'timeout'], 8), witnesses).length, 1);
});

test('healthy ground loses nothing', (t) => {
  const scenario = named('healthy-masquerade');
  const witnesses = { kernelLog: '', drops: '' };
  t.deepEqual(contradictions(scenario, truth(scenario, ['connected'], 0), witnesses), []);
  t.is(contradictions(scenario, truth(scenario, ['timeout'], 4), witnesses).length, 2);
});

test('counters are told by how far they moved', (t) => {
  const nstat = (drops: number) =>
    JSON.stringify({ kernel: { TcpExtIPReversePathFilter: drops, IpForwDatagrams: 7 } });
  const deltas = counterDeltas(nstat(3), nstat(19));
  t.is(deltas.TcpExtIPReversePathFilter, 16);
  t.is(deltas.IpExtInNoRoutes, 0);
  t.false('IpForwDatagrams' in deltas);
});

test('only what drops or rejects is counted as filtered', (t) => {
  const ruleset = `table ip filter {
	chain FORWARD {
		ip daddr 10.0.0.1 counter packets 7 bytes 420 accept
		ip daddr 10.0.0.2 counter packets 3 bytes 180 drop
		ip daddr 10.0.0.3 counter packets 2 bytes 120 reject with tcp reset
		ct state invalid drop
	}
}`;
  t.is(packetsFiltered(ruleset), 5);
});

test('a cause that the kernel counts is believed only where it counted', (t) => {
  const filtered = named('filtered-forward');
  const made = truth(filtered, ['timeout'], 0);
  made.counters = { 'worker-a': made.counters.node1!, 'worker-b': made.counters.node1! };
  made.filtered = { 'worker-a': 0, 'worker-b': 0 };
  const witnesses = { kernelLog: '', drops: '' };
  t.regex(contradictions(filtered, made, witnesses).join(), /no rule of worker-b counted/);
  made.filtered['worker-b'] = 3;
  t.deepEqual(contradictions(filtered, made, witnesses), []);
});
