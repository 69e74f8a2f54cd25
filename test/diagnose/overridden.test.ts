/** What the lab's kernel has no device for, and what takes the settings' say from them: recordings made to look so. */
import test from 'ava';
import { Altered, NSTAT } from './altered.js';

type Device = Record<string, unknown> & { ifname?: string; dev?: string };

const each = (change: (entry: Device) => Device) => (text: string) =>
  JSON.stringify((JSON.parse(text) as Device[]).map(change));
const adding =
  (...more: object[]) =>
  (text: string) =>
    JSON.stringify([...(JSON.parse(text) as object[]), ...more]);

/** As `ip -j -d link` prints it. */
const device = (ifname: string, kind: string, more: object = {}) => ({
  ...{
    ifindex: 90,
    ifname,
    flags: ['BROADCAST', 'UP', 'LOWER_UP'],
    mtu: 1500,
    operstate: 'UP',
    group: 'default',
  },
  ...{ link_type: 'ether', address: '5e:00:00:00:00:90', linkinfo: { info_kind: kind, ...more } },
});
const UNTOLD = ['kernel.log', 'drops.txt', ...NSTAT];

test('where eBPF programs may take the packet first, settings alone do not say that the reverse-path check dropped it', async (t) => {
  const told = () => new Altered(t, 'rp-filter-strict').without(...UNTOLD);
  t.deepEqual(await told().findings(), ['rp-filter probable node2 flannel.1']);
  const cilium = told().edit('node2', 'ip-link.json', adding(device('cilium_host', 'veth')));
  const [finding] = (await cilium.analyze()).findings;
  t.like(finding, { cause: 'rp-filter', confidence: 'possible', node: 'node2' });
  t.regex(finding!.summary, /may be dropping/);
  t.true(finding!.evidence.some(({ text }) => /^assumed: node2: the eBPF programs of Cilium/.test(text)));
});

test("the kernel's own record of the drop is told all the same", async (t) => {
  const recorded = new Altered(t, 'rp-filter-strict');
  recorded.edit('node2', 'ip-link.json', adding(device('cilium_host', 'veth')));
  t.deepEqual(await recorded.findings(), ['rp-filter confirmed node2 flannel.1']);
});

/** eth1, by which the requests come in, is in a VRF of its own. */
function inVrf(scenario: Altered, ...routes: object[]): Altered {
  const slave = { info_slave_kind: 'vrf', info_slave_data: { table: 10 } };
  return scenario
    .edit(
      'node1',
      'ip-link.json',
      each((link) =>
        link.ifname === 'eth1'
          ? { ...link, master: 'blue', linkinfo: { ...(link.linkinfo as object), ...slave } }
          : link,
      ),
    )
    .edit('node1', 'ip-link.json', adding(device('blue', 'vrf', { info_data: { table: 10 } })))
    .edit(
      'node1',
      'ip-route.json',
      each((route) => (route.dev === 'eth1' ? { ...route, table: '10' } : route)),
    )
    .edit('node1', 'ip-route.json', adding(...routes))
    .edit('node1', 'ip-rule.json', adding({ priority: 1000, src: 'all', l3mdev: null }));
}

test('in a VRF it is the way back of its own table that counts', async (t) => {
  const strict = () => new Altered(t, 'second-nic-strict').without(...UNTOLD);
  const back = { dst: 'default', gateway: '10.9.8.1', dev: 'eth1', table: '10', flags: [] };
  t.false((await inVrf(strict(), back).findings()).some((finding) => finding.startsWith('rp-filter')));
  t.deepEqual(await inVrf(strict()).findings(), ['rp-filter probable node1 eth1']);
});

test('of a VRF that has no way back the fix is one in its own table, and no rule that leads past it', async (t) => {
  const own = { type: 'local', dst: '10.9.8.7', dev: 'blue', table: '10', protocol: 'kernel', scope: 'host' };
  const held = inVrf(new Altered(t, 'second-nic-strict').without(...UNTOLD), { ...own, flags: [] })
    .edit('node1', 'ip-route.json', (text) =>
      JSON.stringify(
        (JSON.parse(text) as Device[]).filter(({ dst, dev }) => dst !== '10.9.8.7' || dev !== 'lo'),
      ),
    )
    .edit(
      'node1',
      'ip-addr.json',
      each((link) => {
        const addresses = link.addr_info as { local: string }[];
        return { ...link, addr_info: addresses.filter(({ local }) => local !== '10.9.8.7') };
      }),
    )
    .edit(
      'node1',
      'ip-addr.json',
      adding({
        ...{ ifindex: 90, ifname: 'blue', flags: [] },
        addr_info: [{ family: 'inet', local: '10.9.8.7', prefixlen: 32, scope: 'global' }],
      }),
    );
  const [finding] = (await held.analyze()).findings;
  t.is(finding!.cause, 'rp-filter');
  t.deepEqual(
    finding!.fix?.commands.filter(({ persists }) => !persists).map(({ command }) => command),
    ['ip route replace default via 10.9.8.1 dev eth1 onlink table 10'],
  );
});

