/** Neighbours that answer, and nodes that do not take the answer in: nobody is silent, and no next hop is wrong. */
import test from 'ava';
import { Altered } from './altered.js';

const DROPPED = /the rule "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 136 -j DROP" drops them in input$/;

test('a backend that answers solicitations is not told as silent: the rule that drops what it answers is', async (t) => {
  const { findings } = await new Altered(t, 'advertisements-dropped').analyze();
  t.deepEqual(
    findings.map(({ cause, confidence, node }) => [cause, confidence, node]),
    [['undetermined', 'possible', 'kw2']],
  );
  t.regex(findings[0]!.known!, /are answered, but kw2 does not take the answers in: the rule/);
  t.regex(findings[0]!.known!, DROPPED);
  t.true(findings[0]!.evidence.some(({ text }) => /^NDP: fd42:0:a2::2b is at .*; not taken in$/.test(text)));
});

test('nor is the next hop of the replies a wrong one', async (t) => {
  const { findings } = await new Altered(t, 'advertisements-dropped-reply').analyze();
  t.deepEqual(
    findings.map(({ cause, node, fix }) => [cause, node, fix]),
    [['undetermined', 'mx1', null]],
  );
  t.regex(findings[0]!.known!, /sends its reply by bond0 to 2001:db8:a1::fe.*does not take the answers in/);
  t.regex(findings[0]!.known!, DROPPED);
});

test('where the rules are not known, no rule is named', async (t) => {
  const bare = new Altered(t, 'advertisements-dropped')
    .edit('kw2', 'ip6tables-save.txt', () => '')
    .edit('kw2', 'nft.json', () => '{"nftables":[]}');
  const { findings } = await bare.analyze();
  t.deepEqual(
    findings.map(({ cause }) => cause),
    ['undetermined'],
  );
  t.notRegex(findings[0]!.known ?? '', /the rule/);
});

test('who does not answer, for a rule of its own drops who asks, is named with that rule', async (t) => {
  const { findings } = await new Altered(t, 'solicitations-dropped').analyze();
  t.regex(
    findings[0]!.known!,
    /kw2 has 2001:db8:20::22, and the requests came to its enp3s0, where the rule "[^"]*--icmpv6-type 135 -j DROP" drops them in input$/,
  );
});
