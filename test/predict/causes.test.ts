/**
 * One setting away from a recorded healthy cluster: what is foretold of it, and that the twin with that setting taken
 * back is healthy again. The request comes in at node1, whose only backend is on node2.
 */
import test from 'ava';
import { readSnapshots } from '../../src/correlate/read-snapshots.js';
import { predictConnections } from '../../src/diagnose/prediction/predictions.js';
import { applyChanges } from '../../src/kernel/what-if/apply.js';
import { parseChange } from '../../src/kernel/what-if/parse-change.js';
import type { CauseId, Finding, Prediction } from '../../src/model/analysis.js';
import type { Snapshot } from '../../src/model/snapshot.js';
import { Network } from '../../src/network/network.js';
import { CLIENT, NODE1, NODE2, VIP } from '../lab/addresses.js';
import { bundlesIn } from '../scenarios/truth.js';
import { fixture } from '../support.js';

const { snapshots: HEALTHY } = await readSnapshots(bundlesIn(fixture('healthy-masquerade')), {
  keepGoing: false,
});
const { snapshots: UNMASQUERADED } = await readSnapshots(bundlesIn(fixture('healthy-no-masquerade')), {
  keepGoing: false,
});

/** The VIP bound to node1, as keepalived does it, so that it is known who takes requests. */
const OWNED = ['node1:ip addr add 192.168.1.100/32 dev eth0'];

function foretell(
  snapshots: readonly Snapshot[],
  client = CLIENT,
): { prediction: Prediction; findings: Finding[] } {
  const { predictions, findings } = predictConnections(Network.of(snapshots), [
    { vip: VIP, protocol: 'tcp', port: 80, client, anyone: false },
  ]);
  return { prediction: predictions[0]!, findings };
}

function changed(snapshots: readonly Snapshot[], commands: readonly string[]): Snapshot[] {
  const changes = commands.map((text) => parseChange(text, text.includes(':ip ') ? 'add' : 'set'));
  return applyChanges(snapshots, changes).snapshots;
}

function withRules(snapshots: readonly Snapshot[], node: string, table: string, rule: string): Snapshot[] {
  return snapshots.map((snapshot) => {
    if (snapshot.node !== node) return snapshot;
    const iptables = `${snapshot.iptables}*${table}\n${rule}\nCOMMIT\n`;
    return { ...snapshot, iptables };
  });
}

const ownedHealthy = changed(HEALTHY, OWNED);

test('the twin of all: nothing is lost, and node1 alone answers ARP', (t) => {
  const { prediction, findings } = foretell(ownedHealthy);
  t.deepEqual(findings, []);
  t.deepEqual(
    prediction.announcers.map((a) => [a.node, a.interface]),
    [['node1', 'eth0']],
  );
  t.deepEqual(
    prediction.ways.map((way) => [
      way.entry.node,
      way.entry.sender,
      way.backend?.address,
      way.fate,
      way.chance,
    ]),
    [['node1', '192.168.1.1', NODE2.podAddress, 'answered', 1]],
  );
  t.deepEqual(prediction.ways[0]!.unknown, []);
});

interface Case {
  name: string;
  make: () => Snapshot[];
  cause: CauseId;
  node: string;
  interface: string | null;
  role: 'request' | 'reply';
  /** What the fix begins with. */
  fix: string;
}

