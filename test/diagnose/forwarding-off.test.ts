import test from 'ava';
import { Altered, NSTAT, RULES } from './altered.js';

const on = (text: string) => text.replace(/^(net\.ipv4\.conf\.flannel\/1\.forwarding) = 0$/m, '$1 = 1');

test('as recorded: the drop reason IP_INADDRERRORS confirms it', async (t) => {
  const { findings, gaps } = await new Altered(t, 'forwarding-off-interface').analyze();
  t.is(findings.length, 1);
  const { cause, confidence, node, interface: name, evidence, alternatives } = findings[0]!;
  t.deepEqual(
    { cause, confidence, node, name },
    {
      cause: 'forwarding-off',
      confidence: 'confirmed',
      node: 'node2',
      name: 'flannel.1',
    },
  );
  const texts = evidence.map((e) => e.text).join('\n');
  t.regex(texts, /IP_INADDRERRORS in ip_error\(\)/);
  t.regex(texts, /IpInAddrErrors rose by \d+/);
  t.regex(texts, /^net\.ipv4\.conf\.flannel\/1\.forwarding = 0$/m);
  t.true(evidence.some((e) => e.kind === 'packet' && e.packet !== null && e.file !== null));
  t.true(evidence.some((e) => e.kind === 'drop-reason' && e.line !== null));
  t.true(alternatives.some((a) => a.cause === 'filtered' && /routing, not of a filter/.test(a.why)));
  t.deepEqual(gaps, []);
});

test('without a record: probable, and a drop reason would confirm it', async (t) => {
  const altered = new Altered(t, 'forwarding-off-interface').without('drops.txt');
  const { findings, gaps } = await altered.analyze();
  t.is(findings[0]!.confidence, 'probable');
  t.regex(gaps[0]!.capture!, /kfree_skb/);
  t.is(gaps[0]!.node, 'node2');
});

test('a counter that did not move speaks against it', async (t) => {
  const altered = new Altered(t, 'forwarding-off-interface').without('drops.txt').uncounted('node2');
  const { findings } = await altered.analyze();
  t.is(findings[0]!.cause, 'undetermined');
  t.true(findings[0]!.alternatives.some((a) => a.cause === 'forwarding-off' && /did not move/.test(a.why)));
});

test('the twin: a packet that vanished all the same, where forwarding is on, is not blamed on it', async (t) => {
  const altered = new Altered(t, 'forwarding-off-interface').edit('node2', 'sysctl.txt', on);
  t.deepEqual(
    (await altered.findings()).map((f) => f.split(' ')[0]),
    ['undetermined'],
  );
});

test('settings that are not known: the records alone make it possible', async (t) => {
  const altered = new Altered(t, 'forwarding-off-interface').without('sysctl.txt', ...NSTAT);
  t.deepEqual(await altered.findings(), ['forwarding-off possible node2 flannel.1']);
  const bare = new Altered(t, 'forwarding-off-interface').without('sysctl.txt', 'drops.txt', ...NSTAT);
  const { findings, gaps } = await bare.analyze();
  t.is(findings[0]!.cause, 'undetermined');
  t.regex(gaps[0]!.why, /sysctl\.txt/);
  t.regex(gaps[0]!.capture!, /sysctl -a/);
});

test('rules that are not known could have sent the packet elsewhere: possible at most', async (t) => {
  const altered = new Altered(t, 'forwarding-off-interface').without('drops.txt', ...RULES);
  const { findings, gaps } = await altered.analyze();
  t.is(`${findings[0]!.cause} ${findings[0]!.confidence}`, 'forwarding-off possible');
  t.regex(gaps[0]!.capture!, /iptables-save > iptables-save\.txt/);
});

test('the place was not captured: possible, and the capture that would tell', async (t) => {
  const altered = new Altered(t, 'forwarding-off-interface').without('drops.txt').uncaptured('node2');
  const { findings, gaps } = await altered.analyze();
  t.is(
    `${findings[0]!.cause} ${findings[0]!.confidence} ${findings[0]!.node}`,
    'forwarding-off possible node2',
  );
  t.is(gaps[0]!.node, 'node2');
  t.regex(gaps[0]!.capture!, /^tcpdump -i flannel\.1 /);
});

test('the node alone, without the others', async (t) => {
  const altered = new Altered(t, 'forwarding-off-interface').only('node2');
  t.deepEqual(await altered.findings(), ['forwarding-off confirmed node2 flannel.1']);
});

test('of the reply, at the interface that it came in by', async (t) => {
  const altered = new Altered(t, 'forwarding-off-reply');
  t.deepEqual(await altered.findings(), ['forwarding-off probable node2 cni0']);
  altered.uncounted('node2');
  t.deepEqual(
    (await altered.findings()).map((f) => f.split(' ')[0]),
    ['undetermined'],
  );
});

test('IPv6: all.forwarding decides, and the interface has no say', async (t) => {
  t.deepEqual(await new Altered(t, 'forwarding-off-ipv6').findings(), ['forwarding-off probable kw2 enp3s0']);
  t.deepEqual(await new Altered(t, 'forwarding-off-ipv6-interface').findings(), []);
});

/** The records of the drops are those of another cause, or but the first of them is there. */
const recordedAs = (reason: string, most: number) => (text: string) => {
  let count = 0;
  return text
    .split('\n')
    .flatMap((line) => {
      if (!line.includes('IP_INADDRERRORS')) return [line];
      return count++ < most ? [line.replace('IP_INADDRERRORS', reason)] : [];
    })
    .join('\n');
};

test("a machine's records of something else near one of the packets leave it as sure as without", async (t) => {
  const stray = new Altered(t, 'forwarding-off-interface').edit(
    'node2',
    'drops.txt',
    recordedAs('NETFILTER_DROP', 1),
  );
  t.deepEqual(await stray.findings(), ['forwarding-off probable node2 flannel.1']);
});

test('its twin: each of the packets has one', async (t) => {
  const each = new Altered(t, 'forwarding-off-interface').edit(
    'node2',
    'drops.txt',
    recordedAs('NETFILTER_DROP', Number.POSITIVE_INFINITY),
  );
  t.deepEqual(await each.findings(), ['forwarding-off possible node2 flannel.1']);
});
