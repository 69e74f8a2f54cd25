/** Who owns an address, by frames made by hand: each fault beside a twin that is none. */
import { spawnSync } from 'node:child_process';
import test from 'ava';
import { Wire } from '../correlate/neighbours/wire.js';
import { EditedScenario } from './edited-bundle.js';
import {
  A,
  asked,
  B,
  claimants,
  conflicts,
  faults,
  from,
  lostAt,
  madeBy,
  node,
  nodeFiles,
  ROUTER,
  refusedBy,
  run,
  STRANGER,
  VIP,
  VIP6,
} from './lan.js';

test('one request answered by two MACs, and the wrong one refuses: confirmed, not refused', async (t) => {
  const wire = madeBy(refusedBy(asked([B, A]), B, 40_001).wait(3000), A, 40_002);
  const analysis = await run(t, {
    router: { 'eth0.pcap': wire.capture() },
    node1: node(A, `${VIP}/32`),
    node2: node(B, `${VIP}/32`),
  });
  t.deepEqual(faults(analysis), ['arp-conflict']);
  const [finding] = conflicts(analysis);
  t.is(finding!.confidence, 'confirmed');
  t.is(finding!.vip, VIP);
  t.is(finding!.node, null);
  t.deepEqual(claimants(finding), [`node1 eth0 ${A}`, `node2 eth0 ${B}`]);
  t.deepEqual(finding!.attempts, ['a1']);
  t.is(finding!.fix!.commands[0]!.command, `ip addr del ${VIP}/32 dev eth0`);
  t.is(finding!.fix!.commands[0]!.node, 'node2');
});

test('its twin: one MAC answers twice, as the kernel and a speaker of one node do', async (t) => {
  const wire = madeBy(asked([A, A]), A, 40_001);
  const analysis = await run(t, { router: { 'eth0.pcap': wire.capture() }, node1: node(A, `${VIP}/32`) });
  t.deepEqual(analysis.findings, []);
});

test('each node saw its own answer alone: the request that both saw joins them', async (t) => {
  const wire = refusedBy(asked([B, A]), B, 40_001);
  const analysis = await run(t, {
    node1: { ...node(A, `${VIP}/32`), 'any.pcap': wire.cooked(A, 2) },
    node2: { ...node(B, `${VIP}/32`), 'any.pcap': wire.cooked(B, 2) },
  });
  t.is(conflicts(analysis)[0]?.confidence, 'confirmed');
  t.deepEqual(faults(analysis), ['arp-conflict']);
});

test('two links with the same address and no common broadcast are no conflict', async (t) => {
  const own = (mac: string, asker: string) =>
    new Wire().ask(asker, '172.17.0.2', '172.17.0.1').answer(mac, '172.17.0.1', asker, '172.17.0.2');
  const analysis = await run(
    t,
    {
      node1: { ...node(A), 'docker0.pcap': own(A, '02:42:ac:11:00:02').capture() },
      node2: { ...node(B), 'docker0.pcap': own(B, '02:42:ac:11:00:03').capture() },
    },
    [],
  );
  t.deepEqual(conflicts(analysis), []);
});

test('a stranger takes the requests: named by its vendor prefix', async (t) => {
  const wire = madeBy(lostAt(asked([STRANGER, A]), STRANGER, 40_001), A, 40_002);
  const analysis = await run(t, { router: { 'eth0.pcap': wire.capture() }, node1: node(A, `${VIP}/32`) });
  t.deepEqual(faults(analysis), ['arp-conflict']);
  const [finding] = conflicts(analysis);
  t.deepEqual(claimants(finding), [`node1 eth0 ${A}`, `null null ${STRANGER}`]);
  t.regex(finding!.summary, /vendor prefix 00:1b:21/);
  t.true(analysis.gaps.some((gap) => gap.why.includes(STRANGER)));
});

test('proven and nothing lost: a risk', async (t) => {
  const wire = madeBy(asked([A, B]), A, 40_001);
  const [finding] = conflicts(await run(t, { router: { 'eth0.pcap': wire.capture() } }));
  t.is(finding?.severity, 'risk');
  t.is(finding?.confidence, 'confirmed');
  t.deepEqual(finding?.attempts, []);
});

