/** Captures with no attempt in them, for the address was asked for in vain. */
import test, { type ExecutionContext } from 'ava';
import type { Gap } from '../../src/model/analysis.js';
import { Wire } from '../correlate/neighbours/wire.js';
import { Altered } from './altered.js';
import { A, type Bundle, from, nodeFiles, run, VIP } from './lan.js';

const CLIENT = '192.0.2.50';
const C = '02:00:00:00:00:0d';

/** The client's own node, and that of the VIP on its link. */
async function gapsOf(
  t: ExecutionContext,
  wire: Wire,
  settings: Record<string, number> = {},
  more: Bundle = {},
) {
  const seen = { 'nft.json': '{"nftables":[]}', 'eth0.pcap': wire.capture() };
  const c = { ...nodeFiles([{ name: 'eth0', mac: C, addresses: [`${CLIENT}/24`] }]), ...seen };
  const nic = { name: 'eth0', mac: A, addresses: ['192.0.2.11/24', `${VIP}/32`, 'fd00::100/64'] };
  const node1 = { ...nodeFiles([nic], settings), ...seen, ...more };
  const { gaps, findings } = await run(t, { c, node1 });
  t.deepEqual(findings, []);
  return gaps.filter(({ why }) => /again and again/.test(why));
}

function asked(times: number, wire = new Wire()): Wire {
  for (let i = 0; i < times; i++) wire.ask(C, CLIENT, VIP).wait(1000);
  return wire;
}

const brief = ([gap]: Gap[]) => `${gap?.node} ${gap?.interface}`;

test('nobody answers: who asked, who has the address, and by what it keeps silent', async (t) => {
  const gaps = await gapsOf(t, asked(3), { arp_ignore: 8 });
  t.is(gaps.length, 1);
  t.is(brief(gaps), 'node1 eth0');
  t.regex(
    gaps[0]!.why,
    /192\.0\.2\.50 \(c\) asked for 192\.0\.2\.100 on eth0 by ARP .* node1 has .*: arp_ignore=8/,
  );
  t.regex(gaps[0]!.capture!, /^sysctl .*; ip route get 192\.0\.2\.50 from 192\.0\.2\.100; .*tcpdump -i eth0/);
});

test('it would answer by its settings: that is said, and nothing is claimed of why it did not', async (t) => {
  const [gap] = await gapsOf(t, asked(3));
  t.regex(
    gap!.why,
    /the requests came to its eth0, which by its settings would answer: a filter .* may be why/,
  );
});

test('nobody that was recorded has it', async (t) => {
  const wire = new Wire().ask(C, CLIENT, '192.0.2.77').wait(1000).ask(C, CLIENT, '192.0.2.77').wait(1000);
  const gaps = await gapsOf(t, wire);
  t.is(brief(gaps), 'c eth0');
  t.regex(gaps[0]!.why, /no node that was recorded has 192\.0\.2\.77/);
});

test('its twins: it is answered, asked for but once, or another asker was answered', async (t) => {
  t.deepEqual(await gapsOf(t, asked(3).answer(A, VIP, C, CLIENT)), []);
  t.deepEqual(await gapsOf(t, asked(1)), []);
  t.deepEqual(await gapsOf(t, asked(3).answer(A, VIP, '02:00:00:00:00:0f', '192.0.2.51')), []);
});

test('beside attempts, it is told of a VIP that has none, and of no other address', async (t) => {
  const other = { ...from(40_001), server: '192.0.2.12' };
  const made = (wire: Wire) =>
    wire.syn(C, A, other).synAck(A, C, other).ack(C, A, other).wait(3000).ask(C, CLIENT, '192.0.2.99');
  t.is((await gapsOf(t, made(asked(3)))).length, 1);
  const wire = new Wire().ask(C, CLIENT, '192.0.2.77').wait(1000).ask(C, CLIENT, '192.0.2.77').wait(1000);
  t.deepEqual(await gapsOf(t, made(wire)), []);
});

test('answers that go to another MAC than asked: whoever answers has a wrong entry', async (t) => {
  const solicited = (mac: string) => {
    const wire = new Wire();
    for (let i = 0; i < 3; i++)
      wire.solicit(C, 'fd00::50', 'fd00::100').advertise(A, 'fd00::100', mac, 'fd00::50').wait(1000);
    return wire;
  };
  const gaps = await gapsOf(t, solicited('02:00:00:00:00:99'));
  t.is(brief(gaps), 'node1 eth0');
  t.regex(
    gaps[0]!.why,
    /answers of node1 go to 02:00:00:00:00:99, not to the one that asked \(02:00:00:00:00:0d\)/,
  );
  t.deepEqual(await gapsOf(t, solicited(C)), []);
});

/** A router that asks for the VIP in vain, and a node that has it, where no ARP would be answered, or that has it not. */
async function noFixOf(t: ExecutionContext, node1: 'has it' | 'has it not') {
  const scenario = new Altered(t, 'not-delivered-unanswered');
  const added = (name: string, entry: object) =>
    scenario.edit('node1', name, (text) => JSON.stringify([...JSON.parse(text), entry]));
  if (node1 === 'has it') {
    const own = { family: 'inet', local: '192.168.1.100', prefixlen: 32, scope: 'global' };
    added('ip-addr.json', { ifindex: 90, ifname: 'lb0', flags: [], addr_info: [own] });
    added('ip-route.json', {
      ...{ type: 'local', dst: own.local, dev: 'lb0', table: 'local', protocol: 'kernel', scope: 'host' },
      ...{ prefsrc: own.local, flags: [] },
    });
    scenario.edit('node1', 'sysctl.txt', (text) =>
      text.replace(/(net\.ipv4\.conf\.all\.arp_ignore) = .*/, '$1 = 1'),
    );
  }
  const { findings } = await scenario.analyze();
  return findings.map(({ cause, noFix }) => `${cause}: ${noFix}`);
}

test('a request that waits for the answer: who has the address, and by what it keeps silent', async (t) => {
  const [text, ...others] = await noFixOf(t, 'has it');
  t.deepEqual(others, []);
  t.regex(
    text!,
    /^not-delivered: .* node1 has 192\.168\.1\.100, and the requests came to its eth0, .*arp_ignore=1/,
  );
  t.notRegex(text!, /is down/);
});

test('its twin: nobody that was recorded has it', async (t) => {
  const [text] = await noFixOf(t, 'has it not');
  t.regex(text!, /^not-delivered: .* who has 192\.168\.1\.100 is down, or not on the link of lan1$/);
});
