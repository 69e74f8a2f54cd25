/** Replies that leave with the backend's address: lost in silence, refused by the client, or none of it. */
import test from 'ava';
import { Wire } from '../correlate/neighbours/wire.js';
import { EditedScenario } from './edited-bundle.js';
import { A, B, type Bundle, from, ROUTER, run } from './lan.js';

const DROPPED = 'untranslated-dropped';

test('lost without a reset: probable, and the translator is named', async (t) => {
  const { findings } = await new EditedScenario(t, DROPPED).analyze();
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.severity, f.node, f.interface]),
    [['untranslated-reply', 'probable', 'fault', 'worker-b', 'ens192']],
  );
  t.regex(findings[0]!.summary, /round worker-a, which translated the request/);
  t.true(findings[0]!.evidence.some((e) => e.kind === 'route' && e.node === 'worker-b'));
});

test("from the backend's node alone the translation is inferred: possible, and it says so", async (t) => {
  const { findings, gaps } = await new EditedScenario(t, DROPPED).analyze(['worker-b']);
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.node, f.interface]),
    [['untranslated-reply', 'possible', 'worker-b', 'ens192']],
  );
  t.regex(findings[0]!.summary, /seems to have translated it/);
  t.true(gaps.some((gap) => /behind its translation alone/.test(gap.why)));
});

test('where nothing makes the backend one of a Service, its own address may be what was asked', async (t) => {
  const scenario = new EditedScenario(t, DROPPED).without(
    'worker-b',
    'iptables-save.txt',
    'ip6tables-save.txt',
    'nft.json',
    'conntrack.txt',
  );
  const found = await scenario.findings(['worker-b']);
  t.deepEqual(
    found.filter((f) => f.startsWith('untranslated-reply')),
    [],
  );
});

test("the client's refusal proves it, by TCP, UDP and IPv6", async (t) => {
  for (const scenario of ['untranslated-loose', 'untranslated-udp', 'untranslated-ipv6']) {
    const { findings } = await new EditedScenario(t, scenario).analyze();
    t.deepEqual(
      findings.map((f) => [f.cause, f.confidence, f.severity]),
      [['untranslated-reply', 'confirmed', 'fault']],
      scenario,
    );
  }
});

test('direct return bears the address that was asked, and is healthy', async (t) => {
  for (const scenario of ['direct-return', 'direct-return-ethernet']) {
    t.deepEqual(await new EditedScenario(t, scenario).findings(), [], scenario);
    t.deepEqual(await new EditedScenario(t, scenario).findings(['worker-b']), [], scenario);
  }
});

test('a reply captured before its translation alone is none that left untranslated', async (t) => {
  const found = await new EditedScenario(t, 'healthy-no-masquerade').findings(['node2']);
  t.deepEqual(found, []);
});

test("from the client's capture alone: proven, and who let the reply go is left open", async (t) => {
  const asked = from(40_001);
  const client = async (replying: string) => {
    const answered = { ...asked, server: replying };
    const wire = new Wire()
      .syn(A, ROUTER, asked)
      .synAck(ROUTER, A, answered)
      .reset(A, ROUTER, answered, true);
    return run(t, { client: { 'eth0.pcap': wire.capture(), 'ip-link.json': LINKS } });
  };
  const { findings, gaps } = await client('192.0.2.12');
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.node, f.interface]),
    [['untranslated-reply', 'confirmed', null, null]],
  );
  t.regex(findings[0]!.summary, /The reply of 192\.0\.2\.12:80 comes to client with its own address/);
  t.regex(gaps[0]!.why, /which node let the reply of 192\.0\.2\.12:80 go/);
  const own = await client(asked.server);
  t.false(own.findings.some((f) => f.cause === 'untranslated-reply'));
});

test('a router that passes the reply on did not let it go: the node behind the translation did', async (t) => {
  const CLIENT = '02:00:00:00:00:05';
  const asked = from(40_001);
  const answered = { ...asked, server: '192.0.2.12' };
  const lan = new Wire().wait(0.1).syn(ROUTER, A, asked).syn(A, B, answered).synAck(B, ROUTER, answered);
  const outside = new Wire()
    .syn(CLIENT, ROUTER, asked)
    .wait(0.5)
    .synAck(ROUTER, CLIENT, answered)
    .reset(CLIENT, ROUTER, answered, true);
  const client = { 'eth0.pcap': outside.capture() };
  const router = { 'lan.pcap': lan.capture(isOf(ROUTER)), 'wan.pcap': outside.capture() };
  const backend = { 'eth0.pcap': lan.capture(isOf(B)) };
  const place = async (nodes: Record<string, Bundle>) => {
    const { findings } = await run(t, nodes);
    return findings.map((f) => [f.cause, f.confidence, f.node, f.interface]);
  };
  // One packet on one interface does not tell by which it left.
  t.deepEqual(await place({ client, router, backend }), [
    ['untranslated-reply', 'confirmed', 'backend', null],
  ]);
  t.deepEqual(await place({ client, router, backend: { ...backend, 'ip-link.json': LINKS_OF_B } }), [
    ['untranslated-reply', 'confirmed', 'backend', 'eth0'],
  ]);
});

/** Frames that a host's interface takes in or sends. */
const isOf =
  (mac: string) =>
  ({ bytes }: { bytes: Uint8Array }) =>
    [0, 6].some((at) => Buffer.from(bytes.subarray(at, at + 6)).toString('hex') === mac.replaceAll(':', ''));

const LINKS_OF_B = JSON.stringify([
  { ifindex: 2, ifname: 'eth0', flags: ['UP'], link_type: 'ether', address: B },
]);
const LINKS = JSON.stringify([{ ifindex: 2, ifname: 'eth0', flags: ['UP'], link_type: 'ether', address: A }]);
