import test from 'ava';
import { readSnapshot } from '../../../src/ingest/snapshot/snapshot.js';
import { arpAnnouncement } from '../../../src/kernel/neighbour/arp-announcement.js';
import { arpReply } from '../../../src/kernel/neighbour/arp-reply.js';
import { neighbourAdvertisement } from '../../../src/kernel/neighbour/neighbour-advertisement.js';
import { prepare } from '../../../src/kernel/state.js';
import type { Snapshot } from '../../../src/model/snapshot.js';
import { withSysctl } from '../settings.js';

// A node of a cluster with kube-proxy in IPVS mode: the VIP is bound to kube-ipvs0, which is down. Its eth0 is a
// port of the bridge br0, eth1 a second network.
const VIP = '192.168.1.240';
const ROUTER = '192.168.1.1';
const device = (ifname: string, address: string, more: object = {}) => ({
  ifname,
  address,
  link_type: 'ether',
  flags: ['BROADCAST', 'UP', 'LOWER_UP'],
  ...more,
});
const links = [
  device('lo', '00:00:00:00:00:00', { link_type: 'loopback', flags: ['LOOPBACK', 'UP', 'LOWER_UP'] }),
  device('eth0', '02:00:00:00:00:01', { master: 'br0' }),
  device('br0', '02:00:00:00:00:b0', { linkinfo: { info_kind: 'bridge' } }),
  device('eth1', '02:00:00:00:00:02'),
  device('wg0', '', { link_type: 'none', flags: ['POINTOPOINT', 'NOARP', 'UP', 'LOWER_UP'] }),
  device('kube-ipvs0', '02:00:00:00:00:03', {
    flags: ['BROADCAST', 'NOARP'],
    linkinfo: { info_kind: 'dummy' },
  }),
];
const inet = (local: string, prefixlen = 24) => ({ family: 'inet', local, prefixlen, scope: 'global' });
const addresses = [
  device('br0', '', {
    addr_info: [inet('192.168.1.10'), { family: 'inet6', local: 'fd00::10', prefixlen: 64 }],
  }),
  device('eth1', '', { addr_info: [inet('10.1.0.10')] }),
  device('kube-ipvs0', '', {
    addr_info: [inet(VIP, 32), { family: 'inet6', local: 'fd00::240', prefixlen: 128 }],
  }),
];
const routes = [
  { dst: 'default', gateway: ROUTER, dev: 'br0' },
  { dst: '192.168.1.0/24', dev: 'br0', protocol: 'kernel', scope: 'link', prefsrc: '192.168.1.10' },
  { dst: '10.1.0.0/24', dev: 'eth1', protocol: 'kernel', scope: 'link', prefsrc: '10.1.0.10' },
  ...[
    ['192.168.1.10', 'br0'],
    ['10.1.0.10', 'eth1'],
    [VIP, 'kube-ipvs0'],
  ].map(([dst, dev]) => ({ type: 'local', dst, dev, table: 'local', protocol: 'kernel', scope: 'host' })),
];
const rules = [0, 32766, 32767].map((priority, i) => ({
  priority,
  src: 'all',
  table: ['local', 'main', 'default'][i],
}));
const settings = [
  'rp_filter',
  'arp_ignore',
  'arp_filter',
  'arp_announce',
  'proxy_arp',
  'proxy_arp_pvlan',
  'medium_id',
  'accept_local',
  'send_redirects',
  'drop_gratuitous_arp',
  'forwarding',
];
const sysctls = ['all', 'eth0', 'br0', 'eth1', 'wg0'].flatMap((name) => [
  ...settings.map((setting) => `net.ipv4.conf.${name}.${setting} = ${setting === 'forwarding' ? 1 : 0}`),
  `net.ipv6.conf.${name}.proxy_ndp = 0`,
]);
const files = new Map([
  ['ip-addr.json', JSON.stringify(addresses)],
  ['ip-link.json', JSON.stringify(links)],
  ['ip-route.json', JSON.stringify(routes)],
  ['ip-route6.json', '[]'],
  ['ip-rule.json', JSON.stringify(rules)],
  ['ip-neigh.json', '[]'],
  ['sysctl.txt', sysctls.join('\n')],
]);
const without = (...gone: string[]) =>
  readSnapshot(new Map([...files].filter(([name]) => !gone.includes(name))), 'node1', null, '');
