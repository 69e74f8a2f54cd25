/** That a fix's commands do on their node what they are for, each beside a twin where another does. */
import test, { type ExecutionContext } from 'ava';
import { Allotted } from '../../src/diagnose/fixes/allotted.js';
import type { Finding } from '../../src/model/analysis.js';
import { Wire } from '../correlate/neighbours/wire.js';
import { testInNamespaces } from '../gates.js';
import { Namespace } from '../kernel/namespace.js';
import { Altered } from './altered.js';
import { A, asked, B, lostAt, madeBy, node, nodeFiles, run, VIP } from './lan.js';

async function first(t: ExecutionContext, scenario: string): Promise<Finding> {
  const { findings } = await new Altered(t, scenario).analyze();
  return findings[0]!;
}

const commandsOf = ({ fix }: Finding) =>
  fix!.commands.filter((c) => !c.persists).map((c) => `${c.node}: ${c.command}`);

test('a permanent entry that is out of date: no flush takes it, and no announcement changes it', async (t) => {
  const finding = await first(t, 'not-delivered-stale-entry');
  t.deepEqual(commandsOf(finding), ['router: ip neigh del 192.168.1.100 dev lan1']);
  t.regex(finding.fix!.summary, /permanent entry .* configuration that sets it/);
});

/** As the requests go on to the old owner after a hand-over. */
async function stale(t: ExecutionContext, owner: ReturnType<typeof node>) {
  const wire = madeBy(asked([A]), A, 40_001)
    .wait(5000)
    .announce(B, VIP)
    .wait(1000);
  lostAt(wire, A, 40_002);
  const router = { 'eth0.pcap': wire.capture() };
  const { findings } = await run(t, { router, node1: node(A), node2: owner });
  return findings.find((f) => f.cause === 'not-delivered')!;
}

test('who has the address itself is told to announce it again; of a speaker, no arping can', async (t) => {
  t.deepEqual(commandsOf(await stale(t, node(B, `${VIP}/32`))), [`node2: arping -U -c 3 -I eth0 ${VIP}`]);
  const speaker = await stale(t, nodeFiles([{ name: 'eth0', mac: B, addresses: ['192.0.2.12/24'] }]));
  t.deepEqual(commandsOf(speaker), []);
  t.regex(speaker.fix!.summary, /as a speaker does, announces it when it is started anew/);
});

testInNamespaces('arping')(
  "arping announces no address that is not the host's own, and a flush leaves a permanent entry",
  (t) => {
    const namespace = new Namespace();
    const sh = (command: string) => namespace.run('sh', '-c', command);
    try {
      sh('ip link add eth0 type veth peer name far');
      sh('ip link set eth0 up; ip link set far up; ip addr add 192.0.2.11/24 dev eth0');
      t.throws(() => sh('arping -U -c 1 -I eth0 192.0.2.99'), { message: /assign requested/ });
      t.notThrows(() => sh('arping -U -c 1 -w 1 -I eth0 192.0.2.11'));
      const entries = () => sh('ip neigh show dev eth0 nud permanent');
      sh('ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:99 dev eth0 nud permanent');
      sh('ip neigh flush to 192.0.2.1 dev eth0');
      t.regex(entries(), /02:00:00:00:00:99/);
      sh('ip neigh del 192.0.2.1 dev eth0');
      t.notRegex(entries(), /02:00:00:00:00:99/);
    } finally {
      namespace.remove();
    }
  },
);

test("a router's entry with nobody's MAC is forgotten, also where a program answers for the address", async (t) => {
  for (const scenario of ['not-delivered-wrong-entry', 'not-delivered-wrong-entry-ethernet']) {
    const finding = await first(t, scenario);
    t.deepEqual(commandsOf(finding), ['router: ip neigh del 192.168.1.100 dev lan1'], scenario);
    t.regex(finding.fix!.expected, /asked for by ARP, and goes to whoever answers/);
  }
});

test('its twins: the entry is right, or it would be dropped further on', async (t) => {
  t.deepEqual(await new Altered(t, 'delivered-by-entry').findings(), []);
  const rule = '*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -i lan0 -j DROP\nCOMMIT\n';
  const altered = new Altered(t, 'not-delivered-wrong-entry').write('router', 'iptables-save.txt', rule);
  const { findings } = await altered.analyze();
  t.notDeepEqual(
    findings.flatMap(({ fix }) => fix?.commands.map((c) => c.command) ?? []),
    ['ip neigh del 192.168.1.100 dev lan1'],
  );
});

