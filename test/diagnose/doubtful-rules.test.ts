/** Rules that count, limit or ask for what goes by itself: a snapshot does not tell what they made of a packet. */
import test from 'ava';
import { Altered } from './altered.js';

test('elements that go by themselves may have been there when the packets were lost', async (t) => {
  const { findings } = await new Altered(t, 'filtered-ban-over').analyze();
  const [{ cause, confidence, node, summary, noFix }] = findings as [(typeof findings)[0]];
  t.deepEqual([cause, confidence, node], ['filtered', 'possible', 'node1']);
  t.regex(summary, /the elements of banned go by themselves after some time: taken as listed/);
  t.regex(noFix!, /^whether that rule drops them is to be made sure of first/);
});

test('their twin: of a set whose elements stay, the settings were changed since', async (t) => {
  const lasting = new Altered(t, 'filtered-ban-over').edit('node1', 'nft.json', (text) =>
    text.replace(/, "flags": \[?"timeout"\]?/, ''),
  );
  const { findings } = await lasting.analyze();
  t.is(findings[0]!.cause, 'undetermined');
  t.regex(findings[0]!.known!, /as by its settings it would: they were changed since/);
});

test('a rule that counts connections may have dropped those that came at once', async (t) => {
  const { findings } = await new Altered(t, 'connections-counted').analyze();
  t.deepEqual(
    findings.map(({ cause, confidence, node }) => [cause, confidence, node]),
    [['filtered', 'possible', 'node2']],
  );
  t.regex(findings[0]!.summary, /the number of connections is not known: taken as within the limit/);
});

test('one that rejects them may have sent the RSTs that the node made itself', async (t) => {
  const { findings } = await new Altered(t, 'connections-counted-reset').analyze();
  t.deepEqual(
    findings.map(({ cause, confidence, node, interface: name }) => [cause, confidence, node, name]),
    [['filtered', 'possible', 'node2', 'flannel.1']],
  );
  const [{ summary, evidence, alternatives }] = findings as [(typeof findings)[0]];
  t.regex(summary, /a RST that it made itself went back, and a firewall rule of it can have sent that/);
  t.true(evidence.some(({ text }) => /RST .* left by flannel\.1, sent by the rule/.test(text)));
  t.true(alternatives.some(({ cause }) => cause === 'refused'));
});

test('its twin drops, which answers nothing: whose the RSTs are is not known', async (t) => {
  const dropping = new Altered(t, 'connections-counted-reset').edit('node2', 'nft.json', (text) =>
    text.replace(/\{\s*"reject":\s*\{[^}]*\}\s*\}/, '{"drop": null}'),
  );
  const { findings, gaps } = await dropping.analyze();
  t.deepEqual(
    findings.map(({ cause, node }) => [cause, node]),
    [['undetermined', 'node2']],
  );
  const gap = gaps.find(({ node }) => node === 'node2')!;
  t.regex(gap.why, /^the reset comes from node2 itself, in the server's place/);
  t.regex(gap.capture!, /^iptables-save -c > iptables-save\.txt; nft /);
});

test('what was accepted up to a rate is not said to have been let pass by the settings', async (t) => {
  const { findings } = await new Altered(t, 'rate-of-accepted').analyze();
  t.is(findings[0]!.cause, 'undetermined');
  t.regex(
    findings[0]!.known!,
    /did not pass them on; whether it would by its settings, no snapshot tells \(.*"-m limit /,
  );
  t.notRegex(findings[0]!.known!, /changed since/);
});

test('the node that forgot a connection is asked for its conntrack events, not the client for what it got', async (t) => {
  const { findings, gaps } = await new Altered(t, 'undetermined-untracked-reply').analyze();
  t.is(findings[0]!.cause, 'undetermined');
  t.deepEqual(
    gaps.filter(({ capture }) => capture?.endsWith('conntrack -E -p tcp')).map(({ node }) => node),
    ['node1'],
  );
  t.false(gaps.some(({ why }) => /was not taken for one/.test(why)));
});
