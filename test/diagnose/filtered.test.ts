import test from 'ava';
import { Altered, NSTAT, RULES } from './altered.js';

const kinds = (findings: readonly string[]) => findings.map((f) => f.split(' ').slice(0, 2).join(' '));

test('a rule in FORWARD: named with its file and line, and confirmed by the drop reason', async (t) => {
  const { findings } = await new Altered(t, 'filtered-forward').analyze();
  const { cause, confidence, node, interface: name, evidence, alternatives } = findings[0]!;
  t.deepEqual(
    [findings.length, cause, confidence, node, name],
    [1, 'filtered', 'confirmed', 'worker-b', 'vxlan.calico'],
  );
  const rule = evidence.find((e) => e.kind === 'rule')!;
  t.regex(rule.file!, /iptables-save\.txt|nft\.json/);
  t.true(evidence.some((e) => e.kind === 'drop-reason' && /NETFILTER_DROP/.test(e.text)));
  t.true(alternatives.some((a) => a.cause === 'no-route'));
});

test('without a record: probable', async (t) => {
  t.deepEqual(kinds(await new Altered(t, 'filtered-forward').without('drops.txt', ...NSTAT).findings()), [
    'filtered probable',
  ]);
});

test('a rule that accepts before it: what vanished is not blamed on it', async (t) => {
  const altered = new Altered(t, 'filtered-forward')
    .without('drops.txt')
    .edit('worker-b', 'iptables-save.txt', (text) =>
      text.replace(/^(:FORWARD .*)$/m, '$1\n-A FORWARD -j ACCEPT'),
    );
  t.deepEqual(kinds(await altered.findings()), ['undetermined possible']);
  t.deepEqual(await new Altered(t, 'filtered-forward-accepted-before').findings(), []);
});

test('rules that are not known: the records make it possible, and without them the files are asked for', async (t) => {
  t.deepEqual(kinds(await new Altered(t, 'filtered-forward').without(...RULES).findings()), [
    'filtered possible',
  ]);
  const bare = new Altered(t, 'filtered-forward').without('drops.txt', ...RULES);
  const { findings, gaps } = await bare.analyze();
  t.is(findings[0]!.cause, 'undetermined');
  t.regex(gaps[0]!.capture!, /iptables-save > iptables-save\.txt/);
});

test('records that connections like it do not have are of something else', async (t) => {
  const some = (text: string) => {
    const lines = text.split('\n');
    const drops = lines.filter((line) => line.includes('NETFILTER_DROP'));
    const kept = new Set(drops.slice(0, Math.ceil(drops.length / 2)));
    return lines.filter((line) => !line.includes('NETFILTER_DROP') || kept.has(line)).join('\n');
  };
  const altered = new Altered(t, 'filtered-forward').without(...RULES).edit('worker-b', 'drops.txt', some);
  t.deepEqual(kinds(await altered.findings()), ['undetermined possible']);
});

test('records of a filter that drops all day long are no record of this packet', async (t) => {
  const noise = (text: string) => {
    const drop = text.split('\n').find((line) => line.includes('NETFILTER_DROP'))!;
    const stamp = /\s(\d+\.\d+): kfree_skb/.exec(drop)!;
    const extra = Array.from({ length: 200 }, (_, i) =>
      drop.replace(stamp[1]!, (Number(stamp[1]) + i / 50 - 1).toFixed(6)),
    );
    return [...text.split('\n'), ...extra].join('\n');
  };
  const altered = new Altered(t, 'filtered-forward').without(...RULES).edit('worker-b', 'drops.txt', noise);
  t.deepEqual(kinds(await altered.findings()), ['undetermined possible']);
});

test('a connection in the conntrack table has passed all hooks: no rule dropped its request', async (t) => {
  const altered = new Altered(t, 'filtered-forward').without('drops.txt');
  const { attempts } = await altered.analyze();
  const lines = attempts.map(({ path }) => {
    const { source, destination } = path.filter((step) => step.node === 'worker-b').at(-1)!;
    const tuple = (a: typeof source, b: typeof source) =>
      `src=${a.address} dst=${b.address} sport=${a.port} dport=${b.port}`;
    const [there, back] = [tuple(source, destination), tuple(destination, source)];
    return `tcp      6 100 SYN_SENT ${there} [UNREPLIED] ${back} mark=0 use=1`;
  });
  altered.edit('worker-b', 'conntrack.txt', (text) => `${text}${lines.join('\n')}\n`);
  t.false(kinds(await altered.findings()).some((f) => f.startsWith('filtered')));
});