test('one of two fell silent: that it may have been a move of the address is told, and not that it is none', async (t) => {
  const finding = async (silence: number) => {
    const wire = madeBy(asked([A, B]), A, 40_001)
      .wait(500)
      .announce(B, VIP)
      .wait(silence);
    return conflicts(await run(t, { router: { 'eth0.pcap': madeBy(wire, B, 40_002).capture() } }))[0]!;
  };
  const [moved, standing] = [await finding(3000), await finding(500)];
  t.regex(
    moved.summary,
    new RegExp(`${A} was last heard 3\\.\\d s before its capture ends, and ${B} since; it may have been`),
  );
  t.deepEqual([moved.severity, moved.alternatives], ['risk', []]);
  t.regex(standing.summary, /whose answer is taken is a matter of time\.$/);
  t.deepEqual([standing.severity, standing.alternatives.length], ['risk', 1]);
});

test('seen with no connection at all', async (t) => {
  const analysis = await run(t, { third: { 'eth0.pcap': asked([A, B]).capture() } });
  t.deepEqual(
    conflicts(analysis).map((f) => [f.severity, f.vip]),
    [['risk', VIP]],
  );
});

test('a hand-over is none: the old owner is silent once the new one has announced', async (t) => {
  const wire = madeBy(asked([A]), A, 40_001).wait(5000);
  for (const form of ['request', 'reply'] as const) wire.announce(B, VIP, form);
  wire.wait(1000).announce(B, VIP);
  madeBy(wire, B, 40_002);
  const analysis = await run(t, {
    router: { 'eth0.pcap': wire.capture() },
    node1: node(A),
    node2: node(B, `${VIP}/32`),
  });
  t.deepEqual(analysis.findings, []);
});

test('nor is the way back, nor gratuitous ARP that one owner repeats', async (t) => {
  const wire = new Wire();
  for (const mac of [A, B, A]) {
    for (let i = 0; i < 5; i++) wire.announce(mac, VIP).wait(1100);
    wire.wait(30_000);
  }
  t.deepEqual(conflicts(await run(t, { third: { 'eth0.pcap': wire.capture() } })), []);
});

test('announcements that take turns overlap: probable', async (t) => {
  const wire = new Wire();
  for (let i = 0; i < 4; i++) wire.announce(A, VIP).wait(400).announce(B, VIP).wait(700);
  const [finding] = conflicts(await run(t, { third: { 'eth0.pcap': wire.capture() } }));
  t.is(finding?.confidence, 'probable');
});

test('requests to the old owner after a hand-over: its entry is stale, and nothing in conflict', async (t) => {
  const wire = madeBy(asked([A]), A, 40_001)
    .wait(5000)
    .announce(B, VIP)
    .wait(1000);
  lostAt(wire, A, 40_002);
  const analysis = await run(t, {
    router: { 'eth0.pcap': wire.capture() },
    node1: node(A),
    node2: node(B, `${VIP}/32`),
  });
  t.deepEqual(faults(analysis), ['not-delivered']);
  const finding = analysis.findings.find((f) => f.cause === 'not-delivered')!;
  t.is(finding.node, 'router');
  t.regex(finding.summary, /stale neighbour entry, not a conflict/);
  t.true(finding.fix!.commands.some(({ command }) => command.startsWith('arping -U')));
});

test('who claimed the address and serves it no more is no router that should have passed requests on', async (t) => {
  const wire = madeBy(asked([A]), A, 40_001).wait(5000);
  lostAt(wire, A, 40_002);
  const serving = `*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d ${VIP}/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 192.0.2.12:8080\nCOMMIT\n`;
  const old = nodeFiles([{ name: 'eth0', mac: A, addresses: ['192.0.2.11/24'] }], { forwarding: 0 });
  const captured = { ...old, 'eth0.pcap': wire.capture() };
  const heir = nodeFiles([{ name: 'eth0', mac: B, addresses: ['192.0.2.12/24'] }]);
  const analysis = await run(t, { node1: captured, node2: { ...heir, 'iptables-save.txt': serving } });
  t.deepEqual(faults(analysis), ['not-delivered']);
  const finding = analysis.findings.find((f) => f.cause === 'not-delivered')!;
  t.deepEqual([finding.confidence, finding.node, finding.interface], ['possible', 'node1', 'eth0']);
  t.true(finding.evidence.some(({ text }) => text.startsWith('ARP reply')));
  const both = { ...captured, 'iptables-save.txt': serving };
  const still = await run(t, { node1: both, node2: { ...heir, 'iptables-save.txt': serving } });
  t.false(still.findings.some((f) => /stale/.test(f.summary)));
});