test('an address of no VRF may be served within one: that the other tables have no route for its replies is no proof', async (t) => {
  const lost = () => new Altered(t, 'no-route-local-server').without(...UNTOLD);
  t.deepEqual(await lost().findings(), ['no-route probable lb-3 null']);
  const [node] = lost().nodes;
  const vrf = lost()
    .edit(
      node!,
      'ip-link.json',
      each((link) => (link.ifname === 'ens19' ? { ...link, master: 'blue' } : link)),
    )
    .edit(node!, 'ip-link.json', adding(device('blue', 'vrf', { info_data: { table: 10 } })));
  t.false((await vrf.findings()).some((finding) => finding.startsWith('no-route probable')));
});

test('what an XDP program has before any capture may be lost there, and no filter is ruled out by that it was not captured', async (t) => {
  const lost = () => new Altered(t, 'not-delivered-port-down');
  const known = (await lost().analyze()).findings[0]!;
  t.true(known.alternatives.some(({ cause }) => cause === 'filtered'));
  const program = { id: 42, name: 'xdp_fw', tag: '3b185187f1855c4c', jited: 1 };
  const xdp = { mode: 1, prog: program, attached: [{ mode: 1, prog: program }] };
  const { findings, gaps } = await lost()
    .edit(
      'node1',
      'ip-link.json',
      each((link) => (link.ifname === 'eth0' ? { ...link, xdp } : link)),
    )
    .analyze();
  t.like(findings[0], { cause: 'not-delivered', confidence: 'possible', alternatives: [] });
  t.regex(findings[0]!.noFix!, /or the XDP program there took it/);
  t.like(gaps[0], { node: 'node1', interface: 'eth0' });
  t.regex(gaps[0]!.why, /^an XDP program at eth0 of node1 has what comes in before any capture/);
});

test('what cannot be told of a node is named as what to look at next', async (t) => {
  const lost = new Altered(t, 'no-route-local-server').without(...UNTOLD);
  const user = { priority: 500, src: 'all', uid_start: 1000, uid_end: 1000, table: '77' };
  const way = { dst: 'default', gateway: '172.31.255.254', dev: 'ens19', table: '77', flags: [] };
  const [node] = lost.nodes;
  const asked = lost.edit(node!, 'ip-rule.json', adding(user)).edit(node!, 'ip-route.json', adding(way));
  const { findings, gaps } = await asked.analyze();
  t.is(findings[0]!.cause, 'undetermined');
  t.regex(gaps[0]!.why, /cannot be told: rule 500 asks for the packet's user/);
});

test('what policies of IPsec encrypt leaves as another packet: that no reply is seen is no proof of silence', async (t) => {
  const lost = () => new Altered(t, 'no-route-local-server').without(...UNTOLD);
  const [node] = lost().nodes;
  const way = { dst: '203.0.113.0/24', gateway: '172.31.255.254', dev: 'ens19', flags: [] };
  const routed = lost().edit(node!, 'ip-route.json', adding(way));
  t.deepEqual(await routed.findings(), [`backend-silent probable ${node} ens19`]);
  const policy = lost()
    .edit(node!, 'ip-rule.json', adding({ priority: 220, src: 'all', table: '220' }))
    .edit(node!, 'ip-route.json', adding({ ...way, table: '220' }));
  const [finding] = (await policy.analyze()).findings;
  t.is(finding!.confidence, 'possible');
  t.true(finding!.evidence.some(({ text }) => /^assumed: lb-3: policies of IPsec/.test(text)));
});

test("a port of Open vSwitch hands its frames to whom the flow table says: a martian line's own device is the place", async (t) => {
  const bridged = (text: string) => text.replaceAll('"eth1"', '"br-ex"').replaceAll('dev eth1', 'dev br-ex');
  const recorded = new Altered(t, 'second-nic-strict')
    .edit(
      'node1',
      'ip-link.json',
      adding(device('ovs-system', 'openvswitch'), device('br-ex', 'openvswitch')),
    )
    .edit(
      'node1',
      'ip-link.json',
      each((link) => (link.ifname === 'eth1' ? { ...link, master: 'ovs-system' } : link)),
    )
    .edit('node1', 'sysctl.txt', (text) => text.replaceAll('.eth1.', '.br-ex.'));
  for (const file of ['ip-addr.json', 'ip-route.json', 'ip-neigh.json', 'kernel.log']) {
    recorded.edit('node1', file, bridged);
  }
  t.deepEqual(await recorded.findings(), ['rp-filter confirmed node1 br-ex']);
});