test("a local server's reply in OUTPUT, with no interface that it came in by", async (t) => {
  t.deepEqual(await new Altered(t, 'filtered-output').findings(), ['filtered probable lb-3 null']);
});

test('a reply on its way through the announcing node, and its twin', async (t) => {
  t.deepEqual(await new Altered(t, 'filtered-reply').findings(), ['filtered probable node1 flannel.1']);
  t.deepEqual(await new Altered(t, 'filtered-reply-established').findings(), []);
});

test("a firewall on the tunnel's port drops what it carries, at the interface of the outer packet", async (t) => {
  const { findings } = await new Altered(t, 'filtered-vxlan-port').analyze();
  t.deepEqual([findings[0]!.cause, findings[0]!.node, findings[0]!.interface], ['filtered', 'node2', 'eth0']);
  t.regex(findings[0]!.summary, /tunnel packets that carry requests/);
  t.deepEqual(await new Altered(t, 'filtered-vxlan-port-open').findings(), []);
});

test('the same, from the far node alone', async (t) => {
  const altered = new Altered(t, 'filtered-vxlan-port').only('node2');
  t.deepEqual(await altered.findings(), ['filtered probable node2 eth0']);
});

test('REJECT answers in the place of the server: a filter, not a closed port', async (t) => {
  const reset = await new Altered(t, 'filtered-reject-reset').analyze();
  t.deepEqual([reset.findings[0]!.cause, reset.findings[0]!.confidence], ['filtered', 'confirmed']);
  t.true(reset.findings[0]!.alternatives.some((a) => a.cause === 'refused'));
  t.deepEqual(kinds(await new Altered(t, 'filtered-nft-reject').findings()), ['filtered confirmed']);
  // Its twin: the RST comes from the backend.
  t.deepEqual(kinds(await new Altered(t, 'refused-backend').findings()), ['refused confirmed']);
});

test('a rule that may accept and is not understood leaves the policy after it in doubt', async (t) => {
  const altered = new Altered(t, 'filtered-network-policy')
    .without('drops.txt')
    .edit('worker-b', 'iptables-save.txt', (text) =>
      text.replace(/^(:FORWARD .*)$/m, '$1\n-A FORWARD -m u32 --u32 "0>>22" -j ACCEPT'),
    );
  const { findings } = await altered.analyze();
  t.is(`${findings[0]!.cause} ${findings[0]!.confidence}`, 'filtered possible');
  t.true(findings[0]!.evidence.some((e) => /^assumed: .*u32/.test(e.text)));
});

test('a policy by a selector: who is not in its set is told, and without the set nothing is certain', async (t) => {
  const { findings } = await new Altered(t, 'filtered-ipset').analyze();
  t.is(`${findings[0]!.cause} ${findings[0]!.confidence}`, 'filtered probable');
  t.true(
    findings[0]!.evidence.some(({ text }) =>
      /^10\.42\.17\.0 \(src\) is not in the set cali40s:\S+, which iptables-save\.txt line \d+ asks for$/.test(
        text,
      ),
    ),
  );
  const bare = await new Altered(t, 'filtered-ipset').without('ipset.txt').analyze();
  t.is(`${bare.findings[0]!.cause} ${bare.findings[0]!.confidence}`, 'filtered possible');
  t.regex(bare.gaps[0]!.capture!, /ipset save > ipset\.txt/);
});

test('a drop by a rate, or by a match that is not understood: possible, where the packet came in and did not leave', async (t) => {
  for (const match of ['-m hashlimit --hashlimit-above 1/sec --hashlimit-name x', '-m u32 --u32 "0>>22"']) {
    const altered = new Altered(t, 'filtered-forward')
      .without('drops.txt', 'nft.json')
      .edit('worker-b', 'iptables-save.txt', (text) =>
        text.replace(/^-A FORWARD (.*) -j DROP$/m, `-A FORWARD $1 ${match} -j DROP`),
      );
    const { findings, gaps } = await altered.analyze();
    const { cause, confidence, node, interface: name, summary } = findings[0]!;
    t.deepEqual([cause, confidence, node, name], ['filtered', 'possible', 'worker-b', 'vxlan.calico'], match);
    t.regex(summary, /they came in and did not leave/);
    t.regex(gaps[0]!.capture!, /iptables-save -c/);
  }
});

