/** Requests that leave the node which translated them, and never come to the backend's. */
import test, { type ExecutionContext } from 'ava';
import type { Analysis } from '../../src/model/analysis.js';
import { Wire } from '../correlate/neighbours/wire.js';
import { A, B, type Bundle, GATEWAY, nodeFiles, ROUTER, run, VIP } from './lan.js';

const POD = '10.244.2.5';
const CLIENT = '198.51.100.5';

const DNAT = `*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -d ${VIP}/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination ${POD}:80
COMMIT
`;

function routed(files: Bundle, via: string | null): Bundle {
  const routes = JSON.parse(files['ip-route.json'] as string) as object[];
  const route = {
    dst: '10.244.2.0/24',
    flags: [],
    ...(via ? { gateway: via, dev: 'eth0' } : { dev: 'pods' }),
  };
  return { ...files, 'ip-route.json': JSON.stringify([...routes, route]) };
}

const front = (): Bundle => ({
  ...routed(nodeFiles([{ name: 'eth0', mac: A, addresses: ['192.0.2.11/24', `${VIP}/32`] }]), '192.0.2.12'),
  'iptables-save.txt': DNAT,
});
const back = (): Bundle =>
  routed(
    nodeFiles([
      { name: 'eth0', mac: B, addresses: ['192.0.2.12/24'] },
      { name: 'pods', mac: '02:00:00:00:02:01', addresses: ['10.244.2.1/24'], kind: 'bridge' },
    ]),
    null,
  );

const before = (port: number) => ({ client: CLIENT, port, server: VIP });
const after = (port: number) => ({ client: CLIENT, port, server: POD });

/** The frame sent last is the packet of this identification, which NAT keeps, after so many hops. */
function mark(wire: Wire, identification: number, hops: number): Wire {
  const { bytes } = wire.frames.at(-1)!;
  bytes.set([0, identification], 18);
  bytes[22] = 63 - hops;
  return wire;
}

/** One connection that is made, and one whose three requests end on the link between the nodes. */
function wires(): { first: Wire; second: Wire } {
  const [first, second] = [new Wire(), new Wire()];
  const between = (send: (wire: Wire) => Wire, id: number, hops: number) => {
    for (const wire of [first, second]) mark(send(wire), id, hops);
  };
  first.ask(ROUTER, GATEWAY, VIP).answer(A, VIP, ROUTER, GATEWAY);
  mark(first.syn(ROUTER, A, before(40_001)), 1, 0);
  between((wire) => wire.syn(A, B, after(40_001)), 1, 1);
  between((wire) => wire.synAck(B, A, after(40_001)), 2, 0);
  mark(first.synAck(A, ROUTER, before(40_001)), 2, 1);
  mark(first.ack(ROUTER, A, before(40_001)), 3, 0);
  between((wire) => wire.ack(A, B, after(40_001)), 3, 1);
  for (const [i, wait] of [1000, 2000, 4000].entries()) {
    mark(first.syn(ROUTER, A, before(40_002)), 10 + i, 0);
    mark(first.syn(A, B, after(40_002)), 10 + i, 1).wait(wait);
    second.wait(wait);
  }
  for (const wire of [first, second]) wire.ask(ROUTER, GATEWAY, '192.0.2.12');
  return { first, second };
}

function analyzed(t: ExecutionContext, second: Buffer): Promise<Analysis> {
  return run(t, {
    front: { ...front(), 'eth0.pcap': wires().first.capture() },
    back: { ...back(), 'eth0.pcap': second },
  });
}

test('not-delivered: the next node was captured, with others of that backend, and shows none of it', async (t) => {
  const { findings, gaps } = await analyzed(t, wires().second.capture());
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.severity, f.node, f.interface, f.attempts.length]),
    [['not-delivered', 'possible', 'fault', 'front', 'eth0', 1]],
  );
  t.regex(findings[0]!.summary, /never came to eth0 of back, which was captured meanwhile/);
  t.regex(gaps[0]!.capture!, /arping -c 3 -I 'eth0' 192\.0\.2\.12/);
});

test('a capture there that shows nothing of the backend may be filtered: undetermined, and it is asked for', async (t) => {
  const { first } = wires();
  const { findings, gaps } = await analyzed(
    t,
    first.capture(({ bytes }) => bytes[12] === 8 && bytes[13] === 6),
  );
  t.deepEqual(
    findings.filter((f) => f.severity === 'fault').map((f) => f.cause),
    ['undetermined'],
  );
  t.deepEqual([gaps[0]!.node, gaps[0]!.interface], ['back', 'eth0']);
  t.regex(gaps[0]!.why, /left front by eth0 towards back, whose captures do not show it/);
});

test('a capture there that ended before, by clocks that packets join: that is said, and no more', async (t) => {
  const { first, second } = wires();
  const madeUntil = first.frames.findIndex(({ bytes }) => bytes[19] === 10);
  const { at } = first.frames[madeUntil]!;
  const ended = second.capture(({ at: sent }) => sent < at);
  const { findings, gaps } = await run(t, {
    front: { ...front(), 'eth0.pcap': first.capture() },
    back: { ...back(), 'eth0.pcap': ended },
  });
  t.deepEqual(
    findings.filter((f) => f.severity === 'fault').map((f) => f.cause),
    ['undetermined'],
  );
  t.regex(
    gaps[0]!.why,
    /^packets left for back from .*, and its captures have packets from .* to .* \(eth0\.pcap\) alone: they did not run at that time, or nothing came; capture front and back at the/,
  );
  t.true(findings[0]!.evidence.some(({ text }) => text.startsWith('packets left for back')));
});

/** A capture of other connections to the backend, so long after. */
function afterwards(milliseconds: number): Buffer {
  const later = new Wire().wait(milliseconds).ask(ROUTER, GATEWAY, '192.0.2.12');
  for (const port of [40_011, 40_012]) {
    later.syn(ROUTER, B, after(port)).synAck(B, ROUTER, after(port)).ack(ROUTER, B, after(port));
  }
  return later.wait(10).ask(ROUTER, GATEWAY, '192.0.2.12').capture();
}

test('a capture there that began an hour afterwards, by clocks that no packet joins: the same', async (t) => {
  const { findings, gaps } = await analyzed(t, afterwards(3_600_000));
  t.deepEqual(
    findings.filter((f) => f.severity === 'fault').map((f) => f.cause),
    ['undetermined'],
  );
  t.regex(
    gaps[0]!.why,
    / alone, unless a clock is wrong, which no packet tells: they did not run at that time, or nothing came;/,
  );
});

test('a minute may as well be the fault of a clock: what it shows counts, and that is said', async (t) => {
  const { findings } = await analyzed(t, afterwards(60_000));
  t.deepEqual(
    findings.filter((f) => f.severity === 'fault').map((f) => [f.cause, f.confidence]),
    [['not-delivered', 'possible']],
  );
  t.regex(findings[0]!.summary, /unless the clocks are right, by which it was captured at another time/);
});