const plain = without();
const set = (snapshot: Snapshot, key: string, value: number) =>
  withSysctl(snapshot, `net.ipv4.conf.${key}`, String(value));
const ask = (snapshot: Snapshot, request: { interface?: string; target?: string; sender?: string } = {}) =>
  arpReply(prepare(snapshot), { interface: 'br0', target: VIP, sender: ROUTER, ...request });

test('an address on kube-ipvs0 is answered for by every interface, though it is down', (t) => {
  t.deepEqual(ask(plain), {
    answers: true,
    by: 'own-address',
    interface: 'br0',
    mac: '02:00:00:00:00:b0',
    why: `${VIP} is on kube-ipvs0, and arp_ignore lets br0 answer for it`,
    unknown: [],
  });
  t.true(ask(plain, { interface: 'eth1', sender: '10.1.0.1' }).answers);
});

test('strict ARP ends that, on all or on the interface alone', (t) => {
  for (const key of ['all.arp_ignore', 'br0.arp_ignore']) {
    const answer = ask(set(plain, key, 1));
    t.false(answer.answers);
    t.is(answer.mac, null);
    const [all, own] = key.startsWith('all') ? [1, 0] : [0, 1];
    t.is(
      answer.why,
      `arp_ignore=1 (max of all=${all}, br0=${own}) answers for the addresses of br0 alone, and ${VIP} is on kube-ipvs0`,
    );
  }
  // Its twins: the setting of another interface, and an address of the interface itself.
  t.true(ask(set(plain, 'eth1.arp_ignore', 1)).answers);
  t.true(ask(set(plain, 'all.arp_ignore', 1), { target: '192.168.1.10' }).answers);
  t.false(ask(set(plain, 'all.arp_ignore', 8), { target: '192.168.1.10' }).answers);
});

test("a port's requests are answered by its bridge", (t) => {
  t.like(ask(plain, { interface: 'eth0' }), { answers: true, interface: 'br0', mac: '02:00:00:00:00:b0' });
  t.false(ask(set(plain, 'br0.arp_ignore', 8), { interface: 'eth0' }).answers);
  t.true(ask(set(plain, 'eth0.arp_ignore', 8), { interface: 'eth0' }).answers);
});

test('rp_filter drops a request whose sender is elsewhere, and a probe has none', (t) => {
  const strict = set(plain, 'all.rp_filter', 1);
  const answer = ask(strict, { interface: 'eth1' });
  t.false(answer.answers);
  t.regex(answer.why, /^the request is not routed \(rp-filter\): strict on eth1/);
  t.true(ask(plain, { interface: 'eth1' }).answers);
  t.true(ask(strict, { interface: 'eth1', sender: '10.1.0.1' }).answers);
  t.true(ask(strict, { interface: 'eth1', sender: '0.0.0.0' }).answers);
});

test('arp_filter answers by the device of the way back alone', (t) => {
  const answer = ask(set(plain, 'all.arp_filter', 1), { interface: 'eth1' });
  t.false(answer.answers);
  t.is(answer.why, `arp_filter answers by the device of the way back alone, and the way to ${ROUTER} is br0`);
  t.true(ask(set(plain, 'all.arp_filter', 1)).answers);
  t.true(ask(plain, { interface: 'eth1' }).answers);
});

test('the announcement of another owner is not answered', (t) => {
  const answer = ask(plain, { sender: VIP });
  t.false(answer.answers);
  t.regex(answer.why, /martian-source.*is an address of the node itself/);
});

