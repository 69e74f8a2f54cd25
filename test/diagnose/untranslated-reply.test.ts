/** Replies that leave with the backend's address: lost in silence, refused by the client, or none of it. */
import test, { type ExecutionContext } from 'ava';
import { Wire } from '../correlate/neighbours/wire.js';
import { EditedScenario } from './edited-bundle.js';
import { A, B, type Bundle, from, node, nodeFiles, ROUTER, run, VIP } from './lan.js';

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

test('of a backend beyond the nodes, by which way it answered is what was seen', async (t) => {
  const { findings } = await new EditedScenario(t, 'untranslated-backend-network').analyze();
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.node, f.interface]),
    [['untranslated-reply', 'probable', 'worker-b', 'ens192']],
  );
  t.true(findings[0]!.evidence.some((e) => /ip route get .* iif cali90c4e72d1f6 gives ens192/.test(e.text)));
});

test("a router before the translator put itself in the client's place: the reply is due to it, untranslated", async (t) => {
  const { findings } = await new EditedScenario(t, 'untranslated-behind-nat').analyze();
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.node, f.interface]),
    [['untranslated-reply', 'probable', 'worker-b', 'ens192']],
  );
  t.regex(findings[0]!.summary, /round worker-a, which translated the request/);
  t.deepEqual(await new EditedScenario(t, 'healthy-behind-nat').findings(), []);
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

test('the same where the client refuses it, and asks again', async (t) => {
  for (const [scenario, node, vip] of [
    ['untranslated-ipv6', 'kw2', '2001:db8:20::100'],
    ['untranslated-ethernet', 'worker-b', '172.20.5.200'],
  ] as const) {
    const { findings } = await new EditedScenario(t, scenario).analyze([node], [vip]);
    t.deepEqual(
      findings.map((f) => [f.cause, f.confidence, f.node]),
      [['untranslated-reply', 'possible', node]],
      scenario,
    );
    t.regex(findings[0]!.summary, /answers it with a reset and asks again, as one that did not ask/);
  }
});

test('its twin: no rule puts the backend behind that address', async (t) => {
  const bare = new EditedScenario(t, 'untranslated-ipv6').without(
    'kw2',
    'iptables-save.txt',
    'ip6tables-save.txt',
    'nft.json',
  );
  const found = await bare.findings(['kw2']);
  t.false(found.some((line) => line.startsWith('untranslated-reply')));
});

test('a reply that its routes send back to the translator does not go round it: its neighbour entry is wrong', async (t) => {
  const { findings } = await new EditedScenario(t, 'reply-wrong-entry').analyze();
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.node, f.interface]),
    [['wrong-gateway', 'probable', 'worker-b', 'ens192']],
  );
  t.regex(
    findings[0]!.summary,
    /worker-b has the MAC 02:00:c0:a8:01:63 for 172\.20\.5\.21 .*that entry is wrong, not the route/,
  );
  t.deepEqual(
    findings[0]!.fix!.commands.map(({ node, command }) => `${node}: ${command}`),
    ['worker-b: ip neigh del 172.20.5.21 dev ens192'],
  );
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

const CLIENT = '192.0.2.50';
const C = '02:00:00:00:00:0d';
const BACKEND = '192.0.2.200';
const D = '02:00:00:00:00:0e';
const TRANSLATING = `*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d ${VIP}/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination ${BACKEND}\nCOMMIT\n`;

/** A client that knows no way to the backend, or drops what it does not know, and so refuses nothing. */
async function arrived(t: ExecutionContext, tries: number, from = BACKEND) {
  const wire = new Wire();
  const [asked, behind] = [VIP, BACKEND].map((server) => ({ client: CLIENT, port: 40_001, server }));
  for (let i = 0; i < tries; i++) {
    wire
      .syn(C, A, asked!)
      .syn(A, D, behind!)
      .synAck(D, C, from === VIP ? asked! : behind!)
      .wait(1000);
  }
  wire.wait(4000).ask(C, CLIENT, '192.0.2.99');
  const isOf = (mac: string) => {
    const octets = Buffer.from(mac.replaceAll(':', ''), 'hex');
    return ({ bytes }: { bytes: Uint8Array }) =>
      [0, 6].some((at) => octets.equals(Buffer.from(bytes.slice(at, at + 6)))) || (bytes[0]! & 1) === 1;
  };
  const c = {
    ...nodeFiles([{ name: 'eth0', mac: C, addresses: [`${CLIENT}/24`] }]),
    'nft.json': '{"nftables":[]}',
    'eth0.pcap': wire.capture(isOf(C)),
  };
  const node1 = {
    ...node(A, `${VIP}/32`),
    'nft.json': '{"nftables":[]}',
    'iptables-save.txt': TRANSLATING,
    'eth0.pcap': wire.capture(isOf(A)),
  };
  const { findings, gaps } = await run(t, { c, node1 });
  return { findings, gaps, brief: findings.map((f) => `${f.cause} ${f.confidence}`) };
}

test("the backend's address at the client's own node, which refuses nothing and asks again: probable", async (t) => {
  const { findings, brief } = await arrived(t, 3);
  t.deepEqual(brief, ['untranslated-reply probable']);
  t.regex(
    findings[0]!.summary,
    /192\.0\.2\.200:80 .* the client asked 192\.0\.2\.100:80 and does not get a reply/,
  );
  t.true(
    findings[0]!.evidence.some(
      ({ node: at, text }) => at === 'c' && /192\.0\.2\.200:80 > .* came in by eth0/.test(text),
    ),
  );
});

test('its twins: it bears the address that was asked, or the client does not ask again', async (t) => {
  t.false((await arrived(t, 3, VIP)).brief.some((text) => text.startsWith('untranslated-reply')));
  t.false((await arrived(t, 1)).brief.some((text) => text.startsWith('untranslated-reply')));
});
