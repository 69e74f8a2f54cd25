/** By what attempts that fail differ from those that are made: on recordings, and on attempts that differ in one thing. */
import test, { type ExecutionContext } from 'ava';
import { analyze } from '../../src/analyze.js';
import type { Attempt } from '../../src/correlate/attempt.js';
import { Clocks } from '../../src/correlate/clocks/clocks.js';
import type { NeighbourMessage } from '../../src/correlate/neighbours/message.js';
import { DiagnosisContext } from '../../src/diagnose/context.js';
import { addPatterns } from '../../src/diagnose/patterns/patterns.js';
import { emptySnapshot } from '../../src/ingest/snapshot/snapshot.js';
import type { Finding, Pattern } from '../../src/model/analysis.js';
import type { Snapshot } from '../../src/model/snapshot.js';
import { random } from '../bench/generate.js';
import { end, leg, sighting } from '../correlate/legs.js';
import { finding as findingOf } from '../report/sample.js';
import { bundlesIn } from '../scenarios/truth.js';
import { fixture } from '../support.js';

const OPTIONS = { vips: [], keepGoing: false, attempts: 'all', warn: () => {} } as const;

async function patternsIn(bundles: string[]): Promise<Pattern[]> {
  const { findings } = await analyze(bundles, OPTIONS);
  return findings.flatMap((finding) => finding.patterns ?? []);
}

test('recorded: works when the pod is on the announcing node, fails when it is on the other', async (t) => {
  const [pattern, ...others] = await patternsIn(bundlesIn(fixture('rp-filter-intermittent')));
  t.is(others.length, 0, 'the backend says no more than its node');
  t.is(pattern!.by, 'backend-node');
  t.deepEqual(pattern!.rows, [
    { value: 'another node', failed: 8, slow: 0, made: 0 },
    { value: 'same node', failed: 0, slow: 0, made: 4 },
  ]);
  t.regex(
    pattern!.summary,
    /^Fails when .* another node \(node2\) .*: 8 of 8; works .* \(node1\) .*: 4 of 4\.$/,
  );
});

test('recorded: one of the two nodes is enough to tell that the pod is on another', async (t) => {
  const [pattern] = await patternsIn([fixture('rp-filter-intermittent', 'node1.tar.gz')]);
  t.is(pattern!.by, 'backend-node');
  t.regex(pattern!.summary, /another node \(192\.168\.1\.12\)/);
});

test('recorded: where everything fails there is no pattern', async (t) => {
  t.deepEqual(await patternsIn(bundlesIn(fixture('rp-filter-strict'))), []);
  t.deepEqual(await patternsIn([fixture('rp-filter-intermittent', 'node2.tar.gz')]), []);
});

const VIP = '192.0.2.100';
const START = 1_700_000_000_000_000_000n;

interface Made {
  fails?: boolean;
  /** Seconds that it took for lost requests. */
  slow?: number;
  backend?: string | null;
  client?: string;
  clientPort?: number;
  port?: number;
  protocol?: Attempt['protocol'];
  /** Seconds after the first. */
  at?: number;
  entry?: string;
  entryInterface?: string;
  mac?: string;
  tries?: number;
  vip?: string;
  standsFor?: number;
}

let ids = 0;

/** An attempt whose request was seen to come into `entry`, and to leave it translated unless `backend` is null. */
function attempt(made: Made): Attempt {
  const id = `a${++ids}`;
  const vip = made.vip ?? VIP;
  const client = end(made.client ?? '203.0.113.5', made.clientPort ?? 40_000 + ids);
  const time = START + BigInt(Math.round((made.at ?? ids) * 1e9));
  const node = made.entry ?? 'n1';
  const direction = made.mac === undefined ? 'in' : 'out';
  const front = leg(client, end(vip, made.port ?? 80), ids, { time });
  const seen = { node, interface: made.entryInterface ?? 'e0', direction, time } as const;
  const first = { ...sighting('syn', front, seen), etherDestination: made.mac ?? null };
  const legs = [front];
  const sightings = [first];
  if (made.backend !== null) {
    const behind = leg(client, end(made.backend ?? '10.0.0.1', 8080), ids);
    legs.push(behind);
    sightings.push(sighting('syn', behind, { node, interface: 'tun', direction: 'out', time }));
  }
  return {
    id,
    protocol: made.protocol ?? 'tcp',
    client,
    server: front.server,
    vip,
    outcome: made.fails ? 'no-reply' : 'established',
    firstTime: time,
    tries: made.tries ?? (made.fails ? 4 : made.slow ? 2 : 1),
    replies: 0,
    delayNs: made.fails ? null : BigInt((made.slow ?? 0) * 1e9),
    unanswered: null,
    disowned: false,
    standsFor: made.standsFor ?? 1,
    legs,
    traces: [{ role: 'request', try: 1, sightings }],
    others: [],
    otherSource: [],
  };
}

