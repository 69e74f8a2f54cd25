/** Next hops that nobody answers for, of requests that were translated and of replies to clients on the node's link. */
import test, { type ExecutionContext } from 'ava';
import { Wire } from '../correlate/neighbours/wire.js';
import { A, type Bundle, GATEWAY, lostAt, node, nodeFiles, ROUTER, run, VIP } from './lan.js';

const DEAD = '192.0.2.77';
const BACKEND = '10.42.1.10';
const TRANSLATING = `*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d ${VIP}/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination ${BACKEND}:8080\nCOMMIT\n`;

const entry = (dst: string, state: string, lladdr?: string) => ({
  ...{ dst, dev: 'eth0', state: [state] },
  ...(lladdr && { lladdr }),
});

function withEntries(files: Bundle, change: Partial<Record<string, (rows: object[]) => object[]>>): Bundle {
  const edited = Object.entries(change).map(([name, edit]) => {
    return [name, JSON.stringify(edit!(JSON.parse((files[name] as string) ?? '[]') as object[]))];
  });
  return { ...files, 'nft.json': '{"nftables":[]}', ...Object.fromEntries(edited) };
}

async function translated(t: ExecutionContext, state: string) {
  const node1 = withEntries(node(A, `${VIP}/32`), {
    'ip-route.json': (routes) => [...routes, { dst: '10.42.1.0/24', gateway: DEAD, dev: 'eth0', flags: [] }],
    'ip-neigh.json': () => [entry(DEAD, state, state === 'FAILED' ? undefined : ROUTER)],
  });
  const eth0 = lostAt(new Wire(), A, 40_001).ask(ROUTER, GATEWAY, '192.0.2.99').capture();
  return run(t, { node1: { ...node1, 'iptables-save.txt': TRANSLATING, 'eth0.pcap': eth0 } });
}

test('the next hop of a translated request does not answer: it is said, though no cause is', async (t) => {
  const { findings, gaps } = await translated(t, 'FAILED');
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.fix]),
    [['undetermined', 'possible', null]],
  );
  t.regex(
    findings[0]!.known!,
    /sends what is for 10\.42\.1\.10:8080 by eth0 to 192\.0\.2\.77, and nobody answers/,
  );
  t.true(findings[0]!.evidence.some(({ kind, text }) => kind === 'neighbour' && /FAILED/.test(text)));
  t.true(gaps.some(({ capture }) => /^ip neigh show 192\.0\.2\.77; arping/.test(capture ?? '')));
});

test('its twin: the next hop answers', async (t) => {
  const { findings } = await translated(t, 'REACHABLE');
  t.deepEqual(
    findings.filter(({ known, cause }) => cause === 'undetermined' && known),
    [],
  );
});

const CLIENT = '192.0.2.50';
const C = '02:00:00:00:00:0d';

/** A client that asks by its own MAC, or through the router, and that a rule, or a route, has reached by a gateway. */
async function near(t: ExecutionContext, by: 'rule' | 'route', mac = C, client = CLIENT) {
  const way = { gateway: DEAD, dev: 'eth0', flags: [] };
  const route = by === 'rule' ? { ...way, dst: 'default', table: '150' } : { ...way, dst: client };
  const rules = by === 'rule' ? [{ priority: 50, src: 'all', dst: client, table: '150' }] : [];
  const node1 = withEntries(
    nodeFiles([{ name: 'eth0', mac: A, addresses: ['192.0.2.11/24', `${VIP}/32`] }], { accept_local: 0 }),
    {
      'ip-route.json': (routes) => [...routes, route],
      'ip-rule.json': (known) => [...known, ...rules],
      'ip-neigh.json': () => [
        entry(DEAD, 'FAILED'),
        entry(client, 'STALE', mac),
        entry(GATEWAY, 'STALE', ROUTER),
      ],
    },
  );
  const wire = new Wire();
  const asked = { client, port: 40_001, server: VIP };
  for (let i = 0; i < 3; i++) wire.syn(mac, A, asked).wait(1000 * (i + 1));
  const eth0 = wire.ask(ROUTER, GATEWAY, '192.0.2.99').capture();
  const { findings } = await run(t, { node1: { ...node1, 'eth0.pcap': eth0 } });
  const [finding] = findings;
  const commands = finding?.fix?.commands.filter((c) => !c.persists).map(({ command }) => command) ?? [];
  return [finding?.cause, ...commands];
}

test('a client on the link is sent its replies by a dead gateway: it is reached right there again', async (t) => {
  t.deepEqual(await near(t, 'rule'), ['wrong-gateway', `ip rule add to ${CLIENT} lookup main priority 48`]);
  t.deepEqual(await near(t, 'route'), ['wrong-gateway', `ip route replace ${CLIENT} dev eth0`]);
});

test('its twin: a client that is on no link of the node is not reached right there', async (t) => {
  const found = await near(t, 'rule', ROUTER, '198.51.100.5');
  t.false(
    found.some((command) => /lookup main priority|replace 198\.51\.100\.5 dev eth0/.test(command ?? '')),
  );
});
