import { readSnapshot } from '../../../src/ingest/snapshot/snapshot.js';
import { KernelModel } from '../../../src/kernel/model.js';
import { PacketPath } from '../../../src/kernel/netfilter/packet-path.js';

/** A node with clients behind eth0, another way out by eth1, and pods behind cni0. */
const DEVICES = [
  { name: 'lo', address: '127.0.0.1', length: 8, address6: '::1' },
  { name: 'eth0', address: '192.168.1.10', length: 24, address6: 'fd00:1::10' },
  { name: 'eth1', address: '10.100.0.10', length: 24, address6: 'fd00:2::10' },
  { name: 'cni0', address: '10.244.1.1', length: 24, address6: 'fd00:244::1' },
] as const;

const addresses = DEVICES.map(({ name, address, length, address6 }, i) => ({
  ifname: name,
  ifindex: i + 1,
  flags: ['UP', 'LOWER_UP'],
  link_type: name === 'lo' ? 'loopback' : 'ether',
  address: `02:00:00:00:00:0${i}`,
  group: 'default',
  addr_info: [
    { family: 'inet', local: address, prefixlen: length, scope: name === 'lo' ? 'host' : 'global' },
    { family: 'inet6', local: address6, prefixlen: 64, scope: name === 'lo' ? 'host' : 'global' },
  ],
}));

const own = (family: 4 | 6) =>
  DEVICES.map(({ name, address, address6 }) => ({
    type: 'local',
    dst: family === 4 ? address : address6,
    dev: name,
    table: 'local',
    protocol: 'kernel',
    scope: 'host',
  }));

const routes4 = [
  { dst: 'default', gateway: '192.168.1.1', dev: 'eth0' },
  { dst: '192.168.1.0/24', dev: 'eth0', protocol: 'kernel', scope: 'link', prefsrc: '192.168.1.10' },
  { dst: '10.100.0.0/24', dev: 'eth1', protocol: 'kernel', scope: 'link', prefsrc: '10.100.0.10' },
  { dst: '10.244.1.0/24', dev: 'cni0', protocol: 'kernel', scope: 'link', prefsrc: '10.244.1.1' },
  { dst: 'default', gateway: '10.100.0.1', dev: 'eth1', table: '100' },
  {
    dst: 'default',
    table: '101',
    nexthops: [
      { gateway: '192.168.1.1', dev: 'eth0', weight: 1, flags: [] },
      { gateway: '10.100.0.1', dev: 'eth1', weight: 1, flags: [] },
    ],
  },
  ...own(4),
];
const routes6 = [
  { dst: 'default', gateway: 'fd00:1::1', dev: 'eth0' },
  { dst: 'fd00:1::/64', dev: 'eth0', protocol: 'kernel' },
  { dst: 'fd00:2::/64', dev: 'eth1', protocol: 'kernel' },
  { dst: 'fd00:244::/64', dev: 'cni0', protocol: 'kernel' },
  ...own(6),
];
const rules = [
  { priority: 0, src: 'all', table: 'local' },
  { priority: 100, src: 'all', fwmark: '0x1', table: '100' },
  { priority: 101, src: 'all', fwmark: '0x2', table: '101' },
  { priority: 32766, src: 'all', table: 'main' },
];
const interfaces = ['all', 'default', ...DEVICES.map(({ name }) => name)];
const settings = [
  'rp_filter',
  'accept_local',
  'src_valid_mark',
  'route_localnet',
  'bc_forwarding',
  'send_redirects',
]
  .flatMap((setting) => interfaces.map((name) => `net.ipv4.conf.${name}.${setting} = 0`))
  .concat(interfaces.map((name) => `net.ipv4.conf.${name}.forwarding = 1`))
  .concat(interfaces.map((name) => `net.ipv6.conf.${name}.forwarding = 1`))
  .concat('net.ipv4.ip_forward = 1');

/** The node with these rule files besides. */
export function nodeWith(files: Readonly<Record<string, string>>): PacketPath {
  const all = new Map([
    ['ip-addr.json', JSON.stringify(addresses)],
    ['ip-link.json', JSON.stringify(addresses)],
    ['ip-route.json', JSON.stringify(routes4)],
    ['ip-route6.json', JSON.stringify(routes6)],
    ['ip-rule.json', JSON.stringify(rules)],
    ['ip-rule6.json', JSON.stringify(rules.filter(({ table }) => table === 'local' || table === 'main'))],
    ['sysctl.txt', settings.join('\n')],
    ...Object.entries(files),
  ]);
  return new PacketPath(new KernelModel(readSnapshot(all, 'node1', null, 'node1')));
}

/** With `iptables-save.txt` of these tables: `{ nat: ['-A PREROUTING …'] }`; chains are declared as they are used. */
export function nodeWithRules(tables: Readonly<Record<string, readonly string[]>>): PacketPath {
  return nodeWith({ 'iptables-save.txt': saved(tables) });
}

const BUILT_IN: Readonly<Record<string, readonly string[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
};

export function saved(tables: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(tables)
    .map(([table, lines]) => {
      const builtIn = BUILT_IN[table] ?? [];
      const chains = lines.map((line) => /^-A (\S+)/.exec(line)?.[1] ?? '');
      const users = [...new Set(chains)].filter((name) => name !== '' && !builtIn.includes(name));
      const policies = builtIn.map((name) => `:${name} ACCEPT [0:0]`);
      const given = lines.filter((line) => line.startsWith(':'));
      const kept = policies.filter((line) => !given.some((one) => one.split(' ')[0] === line.split(' ')[0]));
      const declared = [...kept, ...given, ...users.map((name) => `:${name} - [0:0]`)];
      const rules = lines.filter((line) => !line.startsWith(':'));
      return [`*${table}`, ...declared, ...rules, 'COMMIT', ''].join('\n');
    })
    .join('');
}