const CASES: Case[] = [
  {
    name: 'a FORWARD rule that drops',
    make: () =>
      withRules(
        ownedHealthy,
        'node2',
        'filter',
        ':FORWARD ACCEPT [0:0]\n-A FORWARD -i flannel.1 -p tcp --dport 8080 -j DROP',
      ),
    cause: 'filtered',
    node: 'node2',
    interface: 'flannel.1',
    role: 'request',
    fix: 'iptables -I FORWARD 1 -i flannel.1 -d 10.244.1.0/24 -p tcp -m tcp --dport 8080 -j ACCEPT',
  },
  {
    name: 'a FORWARD rule that drops the reply',
    make: () =>
      withRules(
        ownedHealthy,
        'node2',
        'filter',
        ':FORWARD ACCEPT [0:0]\n-A FORWARD -i cni0 -p tcp --sport 8080 -j DROP',
      ),
    cause: 'filtered',
    node: 'node2',
    interface: 'cni0',
    role: 'reply',
    fix: 'iptables -I FORWARD 1 -i cni0 -s 10.244.1.0/24 -p tcp -m tcp --sport 8080 -m conntrack --ctstate ESTABLISHED -j ACCEPT',
  },
  {
    name: 'a firewall that does not let the tunnel in',
    make: () =>
      withRules(ownedHealthy, 'node2', 'filter', ':INPUT ACCEPT [0:0]\n-A INPUT -p udp --dport 8472 -j DROP'),
    cause: 'filtered',
    node: 'node2',
    interface: 'eth0',
    role: 'request',
    fix: 'iptables -I INPUT 1 -s 192.168.1.11 -d 192.168.1.12 -p udp -m udp --dport 8472 -j ACCEPT',
  },
  {
    name: 'a policy of DROP with no rule for it',
    make: () => withRules(ownedHealthy, 'node1', 'filter', ':FORWARD DROP [0:0]'),
    cause: 'filtered',
    node: 'node1',
    interface: 'eth0',
    role: 'request',
    fix: 'iptables -A FORWARD -i eth0 -d 10.244.1.0/24 -p tcp -m tcp --dport 8080 -j ACCEPT',
  },
  {
    name: '-m rpfilter, where the way back is elsewhere',
    make: () =>
      withRules(
        changed(UNMASQUERADED, OWNED),
        'node2',
        'raw',
        ':PREROUTING ACCEPT [0:0]\n-A PREROUTING -m rpfilter --invert -j DROP',
      ),
    cause: 'netfilter-rpfilter',
    node: 'node2',
    interface: 'flannel.1',
    role: 'request',
    fix: 'iptables -t raw -I PREROUTING 1 -i flannel.1 -d 10.244.1.0/24 -p tcp -m tcp --dport 8080 -j ACCEPT',
  },
  {
    name: 'strict rp_filter, where the way back is elsewhere',
    make: () => changed(UNMASQUERADED, [...OWNED, 'node2:net.ipv4.conf.all.rp_filter=1']),
    cause: 'rp-filter',
    node: 'node2',
    interface: 'flannel.1',
    role: 'request',
    fix: 'sysctl -w net.ipv4.conf.flannel/1.rp_filter=2',
  },
  {
    name: 'forwarding off on the node of the backend',
    make: () => changed(ownedHealthy, ['node2:net.ipv4.conf.flannel/1.forwarding=0']),
    cause: 'forwarding-off',
    node: 'node2',
    interface: 'flannel.1',
    role: 'request',
    fix: 'sysctl -w net.ipv4.conf.flannel/1.forwarding=1',
  },
  {
    name: 'no route to the pods of node2',
    make: () =>
      changed(ownedHealthy, [
        'node1:ip route del 10.244.1.0/24',
        'node1:ip route del default',
        'node1:ip route add 10.0.0.0/24 via 192.168.1.1',
      ]),
    cause: 'no-route',
    node: 'node1',
    interface: 'eth0',
    role: 'request',
    fix: 'ip route replace 10.244.1.0/24 via 10.244.1.0 dev flannel.1 onlink',
  },
  {
    name: 'replies of the pod leave by the default route, round node1',
    make: () =>
      changed(UNMASQUERADED, [...OWNED, 'node2:ip rule del from 10.244.1.0/24 fwmark 0x100 lookup 100']),
    cause: 'untranslated-reply',
    node: 'node2',
    interface: 'eth0',
    role: 'reply',
    fix: 'ip route replace default via 10.244.0.0 dev flannel.1 onlink table 101',
  },
];

for (const { name, make, cause, node, interface: device, role, fix } of CASES) {
  test(`${cause}: ${name}`, (t) => {
    const { prediction, findings } = foretell(make());
    t.deepEqual(
      findings.map((f) => ({ cause: f.cause, node: f.node, device: f.interface, severity: f.severity })),
      [{ cause, node, device, severity: 'risk' }],
    );
    const [way] = prediction.ways;
    t.is(way!.finding, 'f1');
    t.is(way!.fate, cause === 'untranslated-reply' ? 'untranslated' : `lost-${role}`);
    t.is(findings[0]!.fix?.commands[0]?.command, fix);
    t.regex(findings[0]!.fix!.expected, /the reply goes by cni0 into node2/);
    t.true(findings[0]!.evidence.length > 0);
  });
}