const times = (count: number, made: (i: number) => Made): Attempt[] =>
  Array.from({ length: count }, (_, i) => attempt(made(i)));

interface Ground {
  snapshots?: Snapshot[];
  neighbours?: NeighbourMessage[];
  finding?: Partial<Finding>;
}

/** Of findings that explain the attempts that they name. */
function addTo(findings: readonly Finding[], context: DiagnosisContext): void {
  const explained = context.attempts.map(({ id }) => findings.find(({ attempts }) => attempts.includes(id)));
  addPatterns(findings, explained, context);
}

/** The patterns of one finding that has all attempts which failed or were slow. */
function patterns(attempts: Attempt[], ground: Ground = {}): Pattern[] {
  const { snapshots = [], neighbours = [] } = ground;
  const context = new DiagnosisContext(attempts, ['n1', 'n2'], snapshots, [], new Clocks([]), neighbours);
  const bad = attempts.filter((a) => a.outcome !== 'established' || a.delayNs! > 0n);
  const slow = bad.filter((a) => a.outcome === 'established').length;
  const finding = findingOf({
    vip: VIP,
    attempts: bad.map((a) => a.id),
    ...(slow > 0 ? { slow } : {}),
    ...ground.finding,
  });
  addTo([finding], context);
  return finding.patterns ?? [];
}

function only(t: ExecutionContext, found: Pattern[], by: string): Pattern {
  t.deepEqual(
    found.map((pattern) => pattern.by),
    [by],
  );
  return found[0]!;
}

/** Failing and working in a row that follows nothing. */
const NOISE = [0, 1, 1, 0, 1, 0, 0, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 1, 1, 0];

test('by backend', (t) => {
  const found = patterns(
    times(30, (i) => ({ fails: NOISE[i] === 1, backend: NOISE[i] === 1 ? '10.0.0.2' : '10.0.0.1' })),
  );
  const pattern = only(t, found, 'backend');
  t.deepEqual(pattern.rows, [
    { value: '10.0.0.2:8080', failed: 15, slow: 0, made: 0 },
    { value: '10.0.0.1:8080', failed: 0, slow: 0, made: 15 },
  ]);
  t.is(
    pattern.summary,
    'Fails with backend 10.0.0.2:8080: 15 of 15; works with backend 10.0.0.1:8080: 15 of 15.',
  );
});

test('failures that follow nothing have no pattern', (t) => {
  const found = patterns(
    times(30, (i) => ({
      fails: NOISE[i] === 1,
      tries: NOISE[i] === 1 ? 1 : 1,
      backend: `10.0.0.${(i % 3) + 1}`,
    })),
  );
  t.deepEqual(found, []);
});

test('one of each, or one client each, tells nothing; three of each is told with a caution', (t) => {
  const split = (n: number) =>
    patterns(
      times(2 * n, (i) => ({ fails: i % 2 === 1, backend: `10.0.0.${i % 2}`, tries: 1, clientPort: 40_000 })),
    );
  t.deepEqual(split(1), []);
  t.deepEqual(split(2), []);
  t.regex(only(t, split(3), 'backend').summary, /So few connections may fall so by chance\.$/);
  t.notRegex(only(t, split(8), 'backend').summary, /by chance/);
  const each = times(12, (i) => ({
    fails: NOISE[i] === 1,
    client: `203.0.113.${i}`,
    tries: 1,
    clientPort: 40_000,
  }));
  t.deepEqual(patterns(each), []);
});

test('a backend that loses some, where the others lose none', (t) => {
  const found = patterns(
    times(200, (i) => ({ fails: i % 40 === 0, tries: 1, backend: `10.0.0.${i % 10}`, clientPort: 4 })),
  );
  const pattern = only(t, found, 'backend');
  t.regex(
    pattern.summary,
    /^Fails only with backend 10\.0\.0\.0:8080: 5 of 20; works with backend .* and 6 others: 180 of 180\.$/,
  );
  t.is(pattern.rows.length, 8);
  t.like(pattern.rows.at(-1), { value: '3 others', failed: 0, made: 60 });
});