test('a program of another node answers: it is found and stopped there, no address is taken', async (t) => {
  const wire = madeBy(lostAt(asked([B, A]), B, 40_001), A, 40_002);
  const analysis = await run(t, {
    router: { 'eth0.pcap': wire.capture() },
    node1: node(A, `${VIP}/32`),
    node2: nodeFiles([{ name: 'eth0', mac: B, addresses: ['192.0.2.12/24'] }]),
  });
  t.deepEqual(faults(analysis), ['arp-conflict']);
  t.regex(
    conflicts(analysis)[0]!.fix!.summary,
    /what on node2 \(eth0\) answers for 192\.0\.2\.100, which node1/,
  );
});

test('a proxy that passes requests on to their owner is no second owner', async (t) => {
  const wire = asked([B, A]).syn(ROUTER, B, from(40_001));
  madeBy(wire, A, 40_002)
    .syn(B, A, from(40_001))
    .synAck(A, ROUTER, from(40_001))
    .ack(ROUTER, B, from(40_001));
  t.deepEqual(conflicts(await run(t, { third: { 'eth0.pcap': wire.capture() } })), []);
});

/** A node that routes the VIP by another interface, and answers for it at eth0 if so set. */
function proxyFiles(mac: string, proxyArp: 0 | 1) {
  const files = nodeFiles(
    [
      { name: 'eth0', mac, addresses: ['192.0.2.12/24'] },
      { name: 'eth1', mac: '02:00:00:00:01:0b', addresses: ['198.18.0.2/24'] },
    ],
    { proxy_arp: proxyArp },
  );
  const routes = JSON.parse(String(files['ip-route.json'])) as unknown[];
  const beyond = { dst: VIP, gateway: '198.18.0.1', dev: 'eth1', flags: [] };
  return { ...files, 'ip-route.json': JSON.stringify([...routes, beyond]) };
}

test('a proxy beside the owner: a risk where what went to it was lost, whatever explains that', async (t) => {
  const analysis = await run(t, {
    router: { 'eth0.pcap': lostAt(asked([B, A]), B, 40_001).capture() },
    node1: node(A, `${VIP}/32`),
    node2: proxyFiles(B, 1),
  });
  const [finding] = conflicts(analysis);
  t.deepEqual([finding?.severity, finding?.confidence], ['risk', 'confirmed']);
  t.deepEqual(claimants(finding), [`node1 eth0 ${A}`, `node2 eth0 ${B}`]);
  t.regex(
    finding!.summary,
    /node2 \(eth0, \S+\) answers by proxy, .* of 3 requests that went there none got/,
  );
  t.deepEqual(
    finding!
      .fix!.commands.filter(({ persists }) => !persists)
      .map(({ node: at, command }) => `${at}: ${command}`),
    ['all', 'eth0'].map((name) => `node2: sysctl -w net.ipv4.conf.${name}.proxy_arp=0`),
  );
  t.false(faults(analysis).includes('arp-conflict'));
});

test('its twins: one through which a connection was made, and one that alone answers', async (t) => {
  const nodes = { node1: node(A, `${VIP}/32`), node2: proxyFiles(B, 1) };
  const served = madeBy(asked([B, A]), B, 40_001);
  t.deepEqual(conflicts(await run(t, { router: { 'eth0.pcap': served.capture() }, ...nodes })), []);
  const alone = lostAt(asked([B]), B, 40_001);
  const only = { router: { 'eth0.pcap': alone.capture() }, node2: proxyFiles(B, 1) };
  t.deepEqual(conflicts(await run(t, only)), []);
});

