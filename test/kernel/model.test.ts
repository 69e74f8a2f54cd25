import test from 'ava';
import { readSnapshot } from '../../src/ingest/snapshot/snapshot.js';
import { KernelModel } from '../../src/kernel/model.js';
import { sysctlValue } from '../../src/kernel/sysctl.js';
import type { VerdictName } from '../../src/kernel/verdict.js';
import type { Snapshot } from '../../src/model/snapshot.js';
import { withRoute, withRule, withSysctl } from './settings.js';

// A node with a management network on eth0, the VIP's VLAN on eth0.100 and pods behind cni0: a client of the VIP
// comes in by the VLAN, and the way back to it is the default route by eth0.
const routes = [
  { dst: 'default', gateway: '192.168.1.1', dev: 'eth0' },
  { dst: '192.168.1.0/24', dev: 'eth0', protocol: 'kernel', scope: 'link', prefsrc: '192.168.1.10' },
  { dst: '10.244.1.0/24', dev: 'cni0', protocol: 'kernel', scope: 'link', prefsrc: '10.244.1.1' },
  { dst: 'default', gateway: '10.100.0.1', dev: 'eth0.100', table: '100' },
  ...['192.168.1.10', '10.244.1.1', '10.100.0.10'].map((dst) => ({
    type: 'local',
    dst,
    dev: 'lo',
    table: 'local',
    protocol: 'kernel',
    scope: 'host',
  })),
];
const address = (local: string) => ({ family: 'inet', local, prefixlen: 24, scope: 'global' });
const device = (ifname: string, ifindex: number, mac: string, more: object) => ({
  ifname,
  ifindex,
  flags: ['UP', 'LOWER_UP'],
  link_type: 'ether',
  address: mac,
  ...more,
});
const addresses = [
  device('eth0', 2, '02:00:00:00:00:01', { addr_info: [address('192.168.1.10')] }),
  device('eth0.100', 3, '02:00:00:00:00:01', { link: 'eth0', addr_info: [address('10.100.0.10')] }),
  device('cni0', 4, '02:00:00:00:00:02', { addr_info: [address('10.244.1.1')] }),
  device('flannel.1', 5, '02:00:00:00:00:03', { addr_info: [] }),
];
const links = [
  ...addresses.slice(0, 3),
  device('flannel.1', 5, '02:00:00:00:00:03', {
    linkinfo: { info_kind: 'vxlan', info_data: { id: 1, port: 8472, link: 'eth0' } },
  }),
];
const rules = [
  { priority: 0, src: 'all', table: 'local' },
  { priority: 32766, src: 'all', table: 'main' },
  { priority: 32767, src: 'all', table: 'default' },
];
const names = ['all', 'eth0', 'eth0.100', 'cni0', 'flannel.1', 'lo'];
const sysctls = names
  .flatMap((name) =>
    ['rp_filter', 'accept_local', 'src_valid_mark', 'route_localnet', 'bc_forwarding'].map(
      (setting) => `net.ipv4.conf.${name.replace('.', '/')}.${setting} = 0`,
    ),
  )
  .concat(names.map((name) => `net.ipv4.conf.${name.replace('.', '/')}.forwarding = 1`))
  .concat(names.map((name) => `net.ipv4.conf.${name.replace('.', '/')}.send_redirects = 0`))
  .concat('net.ipv4.ip_forward = 1')
  .join('\n');

const files = new Map([
  ['ip-route.json', JSON.stringify(routes)],
  ['ip-addr.json', JSON.stringify(addresses)],
  ['ip-link.json', JSON.stringify(links)],
  ['ip-rule.json', JSON.stringify(rules)],
  ['sysctl.txt', sysctls],
]);
const without = (...gone: string[]) =>
  readSnapshot(new Map([...files].filter(([name]) => !gone.includes(name))), 'node1', null, '');
const healthy = without();
const strict = withSysctl(healthy, 'net.ipv4.conf.all.rp_filter', '1');
const loose = withSysctl(healthy, 'net.ipv4.conf.all.rp_filter', '2');
const request = { source: '203.0.113.9', destination: '10.244.1.10', interface: 'eth0.100' };
const ask = (snapshot: Snapshot, question: Partial<typeof request> & { mark?: number } = {}) =>
  new KernelModel(snapshot).input({ ...request, ...question });

test('strict rp_filter drops what came in by another way than it would go back', (t) => {
  const verdict = ask(strict);
  t.is(verdict.verdict, 'rp-filter');
  t.is(
    verdict.why,
    'strict on eth0.100 (max of all=1, eth0.100=0); the way back to 203.0.113.9 is eth0 via 192.168.1.1',
  );
  t.like(verdict.sourceCheck, {
    rpFilter: 1,
    rpFilterAll: 1,
    rpFilterInterface: 0,
    wayBackInterface: 'cni0',
  });
  t.deepEqual(verdict.sourceCheck!.wayBack!.hops, [{ dev: 'eth0', via: '192.168.1.1' }]);
  t.deepEqual(verdict.unknown, []);
  t.is(verdict.dev, null);
});

