/** Replies that leave by a neighbour entry which is wrong, each beside a twin in which one thing is right. */
import test, { type ExecutionContext } from 'ava';
import { Wire } from '../correlate/neighbours/wire.js';
import { A, B, type Bundle, from, GATEWAY, node, nodeFiles, ROUTER, run, VIP } from './lan.js';

const NOBODY = '02:00:00:00:00:99';

interface Case {
  /** Of the node's entry for its gateway, and to which its replies go. */
  entry?: string;
  state?: string;
  /** In the gateway's ARP request. */
  heard?: string;
  /** Whether the gateway's settings are known. */
  withRouter?: boolean;
  /** Another node on the link. */
  node2?: Bundle;
}

async function found(t: ExecutionContext, { entry = NOBODY, state, heard, withRouter = false, node2 }: Case) {
  const wire = new Wire();
  if (heard) wire.ask(heard, GATEWAY, '192.0.2.11');
  for (let i = 0; i < 3; i++) wire.syn(ROUTER, A, from(40_001)).synAck(A, entry, from(40_001)).wait(1000);
  wire.wait(4000).ask(A, '192.0.2.11', '192.0.2.77');
  const neighbours = [{ dst: GATEWAY, dev: 'eth0', lladdr: entry, state: [state ?? 'PERMANENT'] }];
  const node1 = {
    ...node(A, `${VIP}/32`),
    'ip-neigh.json': JSON.stringify(neighbours),
    'nft.json': '{"nftables":[]}',
    'eth0.pcap': wire.capture(),
  };
  const router = nodeFiles([{ name: 'eth0', mac: ROUTER, addresses: [`${GATEWAY}/24`] }]);
  const { findings } = await run(t, { node1, ...(withRouter && { router }), ...(node2 && { node2 }) });
  const [finding] = findings.filter((f) => f.severity === 'fault');
  return {
    finding,
    brief: finding && [finding.cause, finding.node, finding.interface].join(' '),
    commands: finding?.fix?.commands.map((c) => `${c.node}: ${c.command}`) ?? [],
  };
}

const FORGET = [`node1: ip neigh del ${GATEWAY} dev eth0`];

test('the gateway was heard with another MAC: its permanent entry is forgotten, as the model tried', async (t) => {
  const { finding, brief, commands } = await found(t, { heard: ROUTER });
  t.is(brief, 'wrong-gateway node1 eth0');
  t.deepEqual(commands, FORGET);
  t.regex(finding!.summary, new RegExp(`the MAC ${NOBODY} for ${GATEWAY} .* was heard with ${ROUTER}`));
  t.regex(finding!.fix!.expected, /Tried in the model/);
  t.true(finding!.evidence.some(({ kind, text }) => kind === 'neighbour' && text.includes(NOBODY)));
});

test('the gateway is a node whose MACs are known: the same without ARP', async (t) => {
  const { brief, commands } = await found(t, { withRouter: true });
  t.is(brief, 'wrong-gateway node1 eth0');
  t.deepEqual(commands, FORGET);
});

test('its twins: nothing tells of another MAC, the MAC was heard, or the entry is learnt', async (t) => {
  for (const twin of [{}, { heard: NOBODY }, { heard: ROUTER, state: 'STALE' }]) {
    t.deepEqual((await found(t, twin)).commands, [], JSON.stringify(twin));
  }
});

test('its twin: the right entry sends the reply back where the request came from', async (t) => {
  const { brief, commands } = await found(t, { entry: ROUTER, heard: ROUTER });
  t.not(brief?.split(' ')[0], 'wrong-gateway');
  t.deepEqual(commands, []);
});

const OTHER_LINK = '02:00:00:00:00:0e';

/** Another node, with a second interface on this link, or on a link of its own. */
function beside(address: string) {
  return nodeFiles([
    { name: 'eth0', mac: B, addresses: ['192.0.2.12/24'] },
    { name: 'eth1', mac: OTHER_LINK, addresses: [address] },
  ]);
}

test("a permanent entry with another node's MAC is wrong where that node has it on another link", async (t) => {
  const node2 = beside('203.0.113.12/24');
  const { finding, brief, commands } = await found(t, { entry: OTHER_LINK, heard: ROUTER, node2 });
  t.is(brief, 'wrong-gateway node1 eth0');
  t.deepEqual(commands, FORGET);
  t.regex(
    finding!.summary,
    new RegExp(`the MAC ${OTHER_LINK} .* which is node2's, which is not on the link of eth0`),
  );
});

test('its twins: it has the MAC on this link, or on one of which no network is known', async (t) => {
  for (const address of ['192.0.2.13/24', '192.0.2.13/32']) {
    const node2 = beside(address);
    t.deepEqual((await found(t, { entry: OTHER_LINK, heard: ROUTER, node2 })).commands, [], address);
  }
});

/** A router whose entry for the VIP has the MAC of its node's other interface, which is on a link of that address. */
async function misdirected(t: ExecutionContext, other: string) {
  const wire = new Wire();
  for (let i = 0; i < 3; i++) wire.syn(ROUTER, OTHER_LINK, from(40_001)).wait(1000);
  const seen = {
    'nft.json': '{"nftables":[]}',
    'eth0.pcap': wire.wait(4000).ask(A, '192.0.2.11', '192.0.2.77').capture(),
  };
  const nics = [
    { name: 'eth0', mac: A, addresses: ['192.0.2.11/24', `${VIP}/32`] },
    { name: 'eth1', mac: OTHER_LINK, addresses: [other] },
  ];
  const entry = { dst: VIP, dev: 'eth0', lladdr: OTHER_LINK, state: ['PERMANENT'] };
  const router = {
    ...nodeFiles([{ name: 'eth0', mac: ROUTER, addresses: [`${GATEWAY}/24`] }]),
    ...seen,
    'ip-neigh.json': JSON.stringify([entry]),
  };
  const { findings } = await run(t, { router, node1: { ...nodeFiles(nics), ...seen } });
  return findings.map((f) => [f.cause, f.fix?.commands[0]?.command]);
}

test("the MAC of the node's own interface on another link: it takes no such frame in", async (t) => {
  const forget = `ip neigh del ${VIP} dev eth0`;
  t.deepEqual(await misdirected(t, '203.0.113.11/24'), [['not-delivered', forget]]);
});

test('its twin: both of its interfaces are on the link, by either of which it may have come', async (t) => {
  const found = await misdirected(t, '192.0.2.12/24');
  t.false(found.some(([, command]) => command?.startsWith('ip neigh del')));
});