test('two interfaces of one node (ARP flux): both are named, and it is no fault', async (t) => {
  const flux = nodeFiles([
    { name: 'eth0', mac: A, addresses: ['192.0.2.11/24', `${VIP}/32`] },
    { name: 'eth1', mac: B, addresses: ['192.0.2.12/24'] },
  ]);
  const wire = madeBy(asked([B, A]), B, 40_001);
  const [finding] = conflicts(await run(t, { router: { 'eth0.pcap': wire.capture() }, node1: flux }));
  t.is(finding?.severity, 'info');
  t.deepEqual(claimants(finding), [`node1 eth0 ${A}`, `node1 eth1 ${B}`]);
  const commands = finding!.fix!.commands.map((c) => c.command);
  t.true(commands.includes('sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2'));
});

test('its twin with the address on neither of them: strict ARP would leave nobody to answer', async (t) => {
  const nics = [
    { name: 'eth0', mac: A, addresses: ['192.0.2.11/24'] },
    { name: 'eth1', mac: B, addresses: ['192.0.2.12/24'] },
    { name: 'lb0', mac: '02:00:00:00:00:fe', addresses: [`${VIP}/32`], kind: 'dummy' },
  ];
  const router = { 'eth0.pcap': madeBy(asked([B, A]), B, 40_001).capture() };
  const [finding] = conflicts(await run(t, { router, node1: nodeFiles(nics) }));
  const { commands, expected } = finding!.fix!;
  t.is(commands[0]!.command, 'sysctl -w net.ipv4.conf.eth0.arp_filter=1 net.ipv4.conf.eth1.arp_filter=1');
  t.true(commands.some((c) => c.persists && c.command.includes('/etc/sysctl.d/')));
  t.regex(expected, /asked by 192\.0\.2\.1, eth0 of node1 alone goes on answering/);
});

test('strict ARP is not what helps where the one that would be left is the one that refuses', async (t) => {
  const leaking = nodeFiles([
    { name: 'eth0', mac: A, addresses: ['192.0.2.11/24'] },
    { name: 'lb0', mac: '02:00:00:00:00:fe', addresses: [`${VIP}/32`], kind: 'dummy' },
  ]);
  const node2 = nodeFiles([{ name: 'eth0', mac: B, addresses: ['192.0.2.12/24', `${VIP}/32`] }]);
  const fixOf = async (wire: Wire) => {
    const router = { 'eth0.pcap': wire.capture() };
    const [finding] = conflicts(await run(t, { router, node1: leaking, node2 }));
    return finding!.fix!;
  };
  const atHeir = await fixOf(refusedBy(asked([B, A]), B, 40_001));
  t.deepEqual(atHeir.commands, []);
  t.regex(atHeir.summary, /^Decide which of node1, node2 is to have/);
  const atLeak = await fixOf(refusedBy(asked([A, B]), A, 40_001));
  t.true(atLeak.commands.some(({ node, command }) => node === 'node1' && command.includes('arp_ignore=1')));
});

test('ports of one bond that answer for it (balance-alb) are one owner', async (t) => {
  const bond = nodeFiles([
    { name: 'bond0', mac: A, addresses: ['192.0.2.11/24', `${VIP}/32`], kind: 'bond' },
    { name: 'eth0', mac: A, addresses: [], master: 'bond0' },
    { name: 'eth1', mac: B, addresses: [], master: 'bond0' },
  ]);
  const wire = madeBy(asked([A, B]), A, 40_001);
  t.deepEqual(conflicts(await run(t, { router: { 'eth0.pcap': wire.capture() }, node1: bond })), []);
});