test('without rp_filter, or loose on an interface with an address, it is forwarded', (t) => {
  for (const snapshot of [healthy, loose]) {
    t.like(ask(snapshot), { verdict: 'forward', dev: 'cni0', via: null, table: 'main', unknown: [] });
  }
});

test('the larger of all and the interface counts: 0 on the interface does not switch strict off', (t) => {
  t.is(ask(withSysctl(strict, 'net.ipv4.conf.eth0/100.rp_filter', '0')).verdict, 'rp-filter');
  t.is(ask(withSysctl(strict, 'net.ipv4.conf.eth0/100.rp_filter', '2')).verdict, 'forward');
});

test('loose drops on an interface without an IPv4 address', (t) => {
  const verdict = ask(loose, { interface: 'flannel.1' });
  t.is(verdict.verdict, 'rp-filter');
  t.regex(verdict.why, /flannel\.1 has no IPv4 address, so loose is as strict/);
});

const rule = {
  ...healthy.rules4![0]!,
  priority: 1000,
  table: '100',
};

test('a rule from the VIP mends a server on the node and not a pod behind DNAT', (t) => {
  const mended = withRule(strict, { ...rule, from: '10.100.0.0/24' });
  t.is(ask(strict, { destination: '10.100.0.10' }).verdict, 'rp-filter');
  t.is(ask(mended, { destination: '10.100.0.10' }).verdict, 'local');
  t.is(ask(mended).verdict, 'rp-filter');
  t.like(new KernelModel(mended).output({ source: '10.100.0.10', destination: '203.0.113.9' }), {
    verdict: 'output',
    dev: 'eth0.100',
    via: '10.100.0.1',
    table: '100',
  });
});

test('a mark counts in the check only under src_valid_mark', (t) => {
  const marked = withRule(strict, { ...rule, from: '10.244.1.0/24', fwmark: 0x10, fwmask: 0xff });
  t.is(ask(marked, { mark: 0x10 }).verdict, 'rp-filter');
  const valid = withSysctl(marked, 'net.ipv4.conf.all.src_valid_mark', '1');
  t.is(ask(valid, { mark: 0x10 }).verdict, 'forward');
  t.is(ask(valid, { mark: 0x20 }).verdict, 'rp-filter');
});

test('a mark that the question does not tell is a doubt where a rule asks for it, and only there', (t) => {
  const marked = withRule(strict, { ...rule, from: '198.51.100.0/24', fwmark: 0x10 });
  t.deepEqual(ask(marked).unknown, []);
  const verdict = ask(marked, { source: '198.51.100.7' });
  t.deepEqual(verdict.unknown, ["rule 1000 asks for the packet's mark, which is not known: taken as 0"]);
  t.regex(verdict.why, /\(assumed: rule 1000/);
  t.deepEqual(ask(marked, { source: '198.51.100.7', mark: 0 }).unknown, []);
});

test('a route for the client by the VLAN mends it as well', (t) => {
  const route = { ...healthy.routes4![3]!, destination: '203.0.113.0/24', table: 'main' };
  t.is(ask(withRoute(strict, route)).verdict, 'forward');
  t.is(strict.routes4!.length, routes.length, 'the snapshot that it was made of is as it was');
});

test('the lookup comes before the reverse-path check', (t) => {
  const bare = { ...strict, routes4: strict.routes4!.filter((r) => r.destination !== '0.0.0.0/0') };
  const verdict = ask(bare, { destination: '172.16.0.1' });
  t.like(verdict, { verdict: 'no-route', why: 'no route to 172.16.0.1', sourceCheck: null });
});

test('forwarding off: on the interface alone, and by ip_forward', (t) => {
  const off = withSysctl(healthy, 'net.ipv4.conf.eth0/100.forwarding', '0');
  t.is(ask(off).verdict, 'forwarding-off');
  t.is(ask(off, { interface: 'eth0' }).verdict, 'forward');
  t.is(ask(off, { destination: '10.100.0.10' }).verdict, 'local');
  t.is(ask(withSysctl(healthy, 'net.ipv4.ip_forward', '0')).verdict, 'forwarding-off');
});

const martians: [Partial<typeof request>, VerdictName][] = [
  [{ source: '224.0.0.5' }, 'martian-source'],
  [{ source: '255.255.255.255' }, 'martian-source'],
  [{ source: '0.0.0.0' }, 'martian-source'],
  [{ source: '0.0.0.0', destination: '255.255.255.255' }, 'broadcast'],
  [{ source: '0.0.0.0', destination: '0.0.0.0' }, 'broadcast'],
  [{ destination: '0.0.0.0' }, 'martian-destination'],
  [{ source: '127.0.0.1', destination: '127.0.0.2' }, 'martian-destination'],
  [{ source: '127.0.0.1' }, 'martian-source'],
  [{ source: '10.100.0.10' }, 'martian-source'],
  [{ source: '0.0.0.7' }, 'forward'],
  [{ source: '240.0.0.7' }, 'forward'],
];
for (const [question, verdict] of martians) {
  test(`${JSON.stringify(question)} is ${verdict}`, (t) => {
    t.is(ask(healthy, question).verdict, verdict);
  });
}

test('accept_local takes the own address as a source', (t) => {
  const snapshot = withSysctl(healthy, 'net.ipv4.conf.eth0/100.accept_local', '1');
  t.is(ask(snapshot, { source: '10.100.0.10' }).verdict, 'forward');
});

test('an assumption never makes a drop, and is told', (t) => {
  const blind = ask(without('sysctl.txt'));
  t.is(blind.verdict, 'forward');
  t.true(blind.unknown.some((line) => /sysctl\.txt is missing .*rp_filter/.test(line)));
  t.true(blind.unknown.some((line) => /forwarding\): taken as 1/.test(line)));
  t.deepEqual(ask(without('ip-rule.json')).unknown, [
    'ip-rule.json is missing: the default rules are assumed',
  ]);
  t.like(ask(without('ip-route.json')), {
    verdict: 'no-route',
    unknown: ['ip-route.json is missing: no route is known'],
  });
  const noAddresses = ask({ ...loose, addresses: null });
  t.is(noAddresses.verdict, 'forward');
  t.deepEqual(noAddresses.unknown, ['ip-addr.json is missing: eth0.100 is taken to have an IPv4 address']);
});

