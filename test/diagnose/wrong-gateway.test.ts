/** Replies that leave another way than their requests came: what is proof of a fault, and what is not. */
import test, { type ExecutionContext } from 'ava';
import { EditedScenario } from './edited-bundle.js';

const FOUND = 'wrong-gateway probable fault lb-3 ens18';

test('both packets and the routes: probable, with both next hops by name and MAC', async (t) => {
  const { findings } = await new EditedScenario(t, 'wrong-gateway-ethernet').analyze();
  t.is(findings.length, 1);
  const [finding] = findings;
  t.deepEqual(
    [finding!.cause, finding!.confidence, finding!.severity],
    ['wrong-gateway', 'probable', 'fault'],
  );
  t.regex(finding!.summary, /by ens18 to 10\.20\.30\.254 \(02:00:0a:14:1e:fe\)/);
  t.regex(finding!.summary, /come in by ens19 from 172\.31\.255\.254 \(02:00:ac:1f:ff:fe\)/);
  const kinds = finding!.evidence.map((e) => e.kind);
  t.true(kinds.includes('packet') && kinds.includes('route'));
  t.true(finding!.evidence.some((e) => /again, after the reply had left/.test(e.text)));
  t.true(finding!.alternatives.some((a) => a.cause === 'stateful-gateway'));
});

test('captures with MACs alone show it, and no more than that', async (t) => {
  const bare = new EditedScenario(t, 'wrong-gateway-ethernet').withoutSnapshot('lb-3');
  const { findings, gaps } = await bare.analyze();
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.node, f.interface]),
    [['wrong-gateway', 'possible', 'lb-3', 'ens18']],
  );
  t.true(gaps.some((gap) => gap.capture?.startsWith('ip route get 203.0.113.45 from 172.31.255.80')));
});

test('to whom a reply left is no fact of a packet that does not show it', async (t) => {
  const seen = async (name: string) => {
    const { findings } = await new EditedScenario(t, name).analyze();
    return findings[0]!.evidence.filter(({ text }) => / left by ens18, /.test(text)).map(({ text }) => text);
  };
  for (const text of await seen('wrong-gateway')) t.regex(text, /, by its routes to 10\.20\.30\.254 /);
  for (const text of await seen('wrong-gateway-ethernet'))
    t.regex(text, /left by ens18, to 10\.20\.30\.254 /);
});

test('routes that send it back now were changed since: possible', async (t) => {
  const changed = new EditedScenario(t, 'wrong-gateway').edit('lb-3', 'ip-route.json', (text) =>
    text.replace(/("dst":"default","gateway":")[^"]+","dev":"ens18"/, '$1172.31.255.254","dev":"ens19"'),
  );
  t.deepEqual(await changed.findings(), ['wrong-gateway possible fault lb-3 ens18']);
});

test('the same client is served by the same ways: asymmetry is not what lost it', async (t) => {
  const both = new EditedScenario(t, 'wrong-gateway-ethernet')
    .join(t, 'wrong-gateway-passes', 'lb-3', 'ens18.pcap', 'ens18-0001.pcap')
    .join(t, 'wrong-gateway-passes', 'lb-3', 'ens19.pcap', 'ens19-0001.pcap');
  const { findings, totals } = await both.analyze();
  t.is(totals[0]!.outcomes.established, 3);
  t.is(totals[0]!.outcomes['reply-lost'], 3);
  t.deepEqual(
    findings.map((f) => f.cause),
    ['undetermined'],
  );
});

test('two routers on one link: another MAC is a sign, a virtual one is none', async (t) => {
  t.deepEqual(await new EditedScenario(t, 'wrong-gateway-one-lan').findings(), [FOUND]);
  t.deepEqual(await new EditedScenario(t, 'wrong-gateway-one-lan-passes').findings(), []);
  // The pcap's own bytes are edited: the reply goes to a VRRP group's MAC, and the request came from a member's.
  const virtual = new EditedScenario(t, 'wrong-gateway-one-lan').editBytes('lb-3', 'ens18.pcap', (bytes) =>
    replaceBytes(bytes, '02000a141efe', '00005e000105'),
  );
  const found = await virtual.findings();
  t.deepEqual(
    found.map((f) => f.split(' ')[0]),
    ['undetermined'],
  );
});

function replaceBytes(bytes: Buffer, from: string, to: string): Buffer {
  return Buffer.from(bytes.toString('hex').replaceAll(from, to), 'hex');
}

test('the reply was not captured, and the settings send it where no capture looks: possible', async (t) => {
  const blind = new EditedScenario(t, 'wrong-gateway-ethernet').without('lb-3', 'ens18.pcap');
  const { findings, gaps } = await blind.analyze();
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.node, f.interface]),
    [['wrong-gateway', 'possible', 'lb-3', 'ens18']],
  );
  t.true(gaps.some((gap) => gap.interface === 'ens18' && gap.capture?.includes("-i 'ens18' -e")));
});

test('its twin: the reply is as unseen, and the client goes on', async (t) => {
  const blind = new EditedScenario(t, 'wrong-gateway-passes').without('lb-3', 'ens18.pcap');
  const { findings, totals } = await blind.analyze();
  t.is(totals[0]!.outcomes['reply-unseen'], 3);
  t.deepEqual(findings, []);
});

test('the well-known recipe does not reach a pod: the summary says which rule, and why not', async (t) => {
  const { findings } = await new EditedScenario(t, 'wrong-gateway-pod-recipe').analyze();
  t.is(findings[0]!.cause, 'wrong-gateway');
  t.regex(
    findings[0]!.summary,
    /rule 32765 would send them back by ens19, but the reply is routed while its source is 10\.233\.64\.5/,
  );
});