test('attempts that were never seen translated count as unknown, and prove nothing', (t) => {
  const some = times(30, (i) => ({
    fails: NOISE[i] === 1,
    tries: 1,
    backend: i === 1 ? null : NOISE[i] === 1 ? '10.0.0.2' : '10.0.0.1',
  }));
  const pattern = only(t, patterns(some), 'backend');
  t.like(
    pattern.rows.find((row) => row.value === 'unknown'),
    { failed: 1, made: 0 },
  );
  const none = times(30, (i) => ({
    fails: NOISE[i] === 1,
    tries: 1,
    backend: NOISE[i] === 1 ? null : '10.0.0.1',
  }));
  t.deepEqual(patterns(none), []);
});

test('by client, or by the network that clients are in', (t) => {
  const one = times(40, (i) => ({
    fails: i % 4 === 0,
    tries: 1,
    client: `203.0.113.${i % 4}`,
    clientPort: 7,
  }));
  t.regex(
    only(t, patterns(one), 'client').summary,
    /^Fails for client 203\.0\.113\.0: 10 of 10; works for client /,
  );
  const network = (i: number) => (NOISE[i] === 1 ? `198.51.100.${i}` : `203.0.113.${i}`);
  const two = times(30, (i) => ({ fails: NOISE[i] === 1, tries: 1, client: network(i), clientPort: 7 }));
  const pattern = only(t, patterns(two), 'client-network');
  t.regex(
    pattern.summary,
    /^Fails for clients in 198\.51\.100\.0\/24: 15 of 15; works for clients in 203\.0\.113\.0\/24/,
  );
});

test('by source port, as hashing over several paths has it', (t) => {
  const odd = times(60, (i) => ({
    fails: (i * 7) % 2 === 1,
    tries: 1,
    clientPort: 50_000 + i * 7,
    at: (i * 37) % 60,
  }));
  odd.sort((a, b) => Number(a.firstTime! - b.firstTime!));
  const found = patterns(odd).filter((pattern) => pattern.by === 'source-port');
  t.regex(
    found[0]!.summary,
    /^Fails for source ports odd: 30 of 30; works for source ports even: 30 of 30\. .*ECMP/,
  );
});

test('by time: before and after, with the hand-over that fell there', (t) => {
  const attempts = times(40, (i) => ({ fails: i >= 25, tries: 1, at: i, clientPort: 7 }));
  const pattern = only(t, patterns(attempts), 'time');
  t.regex(
    pattern.summary,
    /^Fails from 22:13:45\.000 on: 15 of 15; works before 22:13:45\.000: 25 of 25\. Times are UTC\.$/,
  );
  t.deepEqual(
    pattern.rows.map((row) => row.value),
    ['before 22:13:45.000', 'from 22:13:45.000 on'],
  );
  const announcement: NeighbourMessage = {
    protocol: 'arp',
    kind: 'announcement',
    point: attempts[0]!.traces[0]!.sightings[0]!.point,
    direction: 'in',
    time: START + 24_500_000_000n,
    packet: 1,
    target: VIP,
    claimedMac: '02:00:00:00:00:02',
    sender: VIP,
    senderMac: '02:00:00:00:00:02',
    asker: null,
    override: true,
    etherSource: null,
    etherDestination: null,
    vlan: null,
  };
  const [handed] = patterns(attempts, { neighbours: [announcement] });
  t.regex(handed!.summary, / At 22:13:44\.500 02:00:00:00:00:02 announced 192\.0\.2\.100\.$/);
  const [another] = patterns(attempts, { neighbours: [{ ...announcement, target: '192.0.2.101' }] });
  t.notRegex(another!.summary, /announced/);
});

test('by time: for a while, and with a period', (t) => {
  const while_ = times(60, (i) => ({ fails: i >= 20 && i < 35, tries: 1, at: i, clientPort: 7 }));
  t.regex(
    only(t, patterns(while_), 'time').summary,
    /^Fails from 22:13:40\.000 to 22:13:55\.000: 15 of 15; works before .* and from .* on: 45 of 45\./,
  );
  const flapping = times(300, (i) => ({ fails: i % 60 < 10, tries: 1, at: i, clientPort: 7 }));
  const [pattern] = patterns(flapping);
  t.regex(
    pattern!.summary,
    /^Fails in 0\.0 to 10\.0 s of every 60 s: 50 of 50; works in the rest of every 60 s: 250 of 250\./,
  );
});

