import test from 'ava';
import fc from 'fast-check';
import { readSnapshot } from '../../../src/ingest/snapshot/snapshot.js';
import { readSpeakerLogs } from '../../../src/ingest/snapshot/speaker-log.js';
import { parseTime } from '../../../src/model/time.js';

const json = (fields: object) => JSON.stringify({ caller: 'level.go:63', level: 'info', ...fields });
const announced = (service: string, ts: string, ips = ['192.168.1.240'], protocol = 'layer2') =>
  json({
    event: 'serviceAnnounced',
    ips,
    msg: 'service has IP, announcing',
    pool: 'p',
    protocol,
    service,
    ts,
  });
const withdrawn = (service: string, ts: string) =>
  json({ event: 'serviceWithdrawn', ip: null, msg: 'withdrawing', reason: 'notOwner', service, ts });
const joined = (name: string) =>
  json({
    msg: 'node event - forcing sync',
    'node addr': '10.0.0.1',
    'node event': 'NodeJoin',
    'node name': name,
  });
const started = json({ msg: 'MetalLB speaker starting version 0.14.9', ts: '2026-01-31T10:00:00Z' });
const responder = (event: string, name: string) => json({ event, interface: name, msg: 'responder' });

function read(lines: readonly string[], warnings: string[] = []) {
  return readSpeakerLogs(lines.join('\n'), 'kube/speaker-x.log', (message) => warnings.push(message));
}

test('announcements and withdrawals, repetitions as one', (t) => {
  const [log, ...others] = read([
    announced('default/web', '2026-01-31T10:00:01Z'),
    announced('default/dns', '2026-01-31T10:00:02Z', ['2001:DB8::0:53', '192.168.1.241']),
    announced('default/web', '2026-01-31T10:05:00Z'),
    withdrawn('default/web', '2026-01-31T10:06:00Z'),
    announced('default/web', '2026-01-31T10:07:00Z'),
  ]);
  t.deepEqual(others, []);
  t.deepEqual(
    log!.events.map(({ kind, service, addresses, times, line }) => [kind, service, addresses, times, line]),
    [
      ['announced', 'default/web', ['192.168.1.240'], 2, 1],
      ['announced', 'default/dns', ['2001:db8::53', '192.168.1.241'], 1, 2],
      ['withdrawn', 'default/web', [], 1, 4],
      ['announced', 'default/web', ['192.168.1.240'], 1, 5],
    ],
  );
  t.like(log!.events[0], {
    protocol: 'layer2',
    time: parseTime('2026-01-31T10:00:01Z'),
    lastTime: parseTime('2026-01-31T10:05:00Z'),
    timeUncertaintyNs: 1_000_000_000,
  });
  t.like(log!.events[2], { protocol: null, reason: 'notOwner' });
});

test('an address that changes, and another protocol, are no repetition', (t) => {
  const [log] = read([
    announced('a/b', '2026-01-31T10:00:01Z'),
    announced('a/b', '2026-01-31T10:00:01Z', ['192.168.1.240'], 'bgp'),
    announced('a/b', '2026-01-31T10:00:01Z'),
    announced('a/b', '2026-01-31T10:00:01Z', ['192.168.1.249']),
  ]);
  t.deepEqual(
    log!.events.map((event) => event.times),
    [2, 1, 1],
  );
});

test("whose log it is: the first to join after the start is the speaker's own node", (t) => {
  t.is(read([started, joined('node2'), joined('node1')])[0]!.node, 'node2');
  t.is(read([joined('node1'), announced('a/b', '')])[0]!.node, null);
  // A container that was started anew, with the log before it.
  t.is(read([started, joined('node2'), started, joined('node3')])[0]!.node, 'node3');
});

test('where it listens, if the log goes back to the start', (t) => {
  const lines = [
    responder('createARPResponder', 'eth0'),
    responder('createNDPResponder', 'eth0'),
    responder('createARPResponder', 'eth1'),
    responder('deleteARPResponder', 'eth0'),
  ];
  t.like(read([started, ...lines])[0], { arpInterfaces: ['eth1'], ndpInterfaces: ['eth0'] });
  t.like(read(lines)[0], { arpInterfaces: null, ndpInterfaces: null });
});

test('prefixes: the time, the pod', (t) => {
  const line = announced('a/b', '2026-01-31T10:00:01Z');
  const [one, two, three] = read([
    `[pod/speaker-abcde/speaker] 2026-01-31T10:00:01.500000000Z ${line}`,
    `[pod/speaker-fghij/speaker] ${line}`,
    `2026-01-31T10:00:01.250000000Z stdout F ${line}`,
  ]);
  t.like(one, { pod: 'speaker-abcde' });
  t.like(two, { pod: 'speaker-fghij' });
  t.is(three!.pod, null);
  // The runtime stamps a line a little after it was written.
  t.is(
    one!.events[0]!.time! + BigInt(one!.events[0]!.timeUncertaintyNs),
    parseTime('2026-01-31T10:00:01.5Z')!,
  );
  t.is(three!.events[0]!.time, parseTime('2026-01-31T10:00:01Z'));
  t.is(read([`speaker-abcde speaker ${line}`])[0]!.pod, 'speaker-abcde');
  const fine = announced('a/b', '2026-01-31T10:00:01.123456789Z');
  t.is(
    read([`2026-01-31T10:00:02.5Z ${fine}`])[0]!.events[0]!.time,
    parseTime('2026-01-31T10:00:01.123456789Z'),
  );
});

test('other logs leave nothing, a cut line a warning', (t) => {
  const warnings: string[] = [];
  t.deepEqual(read(['I0131 10:00:00 controller.go:1] ok', '{"event":"ipAllocated"}', ''], warnings), []);
  t.deepEqual(warnings, []);
  const cut = announced('a/b', '2026-01-31T10:00:01Z').slice(0, -20);
  t.deepEqual(read([cut], warnings), []);
  t.deepEqual(warnings, ['kube/speaker-x.log: 1 lines of a speaker are no JSON, as if cut; passed over']);
});

test('any text is a log', (t) => {
  const piece = fc.constantFrom(
    started,
    joined('n'),
    announced('a/b', 'x'),
    '{"event":"serviceAnnounced"}',
    '{',
  );
  const lines = fc.array(fc.oneof(piece, fc.string()));
  t.notThrows(() => fc.assert(fc.property(lines, (texts) => Array.isArray(read(texts)))));
});

test('in a snapshot: each speaker of each file, nothing where there is none', (t) => {
  const line = announced('a/b', '2026-01-31T10:00:01Z');
  const files = new Map([
    ['kube/speaker-1.log', line],
    ['kube/speaker-2.log', line],
    ['kube/controller.log', 'nothing of a speaker'],
    ['kube/empty.log', ''],
  ]);
  const snapshot = readSnapshot(files, 'node1', null, 'bundle');
  t.deepEqual(
    snapshot.speakerLogs!.map((log) => log.file),
    ['bundle/kube/speaker-1.log', 'bundle/kube/speaker-2.log'],
  );
  t.deepEqual(snapshot.warnings, []);
  t.is(readSnapshot(new Map([['kube/controller.log', 'x']]), 'node1', null, '').speakerLogs, null);
});
