/** Connections that their clients take as made and their servers do not, where nothing tells why. */
import test, { type ExecutionContext } from 'ava';
import { Wire } from '../correlate/neighbours/wire.js';
import { Altered, RULES } from './altered.js';
import { A, from, GATEWAY, node, ROUTER, run, VIP } from './lan.js';

const without = (t: ExecutionContext, scenario: string) =>
  new Altered(t, scenario).without(...RULES, 'conntrack.txt', 'drops.txt', 'kernel.log').analyze();

test('no rule is known that drops the ACKs: what is known is said, and what to record', async (t) => {
  const { findings, gaps, totals } = await without(t, 'filtered-acknowledgements');
  t.true(totals[0]!.outcomes.established > 0);
  const [finding] = findings.filter((f) => f.severity === 'fault');
  t.deepEqual([finding?.cause, finding?.fix], ['undetermined', null]);
  t.regex(
    finding!.summary,
    /^Clients take connections as made that their server does not .* does not tell why\.$/,
  );
  t.true(finding!.evidence.some(({ text }) => text.startsWith('ACK ')));
  t.true(gaps.some(({ node: name, capture }) => name === finding!.node && capture !== null));
});

test('its twin: the rule lets the ACKs pass', async (t) => {
  t.deepEqual((await without(t, 'filtered-acknowledgements-accepted-before')).findings, []);
});

test('an ACK that came as far as its SYN is no sign: a server may wait for data', async (t) => {
  const wire = new Wire().syn(ROUTER, A, from(40_001)).synAck(A, ROUTER, from(40_001));
  wire.ack(ROUTER, A, from(40_001));
  for (const wait of [1000, 2000, 4000]) wire.wait(wait).synAck(A, ROUTER, from(40_001));
  const eth0 = wire.wait(4000).ask(ROUTER, GATEWAY, '192.0.2.77').capture();
  t.deepEqual((await run(t, { node1: { ...node(A, `${VIP}/32`), 'eth0.pcap': eth0 } })).findings, []);
});

test('an answer after which nothing more is seen of the client: no fault, and where to look', async (t) => {
  const seen = async (wait: number) => {
    const wire = new Wire().syn(ROUTER, A, from(40_001)).synAck(A, ROUTER, from(40_001));
    const eth0 = wire.wait(wait).ask(ROUTER, GATEWAY, '192.0.2.77').capture();
    const { findings, gaps } = await run(t, { node1: { ...node(A, `${VIP}/32`), 'eth0.pcap': eth0 } });
    return { severities: findings.map((f) => f.severity), gaps: gaps.map((gap) => gap.capture) };
  };
  const open = await seen(9000);
  t.deepEqual(open.severities, ['info']);
  t.regex(open.gaps.join(), /-w client\.pcap 'host 198\.51\.100\.5 and tcp'/);
  // Its twin: the capture ended right after.
  t.deepEqual(await seen(100), { severities: ['info'], gaps: [] });
});