test('devices that do no ARP, are down or have no carrier', (t) => {
  t.regex(ask(plain, { interface: 'wg0' }).why, /wg0 does no ARP/);
  const withFlags = (flags: string[]) => ({
    ...plain,
    links: plain.links!.map((link) => (link.name === 'eth1' ? { ...link, flags } : link)),
  });
  const request = { interface: 'eth1', sender: '10.1.0.1' };
  t.is(ask(withFlags(['BROADCAST', 'LOWER_UP']), request).why, 'eth1 is down');
  t.is(ask(withFlags(['NO-CARRIER', 'BROADCAST', 'UP']), request).why, 'eth1 has no carrier');
  t.true(ask(withFlags(['BROADCAST', 'UP', 'LOWER_UP']), request).answers);
});

test('a proxy answers for what lies behind another interface, if it forwards', (t) => {
  const proxy = set(plain, 'br0.proxy_arp', 1);
  const behind = { target: '10.1.0.77' };
  t.like(ask(proxy, behind), { by: 'proxy', mac: '02:00:00:00:00:b0', unknown: [] });
  t.false(ask(proxy, { target: '192.168.1.77' }).answers);
  t.false(ask(set(proxy, 'br0.forwarding', 0), behind).answers);
  const answer = ask(plain, behind);
  t.false(answer.answers);
  t.deepEqual(answer.unknown, ['proxy entries are listed by `ip neigh show proxy` alone: taken as none']);
});

test('what the snapshot does not tell is said', (t) => {
  t.deepEqual(ask(without('ip-neigh.json')).unknown, []);
  const blind = ask(without('sysctl.txt'));
  t.true(blind.answers);
  for (const key of ['all.arp_ignore', 'br0.arp_ignore', 'all.arp_filter']) {
    t.true(
      blind.unknown.some((line) => line.includes(`net.ipv4.conf.${key}`)),
      key,
    );
  }
  const bare = ask(without('ip-link.json', 'ip-addr.json'));
  t.is(bare.mac, null);
  t.true(bare.unknown.includes('ip-link.json is missing: links are not known'));
  const filtered = {
    ...plain,
    nft: { nftables: [{ chain: { family: 'arp', table: 't', name: 'c', hook: 'input' } }] },
  };
  t.regex(ask(filtered).unknown[0]!, /nft's chain arp t c may drop/);
});

test('IPv6 answers on the interface that has the address alone, whatever is set', (t) => {
  const solicit = (target: string, name = 'br0') =>
    neighbourAdvertisement(prepare(plain), { interface: name, target, source: 'fe80::1' });
  t.like(solicit('fd00::10'), { answers: true, mac: '02:00:00:00:00:b0', unknown: [] });
  t.like(solicit('fd00::10', 'eth0'), { answers: true, interface: 'br0' });
  const answer = solicit('fd00::240');
  t.false(answer.answers);
  t.is(answer.why, 'fd00::240 is on kube-ipvs0, and br0 answers for its own addresses alone');
});

test('arp_announce: the VIP as sender, unless it is forbidden', (t) => {
  const announce = (snapshot: Snapshot, target = ROUTER, packetSource = VIP, name = 'br0') =>
    arpAnnouncement(prepare(snapshot), { interface: name, target, packetSource }).sender;
  t.is(announce(plain), VIP);
  t.is(announce(set(plain, 'all.arp_announce', 2)), '192.168.1.10');
  // Level 1 asks no more than that the VIP is in the subnet of an address of the interface.
  t.is(announce(set(plain, 'br0.arp_announce', 1)), VIP);
  t.is(announce(set(plain, 'br0.arp_announce', 1), ROUTER, '10.1.0.10'), '192.168.1.10');
  t.is(announce(set(plain, 'eth1.arp_announce', 2)), VIP);
  t.is(announce(plain, ROUTER, VIP, 'wg0'), null);
});