test('by who took the request in: a node, or a MAC', (t) => {
  const nodes = times(30, (i) => ({
    fails: NOISE[i] === 1,
    tries: 1,
    entry: NOISE[i] === 1 ? 'n2' : 'n1',
    clientPort: 7,
  }));
  t.regex(only(t, patterns(nodes), 'entry-node').summary, /^Fails when the request goes to n2: 15 of 15/);
  const macs = times(30, (i) => ({
    fails: NOISE[i] === 1,
    tries: 1,
    entry: 'client',
    mac: `02:00:00:00:00:0${NOISE[i]}`,
    backend: null,
    clientPort: 7,
  }));
  t.regex(only(t, patterns(macs), 'entry-node').summary, /^Fails when the request goes to 02:00:00:00:00:01/);
  const ways = times(30, (i) => ({
    fails: NOISE[i] === 1,
    tries: 1,
    entryInterface: `e${NOISE[i]}`,
    clientPort: 7,
  }));
  t.regex(
    only(t, patterns(ways), 'request-way').summary,
    /^Fails when the request goes into n1 by e1: 15 of 15; works when the request goes into n1 by e0/,
  );
});

test('by port and protocol of the VIP', (t) => {
  const ports = times(30, (i) => ({
    fails: NOISE[i] === 1,
    tries: 1,
    port: NOISE[i] === 1 ? 443 : 80,
    clientPort: 7,
  }));
  t.regex(
    only(t, patterns(ports), 'port').summary,
    /^Fails to tcp 443: 15 of 15; works to tcp 80: 15 of 15\.$/,
  );
  const both = times(30, (i) => ({
    fails: NOISE[i] === 1,
    tries: 1,
    protocol: NOISE[i] === 1 ? 'udp' : 'tcp',
    clientPort: 7,
  }));
  only(t, patterns(both), 'protocol');
});

test('by IP version, where one Service has a VIP of each', (t) => {
  const service = {
    kind: 'Service',
    metadata: { namespace: 'default', name: 'web' },
    spec: { type: 'LoadBalancer' },
    status: { loadBalancer: { ingress: [{ ip: VIP }, { ip: '2001:db8::100' }] } },
  };
  const snapshot = { ...emptySnapshot('n1', null, ''), kube: new Map([['services.json', service]]) };
  const made = (i: number): Made =>
    NOISE[i] === 1
      ? { fails: true, tries: 1, clientPort: 7 }
      : { vip: '2001:db8::100', client: '2001:db8:1::5', backend: 'fd00::1', clientPort: 7 };
  const attempts = times(30, made);
  const pattern = only(t, patterns(attempts, { snapshots: [snapshot] }), 'ip-version');
  t.is(pattern.summary, 'Fails over IPv4: 15 of 15; works over IPv6: 15 of 15.');
  t.deepEqual(patterns(attempts), [], 'without the Service they are two VIPs, one of which fails whole');
});

const POD_NODES = {
  kind: 'List',
  items: ['1', '2', '3'].map((n) => ({
    kind: 'Pod',
    metadata: { namespace: 'default', name: `web-${n}` },
    spec: { nodeName: `n${n}` },
    status: { podIP: `10.0.0.${n}` },
  })),
};
const withPods = (pods: unknown) => ({
  snapshots: [{ ...emptySnapshot('n1', null, ''), kube: new Map([['pods.json', pods]]) }],
});

test("by the backend's node, as Kubernetes has it", (t) => {
  // n2 fails, n3 works: not for being another than the entry.
  const one = times(30, (i) => ({
    fails: i % 3 === 1,
    tries: 1,
    backend: `10.0.0.${(i % 3) + 1}`,
    clientPort: 7,
  }));
  const pattern = only(t, patterns(one, withPods(POD_NODES)), 'backend-node');
  t.regex(
    pattern.summary,
    /^Fails when the backend is on n2: 10 of 10; works when it is on n[13], n[13]: 20 of 20\.$/,
  );
  // All but the entry's own fail.
  const others = times(30, (i) => ({
    fails: i % 3 !== 0,
    tries: 1,
    backend: `10.0.0.${(i % 3) + 1}`,
    clientPort: 7,
  }));
  const place = only(t, patterns(others, withPods(POD_NODES)), 'backend-node');
  t.deepEqual(
    place.rows.map((row) => row.value),
    ['another node', 'same node'],
  );
});