test('arp-conflict: the VIP on two nodes; the twin has it on a device that ARP does not ask, and says so', (t) => {
  const both = changed(ownedHealthy, ['node2:ip addr add 192.168.1.100/32 dev lo']);
  const conflict = foretell(both).findings.find((finding) => finding.cause === 'arp-conflict')!;
  t.is(conflict.severity, 'risk');
  t.deepEqual(
    conflict.claimants.map(({ node, interface: device }) => [node, device]),
    [
      ['node1', 'eth0'],
      ['node2', 'eth0'],
    ],
  );
  const quiet = changed(both, ['node2:net.ipv4.conf.all.arp_ignore=1']);
  const twin = foretell(quiet);
  t.deepEqual(twin.findings, []);
  t.deepEqual(
    twin.prediction.announcers.map((a) => a.node),
    ['node1'],
  );
});

test('a pod as the client: its own node translates for it', (t) => {
  const { prediction, findings } = foretell(ownedHealthy, NODE1.podAddress);
  t.deepEqual(findings, []);
  t.deepEqual(
    prediction.ways.map((way) => [way.entry.node, way.entry.interface, way.backend?.address, way.fate]),
    [['node1', 'cni0', NODE2.podAddress, 'answered']],
  );
});

test('rules that are not known are assumed, and said so', (t) => {
  const bare = ownedHealthy.map((snapshot) => ({ ...snapshot, iptables: null, nft: null }));
  const { prediction } = foretell(bare);
  t.true(
    prediction.ways.every((way) => way.unknown.some((line) => /iptables-save\.txt and nft\.json/.test(line))),
  );
});

test('IPVS takes what is sent to kube-ipvs0, and nobody can say from a snapshot to which backend', (t) => {
  const ipvs = HEALTHY.map((snapshot) => {
    const eth0 = snapshot.links!.find((link) => link.name === 'eth0')!;
    const links = [
      ...snapshot.links!,
      { ...eth0, name: 'kube-ipvs0', kind: 'dummy', ifindex: 99, mac: null },
    ];
    const [own] = snapshot.addresses!;
    const vip = { ...own!, interface: 'kube-ipvs0', address: VIP, prefixLength: 32, flags: [] };
    const routes4 = snapshot.routes4!.concat({
      ...snapshot.routes4!.find((route) => route.type === 'local')!,
      destination: `${VIP}/32`,
      nextHops: [{ gateway: null, interface: 'kube-ipvs0', weight: 1, flags: [] }],
    });
    return { ...snapshot, links, routes4, addresses: [...snapshot.addresses!, vip], iptables: '' };
  });
  const { prediction, findings } = foretell(ipvs);
  t.deepEqual(
    prediction.ways.map((way) => way.fate),
    ['unknown', 'unknown'],
  );
  // Both kernels answer ARP for it, as strictARP would forbid.
  t.deepEqual(
    findings.map((finding) => finding.cause),
    ['arp-conflict'],
  );
  const strict = changed(
    ipvs,
    ['node1', 'node2'].map((node) => `${node}:net.ipv4.conf.all.arp_ignore=1`),
  );
  t.deepEqual(foretell(strict).findings, []);
});

test('a drop that rests on a rule which is not understood is a possibility, and no finding', (t) => {
  const rules = ':FORWARD DROP [0:0]\n-A FORWARD -m u32 --u32 "0>>22" -j ACCEPT';
  const { prediction, findings } = foretell(withRules(ownedHealthy, 'node2', 'filter', rules));
  t.deepEqual(findings, []);
  t.is(prediction.ways[0]!.fate, 'unknown');
  t.regex(prediction.ways[0]!.why, /the request may be dropped, .*node2: .*u32/);
});

test('routes that are not known are no missing routes', (t) => {
  const blind = ownedHealthy.map((s) => (s.node === 'node1' ? { ...s, routes4: null } : s));
  t.deepEqual(foretell(blind).findings, []);
});

