/** The silent ones: nothing drops the packet by any setting, and what is said rests on what captures would have shown. */
import test from 'ava';
import { analyzeNodes, type Cooked, udp } from '../correlate/cooked.js';
import { Altered, NSTAT, RULES } from './altered.js';

const first = (findings: readonly string[]) => findings.map((f) => f.split(' ')[0]);

test('backend-silent: handed over, and the way back was captured', async (t) => {
  const { findings, gaps } = await new Altered(t, 'backend-silent').analyze();
  const { cause, confidence, node, interface: name, alternatives } = findings[0]!;
  t.deepEqual(
    [findings.length, cause, confidence, node, name],
    [1, 'backend-silent', 'probable', 'node2', 'cni0'],
  );
  t.true(['not-delivered', 'refused', 'filtered'].every((c) => alternatives.some((a) => a.cause === c)));
  t.regex(gaps[0]!.capture!, /ss -ltn/);
  t.deepEqual(await new Altered(t, 'backend-answers').findings(), []);
});

test("backend-silent: a UDP port on which nothing listens, by its host's counter, is not ruled out", async (t) => {
  const silent = async (noPorts: number) => {
    const altered = new Altered(t, 'filtered-udp').without('drops.txt', ...RULES);
    altered.write('lb-3', 'nft.json', '{"nftables":[]}').write('lb-3', 'iptables-save.txt', '');
    altered.edit('lb-3', 'nstat-after.json', (text) =>
      text.replace(/"UdpNoPorts":\s*\d+/, `"UdpNoPorts":${noPorts}`),
    );
    const { findings } = await altered.analyze();
    t.deepEqual(
      findings.map((f) => f.cause),
      ['backend-silent'],
    );
    return findings[0]!;
  };
  const closed = await silent(40);
  t.regex(closed.summary, /40 datagrams meanwhile for ports on which nothing listens/);
  t.true(closed.evidence.some((e) => e.kind === 'counter' && /UdpNoPorts rose by 40/.test(e.text)));
  t.false(closed.alternatives.some((a) => a.cause === 'refused'));
  for (const few of [0, 1]) {
    const open = await silent(few);
    t.notRegex(open.summary, /nothing listens/);
    t.true(open.alternatives.some((a) => a.cause === 'refused'));
  }
});

test('backend-silent: a backend that does not even answer ARP', async (t) => {
  t.deepEqual(first(await new Altered(t, 'backend-silent-wrong-address').findings()), ['backend-silent']);
});

test('not backend-silent where the device to the backend was not captured', async (t) => {
  const altered = new Altered(t, 'backend-silent').without('cni0.pcap', 'conntrack.txt');
  t.deepEqual(first(await altered.findings()), ['undetermined']);
});

test('not backend-silent where the settings are not known that could drop the reply', async (t) => {
  const altered = new Altered(t, 'backend-silent').without(
    'ip-route.json',
    'conntrack.txt',
    ...RULES,
    ...NSTAT,
  );
  t.deepEqual(first(await altered.findings()), ['undetermined']);
});

test('not backend-silent where a reply came to the node, as its conntrack says', async (t) => {
  const replied = (text: string) => text.replaceAll('[UNREPLIED] ', '');
  const altered = new Altered(t, 'backend-silent').edit('node2', 'conntrack.txt', replied);
  t.deepEqual(first(await altered.findings()), ['undetermined']);
});

const FULL = 'backend-silent-full-queue';
const COUNTED = 'netns/store-1/nstat-after.json';
const counting = (name: string, value: number) => (text: string) =>
  text.replace(new RegExp(`("${name}": *)\\d+`), `$1${value}`);

test('backend-silent: the counters of the server tell of a full accept queue, and what to do', async (t) => {
  const { findings, gaps } = await new Altered(t, FULL).analyze();
  const { cause, confidence, summary, evidence, fix } = findings[0]!;
  t.deepEqual([findings.length, cause, confidence], [1, 'backend-silent', 'probable']);
  t.regex(summary, /dropped 9 requests meanwhile for a full accept queue/);
  const [counter] = evidence.filter(({ kind }) => kind === 'counter');
  t.regex(
    counter!.text,
    /^TcpExtListenOverflows rose by 9, TcpExtListenDrops by 9, while capturing: fra-02\/store-1 /,
  );
  t.regex(counter!.file!, /netns\/store-1\/nstat-after\.json$/);
  t.regex(
    fix!.summary,
    /listens on port 9090 in fra-02\/store-1 .* net\.core\.somaxconn, which bounds it \(4096\)/,
  );
  t.deepEqual(fix!.commands, []);
  t.regex(gaps[0]!.capture!, /^ss -ltnp 'sport = :9090'/);
  t.deepEqual(await new Altered(t, 'backend-accepts').findings(), []);
});

