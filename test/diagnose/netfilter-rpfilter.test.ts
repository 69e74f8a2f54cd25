import test from 'ava';
import { Altered } from './altered.js';

test('-m rpfilter: the rule, and the way back that it did not find', async (t) => {
  const { findings } = await new Altered(t, 'netfilter-rpfilter').analyze();
  const { cause, confidence, node, interface: name, evidence, summary } = findings[0]!;
  t.deepEqual(
    [findings.length, cause, confidence, node, name],
    [1, 'netfilter-rpfilter', 'confirmed', 'lb-3', 'ens19'],
  );
  t.true(evidence.some((e) => e.kind === 'rule' && /rpfilter/.test(e.text)));
  t.true(evidence.some((e) => e.kind === 'route' && /^the way back to /.test(e.text)));
  t.regex(summary, /for want of a way back to their source/);
});

test('nft fib, and ip6tables: the only check that IPv6 has', async (t) => {
  const fib = await new Altered(t, 'netfilter-rpfilter-fib').analyze();
  t.deepEqual(
    fib.findings.map((f) => [f.cause, f.node, f.interface]),
    [['netfilter-rpfilter', 'lb-3', 'ens19']],
  );
  const six = await new Altered(t, 'netfilter-rpfilter-ipv6').analyze();
  t.deepEqual(
    six.findings.map((f) => [f.cause, f.node, f.interface]),
    [['netfilter-rpfilter', 'mx1', 'bond0.210']],
  );
  t.true(six.findings[0]!.alternatives.some((a) => a.cause === 'rp-filter'));
});

test('twins: accepted before, loose, and routed back by the source', async (t) => {
  t.deepEqual(await new Altered(t, 'netfilter-rpfilter-accepted-before').findings(), []);
  t.deepEqual(await new Altered(t, 'netfilter-rpfilter-loose').findings(), []);
  t.deepEqual(await new Altered(t, 'netfilter-rpfilter-fib-source-routed').findings(), []);
});

test('the check is not the reason where the rule only looks and does not drop', async (t) => {
  const altered = new Altered(t, 'netfilter-rpfilter')
    .without('drops.txt')
    .edit('lb-3', 'iptables-save.txt', (text) =>
      text.replace(/^(-A .*rpfilter.*) -j DROP$/gm, '$1 -j MARK --set-xmark 0x0/0x0'),
    );
  const findings = await altered.findings();
  t.false(findings.some((f) => f.startsWith('netfilter-rpfilter')));
});
