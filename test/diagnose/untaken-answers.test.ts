/** Neighbours that answer, and nodes that do not take the answer in: nobody is silent, and no next hop is wrong. */
import test from 'ava';
import type { Finding } from '../../src/model/analysis.js';
import { Altered } from './altered.js';

const DROPPED = /the rule "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 136 -j DROP" drops them in input\.$/;

/** As nft lists a chain of its own that drops what matches. */
function nftRules(expr: unknown[]): string {
  const chain = {
    family: 'inet',
    table: 'fw',
    name: 'input',
    type: 'filter',
    hook: 'input',
    prio: 0,
    policy: 'accept',
  };
  const rule = { family: 'inet', table: 'fw', chain: 'input', handle: 4, expr: [...expr, { drop: null }] };
  return JSON.stringify({ nftables: [{ table: { family: 'inet', name: 'fw' } }, { chain }, { rule }] });
}

test('a backend that answers solicitations is not told as silent: the rule that drops what it answers is', async (t) => {
  const { findings } = await new Altered(t, 'advertisements-dropped').analyze();
  t.deepEqual(
    findings.map(({ cause, confidence, node, interface: name }) => [cause, confidence, node, name]),
    [['filtered', 'probable', 'kw2', 'br-pods']],
  );
  const [{ summary, known, evidence, fix }] = findings as [Finding];
  t.regex(summary, /^kw2 cannot send on requests .*and kw2 does not take the answers in: the rule/);
  t.regex(summary, DROPPED);
  t.is(known, 'it drops the neighbour advertisements of fd42:0:a2::2b');
  t.true(evidence.some(({ text }) => /^NDP: fd42:0:a2::2b is at .*; not taken in$/.test(text)));
  t.is(fix!.commands[0]!.command, 'ip6tables -I INPUT 1 -p ipv6-icmp -m icmp6 --icmpv6-type 136 -j ACCEPT');
});

test('nor is the next hop of the replies a wrong one', async (t) => {
  const { findings } = await new Altered(t, 'advertisements-dropped-reply').analyze();
  t.deepEqual(
    findings.map(({ cause, node, known }) => [cause, node, known]),
    [
      [
        'filtered',
        'mx1',
        'it drops the neighbour advertisements of 2001:db8:a1::fe, the next hop of the replies',
      ],
    ],
  );
  t.regex(findings[0]!.summary, DROPPED);
});

test('a rule of nftables that drops all of ICMPv6: both kinds of message are let in before it', async (t) => {
  const all = [{ match: { op: '==', left: { meta: { key: 'l4proto' } }, right: 'ipv6-icmp' } }];
  const { findings } = await new Altered(t, 'advertisements-dropped')
    .edit('kw2', 'ip6tables-save.txt', () => '')
    .edit('kw2', 'nft.json', () => nftRules(all))
    .analyze();
  t.deepEqual(
    findings[0]!.fix?.commands.filter(({ persists }) => !persists).map(({ command }) => command),
    [135, 136].map(
      (type) => `nft 'insert rule inet fw input handle 4 meta l4proto ipv6-icmp icmpv6 type ${type} accept'`,
    ),
  );
});

test('its twin: a rule that takes none of it is no reason', async (t) => {
  const echo = [
    { match: { op: '==', left: { payload: { protocol: 'icmpv6', field: 'type' } }, right: 'echo-request' } },
  ];
  const { findings } = await new Altered(t, 'advertisements-dropped')
    .edit('kw2', 'ip6tables-save.txt', () => '')
    .edit('kw2', 'nft.json', () => nftRules(echo))
    .analyze();
  t.deepEqual(
    findings.map(({ cause }) => cause),
    ['undetermined'],
  );
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
  t.deepEqual(
    findings.map(({ cause, node, known }) => [cause, node, known]),
    [['filtered', 'kw2', 'it drops the neighbour solicitations with which kw1 asks for 2001:db8:20::22']],
  );
  t.regex(
    findings[0]!.summary,
    /come to kw2, which has the address, and are not heard there: the rule "[^"]*--icmpv6-type 135 -j DROP" drops them in input\.$/,
  );
});
