/** Who has something to send, and asks for its next hop in vain: a backend its answer, a gateway the request. */
import test from 'ava';
import type { Analysis } from '../../src/model/analysis.js';
import { EditedScenario } from './edited-bundle.js';
import { withoutArp } from './without-arp.js';

const brief = ({ findings }: Analysis) =>
  findings.map((f) => `${f.cause} ${f.confidence} ${f.severity} ${f.node} ${f.interface}`);

test('a pod that its node does not answer for its gateway cannot send its answer', async (t) => {
  const analysis = await new EditedScenario(t, 'backend-silent-gateway').analyze();
  t.deepEqual(brief(analysis), ['backend-silent probable fault worker-b cali90c4e72d1f6']);
  const [{ summary, evidence, alternatives, noFix }] = analysis.findings as [(typeof analysis.findings)[0]];
  t.regex(
    summary,
    /10\.42\.203\.77 asks for 169\.254\.1\.1 by ARP on cali90c4e72d1f6 of worker-b again and again, and gets no answer: by its settings worker-b gives none there, .*no route to 169\.254\.1\.1/,
  );
  t.true(
    evidence.some(({ node, text }) => node === 'worker-b' && text.startsWith('ARP: who has 169.254.1.1?')),
  );
  t.false(alternatives.some(({ cause }) => cause === 'no-route'));
  t.regex(noFix!, /somebody on cali90c4e72d1f6 of worker-b has to answer/);
  t.true(analysis.gaps.some(({ capture }) => capture?.includes("tcpdump -i cali90c4e72d1f6 -n -e 'arp'")));
});

test('its twins: a backend that keeps silent itself, and one that nobody was heard to ask for anything', async (t) => {
  const { findings } = await new EditedScenario(t, 'backend-silent').analyze();
  t.regex(findings[0]!.summary, /right before the backend, and nothing came back/);
  const quiet = new EditedScenario(t, 'backend-silent-gateway').editBytes('worker-b', 'any.pcap', withoutArp);
  t.notRegex((await quiet.analyze()).findings[0]!.summary, /asks for/);
});

test('a gateway that the server does not answer: no lone echo that nobody need answer', async (t) => {
  const analysis = await new EditedScenario(t, 'echo-next-hop-refused').analyze();
  t.deepEqual(brief(analysis), ['undetermined possible fault client eth0']);
  t.regex(
    analysis.findings[0]!.known!,
    /^172\.31\.255\.254 asks for 172\.31\.255\.13 by ARP on ens19 of lb-3 .*by its settings lb-3 gives none there, .*rp-filter/,
  );
});

test('its twin: the node would answer by its settings', async (t) => {
  const loose = new EditedScenario(t, 'echo-next-hop-refused').edit('lb-3', 'sysctl.txt', (text) =>
    text.replace(/^(net\.ipv4\.conf\.ens19\.rp_filter) = 1$/m, '$1 = 0'),
  );
  t.deepEqual(brief(await loose.analyze()), ['undetermined possible info client eth0']);
});

test('a frame for the MAC of another interface of the same node is not taken in: whose entry is wrong', async (t) => {
  const analysis = await new EditedScenario(t, 'tunnel-entry-of-other-link').analyze();
  t.deepEqual(brief(analysis), ['undetermined possible fault node1 eth0']);
  t.regex(
    analysis.findings[0]!.known!,
    /what carries the replies comes to node1 by eth0 in frames for the MAC 02:00:0a:f4:00:01, which is that of its cni0 .* node2 has the wrong MAC for 192\.168\.1\.11$/,
  );
  t.true(
    analysis.gaps.some(
      ({ node, capture }) => node === 'node2' && capture!.includes('ip neigh del 192.168.1.11 dev eth0'),
    ),
  );
});

test('its twin: the entry has the MAC of that very interface', async (t) => {
  t.deepEqual(brief(await new EditedScenario(t, 'tunnel-right-entry').analyze()), []);
});
