import test from 'ava';
import { Altered, NSTAT } from './altered.js';

const words = (findings: readonly string[]) => findings.map((f) => f.split(' ')[0]);

test('of a reply that a node should pass on: its own record confirms it', async (t) => {
  const { findings } = await new Altered(t, 'no-route-reply').analyze();
  const { cause, confidence, node, interface: name, summary, evidence } = findings[0]!;
  t.deepEqual(
    [findings.length, cause, confidence, node, name],
    [1, 'no-route', 'confirmed', 'node2', 'cni0'],
  );
  t.regex(summary, /drops replies .* no route to 10\.0\.0\.5/);
  t.true(evidence.some((e) => e.kind === 'drop-reason' && /IP_INNOROUTES/.test(e.text)));
});

test("of a local server's reply: only a counter tells of it, and its twin answers", async (t) => {
  const { findings, gaps } = await new Altered(t, 'no-route-local-server').analyze();
  const { cause, confidence, node, interface: name, evidence } = findings[0]!;
  t.deepEqual([cause, confidence, node, name], ['no-route', 'probable', 'lb-3', null]);
  t.true(evidence.some((e) => e.kind === 'counter' && /IpOutNoRoutes rose by/.test(e.text)));
  t.deepEqual(gaps, []);
  t.deepEqual(await new Altered(t, 'no-route-default-covers').findings(), []);
});

test("a local server's reply, with the counter not read: it would tell", async (t) => {
  const { findings, gaps } = await new Altered(t, 'no-route-local-server').without(...NSTAT).analyze();
  t.is(`${findings[0]!.cause} ${findings[0]!.confidence}`, 'no-route probable');
  t.regex(gaps[0]!.capture!, /nstat -a -s -z --json/);
});

test("a local server's reply, with the counter at rest: it was not for want of a route", async (t) => {
  t.false(
    words(await new Altered(t, 'no-route-local-server').uncounted('lb-3').findings()).includes('no-route'),
  );
});

test('an echo reply with no route moves no counter, and its counter at rest speaks for nothing', async (t) => {
  const expected = ['no-route probable lb-3 null'];
  t.deepEqual(await new Altered(t, 'no-route-echo').findings(), expected);
  t.deepEqual(await new Altered(t, 'no-route-echo').without(...NSTAT).findings(), expected);
});

test('routes that are not known are no missing routes', async (t) => {
  const altered = new Altered(t, 'no-route-local-server').without('ip-route.json', ...NSTAT);
  const { findings, gaps } = await altered.analyze();
  t.is(findings[0]!.cause, 'undetermined');
  t.regex(gaps[0]!.capture!, /ip -j -4 route show table all > ip-route\.json/);
});

test('the twin: with a route added, what vanished is not blamed on routes', async (t) => {
  const altered = new Altered(t, 'no-route-reply')
    .without('drops.txt', ...NSTAT)
    .edit('node2', 'ip-route.json', (text) => {
      const routes = JSON.parse(text);
      routes.push({ dst: 'default', gateway: '192.168.1.1', dev: 'eth0', flags: [] });
      return JSON.stringify(routes);
    });
  t.false(words(await altered.findings()).includes('no-route'));
});

test('IPv6, of a reply and of a request', async (t) => {
  t.deepEqual(words(await new Altered(t, 'no-route-reply-ipv6').findings()), ['no-route']);
  t.deepEqual(words(await new Altered(t, 'no-route-unreachable-ipv6').findings()), ['no-route']);
});

test('route types that end nothing here', async (t) => {
  t.deepEqual(await new Altered(t, 'no-route-throw').findings(), []);
  t.deepEqual(await new Altered(t, 'no-route-blackhole-own-block').findings(), []);
});