test('in the file that nft loads at boot a rule has its place by the other rule, and no handle', async (t) => {
  const { fix } = await first(t, 'filtered-nft-reject');
  t.regex(fix!.commands[0]!.command, / handle 2 /);
  const [file] = fix!.files!;
  t.is(file!.manager, 'nftables');
  t.notRegex(file!.content, /handle/);
  t.regex(
    file!.content,
    /^# in table inet guard, chain forward, before the rule "ip daddr 10\.42\.203\.77 tcp dport 8443 counter reject .*":\niifname "ens192" .* accept\n$/,
  );
});

testInNamespaces('nft')('nft refuses a whole file for one handle that is not there', (t) => {
  const namespace = new Namespace();
  const table = 'table inet guard { set s { type ipv4_addr; }; chain forward { counter drop; }; }';
  const load = (text: string) =>
    namespace.run('sh', '-c', `printf '%s\\n' '${text}' | PATH=/usr/sbin:/sbin:/usr/bin:/bin nft -f -`);
  try {
    t.throws(() => load(`${table}\ninsert rule inet guard forward handle 99 accept`));
    t.is(namespace.run('/usr/sbin/nft', 'list', 'ruleset').trim(), '');
    t.notThrows(() => load(table));
  } finally {
    namespace.remove();
  }
});

test('a default without any check takes no fix back; a strict one does', async (t) => {
  t.is((await first(t, 'rp-filter-reply-at-announcer')).fix!.undoneBy, undefined);
  t.regex((await first(t, 'rp-filter-strict')).fix!.undoneBy!.join(' '), /conf\.default\.rp_filter is 0/);
});