test('its twins: what no queue of the server accounts for is plainly silent', async (t) => {
  const few = new Altered(t, FULL).edit('fra-02', COUNTED, counting('TcpExtListenOverflows', 4));
  const [some] = (await few.analyze()).findings;
  t.notRegex(some!.summary, /queue/);
  t.is(some!.fix, null);
  t.true(
    some!.evidence.some(({ text }) => /rose by 4, .* but fewer than the 9 that were not answered/.test(text)),
  );
  const none = new Altered(t, FULL).edit('fra-02', COUNTED, counting('TcpExtListenOverflows', 0));
  // Those of the node are of other sockets.
  none.edit('fra-02', 'nstat-after.json', counting('TcpExtListenOverflows', 90));
  const { findings, gaps } = await none.analyze();
  t.is(findings[0]!.cause, 'backend-silent');
  t.notRegex(JSON.stringify([findings, gaps[0]!.why]), /accept queue|rose by/);
});

test('backend-silent: a UDP server that answers from an address that was not asked', async (t) => {
  const [client, vip] = ['203.0.113.9:40000', '198.51.100.7:6000'];
  const log = '198.51.100.7:514';
  const ask = (at: number) => udp({ at, on: 2, way: 'in' }, client, vip, 'question');
  const other = (at: number) => udp({ at, on: 3, way: 'out' }, '10.0.3.1:6000', client, 'answer');
  const later = udp({ at: 9, on: 3, way: 'in' }, '10.9.9.9:50000', '10.9.9.8:514', 'x');
  const files = {
    'ip-route.json': [
      { type: 'local', dst: '198.51.100.7', dev: 'eth0', table: 'local', scope: 'host' },
      { type: 'unicast', dst: 'default', gateway: '10.0.3.254', dev: 'eth1', flags: [] },
    ],
    'ip-rule.json': ['local', 'main', 'default'].map((table, i) => ({
      priority: [0, 32766, 32767][i],
      src: 'all',
      table,
    })),
  };
  const findingsOf = async (packets: Cooked[]) => {
    const node = { packets: [...packets, later], address: '198.51.100.7', files };
    return (await analyzeNodes(t, [node], ['198.51.100.7'])).findings;
  };
  const summaryOf = async (packets: Cooked[]) => {
    const findings = await findingsOf(packets);
    t.deepEqual(
      findings.map((f) => [f.cause, f.severity, f.node, f.interface]),
      [['backend-silent', 'fault', 'node1', 'eth0']],
    );
    return findings[0]!;
  };
  const answered = await summaryOf([ask(0), other(0.001), ask(1), other(1.001)]);
  t.regex(answered.summary, /asked at 198\.51\.100\.7:6000 and answers from 10\.0\.3\.1:6000, by eth1/);
  t.regex(answered.fix!.summary, /listen on 198\.51\.100\.7 itself/);
  t.regex((await summaryOf([ask(0), ask(1)])).summary, /gives no answer/);
  // The same line of a log twice is no retry, and neither is a heartbeat.
  const logged = [0, 1].map((at) => udp({ at, on: 2, way: 'in' }, client, log, 'a line'));
  const beats = Array.from({ length: 13 }, (_, i) => ask(i / 2));
  for (const packets of [logged, beats]) {
    const [unowed, ...others] = await findingsOf(packets);
    t.deepEqual([unowed!.cause, unowed!.severity, others], ['undetermined', 'info', []]);
    t.regex(unowed!.summary, /Nothing shows that an answer is due there/);
  }
});

test('not-delivered: sent out, and the interface where it had to come in was captured', async (t) => {
  const { findings } = await new Altered(t, 'not-delivered-port-down').analyze();
  t.deepEqual(
    [findings[0]!.cause, findings[0]!.confidence, findings[0]!.node, findings[0]!.interface],
    ['not-delivered', 'possible', 'router', 'lan1'],
  );
});

test('undetermined: of the far end of a tunnel, of which nothing is known, packets and settings are asked for at once', async (t) => {
  const { findings, gaps } = await new Altered(t, 'one-node-missing').analyze();
  t.is(findings[0]!.cause, 'undetermined');
  t.is(gaps.length, 1);
  const [, script, filter, shell] = /^npx returnpath (\S+) .*--filter '([^']*)' \| ssh (.*)$/.exec(
    gaps[0]!.capture!,
  )!;
  t.is(script, 'collect-script');
  t.regex(filter!, /^host 10\.0\.0\.5 or udp port 8472 /);
  t.is(shell, '192.168.1.12 sudo sh -s -- -t 60 -o /tmp');
});

test('not not-delivered where nothing was captured there', async (t) => {
  const altered = new Altered(t, 'not-delivered-port-down').uncaptured('node1').uncaptured('node2');
  t.deepEqual(first(await altered.findings()), ['undetermined']);
});

test('not-delivered: nobody answers ARP for the VIP, and the router says so', async (t) => {
  const { findings, gaps } = await new Altered(t, 'not-delivered-unanswered').analyze();
  const fault = findings.find((f) => f.severity === 'fault')!;
  t.deepEqual([fault.cause, fault.confidence, fault.node], ['not-delivered', 'probable', 'router']);
  t.regex(fault.summary, /nobody answers ARP for 192\.168\.1\.100/);
  t.true(gaps.some((gap) => gap.node === 'router' && /arping/.test(gap.capture ?? '')));
});

