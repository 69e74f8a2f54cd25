/** A node that is taken for the owner of an address, and looks for it on the same link. */
import test from 'ava';
import { EditedScenario } from './edited-bundle.js';
import { withoutArp } from './without-arp.js';

const UNSERVED = 'not-delivered-unserved';
const VIP = '192.168.1.100';

const unheard = (scenario: EditedScenario) => {
  for (const node of scenario.nodes) scenario.editBytes(node, 'any.pcap', withoutArp);
  return scenario;
};

test('who answers for the VIP and does not serve it is told so, with what should', async (t) => {
  const { findings, gaps } = await new EditedScenario(t, UNSERVED).analyze();
  const [finding] = findings;
  t.regex(
    finding!.known!,
    /^node1 answers ARP for 192\.168\.1\.100 itself, does not have it, and no rule there/,
  );
  t.regex(finding!.fix!.summary, /^Find out why node1 is announced as the owner of 192\.168\.1\.100/);
  t.true(finding!.evidence.some(({ text }) => /^ARP (reply|announcement)/.test(text)));
  t.true(gaps.some(({ capture }) => capture?.startsWith('iptables-save | grep -F 192.168.1.100')));
});

test('nobody was heard to claim it: a VIP that the node is sent all the same', async (t) => {
  const { findings } = await unheard(new EditedScenario(t, UNSERVED)).analyze(undefined, [VIP]);
  t.regex(findings[0]!.known!, /^node1 is sent what is for 192\.168\.1\.100, does not have it/);
});

test('its twin: an address that is known as no VIP, of a host that may be down', async (t) => {
  const { findings } = await unheard(new EditedScenario(t, UNSERVED)).analyze();
  t.is(findings[0]!.known, 'nobody answers ARP for 192.168.1.100 on eth0');
  t.is(findings[0]!.fix, null);
});

test('what its rules are, nobody knows without them', async (t) => {
  const scenario = new EditedScenario(t, UNSERVED);
  for (const file of ['iptables-save.txt', 'ip6tables-save.txt', 'nft.json']) scenario.without('node1', file);
  const { findings } = await scenario.analyze();
  t.notRegex(findings.map(({ summary }) => summary).join('\n'), /no rule there/);
});