test("a route to a pod's own address goes when the pod does", async (t) => {
  t.regex((await first(t, 'no-route-blackhole')).fix!.risk, /10\.42\.203\.77 is the pod's own address/);
  t.notRegex((await first(t, 'no-route-unreachable-ipv6')).fix!.risk, /own address/);
});

test('a capture that shows nothing come in tells nothing of what leaves', async (t) => {
  const ruledOut = async (scenario: string) =>
    (await first(t, scenario)).alternatives.filter((a) => a.cause === 'backend-silent').map((a) => a.why);
  t.deepEqual(await ruledOut('filter-host-vip'), []);
  t.deepEqual(await ruledOut('rp-filter-reply-at-gateway'), ['the reply was sent']);
  t.regex((await ruledOut('rp-filter-strict')).join(), /^cni0, the way on, was captured/);
});

test('a rule of another network namespace is found in its own listing', async (t) => {
  const file = async (scenario: string) =>
    (await first(t, scenario)).evidence.find(({ kind }) => kind === 'rule')!.file;
  t.is(await file('filtered-in-pod'), 'netns/store-1/iptables-save.txt');
  t.is(await file('filtered-input'), 'nft.json');
});

test('whether one request was answered twice, or one announced what the other answered', async (t) => {
  const summary = async (wire: Wire) => {
    const { findings } = await run(t, { third: { 'eth0.pcap': wire.capture() } });
    return findings.find(({ cause }) => cause === 'arp-conflict')!.summary;
  };
  t.regex(await summary(asked([A, B])), /they answered one and the same request/);
  const announced = new Wire().announce(A, VIP).answer(B, VIP, A, VIP).wait(1000);
  t.regex(await summary(announced), /one answered when the other announced it/);
});

test('what is asked to be recorded next is a command as it stands', async (t) => {
  for (const scenario of ['backend-silent', 'backend-silent-udp', 'rp-filter-strict-unlogged']) {
    const { gaps } = await new Altered(t, scenario).analyze();
    t.true(gaps.length > 0, scenario);
    for (const { capture } of gaps) t.regex(capture!, /^((ss|sysctl|tcpdump) -|was=\$\(sysctl -n )/);
  }
});

test('martian lines are turned off again once they are recorded', async (t) => {
  const { gaps } = await new Altered(t, 'rp-filter-strict-unlogged').analyze();
  t.regex(
    gaps[0]!.capture!,
    /^was=\$\(sysctl -n (\S+)\); sysctl -w \1=1; .* > kernel\.log; sysctl -w \1="\$was"$/,
  );
});

const SCRIPTED = 'wrong-gateway-mark-not-restored';
const RESTORE =
  'lb-3: iptables -t mangle -I PREROUTING 1 -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff';

test("where the node's own rules set and save a mark, the rule that restores it is all that is proposed", async (t) => {
  const finding = await first(t, SCRIPTED);
  t.deepEqual(commandsOf(finding), [RESTORE]);
  t.regex(finding.fix!.summary, /its rule 32765 asks for 0x100, which its own rules set and save/);
  t.regex(finding.fix!.expected, /the reply goes by br-ingress into lb-3, by ens19 via 172\.31\.255\.254/);
  const bits = new Altered(t, SCRIPTED)
    .edit('lb-3', 'iptables-save.txt', (text) =>
      text.replace('--nfmask 0xffffffff --ctmask 0xffffffff', '--nfmask 0x100 --ctmask 0x100'),
    )
    .edit('lb-3', 'ip-rule.json', (text) =>
      text.replace('"fwmark":"0x100"', '"fwmark":"0x100","fwmask":"0x100"'),
    );
  t.deepEqual(commandsOf((await bits.analyze()).findings[0]!), [RESTORE.replaceAll('0xffffffff', '0x100')]);
});

test('its twins: a mark that nothing saves, or of other bits, is not restored', async (t) => {
  for (const change of [
    (text: string) => text.replace(/^.*--save-mark.*\n/m, ''),
    (text: string) => text.replace('--nfmask 0xffffffff --ctmask 0xffffffff', '--nfmask 0xff --ctmask 0xff'),
    // Saved, but never set on what comes in: the trial shows that nothing would come of it.
    (text: string) => text.replace(/^.*-j MARK --set-xmark 0x100.*\n/m, ''),
  ]) {
    const { findings } = await new Altered(t, SCRIPTED).edit('lb-3', 'iptables-save.txt', change).analyze();
    t.false(commandsOf(findings[0]!).some((command) => command.includes('PREROUTING 1 -j CONNMARK')));
  }
});

test('the same in the words of nft', async (t) => {
  const prerouting = { family: 'inet', table: 'site', chain: 'pre' };
  const postrouting = { ...prerouting, chain: 'post' };
  const chainOf = (hook: string, { chain, ...where }: typeof prerouting) => ({
    chain: { ...where, name: chain, type: 'filter', hook, prio: -150, policy: 'accept' },
  });
  const [meta, ct] = [{ meta: { key: 'mark' } }, { ct: { key: 'mark' } }];
  const marking = {
    rule: {
      ...prerouting,
      handle: 4,
      expr: [
        { match: { op: '==', left: { meta: { key: 'iifname' } }, right: 'ens19' } },
        { mangle: { key: meta, value: 256 } },
      ],
    },
  };
  const saving = { rule: { ...postrouting, handle: 5, expr: [{ mangle: { key: ct, value: meta } }] } };
  const added = [
    { table: { family: 'inet', name: 'site' } },
    chainOf('prerouting', prerouting),
    chainOf('postrouting', postrouting),
    marking,
  ];
  const isMangle = (object: object) => JSON.stringify(object).includes('"mangle"');
  const withRules = async (...rules: object[]) => {
    const altered = new Altered(t, SCRIPTED)
      .edit('lb-3', 'iptables-save.txt', (text) => text.replace(/^\*mangle$.*?^COMMIT$/ms, ''))
      .edit('lb-3', 'nft.json', (text) => {
        const { nftables } = JSON.parse(text) as { nftables: object[] };
        return JSON.stringify({
          nftables: [...nftables.filter((object) => !isMangle(object)), ...added, ...rules],
        });
      });
    const { findings } = await altered.analyze();
    return findings[0]!.fix === null ? [] : commandsOf(findings[0]!);
  };
  t.deepEqual(await withRules(saving), ["lb-3: nft 'insert rule inet site pre meta mark set ct mark'"]);
  t.false((await withRules()).some((command) => command.includes('insert rule inet site')));
});

/** Two more NICs, each with VIPs and a router of its own, from which requests come that the check refuses. */
const DOORS = [
  { name: 'eth1', mac: B, router: '02:00:00:00:01:01', net: '10.1.0', vips: ['10.1.0.100', '10.1.0.101'] },
  {
    name: 'eth2',
    mac: '02:00:00:00:00:0e',
    router: '02:00:00:00:02:01',
    net: '10.2.0',
    vips: ['10.2.0.100'],
  },
];
const DOOR_VIPS = DOORS.flatMap(({ vips }) => vips);

/** The commands of all findings, one behind the other. */
async function fixesOfDoors(t: ExecutionContext): Promise<string[]> {
  const nics = DOORS.map(({ name, mac, net, vips }) => {
    return { name, mac, addresses: [`${net}.11/24`, ...vips.map((vip) => `${vip}/32`)] };
  });
  const files = nodeFiles([{ name: 'eth0', mac: A, addresses: ['192.0.2.11/24'] }, ...nics], {
    rp_filter: 1,
  });
  const neighbours = DOORS.map(({ name, router, net }) => {
    return { dst: `${net}.1`, dev: name, lladdr: router, state: ['REACHABLE'] };
  });
  files['ip-neigh.json'] = JSON.stringify(neighbours);
  files['iptables-save.txt'] = '*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n';
  for (const { name, mac, router, vips } of DOORS) {
    const wire = new Wire();
    for (const server of vips) {
      const c = { client: '198.51.100.5', port: 40_001 + DOOR_VIPS.indexOf(server), server };
      for (const wait of [1000, 2000, 4000]) wire.syn(router, mac, c).wait(wait);
    }
    files[`${name}.pcap`] = wire.capture();
  }
  const { findings } = await run(t, { node1: files }, DOOR_VIPS);
  const fixes = findings.filter(({ cause, fix }) => cause === 'rp-filter' && fix !== null);
  t.deepEqual(fixes.map(({ vip }) => vip).sort(), DOOR_VIPS);
  return fixes.flatMap(commandsOf).map((command) => command.replace('node1: ', ''));
}

test('fixes for one node take a table for each way, and for one way the same', async (t) => {
  const routes = (await fixesOfDoors(t)).filter((command) => command.startsWith('ip route')).sort();
  const byEth1 = 'ip route replace default via 10.1.0.1 dev eth1 onlink table 100';
  t.deepEqual(routes, [byEth1, byEth1, 'ip route replace default via 10.2.0.1 dev eth2 onlink table 101']);
});

test('what was given for one purpose is given for no other, and again for the same as long as it is free', (t) => {
  const allotted = new Allotted();
  t.is(allotted.give('node1 mark', 'eth1', ['0x10', '0x20']), '0x10');
  t.is(allotted.give('node1 mark', 'eth2', ['0x10', '0x20']), '0x20');
  t.is(allotted.give('node1 mark', 'eth3', ['0x10', '0x20']), null);
  t.is(allotted.give('node2 mark', 'eth3', ['0x10', '0x20']), '0x10');
  t.is(allotted.give('node1 mark', 'eth1', ['0x10', '0x20']), '0x10');
  // A fix of several changes may have taken it itself.
  t.is(allotted.give('node1 mark', 'eth1', ['0x20', '0x40']), '0x40');
});

testInNamespaces()('carried out together, each of them sends its replies back by its own way', async (t) => {
  const commands = await fixesOfDoors(t);
  const namespace = new Namespace();
  const sh = (command: string) => namespace.run('sh', '-ec', command);
  try {
    for (const [i, name] of ['eth0', 'eth1', 'eth2'].entries()) {
      sh(`ip link add ${name} type veth peer name far${i}; ip link set ${name} up; ip link set far${i} up`);
    }
    sh('ip addr add 192.0.2.11/24 dev eth0; ip route add default via 192.0.2.1');
    for (const { name, net, vips } of DOORS) {
      for (const address of [`${net}.11/24`, ...vips]) sh(`ip addr add ${address} dev ${name}`);
    }
    for (const command of commands) t.notThrows(() => sh(command), command);
    for (const { name, net, vips } of DOORS) {
      for (const vip of vips) {
        t.regex(sh(`ip route get 198.51.100.5 from ${vip}`), new RegExp(`via ${net}.1 dev ${name}`));
      }
    }
  } finally {
    namespace.remove();
  }
});