test('nodes that Kubernetes names otherwise than the bundles are not taken for others', (t) => {
  const renamed = JSON.parse(JSON.stringify(POD_NODES).replace(/"(n\d)"/g, '"worker-$1"'));
  const attempts = times(30, (i) => ({
    fails: i % 3 !== 0,
    tries: 1,
    backend: `10.0.0.${(i % 3) + 1}`,
    clientPort: 7,
  }));
  const pattern = only(t, patterns(attempts, withPods(renamed)), 'backend-node');
  t.false(pattern.rows.some((row) => row.value === 'another node'));
  t.regex(pattern.summary, /on worker-n2, worker-n3: 20 of 20; works when it is on worker-n1/);
});

test('slow connections count as such, and are told so', (t) => {
  const attempts = times(30, (i) => ({
    slow: NOISE[i] === 1 ? 3 : 0,
    backend: `10.0.0.${NOISE[i]}`,
    clientPort: 7,
  }));
  const pattern = only(t, patterns(attempts), 'backend');
  t.deepEqual(pattern.rows[0], { value: '10.0.0.1:8080', failed: 0, slow: 15, made: 0 });
  t.regex(pattern.summary, /^Is slow with backend/);
});

test('first requests against those that are sent again', (t) => {
  const all = times(20, () => ({ slow: 1, clientPort: 7 }));
  t.regex(
    only(t, patterns(all), 'try').summary,
    /^20 of 20 first requests were lost, and only 0 of 20 that were sent again/,
  );
  const hashed = times(30, (i) => ({ fails: NOISE[i] === 1, tries: NOISE[i] === 1 ? 4 : 1, clientPort: 7 }));
  const pattern = only(t, patterns(hashed), 'try');
  t.regex(
    pattern.summary,
    /loses those that follow too \(45 of 45 sent again\), while 15 of 30 get through at once/,
  );
});

test("another cause's failures say nothing about this one, and no finding of less than a fault is looked at", (t) => {
  const attempts = times(45, (i) => ({
    fails: i % 3 !== 0,
    tries: 1,
    backend: `10.0.0.${i % 3}`,
    clientPort: 7,
  }));
  const context = new DiagnosisContext(attempts, ['n1'], [], [], new Clocks([]));
  const of = (rest: number) => attempts.filter((_, i) => i % 3 === rest).map((a) => a.id);
  const findings = [
    findingOf({ id: 'f1', attempts: of(1) }),
    findingOf({ id: 'f2', node: 'n2', attempts: of(2) }),
    findingOf({ id: 'f3', severity: 'info', attempts: of(2) }),
  ];
  addTo(findings.slice(0, 2), context);
  for (const [i, finding] of findings.slice(0, 2).entries()) {
    const [pattern] = finding.patterns!;
    t.deepEqual(
      pattern!.rows.map((row) => [row.value, row.failed, row.made]),
      [
        [`10.0.0.${i + 1}:8080`, 15, 0],
        ['10.0.0.0:8080', 0, 15],
      ],
    );
  }
  addTo([findings[2]!], context);
  t.is(findings[2]!.patterns, undefined);
});

test('at most three, the clearest first', (t) => {
  const attempts = times(30, (i) => ({
    fails: NOISE[i] === 1,
    tries: 1,
    backend: `10.0.0.${NOISE[i]}`,
    entry: `n${NOISE[i]! + 1}`,
    client: `203.0.${NOISE[i]}.7`,
    port: 80 + (i === 1 ? 0 : NOISE[i]!),
    clientPort: 7,
  }));
  const found = patterns(attempts);
  t.deepEqual(
    found.map((pattern) => pattern.by),
    ['backend', 'entry-node', 'client-network'],
  );
});

