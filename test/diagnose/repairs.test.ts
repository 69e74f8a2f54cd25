/**
 * Fixes for one and two things that are wrong at once, on copies of recorded healthy clusters: what is proposed, on
 * which nodes, what makes it last, and that nothing is proposed that another program would take back.
 */
import test from 'ava';
import { load as parse } from 'js-yaml';
import { readSnapshots } from '../../src/correlate/read-snapshots.js';
import { lastingCommands } from '../../src/diagnose/fixes/lasting/commands.js';
import { daemonSets } from '../../src/diagnose/fixes/lasting/daemon-set.js';
import { lastingFiles } from '../../src/diagnose/fixes/lasting/files.js';
import { repair } from '../../src/diagnose/fixes/repair.js';
import { step } from '../../src/diagnose/fixes/step.js';
import { predictConnections } from '../../src/diagnose/prediction/predictions.js';
import { riskOf } from '../../src/diagnose/prediction/risk.js';
import { readSysctlFile } from '../../src/ingest/snapshot/persisted-sysctl.js';
import { applyChanges } from '../../src/kernel/what-if/apply.js';
import { parseChange } from '../../src/kernel/what-if/parse-change.js';
import type { Finding } from '../../src/model/analysis.js';
import type { Snapshot } from '../../src/model/snapshot.js';
import { Network } from '../../src/network/network.js';
import { roundTrips } from '../../src/network/round-trip.js';
import { testInNamespaces } from '../gates.js';
import { Namespace } from '../kernel/namespace.js';
import { CLIENT, VIP } from '../lab/addresses.js';
import { bundlesIn } from '../scenarios/truth.js';
import { fixture } from '../support.js';

async function recorded(name: string): Promise<Snapshot[]> {
  const { snapshots } = await readSnapshots(bundlesIn(fixture(name)), { keepGoing: false });
  return snapshots;
}

const MASQUERADED = await recorded('healthy-masquerade');
const MARKED = await recorded('healthy-no-masquerade');
const ROUTED = await recorded('stateful-gateway-recorded');

/** The VIP bound to node1, so that it is known who takes requests. */
const OWNED = 'node1:ip addr add 192.168.1.100/32 dev eth0';
const FORGETTING = 'node2:ip rule del from 10.244.1.0/24 fwmark 0x100 lookup 100';

function changed(snapshots: readonly Snapshot[], commands: readonly string[]): Snapshot[] {
  const changes = commands.map((text) => parseChange(text, /:(ip|ip6?tables) /.test(text) ? 'add' : 'set'));
  return applyChanges(snapshots, changes).snapshots;
}

function foretell(snapshots: readonly Snapshot[], anyone = false, vip = VIP, client = CLIENT): Finding[] {
  const request = { vip, protocol: 'tcp', port: 80, client, anyone };
  return predictConnections(Network.of(snapshots), [request]).findings;
}

function commandsOf(findings: readonly Finding[]): string[] {
  return (findings[0]?.fix?.commands ?? [])
    .filter((c) => !c.persists)
    .map(({ node, command }) => `${node}: ${command}`);
}

test('two faults on two nodes: both changes, and that the first alone is none', (t) => {
  const both = changed(MASQUERADED, [
    OWNED,
    'node2:net.ipv4.conf.flannel/1.forwarding=0',
    'node1:iptables -I FORWARD -i flannel.1 -p tcp -m tcp --sport 8080 -j DROP',
  ]);
  const findings = foretell(both);
  t.deepEqual(commandsOf(findings), [
    'node2: sysctl -w net.ipv4.conf.flannel/1.forwarding=1',
    'node1: iptables -I FORWARD 1 -i flannel.1 -s 10.244.1.0/24 -p tcp -m tcp --sport 8080 -m conntrack --ctstate ESTABLISHED -j ACCEPT',
  ]);
  t.regex(findings[0]!.fix!.expected, /The first alone is no fix: what comes next is filtered on node1/);
  const again = changed(
    both,
    commandsOf(findings).map((line) => line.replace(': ', ':').replace('sysctl -w ', '')),
  );
  t.deepEqual(foretell(again), []);
});