test('a route listing without the local table is completed from the addresses', (t) => {
  const main = { ...healthy, routes4: healthy.routes4!.filter((r) => r.table === 'main') };
  const verdict = ask(main, { destination: '10.100.0.10' });
  t.is(verdict.verdict, 'local');
  t.regex(verdict.unknown.join(), /no local table/);
});

test('a rule with a selector that is not modelled is a doubt where the rest of it matches', (t) => {
  const odd = withRule(healthy, { ...rule, to: '10.244.1.0/24', unknown: ['dscp "EF"'] });
  t.regex(ask(odd).unknown.join(), /rule 1000 has the selector "dscp "EF""/);
  t.deepEqual(ask(odd, { destination: '192.168.1.77' }).unknown, []);
  const vrf = withRule(healthy, { ...rule, unknown: ['l3mdev'] });
  t.deepEqual(ask(vrf).unknown, [], 'nothing here is in a VRF');
  const tunnel = withRule(healthy, { ...rule, unknown: ['tun_id 5'] });
  t.deepEqual(ask(tunnel).unknown, [], 'nothing here keeps a tunnel key');
  const links = healthy.links!.map((link) => (link.name === 'flannel.1' ? { ...link, vxlan: null } : link));
  t.regex(ask({ ...tunnel, links }, { interface: 'flannel.1' }).unknown.join(), /tun_id 5/);
});

test('multipath: every hop that may be taken, and none that is dead', (t) => {
  const hop = (gateway: string, flags: string[] = []) => ({ gateway, interface: 'eth0', weight: 1, flags });
  const route = {
    ...healthy.routes4![0]!,
    nextHops: [hop('192.168.1.1'), hop('192.168.1.2', ['dead', 'linkdown']), hop('192.168.1.3')],
  };
  const verdict = ask(withRoute(healthy, route), { destination: '198.51.100.1', interface: 'cni0' });
  t.deepEqual(
    verdict.hops.map((h) => h.via),
    ['192.168.1.1', '192.168.1.3'],
  );
});

test('output: the source that is picked, the own addresses, and those that are not', (t) => {
  const model = new KernelModel(healthy);
  t.like(model.output({ source: null, destination: '8.8.8.8' }), {
    verdict: 'output',
    dev: 'eth0',
    via: '192.168.1.1',
    preferredSource: '192.168.1.10',
  });
  t.is(model.output({ source: '10.1.2.3', destination: '8.8.8.8' }).verdict, 'martian-source');
  t.is(model.output({ source: null, destination: '10.244.1.1' }).verdict, 'local');
  t.like(model.output({ source: null, destination: '172.16.9.9', oif: 'cni0' }), {
    verdict: 'output',
    dev: 'cni0',
  });
});

test('who has an address, a MAC, a VNI', (t) => {
  const model = new KernelModel(healthy);
  t.true(model.hasAddress('10.244.1.1'));
  t.false(model.hasAddress('10.244.1.10'));
  t.is(model.localAddresses.length, 3);
  t.is(model.ownerOfMac('02:00:00:00:00:01'), 'eth0');
  t.deepEqual(model.interfacesWithMac('02:00:00:00:00:01'), ['eth0', 'eth0.100']);
  t.is(model.ownerOfMac('02:00:00:00:00:99'), null);
  t.is(model.interfaceForVni(1, 8472), 'flannel.1');
  t.is(model.interfaceForVni(1, null), 'flannel.1');
  t.is(model.interfaceForVni(1, 4789), null);
  t.is(sysctlValue(healthy, 'net.ipv4.conf', 'flannel.1', 'rp_filter'), '0');
  t.is(sysctlValue(healthy, 'net.ipv4.conf', 'eth9', 'rp_filter'), null);
});

test('what is no address is refused', (t) => {
  t.throws(() => ask(healthy, { source: '10.0.0' }), {
    instanceOf: RangeError,
    message: /not an IP address: 10\.0\.0/,
  });
});
