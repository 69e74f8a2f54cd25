import test from 'ava';
import fc from 'fast-check';
import { unfenced } from '../../../src/ingest/layouts/cilium-bugtool.js';
import { LAYOUTS, layoutOfFile } from '../../../src/ingest/layouts/registry.js';
import { splitRuns } from '../../../src/ingest/layouts/retina.js';
import { SNAPSHOT_FILES } from '../../../src/ingest/snapshot/files.js';
import { nstatLines } from '../../../src/ingest/snapshot/text/proc-net.js';

/** The names that the tools give, with a root of the form that theirs has. */
const PATHS: [path: string, layout: string, names: string[], more?: { netns?: string; node?: string }][] = [
  ['b/sos_commands/networking/ip_-o_addr', 'sosreport', ['ip-addr.json']],
  ['b/sos_commands/networking/ip_-d_address', 'sosreport', ['ip-addr.json']],
  ['b/sos_commands/networking/ip_-s_-d_link', 'sosreport', ['ip-link.json']],
  ['b/sos_commands/networking/ip_route_show_table_all', 'sosreport', ['ip-route.json', 'ip-route6.json']],
  ['b/sos_commands/networking/ip_-6_route_show_table_all', 'sosreport', ['ip-route6.json']],
  ['b/sos_commands/networking/ip_-4_rule_list', 'sosreport', ['ip-rule.json']],
  ['b/sos_commands/networking/ip_-s_-s_neigh_show', 'sosreport', ['ip-neigh.json']],
  ['b/sos_commands/networking/nstat_-zas', 'sosreport', ['nstat-after.json']],
  ['b/sos_commands/firewall_tables/nft_-a_list_ruleset', 'sosreport', ['nft.txt']],
  ['b/sos_commands/firewall_tables/iptables_-t_nat_-nvL', 'sosreport', ['iptables-save.txt']],
  ['b/sos_commands/firewall_tables/ip6tables_-vnxL', 'sosreport', ['ip6tables-save.txt']],
  ['b/sos_commands/conntrack/conntrack_-L_-o_extended', 'sosreport', ['conntrack.txt']],
  ['b/proc/sys/net/ipv4/conf/eth0.100/rp_filter', 'bundle', ['sysctl.txt']],
  [
    'b/sos_commands/networking/namespaces/cni-1a2b/ip_netns_exec_cni-1a2b_ip_route_show_table_all',
    'sosreport',
    ['ip-route.json', 'ip-route6.json'],
    { netns: 'cni-1a2b' },
  ],
  [
    'b/sos_commands/networking/namespaces/blue/ip_netns_exec_blue_sysctl_-a',
    'sosreport',
    ['sysctl.txt'],
    { netns: 'blue' },
  ],
  ['b/proc-sys-net/ipv4/conf/all/rp_filter', 'Retina capture', ['sysctl.txt']],
  ['b/proc-net/nf_conntrack', 'Retina capture', ['conntrack.txt']],
  ['b/iptables-rules.txt', 'Retina capture', ['iptables-save.txt']],
  ['b/networking/ipaddrshow', 'Rancher logs-collector', ['ip-addr.json']],
  ['b/networking/iproute', 'Rancher logs-collector', ['ip-route.json', 'ip-route6.json']],
  ['b/networking/ip6tablessave', 'Rancher logs-collector', ['ip6tables-save.txt']],
  ['b/systeminfo/sysctla', 'Rancher logs-collector', ['sysctl.txt']],
  ['b/rke2/kubectl/nodes.json', 'Rancher logs-collector', ['kube/rke2_kubectl_nodes.json']],
  ['b/rke2/podlogs/metallb-system-speaker-x5r0k', 'Rancher logs-collector', ['kube/speaker-x5r0k.log']],
  ['b/cmd/ip-a.md', 'cilium-bugtool', ['ip-addr.json']],
  ['b/cmd/ip--4-route-show-table-2005.md', 'cilium-bugtool', ['ip-route.json']],
  ['b/cmd/dmesg---time-format=iso.md', 'cilium-bugtool', ['kernel.log']],
  [
    'b/namespaces/shop/discovery.k8s.io/endpointslices.yaml',
    'OpenShift must-gather',
    ['kube/namespaces_shop_discovery.k8s.io_endpointslices.yaml'],
  ],
  [
    'b/namespaces/metallb-system/pods/speaker-x5r0k/speaker/speaker/logs/current.log',
    'OpenShift must-gather',
    ['kube/speaker-x5r0k.log'],
  ],
  ['b/nodes/worker-1/routes', 'OpenShift network-tools', ['ip-route.json'], { node: 'worker-1' }],
  ['b/cluster/services', 'OpenShift network-tools', ['kube/cluster_services.yaml']],
  ['b/crds/bgpAdvertisements.yaml', "MetalLB's collect.sh", ['kube/crds_bgpAdvertisements.yaml']],
  ['b/pods/speaker-x5r0k/speaker.log', "MetalLB's collect.sh", ['kube/speaker-x5r0k.log']],
  ['b/shop/services.json', 'kubectl output', ['kube/services.json']],
  ['b/metallb-system/speaker-x5r0k/logs.txt', 'kubectl output', ['kube/speaker-x5r0k.log']],
  ['b/ip-route.json', 'bundle', ['ip-route.json']],
  ['b/kube/services.json', 'bundle', ['kube/services.json']],
  ['b/netns/blue/ip-rule.json', 'bundle', ['ip-rule.json'], { netns: 'blue' }],
];