test('the kernels answer for what is on kube-ipvs0: strict ARP, tried in the model', async (t) => {
  const ipvs = (mac: string, address: string) =>
    nodeFiles([
      { name: 'eth0', mac, addresses: [address] },
      { name: 'kube-ipvs0', mac: '02:00:00:00:00:ff', addresses: [`${VIP}/32`] },
    ]);
  const wire = madeBy(asked([A, B]), A, 40_001);
  const [finding] = conflicts(
    await run(t, {
      router: { 'eth0.pcap': wire.capture() },
      node1: ipvs(A, '192.0.2.11/24'),
      node2: ipvs(B, '192.0.2.12/24'),
    }),
  );
  t.regex(finding!.summary, /kube-ipvs0, and arp_ignore=0 lets eth0 answer/);
  t.regex(finding!.fix!.summary, /strictARP/);
  t.regex(finding!.fix!.expected, /kernels of node1, node2 no longer answer/);
  t.true(finding!.fix!.commands.some((c) => c.persists && c.command.includes('/etc/sysctl.d/')));
});

test('an edit of kube-proxy that finds no line to change says so', async (t) => {
  const services = JSON.stringify({ kind: 'ServiceList', apiVersion: 'v1', items: [] });
  const one = JSON.stringify({
    kind: 'Service',
    metadata: { namespace: 'shop', name: 'web' },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
  });
  const { findings } = await new EditedScenario(t, 'arp-conflict-kernel')
    .write('node1', 'kube/services.json', services.replace('[]', `[${one}]`))
    .analyze();
  const commands = findings[0]!.fix!.commands.filter(({ command }) => command.startsWith('kubectl'));
  t.is(commands.length, 3);
  const read = 'kubectl -n kube-system get configmap kube-proxy -o yaml';
  const [edit, check] = commands.map(({ command }) => command.replace(read, 'printf "%s\\n" "$0"'));
  const sh = (command: string, text: string) =>
    spawnSync('sh', ['-c', command.replace(/ \| kubectl .*/, ''), text], { encoding: 'utf8' });
  const after = sh(edit!, '  strictARP: false').stdout;
  t.regex(after, /strictARP: true/);
  t.is(sh(check!, after).stderr, '');
  // Where there is none, the edit leaves all as it was.
  t.is(sh(edit!, 'mode: ipvs').stdout, 'mode: ipvs\n');
  t.regex(sh(check!, 'mode: ipvs').stderr, /no line strictARP: add it under ipvs:/);
});