test('the twin with one of the two needs one change', (t) => {
  const one = changed(MASQUERADED, [OWNED, 'node2:net.ipv4.conf.flannel/1.forwarding=0']);
  const findings = foretell(one);
  t.is(commandsOf(findings).length, 1);
  t.notRegex(findings[0]!.fix!.expected, /alone is no fix/);
});

test('loose mode that would only uncover the next fault is not proposed; a mark mends it for any client', (t) => {
  const strict = changed(MARKED, [OWNED, FORGETTING, 'node2:net.ipv4.conf.all.rp_filter=1']);
  for (const anyone of [false, true]) {
    const findings = foretell(strict, anyone);
    const commands = commandsOf(findings);
    t.false(commands.some((command) => /rp_filter=[02]/.test(command)));
    t.true(
      commands.some((command) =>
        /ip rule add from 10\.244\.1\.0\/24 fwmark 0x10\/0x10 lookup 101/.test(command),
      ),
    );
    t.true(commands.includes('node2: sysctl -w net.ipv4.conf.flannel/1.src_valid_mark=1'));
    t.false(commands.some((command) => command.includes(CLIENT)));
  }
});

/** Of a node whose rules nft makes. */
function foretellOfNft(): Finding[] {
  const listing = MARKED.map((snapshot) =>
    snapshot.node === 'node2' ? { ...snapshot, iptables: null, nft: { nftables: [] } } : snapshot,
  );
  return foretell(changed(listing, [OWNED]));
}

test("a mark that is taken away after the first packet: the servers' ACKs would leave untranslated", (t) => {
  const then = (mark: string) =>
    `node2:iptables -t mangle -A PREROUTING -i flannel.1 -m conntrack --ctstate ESTABLISHED -j CONNMARK --set-mark ${mark}`;
  const [finding, ...others] = foretell(changed(MARKED, [OWNED, then('0x0')]));
  t.deepEqual(others, []);
  t.deepEqual([finding!.cause, finding!.node, finding!.interface], ['untranslated-reply', 'node2', 'eth0']);
  t.regex(
    finding!.summary,
    /node2 would send the servers' ACKs by eth0 via 192\.168\.1\.1 as 10\.244\.1\.10:8080 >/,
  );
  const repaired = changed(MARKED, [
    OWNED,
    then('0x0'),
    ...commandsOf([finding!]).map((line) => line.replace(': ', ':')),
  ]);
  t.deepEqual(foretell(repaired), []);
  // Its twin gives the mark anew.
  t.deepEqual(foretell(changed(MARKED, [OWNED, then('0x100')])), []);
});