test('what one fault does to some and to others is two findings, and one pattern', (t) => {
  const attempts = times(30, (i) => ({
    fails: i % 3 === 1,
    slow: i % 3 === 2 ? 3 : 0,
    backend: `10.0.0.${Math.min(i % 3, 1)}`,
    clientPort: 7,
  }));
  const context = new DiagnosisContext(attempts, ['n1'], [], [], new Clocks([]));
  const of = (rest: number) => attempts.filter((_, i) => i % 3 === rest).map((a) => a.id);
  const lost = findingOf({ attempts: of(1) });
  const delayed = findingOf({ id: 'f2', severity: 'info', slow: 10, attempts: of(2) });
  addTo([lost, delayed], context);
  t.deepEqual(only(t, lost.patterns!, 'backend').rows[0], {
    value: '10.0.0.1:8080',
    failed: 10,
    slow: 10,
    made: 0,
  });
  t.regex(lost.patterns![0]!.summary, /^Fails or is slow with backend 10\.0\.0\.1:8080: 20 of 20/);
  t.is(delayed.patterns, undefined);
});

test('that a lost request was not seen behind the router is no pattern', (t) => {
  const attempts = times(30, (i) => ({ fails: NOISE[i] === 1, tries: 1, backend: null, clientPort: 7 }));
  for (const [i, { traces }] of attempts.entries()) {
    const [syn] = traces[0]!.sightings;
    const at = (node: string, direction: 'in' | 'out') => ({
      ...syn!,
      direction,
      point: { ...syn!.point, node },
    });
    const behind = NOISE[i] === 1 ? [] : [at('router', 'out'), at('n1', 'in')];
    traces[0]!.sightings = [at('router', 'in'), ...behind];
  }
  t.deepEqual(patterns(attempts), []);
});

test('by the way that the reply takes out of its node, wherever it was seen after', (t) => {
  const attempts = times(30, (i) => ({ fails: NOISE[i] === 1, tries: 1, clientPort: 7 }));
  for (const [i, { legs, traces }] of attempts.entries()) {
    const left = sighting('syn-ack', legs[0]!, { interface: `e${NOISE[i]}`, direction: 'out' });
    const router = sighting('syn-ack', legs[0]!, { node: 'router', interface: 'c0', direction: 'out' });
    traces.push({ role: 'reply', try: 1, sightings: NOISE[i] === 1 ? [left] : [left, router] });
  }
  t.regex(
    only(t, patterns(attempts), 'reply-way').summary,
    /^Fails when the reply goes out of node1 by e1: 15 of 15; works when the reply goes out of node1 by e0: 15 of 15\.$/,
  );
});

/** One of two services is asked a hundred times as often, and fails as often by share. */
function twoServices(): Attempt[] {
  const next = random(1);
  const anyTime = () => (next() / 2 ** 32) * 2000;
  const made = [
    // All are kept of the one, one of a hundred of the other.
    ...times(200, () => ({ port: 80, at: anyTime(), clientPort: 7 })),
    ...times(200, () => ({ port: 81, at: anyTime(), standsFor: 100, clientPort: 7 })),
    // It is kept for the clocks, and says nothing.
    ...times(200, () => ({ port: 80, at: anyTime(), standsFor: 0, clientPort: 7 })),
  ];
  const failed = times(404, (i) => ({
    fails: true,
    tries: 1,
    port: i % 101 === 0 ? 80 : 81,
    at: anyTime(),
    clientPort: 7,
  }));
  return [...made, ...failed].sort((a, b) => Number(a.firstTime! - b.firstTime!));
}

test('one that was made counts as often as it stands for others', (t) => {
  t.deepEqual(patterns(twoServices()), []);
});

test('of very many, it is said of how many some are compared', (t) => {
  const all = times(800, (i) => ({
    fails: i % 2 === 1,
    tries: 1,
    backend: `10.0.0.${i % 2}`,
    clientPort: 7,
  }));
  t.is(
    only(t, patterns(all), 'backend').summary,
    'Fails with backend 10.0.0.1:8080: 250 of 250; works with backend 10.0.0.0:8080: 250 of 250.' +
      ' (Compared are 250 of 400 that met this, and 250 of 400 that did not; the numbers are no shares of all.)',
  );
  const few = all.filter(({ outcome }, i) => outcome !== 'established' || i % 16 === 0);
  const many = few.map((one): Attempt => ({ ...one, standsFor: one.outcome === 'established' ? 123 : 1 }));
  t.regex(
    only(t, patterns(many), 'backend').summary,
    /Compared are 250 of 400 that met this, and 50 of 6,200 that did not/,
  );
});
