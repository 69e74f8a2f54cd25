/** What looks like another cause for the rules, the tables or the packets of somebody else. */
import test from 'ava';
import type { Attempt } from '../../src/correlate/attempt.js';
import type { DiagnosisContext } from '../../src/diagnose/context.js';
import { disproves } from '../../src/diagnose/drops/conntrack.js';
import type { Journey } from '../../src/network/journey.js';
import { Wire } from '../correlate/neighbours/wire.js';
import {
  A,
  B,
  type Bundle,
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

const DNAT = `*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -d ${VIP}/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.244.2.5:80
COMMIT
`;

/** A node whose rules would translate the VIP, were it asked. */
const translating = (): Bundle => ({
  ...nodeFiles([{ name: 'eth0', mac: B, addresses: ['192.0.2.12/24'] }]),
  'iptables-save.txt': DNAT,
});
const asked = () => new Wire().ask(ROUTER, GATEWAY, VIP).answer(A, VIP, ROUTER, GATEWAY);

test("refused by the node that has the VIP and translates nothing: another node's rules do not matter", async (t) => {
  const { findings } = await run(t, {
    front: {
      ...node(A, `${VIP}/32`),
      'iptables-save.txt': '*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n',
      'nft.json': '{"nftables":[]}',
      'sysctl.txt': `${node(A)['sysctl.txt']}net.ipv4.conf.all.send_redirects = 1\n`,
      'eth0.pcap': refusedBy(asked(), A, 40_001).capture(),
    },
    other: translating(),
  });
  t.deepEqual(
    findings.filter((f) => f.severity === 'fault').map((f) => [f.cause, f.confidence, f.node]),
    [['refused', 'confirmed', 'front']],
  );
});

test('its twin: the node translates it itself, and the RST may be of the backend', async (t) => {
  const { findings } = await run(t, {
    front: {
      ...node(A, `${VIP}/32`),
      'iptables-save.txt': DNAT,
      'eth0.pcap': refusedBy(asked(), A, 40_001).capture(),
    },
  });
  t.deepEqual(
    findings.filter((f) => f.severity === 'fault').map((f) => [f.cause, f.confidence]),
    [['refused', 'possible']],
  );
});

test('a node that answers for the VIP and has no rules for it was not succeeded by one that has', async (t) => {
  const { findings } = await run(t, {
    front: { ...node(A), 'eth0.pcap': lostAt(asked(), A, 40_001).ask(ROUTER, GATEWAY, VIP).capture() },
    other: translating(),
  });
  t.false(findings.some(({ summary }) => /stale|no longer answers/.test(summary)));
});

test('slow: the first node drops the request, and the one that is sent again goes to another', async (t) => {
  const raw = `*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d ${VIP}/32 -p tcp -m tcp --dport 80 -j DROP\nCOMMIT\n`;
  const wire = new Wire().syn(ROUTER, A, from(40_001)).wait(1000).syn(ROUTER, B, from(40_001));
  wire.synAck(B, ROUTER, from(40_001)).ack(ROUTER, B, from(40_001)).wait(3000).ask(ROUTER, GATEWAY, VIP);
  const to = (mac: string) => wire.cooked(mac, 2);
  const { findings } = await run(t, {
    first: { ...node(A, `${VIP}/32`), 'iptables-save.txt': raw, 'any.pcap': to(A) },
    second: {
      ...nodeFiles([{ name: 'eth0', mac: B, addresses: ['192.0.2.12/24', `${VIP}/32`] }]),
      'any.pcap': to(B),
    },
  });
  const filtered = findings.filter((f) => f.cause === 'filtered');
  t.deepEqual(
    filtered.map((f) => [f.severity, f.node, f.interface]),
    [['risk', 'first', 'eth0']],
  );
});

const attempt = (id: string) =>
  ({
    id,
    protocol: 'tcp',
    legs: [{ client: { address: '192.0.2.9', port: 40_001 }, server: { address: VIP, port: 80 } }],
  }) as unknown as Attempt;

test("a client that asks again from the same port: the table's entry is of either attempt", (t) => {
  const original = { source: '192.0.2.9', sourcePort: 40_001, destination: VIP, destinationPort: 80 };
  const station = { snapshot: { conntrack: [{ protocol: 'tcp', original, unreplied: false }] } };
  const passage = { connection: null, drop: { by: 'netfilter', hook: 'forward' } };
  const journey = {
    legs: [{ station, interface: 'eth0', passage }],
    end: { kind: 'dropped', station, carrier: false },
  } as unknown as Journey;
  const context = (...attempts: Attempt[]) => ({ attempts }) as unknown as DiagnosisContext;
  const lost = attempt('a1');
  t.true(disproves(lost, journey, 'request', context(lost)));
  t.false(disproves(lost, journey, 'request', context(lost, attempt('a2'))));
});

/** Clients whose one SYN is answered three times, beside one that is served. */
function vanished(count: number): Wire {
  const wire = madeBy(asked(), A, 40_001).wait(100);
  for (let port = 40_002; port < 40_002 + count; port++) {
    wire.syn(ROUTER, A, from(port));
    for (const wait of [1000, 2000, 3000]) wire.synAck(A, ROUTER, from(port)).wait(wait);
  }
  return wire.wait(3000).ask(ROUTER, GATEWAY, '192.0.2.12');
}

test('a client that asks once and vanishes, beside others that are served: no fault', async (t) => {
  const analyzed = (wire: Wire) =>
    run(t, { front: { ...node(A, `${VIP}/32`), 'eth0.pcap': wire.capture() } });
  const one = await analyzed(vanished(1));
  t.deepEqual(
    one.findings.map((f) => [f.cause, f.severity]),
    [['undetermined', 'info']],
  );
  t.regex(one.findings[0]!.summary, /it is gone, or it got the reply/);
  // Its twin: one after the other.
  t.deepEqual(faults(await analyzed(vanished(5))), ['undetermined']);
});