for (const [path, layout, names, { netns = null, node = null } = {}] of PATHS) {
  test(`${path} is ${names.join(' and ')} by ${layout}`, (t) => {
    const taken = layoutOfFile(path);
    t.is(taken?.layout.name, layout);
    t.deepEqual(
      taken!.placements.map((placement) => placement.name),
      names,
    );
    for (const placement of taken!.placements) t.like(placement, { netns, node });
  });
}

test('what a dump has beside them is taken for nothing', (t) => {
  const others = [
    ...[
      'sos_commands/networking/ss_-s',
      'sos_commands/firewall_tables/iptables_-t_security_-nvL',
      'sos_commands/networking/namespaces/a/ip_netns_exec_b_ip_-4_rule_list',
    ],
    ...[
      'proc/net/arp',
      'proc/sys/kernel/tainted',
      'networking/ssanp',
      'cmd/ip-a.txt',
      'namespaces/shop/core/secrets.yaml',
      'any.pcap',
      'x',
    ],
  ];
  for (const path of others) t.is(layoutOfFile(path), null, path);
});

test('wherever a dump lies, its files are the same, and its root is that place', (t) => {
  const directory = fc
    .array(fc.stringMatching(/^[a-z0-9][a-z0-9.@ -]{0,8}$/), { minLength: 0, maxLength: 3 })
    .map((parts) => parts.join('/'));
  fc.assert(
    fc.property(fc.constantFrom(...PATHS), directory, ([path], top) => {
      const below = path.slice('b/'.length);
      const [bare, deep] = [below, top === '' ? below : `${top}/${below}`].map((p) => layoutOfFile(p)!);
      t.is(deep!.layout, bare!.layout);
      const roots = bare!.placements.map(({ root }) => [top, root].filter((part) => part !== '').join('/'));
      t.deepEqual(
        deep!.placements,
        bare!.placements.map((own, i) => ({ ...own, root: roots[i]! })),
      );
    }),
  );
});

test('what layouts say to lack are files of a bundle with a command', (t) => {
  const known = new Set(SNAPSHOT_FILES.map(({ name }) => name));
  for (const { name, lacks } of LAYOUTS)
    for (const file of lacks) t.true(known.has(file), `${name}: ${file}`);
});

const SUMMARY = `Summary:

/usr/sbin/ip -d -j addr show(IP address configuration)
/usr/sbin/ip -d -j neighbor show(IP neighbor status)
/usr/sbin/ip rule list(Policy routing list)
/usr/sbin/ip route show table all(Routes of all route tables)

Execute:

`;