test('a backend on a node without a snapshot: what becomes of it there is not known', (t) => {
  const alone = ownedHealthy.filter((snapshot) => snapshot.node === 'node1');
  const { prediction, findings } = foretell(alone);
  t.deepEqual(findings, []);
  t.deepEqual(
    prediction.ways.map((way) => way.fate),
    ['unknown'],
  );
});

test('a VIP that its only node does not answer for is not delivered; the twin answers', (t) => {
  const plain = HEALTHY.map((snapshot) => ({
    ...snapshot,
    iptables: '',
    nft: { nftables: [] },
    conntrack: null,
    ipvs: null,
  }));
  const bound = changed(plain, ['node1:ip addr add 192.168.1.100/32 dev lo']);
  t.deepEqual(foretell(bound).findings, []);
  const silent = changed(bound, ['node1:net.ipv4.conf.all.arp_ignore=1']);
  t.deepEqual(
    foretell(silent).findings.map((f) => [f.cause, f.node, f.interface, f.severity]),
    // As a real server behind a load balancer in direct routing mode has it: no more than a remark.
    [['not-delivered', 'node1', 'eth0', 'info']],
  );
});

test('no fix cuts what works: the way to a node may not lead through the tunnel to it', (t) => {
  const strict = changed(UNMASQUERADED, [...OWNED, 'node2:net.ipv4.conf.all.rp_filter=1']);
  const { findings } = foretell(strict, NODE1.address);
  for (const { fix } of findings) {
    for (const { command } of fix?.commands ?? []) t.notRegex(command, /ip route .*192\.168\.1\.11/);
  }
  // The route that would be tried, by hand: the tunnel's own packets go into the tunnel.
  const cut = changed(UNMASQUERADED, [
    ...OWNED,
    'node2:ip route add 192.168.1.11/32 via 10.244.0.0 dev flannel.1 onlink',
  ]);
  t.regex(foretell(cut).findings[0]!.summary, /packets of its tunnel flannel\.1 into that tunnel/);
});

test('the source of a tunnel packet is one of the ports that the kernel takes', (t) => {
  const rules =
    ':INPUT DROP [0:0]\n-A INPUT -p udp --sport 32768:60999 --dport 8472 -j ACCEPT\n-A INPUT -p tcp -j ACCEPT';
  t.deepEqual(foretell(withRules(ownedHealthy, 'node2', 'filter', rules)).findings, []);
});

test("pods on devices of their own, as Calico's: replies come in by the pod's device", (t) => {
  const calico = HEALTHY.map((snapshot) => {
    if (snapshot.node !== 'node2') return snapshot;
    const device = snapshot.links!.find((link) => link.kind === 'veth' && link.master === 'cni0')!;
    const links = snapshot.links!.map((link) =>
      link === device ? { ...link, name: 'cali1', master: null } : link,
    );
    return { ...snapshot, links };
  });
  const routed = changed(calico, [...OWNED, 'node2:ip route add 10.244.1.10 dev cali1']);
  const { prediction, findings } = foretell(routed);
  t.deepEqual(findings, []);
  t.deepEqual(
    prediction.ways[0]!.steps.map((step) => [step.role, step.node, step.input, step.output]),
    [
      ['request', 'node1', 'eth0', 'flannel.1'],
      ['request', 'node2', 'flannel.1', 'cali1'],
      ['reply', 'node2', 'cali1', 'flannel.1'],
      ['reply', 'node1', 'flannel.1', 'eth0'],
    ],
  );
});

test('forwarding off altogether: the fix turns on all of it', (t) => {
  const off = changed(ownedHealthy, ['node2:net.ipv4.ip_forward=0']);
  const { findings } = foretell(off);
  t.deepEqual(
    findings.map((f) => [f.cause, f.node, f.fix?.commands[0]?.command]),
    [['forwarding-off', 'node2', 'sysctl -w net.ipv4.ip_forward=1']],
  );
});