test('with the tool that made the rules: nft, where there is no iptables', (t) => {
  const commands = commandsOf(foretellOfNft());
  t.true(
    commands.some((command) => /^node2: nft 'table ip returnpath_0x\w+ \{ chain prerouting/.test(command)),
  );
});

testInNamespaces('nft')('a unit that is started again with its device leaves the rules as they were', (t) => {
  const [unit] = foretellOfNft()[0]!.fix!.files!;
  const lines = unit!.content.matchAll(/^ExecStart=\/bin\/sh -c "(.*)"$/gm);
  const commands = [...lines].map(([, quoted]) =>
    quoted!.replace(/\\(["\\])/g, '$1').replace(/%%|\$\$/g, (c) => c[0]!),
  );
  const [nft, ...others] = commands.filter((command) => command.startsWith('nft '));
  t.deepEqual(others, []);
  const namespace = new Namespace();
  try {
    const started = () => {
      namespace.run('sh', '-ec', `PATH=/usr/sbin:/sbin:/usr/bin:/bin; ${nft}`);
      return namespace.run('/usr/sbin/nft', 'list', 'ruleset');
    };
    const once = started();
    t.regex(once, /ct mark set ct mark/);
    t.is(started(), once);
  } finally {
    namespace.remove();
  }
});

test('what a network plugin makes after boot is waited for by a unit, not given to netplan', (t) => {
  const { files } = foretell(changed(MARKED, [OWNED, FORGETTING]))[0]!.fix!;
  t.deepEqual(
    files!.map(({ node, manager }) => [node, manager]),
    [['node2', 'systemd']],
  );
  const name = 'returnpath-flannel.1-via-10.244.0.0-from-10.244.1.0-24-mark-0x10-0x10.service';
  t.is(files![0]!.path, `/etc/systemd/system/${name}`);
  t.true(files![0]!.content.startsWith(`# then: systemctl enable ${name}\n`));
  t.regex(files![0]!.content, /BindsTo=sys-subsystem-net-devices-flannel\.1\.device/);
  t.regex(
    files![0]!.content,
    /ExecStart=.*ip route replace default via 10\.244\.0\.0 dev flannel\.1 onlink table 101/,
  );
});

test('a sysctl has its own command that lasts, and is said to be undone where a device is made with another', (t) => {
  const { fix } = foretell(changed(MARKED, [OWNED, 'node2:net.ipv4.conf.all.rp_filter=1']))[0]!;
  t.deepEqual(
    fix!.commands.map(({ persists }) => persists),
    [false, true],
  );
  t.regex(
    fix!.commands[1]!.command,
    /^echo 'net\.ipv4\.conf\.flannel\/1\.rp_filter = 2' > \/etc\/sysctl\.d\/90-/,
  );
  t.regex(fix!.undoneBy!.join(), /conf\.default\.rp_filter is 0 on node2: flannel\.1 starts with that/);
  const same = changed(MARKED, [
    OWNED,
    'node2:net.ipv4.conf.all.rp_filter=1',
    'node2:net.ipv4.conf.default.rp_filter=2',
  ]);
  t.is(foretell(same)[0]!.fix!.undoneBy, undefined);
});

function withFiles(snapshots: readonly Snapshot[], files: Record<string, string>): Snapshot[] {
  const persisted = Object.entries(files).map(([path, text]) => readSysctlFile(text, path, path));
  return snapshots.map((snapshot) => (snapshot.node === 'node2' ? { ...snapshot, persisted } : snapshot));
}

test('the file for a sysctl is named so that it wins, and says which line would have undone it', (t) => {
  const strict = changed(MARKED, [OWNED, 'node2:net.ipv4.conf.all.rp_filter=1']);
  const fixWith = (files: Record<string, string>) => foretell(withFiles(strict, files))[0]!.fix!;
  const fileOf = (files: Record<string, string>) => fixWith(files).commands[1]!.command.split(' > ')[1]!;
  const SETTING = '# ours\nnet.ipv4.conf.flannel/1.rp_filter = 1\n';
  const STEM = 'returnpath-ipv4-flannel-1-rp_filter.conf';

  const early = { 'etc/sysctl.d/10-network.conf': SETTING };
  t.is(fileOf(early), `/etc/sysctl.d/90-${STEM}`);
  t.regex(
    fixWith(early).undoneBy!.join('\n'),
    /On node2 \/etc\/sysctl\.d\/10-network\.conf line 2 sets net\.ipv4\.conf\.flannel\/1\.rp_filter to 1 at the next boot/,
  );
  t.is(fileOf({ 'etc/sysctl.d/99-kubernetes.conf': SETTING }), `/etc/sysctl.d/99-${STEM}`);
  t.is(fileOf({ 'run/sysctl.d/99-sysctl.conf': SETTING }), `/etc/sysctl.d/99-zz-${STEM}`);
  t.is(fileOf({ 'usr/lib/sysctl.d/zz.conf': SETTING }), `/etc/sysctl.d/zzz-${STEM}`);
  const patterns = { 'usr/lib/sysctl.d/99-z.conf': 'net.ipv4.conf.*.rp_filter = 1\n' };
  t.is(fileOf(patterns), `/etc/sysctl.d/90-${STEM}`);
  t.regex(fixWith(patterns).undoneBy!.join('\n'), /the file above names the key itself/);

  const alone = fixWith({ 'etc/sysctl.conf': SETTING }).undoneBy!.join('\n');
  t.regex(alone, /\/etc\/sysctl\.conf line 2 sets .* whenever `sysctl --system` is run/);
  t.notRegex(alone, /next boot: /);
});

test('a line that agrees with the fix undoes nothing', (t) => {
  const strict = changed(MARKED, [
    OWNED,
    'node2:net.ipv4.conf.all.rp_filter=1',
    'node2:net.ipv4.conf.default.rp_filter=2',
  ]);
  const agreed = withFiles(strict, { 'etc/sysctl.d/99-x.conf': 'net/ipv4/conf/flannel.1/rp_filter=2' });
  t.is(foretell(agreed)[0]!.fix!.undoneBy, undefined);
});

test('no hole is made in what a policy controller, or kube-proxy, writes', (t) => {
  const dropping = (chain: string) =>
    MASQUERADED.map((snapshot) => ({
      ...snapshot,
      iptables: `${snapshot.iptables}*filter\n:FORWARD ACCEPT [0:0]\n:${chain} - [0:0]\n-A FORWARD -j ${chain}\n-A ${chain} -p tcp -m tcp --dport 8080 -j DROP\nCOMMIT\n`,
    }));
  const owned = foretell(changed(dropping('cali-tw-cali123'), [OWNED]));
  t.is(owned[0]!.cause, 'filtered');
  t.is(owned[0]!.fix, null);
  const own = foretell(changed(dropping('SITE'), [OWNED]));
  t.regex(commandsOf(own)[0]!, /^node1: iptables -I SITE 1 -i eth0 -d 10\.244\.1\.0\/24 -p tcp/);
});

test('no hole is made in the table of kube-proxy in nftables mode', (t) => {
  const ruleset = (table: string) => {
    const at = { family: 'ip', table };
    const hook = { type: 'filter', hook: 'prerouting', prio: -110, policy: 'accept' };
    const chains = [
      { ...at, name: 'filter-prerouting', handle: 1, ...hook },
      { ...at, name: 'firewall-ULMVA6XW-shop/front/tcp/p80', handle: 2 },
    ];
    const jump = { jump: { target: 'firewall-ULMVA6XW-shop/front/tcp/p80' } };
    const left = { payload: { protocol: 'tcp', field: 'dport' } };
    const match = { match: { op: '==', left, right: 80 } };
    const rules = [
      { ...at, chain: 'filter-prerouting', handle: 3, expr: [jump] },
      { ...at, chain: 'firewall-ULMVA6XW-shop/front/tcp/p80', handle: 4, expr: [match, { drop: null }] },
    ];
    const listing = [
      { table: { family: 'ip', name: table, handle: 1 } },
      ...chains.map((chain) => ({ chain })),
      ...rules.map((rule) => ({ rule })),
    ];
    return { nftables: listing };
  };
  const dropping = (table: string) =>
    changed(
      MASQUERADED.map((snapshot) => ({ ...snapshot, nft: ruleset(table) })),
      [OWNED],
    );
  const [owned] = foretell(dropping('kube-proxy'));
  t.is(owned!.cause, 'filtered');
  t.is(owned!.fix, null);
  t.regex(foretell(dropping('site'))[0]!.fix!.summary, /^Let requests through/);
});

test('the ways to make routing last say the same, each in its own words', async (t) => {
  const strict = await recorded('second-nic-strict');
  const { fix } = foretell(strict, false, '10.9.8.7')[0]!;
  const byManager = new Map(fix!.files!.map((file) => [file.manager, file]));
  t.deepEqual([...byManager.keys()], ['systemd-networkd', 'netplan', 'NetworkManager']);
  const networkd = byManager.get('systemd-networkd')!;
  t.regex(networkd.path, /^\/etc\/systemd\/network\/eth1\.network\.d\/.*\.conf$/);
  t.regex(
    networkd.content,
    /\[Route\]\nDestination=0\.0\.0\.0\/0\nGateway=10\.9\.8\.1\nGatewayOnLink=yes\nTable=100\n/,
  );
  t.regex(
    networkd.content,
    /\[RoutingPolicyRule\]\nFrom=10\.9\.8\.7\/32\nTable=main\nSuppressPrefixLength=0\nPriority=100\n/,
  );
  // netplan has no word for suppress_prefixlength.
  t.regex(byManager.get('netplan')!.path, /10-netplan-eth1\.network\.d/);
  const manager = byManager.get('NetworkManager')!.content;
  t.regex(manager, /\+ipv4\.routes '0\.0\.0\.0\/0 10\.9\.8\.1 table=100 onlink=true'/);
  t.regex(
    manager,
    /\+ipv4\.routing-rules 'priority 100 from 10\.9\.8\.7\/32 table 254 suppress_prefixlength 0'/,
  );
});

/** What two findings would write on one node, and one finding for two of its devices. */
test('each fix writes files of its own, and the same fix the same', async (t) => {
  const [edge] = await recorded('second-nic-strict');
  const [lb] = await recorded('wrong-gateway');
  const network = Network.of([...MARKED, edge!, lb!]);
  const pathsOf = (node: string, ...commands: string[]) => {
    const steps = commands.map((command) => step(network.station(node)!, command));
    const written = lastingCommands(steps, network).map(({ command }) => command.replace(/^.* > /, ''));
    return [...lastingFiles(steps, network).map(({ path }) => path), ...written];
  };
  const routed = (device: string, from: string) =>
    [
      `ip route replace default via 10.9.8.1 dev ${device} onlink table 100`,
      `ip rule add from ${from} lookup main suppress_prefixlength 0 priority 100`,
      `ip rule add from ${from} lookup 100 priority 101`,
    ] as const;
  const other = edge!.node;
  for (const [one, two] of [
    [
      pathsOf('node2', ...routed('flannel.1', '10.244.1.0/24')),
      pathsOf('node2', ...routed('flannel.1', '10.244.1.9')),
    ],
    [pathsOf(other, ...routed('eth1', '10.9.8.7')), pathsOf(other, ...routed('eth1', '10.9.8.8'))],
    [
      pathsOf(other, 'sysctl -w net.ipv4.conf.eth1.rp_filter=2'),
      pathsOf(other, 'sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth1.rp_filter=0'),
    ],
  ] as const) {
    t.true(one.length > 0);
    // Where a file is the connection's own, nmcli adds to it.
    const both = [...one, ...two].filter((path) => !path.includes('by nmcli'));
    t.is(new Set(both).size, both.length, both.join(' '));
  }
  const outer = pathsOf(
    lb!.node,
    ...['ens18', 'ens19'].flatMap((device) => [
      `ip route add 10.77.0.0/16 via 10.20.30.9 dev ${device}`,
      'ip rule add from 10.9.8.7 lookup main priority 100',
    ]),
  );
  const netplan = outer.filter((path) => path.startsWith('/etc/netplan/'));
  t.is(new Set(netplan).size, 2, outer.join(' '));
  t.deepEqual(pathsOf(other, ...routed('eth1', '10.9.8.7')), pathsOf(other, ...routed('eth1', '10.9.8.7')));
  const many = Array.from(
    { length: 40 },
    (_, i) => `ip rule add from 10.9.8.7 to 10.50.${i}.0/24 lookup 100 priority 100`,
  );
  const long = pathsOf(other, ...routed('eth1', '10.9.8.7'), ...many);
  t.true(long.every((path) => path.split('/').at(-1)!.length <= 255));
  t.notDeepEqual(long, pathsOf(other, ...routed('eth1', '10.9.8.7'), ...many.slice(1)));
});

test('each DaemonSet has a name and a selector of its own', (t) => {
  const kube = new Map<string, unknown>([['services.json', SERVICE]]);
  const network = Network.of(MARKED.map((snapshot) => ({ ...snapshot, kube })));
  const setOf = (node: string, ...commands: string[]) =>
    daemonSets(
      commands.map((command) => step(network.station(node)!, command)),
      network,
    ).map(
      (text) => parse(text) as { metadata: { name: string }; spec: { selector: { matchLabels: object } } },
    )[0]!;
  const loose = 'sysctl -w net.ipv4.conf.flannel/1.rp_filter=2';
  const sets = [
    setOf('node1', loose),
    setOf('node2', loose),
    setOf('node2', loose, 'sysctl -w net.ipv4.ip_forward=1'),
  ];
  t.is(sets[1]!.metadata.name, 'returnpath-node2-flannel-1-rp-filter');
  t.is(new Set(sets.map(({ metadata }) => metadata.name)).size, 3);
  t.is(new Set(sets.map(({ spec }) => JSON.stringify(spec.selector))).size, 3);
  t.deepEqual(setOf('node2', loose), sets[1]);
});

const SERVICE = {
  kind: 'ServiceList',
  items: [
    {
      metadata: { namespace: 'shop', name: 'web' },
      spec: { externalTrafficPolicy: 'Cluster', ports: [{ port: 80 }] },
      status: { loadBalancer: { ingress: [{ ip: VIP }] } },
    },
  ],
};

test('with a Service, requests are kept on the node that takes them; not where they are already', (t) => {
  const withPolicy = (externalTrafficPolicy: string) => {
    const [item] = SERVICE.items;
    const items = [{ ...item, spec: { ...item!.spec, externalTrafficPolicy } }];
    const kube = new Map<string, unknown>([['services.json', { ...SERVICE, items }]]);
    return changed(MARKED, [OWNED, FORGETTING]).map((snapshot) => ({ ...snapshot, kube }));
  };
  const { fix } = foretell(withPolicy('Cluster'))[0]!;
  t.deepEqual(fix!.commands, []);
  t.regex(fix!.manifests[0]!, /name: web\n {2}namespace: shop\nspec:\n {2}externalTrafficPolicy: Local/);
  t.regex(
    fix!.expected,
    /by eth0 into node2, by cni0 to 10\.244\.1\.10:8080; the reply goes by cni0 into node2, by eth0/,
  );
  t.regex(fix!.risk, /none ready nobody answers/);
  t.deepEqual(foretell(withPolicy('Local'))[0]!.fix!.manifests, []);
});

test('in a cluster, a DaemonSet may set the sysctls in place of a person', (t) => {
  const off = changed(MASQUERADED, [OWNED, 'node2:net.ipv4.conf.flannel/1.forwarding=0']);
  const kube = new Map<string, unknown>([['services.json', SERVICE]]);
  const { fix } = foretell(off.map((snapshot) => ({ ...snapshot, kube })))[0]!;
  const [daemonSet] = fix!.manifests.map((manifest) => parse(manifest) as Record<string, unknown>);
  t.is(daemonSet!.kind, 'DaemonSet');
  const text = fix!.manifests[0]!;
  t.regex(text, /command:\n\s+- sysctl\n\s+- -w\n\s+- net\.ipv4\.conf\.flannel\/1\.forwarding=1\n/);
  t.regex(text, /operator: In\n\s+values:\n\s+- node2\n/);
  t.notRegex(text, /[&*]ref_/, 'every label stands where it is meant');
  t.deepEqual(foretell(off)[0]!.fix!.manifests, [], 'where nothing tells of a cluster there is none');
});

/** npx puts a program of the same name before the system's. */
const NFT = 'PATH=/usr/sbin:/sbin:/usr/bin:/bin nft';

testInNamespaces('nft')('what nft makes of a command is what was tried', (t) => {
  const nftOnly = changed(MARKED, [OWNED]).map((snapshot) =>
    snapshot.node === 'node2' ? { ...snapshot, iptables: null, nft: { nftables: [] } } : snapshot,
  );
  const commands = commandsOf(foretell(nftOnly)).filter((command) => command.startsWith('node2: nft'));
  t.is(commands.length, 1);
  const namespace = new Namespace();
  try {
    namespace.run('sh', '-c', commands[0]!.replace('node2: nft', NFT));
    const listing = JSON.parse(namespace.run('sh', '-c', `${NFT} -j list ruleset`)) as object;
    const really = nftOnly.map((snapshot) =>
      snapshot.node === 'node2' ? { ...snapshot, nft: listing } : snapshot,
    );
    const rest = commandsOf(foretell(nftOnly)).filter((command) => !command.startsWith('node2: nft'));
    t.deepEqual(
      foretell(
        changed(
          really,
          rest.map((line) => line.replace(': ', ':').replace('sysctl -w ', '')),
        ),
      ),
      [],
    );
  } finally {
    namespace.remove();
  }
});

/** A server with two routers: requests come in by gw2, and replies leave by gw1, which a twin of gw2's snapshot stands for. */
const GATEWAY = ROUTED.find(({ node }) => node === 'gw2')!;
const TWO_ROUTERS: Snapshot[] = [...ROUTED, otherGateway(GATEWAY)];
const BY_GATEWAY = ['203.0.113.45', '172.31.255.80'] as const;
/** For this client alone: gw1 sends requests of its own to the server, which gw2's firewall would not let back. */
const ROUTED_BACK = [
  'lb-3: ip route replace default via 172.31.255.254 dev ens19 onlink table 100',
  'lb-3: ip rule add from 172.31.255.80 to 203.0.113.45 lookup 100 priority 99',
];

function otherGateway(gateway: Snapshot): Snapshot {
  const { addresses, links, neighbours, routes4 } = gateway;
  const moved = JSON.stringify({ addresses, links, neighbours, routes4 })
    .replaceAll('172.31.255.254', '10.20.30.254')
    .replaceAll('172.31.255.13', '10.20.30.13')
    .replaceAll('172.31.255.0', '10.20.30.0')
    .replaceAll('172.31.255.255', '10.20.30.255')
    .replaceAll('02:00:ac:1f:ff:', '02:00:0a:14:1e:')
    .replaceAll('100.64.2.', '100.64.1.')
    .replaceAll('02:00:64:40:02:', '02:00:64:40:01:');
  return { ...gateway, ...(JSON.parse(moved) as Snapshot), node: 'gw1', nft: { nftables: [] } };
}

function repairByGateway(snapshots: readonly Snapshot[], cause: 'answered-elsewhere' | 'dropped') {
  const network = Network.of(snapshots);
  const [client, vip] = BY_GATEWAY;
  const packet = {
    ...{ source: client, destination: vip, protocol: 'tcp', sourcePort: 40001, destinationPort: 8443 },
    tcp: 'syn' as const,
  };
  const entry = {
    ...{ station: network.station('gw2')!, interface: 'wan', sender: null },
    ...{ why: '', assumed: [], unknown: [], isPod: false, isGuess: false },
  };
  const walk = (now: Network) => roundTrips(now, { ...entry, station: now.station('gw2')! }, packet);
  const errand = { client, back: cause === 'answered-elsewhere', translated: false, walk };
  const services = [{ address: vip, port: 8443 }];
  const { fix } = repair({ network, errands: [errand], services, anyone: false });
  const risks = walk(network).map(riskOf);
  return {
    risks: risks.map((risk) => risk && `${risk.cause} ${risk.station.label} ${risk.interface}`),
    commands: (fix?.commands ?? [])
      .filter((c) => !c.persists)
      .map(({ node, command }) => `${node}: ${command}`),
  };
}

test('a reply that goes on by another router is turned at the node that sent it, not at that router', (t) => {
  const lenient = TWO_ROUTERS.map((s) => (s.node === 'gw2' ? { ...s, nft: { nftables: [] } } : s));
  t.deepEqual(repairByGateway(lenient, 'answered-elsewhere'), {
    risks: ['wrong-gateway lb-3 ens18'],
    commands: [
      ROUTED_BACK[0],
      'lb-3: ip rule add from 172.31.255.80 lookup main suppress_prefixlength 0 priority 100',
      'lb-3: ip rule add from 172.31.255.80 lookup 100 priority 101',
    ],
  });
  // As it was recorded, the first router drops the ACK that follows.
  t.deepEqual(repairByGateway(TWO_ROUTERS, 'answered-elsewhere'), {
    risks: ['stateful-gateway lb-3 ens18'],
    commands: ROUTED_BACK,
  });
});

test('a firewall that never saw the request keeps its rule: the reply is routed back', (t) => {
  const invalid = changed(TWO_ROUTERS, ['gw1:iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP']);
  t.deepEqual(repairByGateway(invalid, 'dropped'), { risks: ['filtered gw1 lan'], commands: ROUTED_BACK });
});

test('a router without a route is not told to send to itself', (t) => {
  const lost = changed(TWO_ROUTERS, ['gw1:ip route del default']);
  const { risks, commands } = repairByGateway(lost, 'dropped');
  t.deepEqual(risks, ['no-route gw1 lan']);
  t.deepEqual(commands, ROUTED_BACK);
});