/** Without the empty lines that stand for those before. */
function trimmed(files: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...files].map(([name, text]) => [name, text.trimStart()]));
}

test('Retina: lines keep their numbers', (t) => {
  const text = `${SUMMARY}/usr/sbin/ip rule list\n\n0:\tfrom all lookup local\n`;
  const rules = splitRuns(text).get('ip-rule.json')!;
  t.deepEqual(rules.split('\n').at(-2), text.split('\n').at(-2));
  t.is(rules.split('\n').length, text.split('\n').length);
});

test('Retina: the outputs of one file, each for what it is', (t) => {
  const files = splitRuns(
    `${SUMMARY}/usr/sbin/ip -d -j addr show\n\n[1]\n/usr/sbin/ip -d -j neighbor show\n\n[2]\n/usr/sbin/ip rule list\n\n0:\tfrom all lookup local\n/usr/sbin/ip route show table all\n\ndefault via 10.0.0.1 dev eth0\n`,
  );
  t.deepEqual(trimmed(files), {
    'ip-addr.json': '[1]\n',
    'ip-neigh.json': '[2]\n',
    'ip-rule.json': '0:\tfrom all lookup local\n',
    'ip-route.json': 'default via 10.0.0.1 dev eth0\n',
    'ip-route6.json': 'default via 10.0.0.1 dev eth0\n',
  });
});

test('Retina: an output without an end of line, a command that failed, and a file that was cut', (t) => {
  const files = splitRuns(
    `${SUMMARY}/usr/sbin/ip -d -j addr show\n\n[1]/usr/sbin/ip -d -j neighbor show\n\nFailed to run "/usr/sbin/ip -d -j neighbor show", error: exit status 1)/usr/sbin/ip rule list\n\n0:\tfrom all`,
  );
  t.deepEqual(trimmed(files), { 'ip-addr.json': '[1]', 'ip-rule.json': '0:\tfrom all' });
  t.deepEqual([...splitRuns('')], []);
});

test('cilium-bugtool: fenced or not, and with what it says of an error', (t) => {
  t.is(unfenced('# ip a\n\n```\n1: lo\n\n```\n'), '\n\n\n1: lo\n', 'lines keep their numbers');
  t.is(unfenced('1: lo\n'), '1: lo\n');
  t.is(unfenced("> Error while running 'ip a':  exit status 1\n\n").trim(), '');
});

test('cilium-bugtool: the routes of a table by its number say so', (t) => {
  const { convert } = layoutOfFile('cmd/ip--4-route-show-table-100.md')!;
  const text =
    'default proto static\n\tnexthop via 10.0.0.1 dev eth0 weight 1\n10.1.0.0/16 dev eth0 scope link \n';
  t.is(
    convert!(text),
    'default proto static table 100\n\tnexthop via 10.0.0.1 dev eth0 weight 1\n10.1.0.0/16 dev eth0 scope link table 100\n',
  );
});

test('counters of /proc/net by the names of nstat', (t) => {
  const netstat = 'TcpExt: SyncookiesSent IPReversePathFilter\nTcpExt: 0 16\nIpExt: InNoRoutes\nIpExt: 3\n';
  t.is(
    nstatLines(netstat),
    'TcpExtSyncookiesSent 0 0.0\nTcpExtIPReversePathFilter 16 0.0\nIpExtInNoRoutes 3 0.0\n',
  );
  t.is(
    nstatLines('Ip6InReceives                   \t7\nIp6InNoRoutes 1\n'),
    'Ip6InReceives 7 0.0\nIp6InNoRoutes 1 0.0\n',
  );
});

test('a file of /proc/sys is a line of sysctl -a', (t) => {
  const { convert } = layoutOfFile('proc/sys/net/ipv4/conf/eth0.100/rp_filter')!;
  t.is(convert!('1\n'), 'net/ipv4/conf/eth0.100/rp_filter = 1\n');
});