test('undetermined: where the packet went on uncaptured, that is what to capture', async (t) => {
  const { findings, gaps } = await new Altered(t, 'forwarding-off').only('worker-a').analyze();
  t.is(findings[0]!.cause, 'undetermined');
  t.regex(gaps[0]!.why, /where nothing was captured/);
  t.regex(gaps[0]!.capture!, /^npx returnpath collect-script .* ssh 172\.20\.5\.22 /);
});

test('rp-filter at a node whose captures are filtered to the VIP: its martian lines name the packet', async (t) => {
  t.deepEqual(await new Altered(t, 'filter-host-vip').findings(), ['rp-filter confirmed node2 flannel.1']);
});

/** The pod's bridge as a veth that leads to the pod alone, with the node's end of its network on it. */
function onOwnWire(altered: Altered): Altered {
  const toVeth = (text: string) =>
    JSON.stringify(
      (JSON.parse(text) as { ifname: string; linkinfo?: object; master?: string }[]).map((link) =>
        link.ifname === 'cni0'
          ? { ...link, linkinfo: { info_kind: 'veth' } }
          : link.master === 'cni0'
            ? { ...link, master: undefined }
            : link,
      ),
    );
  return altered.edit('node2', 'ip-link.json', toVeth).without('conntrack.txt');
}

test('backend-silent: a namespace alone on a veth of the node, of which it is assumed that it has no other', async (t) => {
  const altered = onOwnWire(new Altered(t, 'backend-silent'));
  t.deepEqual(await altered.findings(), ['backend-silent possible node2 cni0']);
  const { findings } = await altered.analyze();
  t.true(findings[0]!.evidence.some((e) => /assumed: .* alone behind cni0/.test(e.text)));
});

test('not backend-silent where others are on the veth: the backend may answer by one of them', async (t) => {
  const other = { dst: '10.42.1.99', dev: 'cni0', lladdr: '02:00:00:00:00:99', state: ['REACHABLE'] };
  const altered = onOwnWire(new Altered(t, 'backend-silent')).edit('node2', 'ip-neigh.json', (text) =>
    JSON.stringify([...(JSON.parse(text) as object[]), other]),
  );
  t.deepEqual(first(await altered.findings()), ['undetermined']);
});

test('not backend-silent where the reply cannot leave: its next hop drops the ARP request, whose sender it would not route back', async (t) => {
  const altered = new Altered(t, 'reply-asked-in-vain');
  const { findings } = await altered.analyze();
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.node, f.interface].join(' ')),
    ['rp-filter confirmed gw eno2'],
  );
  t.regex(findings[0]!.summary, /srv cannot send replies .* asks for by ARP in vain/);
  // Without the line of the ARP request, its node's settings and the entry that is still incomplete.
  t.deepEqual(await altered.without('kernel.log').findings(), ['rp-filter probable gw eno2']);
  // The strict check gone, the neighbour is silent for another reason.
  altered.edit('gw', 'sysctl.txt', (text) => text.replace(/(eno2\.rp_filter = )1/, '$10'));
  const silent = await altered.analyze();
  t.deepEqual(
    silent.findings.map((f) => f.cause),
    ['undetermined'],
  );
  t.regex(silent.findings[0]!.known!, /nobody answers its ARP requests for that address$/);
  t.regex(silent.gaps[0]!.capture!, /^ip neigh show .*; arping -c 3 -I /);
});

test('not backend-silent where nobody answers for the next hop of the reply, another than the request came from', async (t) => {
  const { findings, gaps } = await new Altered(t, 'reply-dead-gateway').analyze();
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.node, f.interface].join(' ')),
    ['wrong-gateway possible srv ens3'],
  );
  t.regex(
    findings[0]!.summary,
    /srv sends its replies to 100\.64\.9\.9 by ens3 to 10\.77\.1\.99, though the requests come in by ens4 from 10\.88\.1\.1 .*nobody answers its ARP requests/,
  );
  t.true(findings[0]!.evidence.some((e) => e.kind === 'neighbour' && /10\.77\.1\.99/.test(e.text)));
  t.true(findings[0]!.fix!.commands.some(({ command }) => command.includes('via 10.88.1.1 dev ens4')));
  t.regex(gaps[0]!.capture!, /arping -c 3 -I 'ens3' 10\.77\.1\.99/);
});

test('not backend-silent where a rule may have dropped the request by a rate that nobody knows', async (t) => {
  const limit = '-A FORWARD -m hashlimit --hashlimit-above 5/sec --hashlimit-name h -j DROP';
  const table = `*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n${limit}\nCOMMIT\n`;
  const altered = new Altered(t, 'backend-silent')
    .without('conntrack.txt')
    .edit('node2', 'iptables-save.txt', (text) => text + table);
  const { findings } = await altered.analyze();
  t.is(findings[0]!.cause, 'undetermined');
  t.true(findings[0]!.evidence.some(({ text }) => text.includes('hashlimit')));
  t.false(findings[0]!.alternatives.some(({ cause }) => cause === 'filtered'));
});
