/** Requests that went to a host which the address is not on, each beside a twin that went where it should. */
import test, { type ExecutionContext } from 'ava';
import { Wire } from '../correlate/neighbours/wire.js';
import {
  A,
  B,
  claimants,
  conflicts,
  faults,
  from,
  GATEWAY,
  lostAt,
  madeBy,
  node,
  nodeFiles,
  ROUTER,
  refusedBy,
  run,
  VIP,
} from './lan.js';

const STRICT_IN_ANSWERS_ALONE = { arp_ignore: 1, arp_announce: 0 };

/** It has the address on kube-ipvs0, and answers nobody for it. */
const onIpvs = (sysctl: Record<string, number>) =>
  nodeFiles(
    [
      { name: 'eth0', mac: B, addresses: ['192.0.2.12/24'] },
      { name: 'kube-ipvs0', mac: '02:00:00:00:00:ff', addresses: [`${VIP}/32`] },
    ],
    sysctl,
  );

/** What is found where `wire` was captured at the router, and node1 has the address. */
const analyzed = (t: ExecutionContext, wire: Wire, node2 = onIpvs(STRICT_IN_ANSWERS_ALONE)) =>
  run(t, { router: { 'eth0.pcap': wire.capture() }, node1: node(A, `${VIP}/32`), node2 });

/** The second node asks for the gateway, as `sender`. */
const asking = (sender: string) =>
  new Wire().ask(B, sender, GATEWAY).answer(ROUTER, GATEWAY, B, sender).wait(100);

for (const [what, fail] of [
  ['refused', refusedBy],
  ['lost', lostAt],
] as const) {
  test(`one that answers nobody asks in the address's name, and what then goes to it is ${what}`, async (t) => {
    const analysis = await analyzed(t, fail(asking(VIP), B, 40_001));
    t.deepEqual(faults(analysis), ['arp-conflict']);
    const [finding] = conflicts(analysis);
    t.is(finding!.confidence, 'probable');
    t.deepEqual(claimants(finding), [`node1 eth0 ${A}`, `node2 eth0 ${B}`]);
    t.deepEqual(
      finding!.fix!.commands.filter((c) => !c.persists).map((c) => `${c.node}: ${c.command}`),
      ['node2: sysctl -w net.ipv4.conf.all.arp_announce=2', `node1: arping -U -c 3 -I eth0 ${VIP}`],
    );
    t.regex(finding!.fix!.expected, /node2 then asks for 192\.0\.2\.1 as 192\.0\.2\.12/);
  });
}

test('its twins: it asks as itself; it asked only later; what it got was made', async (t) => {
  t.deepEqual(faults(await analyzed(t, refusedBy(asking('192.0.2.12'), B, 40_001))), ['refused']);
  const later = refusedBy(new Wire(), B, 40_001).wait(100).ask(B, VIP, GATEWAY);
  t.deepEqual(faults(await analyzed(t, later)), ['refused']);
  const serving = refusedBy(madeBy(asking(VIP), B, 40_001).wait(500), B, 40_002);
  t.deepEqual(conflicts(await analyzed(t, serving)), []);
  t.deepEqual((await analyzed(t, madeBy(asking(VIP), B, 40_001))).findings, []);
});

test('a director passes requests on to a server that asks in its name: what it refuses, it refuses', async (t) => {
  const conversation = from(40_001);
  const wire = asking(VIP)
    .syn(ROUTER, A, conversation)
    .syn(A, B, conversation)
    .reset(B, ROUTER, conversation);
  t.deepEqual(conflicts(await analyzed(t, wire)), []);
});

test('who has the address may ask in its name', async (t) => {
  const own = refusedBy(new Wire().ask(A, VIP, GATEWAY).wait(100), A, 40_001);
  t.deepEqual(faults(await analyzed(t, own)), ['refused']);
});

test('two nodes with one MAC: frames go to either, and no entry is stale', async (t) => {
  const clone = nodeFiles([{ name: 'eth0', mac: A, addresses: ['192.0.2.12/24'] }], { forwarding: 0 });
  const wire = new Wire().ask(ROUTER, GATEWAY, VIP).answer(A, VIP, ROUTER, GATEWAY);
  const neighbours = [{ dst: VIP, dev: 'eth0', lladdr: A, state: ['REACHABLE'] }];
  const router = {
    ...nodeFiles([{ name: 'eth0', mac: ROUTER, addresses: [`${GATEWAY}/24`] }]),
    'ip-neigh.json': JSON.stringify(neighbours),
  };
  const captured = lostAt(wire, A, 40_001).capture();
  const analysis = await run(t, {
    router: { ...router, 'eth0.pcap': captured },
    node1: node(A, `${VIP}/32`),
    node2: { ...clone, 'eth0.pcap': captured },
  });
  const [finding] = analysis.findings.filter((f) => f.severity === 'fault');
  t.deepEqual([finding?.cause, finding?.confidence, finding?.node], ['not-delivered', 'probable', 'node2']);
  t.regex(finding!.summary, /node2 \(eth0\) and node1 \(eth0\) have the same MAC/);
  t.false(analysis.findings.some((f) => /stale/.test(f.summary)));
});