test('UDP and echo speak of requests and replies', async (t) => {
  for (const scenario of ['wrong-gateway-udp', 'wrong-gateway-echo']) {
    const { findings } = await new EditedScenario(t, scenario).analyze();
    const finding = findings.find((f) => f.severity === 'fault')!;
    t.is(finding.cause, 'wrong-gateway', scenario);
    const texts = [
      finding.summary,
      ...finding.evidence.map((e) => e.text),
      ...finding.alternatives.map((a) => a.why),
    ];
    for (const text of texts) t.notRegex(text, /SYN/, scenario);
  }
});

test('a gateway that was seen to get the reply, and of which nothing else is known: only possible', async (t) => {
  const scenario = new EditedScenario(t, 'wrong-gateway-ethernet');
  t.deepEqual(await scenario.findings(), [FOUND]);
  const { findings, gaps } = await scenario
    .write('gw1', 'lan.pcap', later(scenario.read('lb-3', 'ens18.pcap')))
    .analyze();
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.node, f.interface]),
    [['wrong-gateway', 'possible', 'lb-3', 'ens18']],
  );
  const gap = gaps.find(({ node }) => node === 'gw1');
  t.regex(gap!.why, /the reply got to gw1 and was not seen to leave it/);
  t.regex(gap!.capture!, /iptables-save/);
});

/** Each packet of a capture with stamps of nanoseconds some microseconds later, as the other end of the link saw it. */
function later(pcap: Buffer): Buffer {
  const moved = Buffer.from(pcap);
  for (let at = 24; at < moved.length; at += 16 + moved.readUInt32LE(at + 8)) {
    moved.writeUInt32LE(moved.readUInt32LE(at + 4) + 3000, at + 4);
  }
  return moved;
}

/** The gateway behind ens19 of lb-3, as another scenario has it: it only passes requests on. */
const withGateway = (t: ExecutionContext, scenario: string) =>
  new EditedScenario(t, scenario)
    .adopt(t, 'stateful-gateway-recorded', 'gw2')
    .without('gw2', 'wan.pcap', 'lan.pcap');

test('a router among the inputs is no director: the VIP on lo does not make it direct return', async (t) => {
  const { findings } = await withGateway(t, 'wrong-gateway-ethernet').analyze();
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.node]),
    [['wrong-gateway', 'probable', 'lb-3']],
  );
  t.notRegex(findings[0]!.summary, /straight back/);
});

test('others are served by the same ways, and a client that asks but once accuses no gateway', async (t) => {
  const { findings, totals } = await new EditedScenario(t, 'stateful-gateway-recorded')
    .joinEdited(t, 'wrong-gateway-passes', 'lb-3', 'ens18.pcap', 'ens18-0001.pcap', otherClient)
    .joinEdited(t, 'wrong-gateway-passes', 'lb-3', 'ens19.pcap', 'ens19-0001.pcap', otherClient)
    .analyze(['lb-3']);
  t.is(totals[0]!.outcomes.established, 3);
  t.is(totals[0]!.outcomes['reply-lost'], 3);
  t.deepEqual(
    findings.map((f) => f.cause),
    ['undetermined'],
  );
});

/** 203.0.113.45 becomes 203.0.113.46. */
const otherClient = (bytes: Buffer) => replaceBytes(bytes, 'cb00712d', 'cb00712e');

test('one of two next hops loses all that goes by it: it is named, though the client is served by the other', async (t) => {
  const { findings, attempts } = await new EditedScenario(t, 'wrong-gateway-multipath').analyze();
  t.is(findings.length, 1);
  const { cause, confidence, node, interface: name, summary, attempts: lost, evidence } = findings[0]!;
  t.deepEqual([cause, confidence, node, name], ['wrong-gateway', 'possible', 'lb-3', 'ens18']);
  t.regex(
    summary,
    /spread them over several next hops, ens18 via 10\.20\.30\.254 or ens19 via 172\.31\.255\.254; no connection is made whose replies go by ens18 via 10\.20\.30\.254/,
  );
  t.true(evidence.some((e) => /gives ens18 via \S+ or ens19 via/.test(e.text)));
  t.is(lost.length, attempts.filter(({ outcome }) => outcome !== 'established').length);
  t.deepEqual(await new EditedScenario(t, 'wrong-gateway-multipath-passes').findings(), []);
});

test('a reply that the captures end after is not said to be uncaptured at a client that was captured', async (t) => {
  const scenario = new EditedScenario(t, 'wrong-gateway-echo');
  const infoOf = async (nodes: string[]) => {
    const { findings } = await scenario.analyze(nodes);
    return findings.find(({ severity }) => severity === 'info')!.summary;
  };
  t.regex(
    await infoOf(['client', 'lb-3']),
    /the captures, also that at the client, end before they could show/,
  );
  t.notRegex(await infoOf(['client', 'lb-3']), /was not captured/);
  t.regex(
    await infoOf(['lb-3']),
    /whether it got to the client was not captured\. The captures end right after/,
  );
});

test('a reply that left again where its request had come in was not lost by the way between', async (t) => {
  const scenario = new EditedScenario(t, 'undetermined-behind-both-ways');
  t.deepEqual(await scenario.findings(), ['undetermined possible fault core lan0']);
  // Without the first router, all that is seen is that it left another way and was lost.
  t.deepEqual(await scenario.findings(['lb-3']), [FOUND]);
});

test('a router to a backend beyond it: ways that differ are common there, and possible is all that they tell', async (t) => {
  const rules = ['iptables-save.txt', 'ip6tables-save.txt', 'nft.json', 'conntrack.txt'];
  const scenario = new EditedScenario(t, 'untranslated-backend-network').without('worker-b', ...rules);
  t.deepEqual(await scenario.findings(['worker-b']), ['wrong-gateway possible fault worker-b ens192']);
});
