import test from 'ava';
import { closeName } from '../../src/cli/nearest.js';
import { EXPLANATIONS } from '../../src/diagnose/explanations/index.js';
import { CAUSES, type CauseId } from '../../src/model/analysis.js';
import { renderCauses, renderExplanation } from '../../src/report/explain.js';
import { returnpath } from './run.js';

const PLAIN = { columns: 80, color: false };
/** Lines of a terminal that a person looks at without losing the top. */
const SCREEN = 40;

for (const cause of CAUSES) {
  test(`${cause}: on a screen, with everything that it has to say`, (t) => {
    const text = renderExplanation(cause, EXPLANATIONS[cause], PLAIN);
    const lines = text.trimEnd().split('\n');
    t.true(lines.length <= SCREEN, `${lines.length} lines`);
    for (const label of ['Means', 'Shows', 'Proof', 'Against', 'Unlike', 'Fix', 'By hand', 'Sources']) {
      t.is(lines.filter((line) => line.startsWith(label)).length, 1, label);
    }
    const commands = EXPLANATIONS[cause].checks.map((check) => check.command);
    for (const line of lines) {
      t.true(line.length <= 80 || commands.some((command) => line.includes(command)), line);
    }
    // What is copied into a shell stands in one piece.
    for (const command of commands) t.true(text.includes(`\n  ${command}`), command);
    t.regex(text, /^[ -~\n]*$/);
  });

  test(`${cause}: its look-alikes are other causes, each once`, (t) => {
    const others = EXPLANATIONS[cause].lookAlikes.map((other) => other.cause);
    t.false(others.includes(cause));
    t.is(new Set(others).size, others.length);
    t.true(others.length > 0);
  });
}

test('every cause is told from another somewhere', (t) => {
  const told = new Set(Object.values(EXPLANATIONS).flatMap((e) => e.lookAlikes.map((other) => other.cause)));
  const never = CAUSES.filter((cause) => cause !== 'undetermined' && !told.has(cause));
  t.deepEqual(never, []);
});

test('the list: a line a cause, in the order of the contract', (t) => {
  const lines = renderCauses(EXPLANATIONS, PLAIN).trimEnd().split('\n');
  t.deepEqual(
    lines.map((line) => line.split(' ')[0]),
    [...CAUSES],
  );
  for (const line of lines) t.true(line.length <= 80, line);
});

test('set to the width of the terminal, coloured there alone', (t) => {
  const narrow = renderExplanation('refused', EXPLANATIONS.refused, { columns: 60, color: false });
  const commands = EXPLANATIONS.refused.checks.map((check) => check.command);
  for (const line of narrow.split('\n')) {
    t.true(line.length <= 60 || commands.some((command) => line.includes(command)), line);
  }
  t.true(renderExplanation('refused', EXPLANATIONS.refused, { columns: 80, color: true }).includes('\x1b['));
});

/** What the causes are known for: whoever knows the field looks for these words. */
const WORDS: [cause: CauseId, words: RegExp[]][] = [
  [
    'rp-filter',
    [/fib_validate_source\(\)/, /RFC 3704/, /externalTrafficPolicy: Local/, /DaemonSet/, /log_martians/],
  ],
  ['netfilter-rpfilter', [/-m rpfilter/, /fib saddr \. iif/, /iptables-extensions\(8\)/, /IPv6/]],
  [
    'arp-conflict',
    [/strictARP/, /arp_ignore=1/, /arp_announce=2/, /kube-ipvs0/, /RFC 826/, /RFC 5227/, /arping/],
  ],
  ['wrong-gateway', [/ip rule add from VIPNET lookup 100/, /CONNMARK/, /src_valid_mark/, /lookup main/]],
  ['forwarding-off', [/net\.ipv4\.ip_forward/, /net\.ipv6\.conf\.all\.forwarding/, /EHOSTUNREACH/]],
  ['no-route', [/IpExtInNoRoutes/, /IpOutNoRoutes/, /ip route add 10\.9\.8\.0\/24 dev eth1/]],
  ['untranslated-reply', [/conntrack/, /masquerade/i, /RST/]],
  ['stateful-gateway', [/redirect/, /nf_conntrack_tcp_be_liberal/, /ACK/]],
  ['filtered', [/NETFILTER_DROP/, /NetworkPolicy/, /loadBalancerSourceRanges/]],
  ['not-delivered', [/IPAddressPool/, /L2Advertisement/, /BGP/]],
  ['backend-silent', [/169\.254\.1\.1/, /ListenOverflows/]],
];
for (const [cause, words] of WORDS) {
  test(`${cause}: what it is known for`, (t) => {
    const text = renderExplanation(cause, EXPLANATIONS[cause], PLAIN).replace(/\s+/g, ' ');
    for (const word of words) t.regex(text, word);
  });
}

test('the command: all, one, and one that is no cause', async (t) => {
  const all = await returnpath(['explain']);
  t.is(all.status, 0);
  t.is(all.stdout, renderCauses(EXPLANATIONS, PLAIN));
  const one = await returnpath(['explain', 'arp-conflict']);
  t.is(one.status, 0);
  t.is(one.stdout, renderExplanation('arp-conflict', EXPLANATIONS['arp-conflict'], PLAIN));
  t.is(one.stderr, '');
  const wrong = await returnpath(['explain', 'rp_filtr\x1b']);
  t.is(wrong.status, 2);
  t.is(wrong.stdout, '');
  t.is(wrong.stderr.split('\n').length, 2, 'one line');
  t.regex(
    wrong.stderr,
    /^returnpath: no cause is called "rp_filtr\\x1b" \(did you mean rp-filter\?\); there are rp-filter, .*, undetermined\n$/,
  );
  const other = await returnpath(['explain', 'kernel']);
  t.is(other.status, 2);
  t.regex(other.stderr, /^returnpath: no cause is called "kernel"; there are rp-filter, /);
  const shouted = await returnpath(['explain', 'ARP-Conflict']);
  t.deepEqual([shouted.status, shouted.stdout], [0, one.stdout]);
  const two = await returnpath(['explain', 'refused', 'filtered']);
  t.is(two.status, 2);
});

test('the command: help with examples', async (t) => {
  const { stdout, status } = await returnpath(['explain', '--help']);
  t.is(status, 0);
  t.regex(stdout, /returnpath explain rp-filter/);
});

test('the nearest name', (t) => {
  const nearest: [typed: string, name: CauseId][] = [
    ['rpfilter', 'rp-filter'],
    ['RP_FILTER', 'rp-filter'],
    ['arp', 'arp-conflict'],
    ['noroute', 'no-route'],
    ['backend', 'backend-silent'],
    ['wrong-gatway', 'wrong-gateway'],
    ['untranslated', 'untranslated-reply'],
    ['rp-fliter', 'rp-filter'],
  ];
  for (const [typed, name] of nearest) t.is(closeName(typed, CAUSES), name, typed);
  for (const typed of ['', 'x', 'kernel', 'a'.repeat(65)]) t.is(closeName(typed, CAUSES), null, typed);
});