test('a claimant whose kernel does not answer is told as the one that is left', async (t) => {
  const { findings } = await new EditedScenario(t, 'arp-conflict-kernel').analyze();
  const { risk, expected } = findings[0]!.fix!;
  t.regex(
    expected,
    /the kernels of node2 no longer answer .* node1 alone goes on answering \(on node1, .* not the kernel did but a program/,
  );
  t.notRegex(`${risk} ${expected}`, /has to (answer|announce)/);
});

test('what a node has on kube-ipvs0 and refuses is not served there: with no connection made, still the conflict', async (t) => {
  const ipvs = (mac: string, address: string) =>
    nodeFiles([
      { name: 'eth0', mac, addresses: [address] },
      { name: 'kube-ipvs0', mac: '02:00:00:00:00:ff', addresses: [`${VIP}/32`] },
    ]);
  const wire = refusedBy(refusedBy(asked([A, B]), B, 40_001).wait(500), B, 40_002);
  const analysis = await run(t, {
    router: { 'eth0.pcap': wire.capture() },
    node1: ipvs(A, '192.0.2.11/24'),
    node2: ipvs(B, '192.0.2.12/24'),
  });
  t.deepEqual(faults(analysis), ['arp-conflict']);
  t.is(conflicts(analysis)[0]!.attempts.length, 2);
});

test('two holders and no ARP captured: possible, with what to capture; none where one has arp_ignore', async (t) => {
  const wire = madeBy(new Wire(), A, 40_001);
  const holder = (mac: string, address: string, sysctl = {}) =>
    nodeFiles([{ name: 'eth0', mac, addresses: [address, `${VIP}/32`] }], sysctl);
  const both = { router: { 'eth0.pcap': wire.capture() }, node1: holder(A, '192.0.2.11/24') };
  const analysis = await run(t, { ...both, node2: holder(B, '192.0.2.12/24') });
  t.deepEqual(
    conflicts(analysis).map((f) => [f.confidence, f.severity, f.attempts.length]),
    [['possible', 'risk', 0]],
  );
  t.true(analysis.gaps.some((gap) => gap.why.includes(`arping -c 3 -I eth0 ${VIP}`)));
  const quiet = await run(t, { ...both, node2: holder(B, '192.0.2.12/24', { arp_ignore: 8 }) });
  t.deepEqual(conflicts(quiet), []);
});

test('the rightful owner answers, and hears no more once the other has answered', async (t) => {
  const conversation = from(40_001);
  const wire = asked([A]).syn(ROUTER, A, conversation).synAck(A, ROUTER, conversation).wait(200);
  asked([B, A], wire).wait(800).synAck(A, ROUTER, conversation).wait(2000).synAck(A, ROUTER, conversation);
  const analysis = await run(t, { third: { 'eth0.pcap': wire.capture() }, node1: node(A, `${VIP}/32`) });
  t.deepEqual(faults(analysis), ['arp-conflict']);
});

test('what is lost beyond the right owner is not the conflict’s', async (t) => {
  const wire = lostAt(madeBy(asked([A, B]), A, 40_001), A, 40_002);
  const analysis = await run(t, { router: { 'eth0.pcap': wire.capture() } });
  t.false(faults(analysis).includes('arp-conflict'));
  t.is(conflicts(analysis)[0]?.severity, 'risk');
});

test('NDP: two that override are a conflict, anycast and proxies (which do not) are none', async (t) => {
  const answers = (flags: number) =>
    new Wire()
      .solicit(ROUTER, '2001:db8::1', VIP6)
      .advertise(A, VIP6, ROUTER, '2001:db8::1', flags)
      .advertise(B, VIP6, ROUTER, '2001:db8::1', flags);
  const overriding = await run(t, { router: { 'eth0.pcap': answers(0x60).capture() } }, [VIP6]);
  t.deepEqual(
    conflicts(overriding).map((f) => [f.confidence, f.severity]),
    [['confirmed', 'risk']],
  );
  const anycast = await run(t, { router: { 'eth0.pcap': answers(0x40).capture() } }, [VIP6]);
  t.deepEqual(conflicts(anycast), []);
});

test('GLBP answers with a MAC of each router on purpose', async (t) => {
  const wire = asked(['00:07:b4:00:01:01', '00:07:b4:00:01:02']);
  t.deepEqual(conflicts(await run(t, { third: { 'eth0.pcap': wire.capture() } })), []);
});

test('three claimants, each with what went to it; the fix is about all of them', async (t) => {
  const wire = lostAt(refusedBy(asked([STRANGER, B, A]), B, 40_001).wait(500), STRANGER, 40_002);
  const analysis = await run(t, {
    router: { 'eth0.pcap': wire.capture() },
    node1: node(A, `${VIP}/32`),
    node2: node(B, `${VIP}/32`),
  });
  t.deepEqual(faults(analysis), ['arp-conflict']);
  const [finding] = conflicts(analysis);
  t.is(finding!.claimants.length, 3);
  t.regex(finding!.summary, /One connection attempt went to node2 \(eth0, \S+\) and was refused\./);
  t.regex(finding!.summary, /One connection attempt went to 00:1b:21:00:00:0c and was lost\./);
  t.regex(finding!.fix!.summary, /Decide which of node1, node2 .* Find the host with the MAC 00:1b:21/);
});

test('one has the address on its NIC, and another on kube-ipvs0 answers and refuses: the conflict, not refused', async (t) => {
  const wire = refusedBy(asked([A, B]), B, 40_001);
  const analysis = await run(t, {
    router: { 'eth0.pcap': wire.capture() },
    node1: node(A, `${VIP}/32`),
    node2: nodeFiles([
      { name: 'eth0', mac: B, addresses: ['192.0.2.12/24'] },
      { name: 'kube-ipvs0', mac: '02:00:00:00:00:ff', addresses: [`${VIP}/32`] },
    ]),
  });
  t.deepEqual(faults(analysis), ['arp-conflict']);
  t.regex(conflicts(analysis)[0]!.fix!.summary, /strictARP/);
});