test('an interface with an odd name: commands are quoted, and tried all the same', (t) => {
  const odd = 'fl;nel$1';
  const renamed = UNMASQUERADED.map((snapshot) =>
    snapshot.node === 'node2'
      ? (JSON.parse(
          JSON.stringify({ ...snapshot, clock: null, kernelLog: null, drops: null }, (_, value) =>
            value instanceof Map ? [...value] : value,
          ).replaceAll('flannel.1', odd),
          (key, value) => (['sysctl', 'kube'].includes(key) && value ? new Map(value) : value),
        ) as Snapshot)
      : snapshot,
  );
  const strict = changed(renamed, [...OWNED, 'node2:net.ipv4.conf.all.rp_filter=1']);
  const sysctls = strict.map((s) => {
    const sysctl = new Map([...s.sysctl!].map(([key, value]) => [key.replace('flannel/1', odd), value]));
    return s.node === 'node2' ? { ...s, sysctl, countersBefore: null, countersAfter: null } : s;
  });
  const fix = foretell(sysctls).findings.find((f) => f.cause === 'rp-filter')!.fix;
  t.is(fix!.commands[0]!.command, `sysctl -w 'net.ipv4.conf.${odd}.rp_filter=2'`);
});

test('a rule that could only have dropped as well takes nothing from a drop that is certain', (t) => {
  const rules =
    ':FORWARD ACCEPT [0:0]\n-A FORWARD -m u32 --u32 "0>>22" -j DROP\n-A FORWARD -i flannel.1 -p tcp --dport 8080 -j DROP';
  t.deepEqual(
    foretell(withRules(ownedHealthy, 'node2', 'filter', rules)).findings.map((f) => [
      f.cause,
      f.node,
      f.interface,
    ]),
    [['filtered', 'node2', 'flannel.1']],
  );
});

test('a translation that is doubtful on the way makes a drop behind it doubtful', (t) => {
  const strict = changed(UNMASQUERADED, [...OWNED, 'node2:net.ipv4.conf.all.rp_filter=1']);
  t.is(foretell(strict).findings[0]!.cause, 'rp-filter');
  const rules =
    ':POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -o flannel.1 -m set --match-set clients src -j MASQUERADE';
  const { findings, prediction } = foretell(withRules(strict, 'node1', 'nat', rules));
  t.deepEqual(findings, []);
  t.regex(prediction.ways[0]!.why, /may be dropped.*node1: iptables-save\.txt line \d+.*--match-set/);
});

test('empty rule files are of no rules, or of a command that failed: that is not known', (t) => {
  const empty = ownedHealthy.map((snapshot) => ({ ...snapshot, iptables: '', nft: null }));
  const { prediction } = foretell(empty);
  t.true(prediction.ways.every((way) => way.fate === 'unknown' || way.unknown.length > 0));
});

test('a virtual MAC of keepalived answers for its address, whatever its parent is set to', (t) => {
  const plain = HEALTHY.map((snapshot) => ({
    ...snapshot,
    iptables: '',
    nft: { nftables: [] },
    conntrack: null,
    ipvs: null,
  }));
  const vrrp = plain.map((snapshot) => {
    if (snapshot.node !== 'node1') return snapshot;
    const eth0 = snapshot.links!.find((link) => link.name === 'eth0')!;
    const child = {
      ...eth0,
      name: 'vrrp.51',
      kind: 'macvlan',
      lower: 'eth0',
      mac: '00:00:5e:00:01:33',
      ifindex: 77,
    };
    return { ...snapshot, links: [...snapshot.links!, child] };
  });
  const owned = changed(vrrp, [
    'node1:ip addr add 192.168.1.100/32 dev vrrp.51',
    'node1:net.ipv4.conf.eth0.arp_ignore=1',
  ]);
  const { prediction, findings } = foretell(owned);
  t.deepEqual(
    prediction.announcers.map((a) => [a.node, a.interface, a.mac]),
    [['node1', 'vrrp.51', '00:00:5e:00:01:33']],
  );
  t.false(findings.some((finding) => finding.cause === 'not-delivered'));
});

test('a drop that no cause is named after: why the kernel would do it is told at once', (t) => {
  const { findings } = foretell(changed(UNMASQUERADED, OWNED), '192.168.1.255');
  const [finding] = findings;
  t.is(finding?.cause, 'undetermined');
  t.regex(finding!.known!, /^node\d would drop them: 192\.168\.1\.255 is a broadcast address to this node/);
});