test('a chain of a device drops what a capture there has seen: ingress lies behind the packet sockets', async (t) => {
  const guarded = (device: string, port: number) =>
    new Altered(t, 'filtered-input').without('nft.json', 'drops.txt').write(
      'lb-3',
      'nft.txt',
      `table netdev guard { # handle 1
	chain in { # handle 1
		type filter hook ingress device "${device}" priority filter; policy accept;
		tcp dport ${port} drop # handle 7
	}
}
`,
    );
  const { findings } = await guarded('ens19', 8443).analyze();
  t.deepEqual(
    findings.map((f) => `${f.cause} ${f.confidence} ${f.node} ${f.interface}`),
    ['filtered probable lb-3 ens19'],
  );
  const { summary, evidence, fix } = findings[0]!;
  t.regex(summary, /in ingress, by the rule "tcp dport 8443 drop \(handle 7\)"/);
  t.true(evidence.some(({ kind, text }) => kind === 'rule' && text.includes('handle 7')));
  t.regex(fix!.commands[0]!.command, /insert rule netdev guard in handle 7 .*tcp dport 8443 accept/);
  // The same rule at another device or for another port has nothing to do with it.
  t.false(kinds(await guarded('ens18', 8443).findings()).some((f) => f.startsWith('filtered')));
  t.false(kinds(await guarded('ens19', 8444).findings()).some((f) => f.startsWith('filtered')));
});

test("the client's own firewall: the SYN-ACK answers a connection that its node tracks, and is not invalid to it", async (t) => {
  for (const altered of [
    new Altered(t, 'filtered-at-client'),
    new Altered(t, 'filtered-at-client').only('client'),
  ]) {
    const { findings } = await altered.analyze();
    t.deepEqual(
      findings.map((f) => `${f.cause} ${f.confidence} ${f.node} ${f.interface}`),
      ['filtered confirmed client eth0'],
    );
    t.regex(findings[0]!.summary, /in input, by the rule "-A INPUT -p tcp -m tcp --sport 8443 -j DROP"/);
  }
});

test('of rules that do not take the SYN-ACK none is named: another interface, or known connections accepted before', async (t) => {
  for (const [from, to] of [
    ['-p tcp -m tcp --sport 8443', '-i eth7 -p tcp -m tcp --sport 8443'],
    ['--ctstate INVALID -j DROP', '--ctstate ESTABLISHED -j ACCEPT'],
  ] as const) {
    const altered = new Altered(t, 'filtered-at-client')
      .without('drops.txt', 'nft.json')
      .edit('client', 'iptables-save.txt', (text) => text.replace(from, to));
    t.false(
      kinds(await altered.findings()).some((f) => f.startsWith('filtered')),
      to,
    );
  }
});

test("a rule of kube-proxy's is no NetworkPolicy's, and the other way round", async (t) => {
  const own = new Altered(t, 'filtered-forward').edit('worker-b', 'iptables-save.txt', (text) =>
    text.replace(
      /^-A FORWARD (-d 10\.42\.203\.77\/32 .* -j DROP)$/m,
      '-N KUBE-EXTERNAL-SERVICES\n-A FORWARD -j KUBE-EXTERNAL-SERVICES\n-A KUBE-EXTERNAL-SERVICES $1',
    ),
  );
  const [finding] = (await own.analyze()).findings;
  t.is(finding!.fix, null);
  t.regex(finding!.noFix!, /the rule is in KUBE-EXTERNAL-SERVICES .* such as the Service \(/);
  const [other] = (await new Altered(t, 'filtered-network-policy').analyze()).findings;
  t.regex(other!.noFix!, /such as a NetworkPolicy$/);
});

test('of a rule in a pod, what would confirm it is asked of the pod, and of no interface of the node', async (t) => {
  const { gaps } = await new Altered(t, 'filtered-in-pod').analyze();
  t.is(gaps.length, 1);
  t.deepEqual([gaps[0]!.node, gaps[0]!.interface], ['fra-02', null]);
  t.regex(gaps[0]!.why, /names the drop on fra-02\/store-1;/);
});

test('what a dropped tunnel packet rules out is told of the tunnel, not of a way on', async (t) => {
  const { findings } = await new Altered(t, 'filtered-vxlan-port').analyze();
  const why = new Map(findings[0]!.alternatives.map((a) => [a.cause, a.why]));
  t.is(why.get('no-route'), "the tunnel packet came in by eth0, and is for node2's own address");
  t.is(
    why.get('backend-silent'),
    'flannel.1 of node2, by which it comes out of the tunnel, was captured, and the packet did not come in by it',
  );
  t.false(why.has('forwarding-off'));
  // A packet that is forwarded has a way on.
  const forwarded = (await new Altered(t, 'filtered-forward').analyze()).findings[0]!;
  t.true(forwarded.alternatives.some((a) => a.cause === 'no-route' && /^it has a route on, by /.test(a.why)));
});
