import { createRequire } from 'node:module';
import { stripVTControlCharacters } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import {
  type Analysis,
  type AnalysisAttempt,
  type AnalysisClock,
  CAUSES,
  type EvidenceKind,
  type Finding,
  OUTCOMES,
} from '../../src/model/analysis.js';
import { escapeLines, escapeText } from '../../src/report/escape.js';
import { renderMarkdown } from '../../src/report/markdown.js';
import { renderTerminal } from '../../src/report/terminal.js';
import { anyAnalysis } from './arbitrary.js';
import { hostile } from './hostile.js';
import {
  analysis,
  at,
  endpoint,
  evidence,
  finding,
  healthy,
  input,
  longNames,
  outcomes,
  refused,
  rpFilter,
  steps,
  tenThousand,
  unclear,
  undetermined,
} from './sample.js';
import { kubernetes, SAMPLES, slow } from './samples.js';

// An independent measure of width: not ours, but the one that the table library itself goes by.
const require = createRequire(import.meta.url);
const stringWidth = createRequire(require.resolve('cli-table3'))('string-width') as (text: string) => number;

const plain = (given: Analysis, columns = 80) => renderTerminal(given, { columns, color: false });
/** The text with its lines joined, for words that wrapping may have parted. */
const prose = (given: Analysis) => plain(given).replace(/\s+/g, ' ');
const verdictOf = (given: Analysis) => plain(given).split('\n\n', 1)[0]!.replace(/\s+/g, ' ').trim();

const commandsOf = (fix: Finding['fix']) =>
  [...(fix?.commands ?? []), ...(fix?.undo ?? [])].map(({ command }) => command);

/** The lines that may be longer than the terminal: those that are there to be copied. */
function unbroken({ findings, gaps }: Analysis): Set<string> {
  const commands = [
    ...findings.flatMap(({ fix }) => commandsOf(fix)),
    ...gaps.flatMap(({ capture }) => capture ?? []),
  ];
  const manifests = findings.flatMap((one) => one.fix?.manifests ?? []);
  return new Set([
    ...commands.map((command) => `    ${escapeText(command)}`),
    ...manifests.flatMap((manifest) => escapeLines(manifest).split('\n')),
  ]);
}

function tooWide(text: string, columns: number, exempt: Set<string>): string[] {
  // The length in code units is never below half of the width: short lines need no measuring.
  return text
    .split('\n')
    .filter((line) => line.length * 2 > columns && stringWidth(line) > columns && !exempt.has(line));
}

for (const [name, make] of Object.entries(SAMPLES)) {
  for (const columns of [60, 80, 120, 200]) {
    test(`${name}: no line is wider than ${columns} columns but commands, which are whole`, (t) => {
      const text = plain(make(), columns);
      t.deepEqual(tooWide(text, columns, unbroken(make())), []);
      const lines = new Set(text.split('\n'));
      for (const line of unbroken(make())) t.true(line === '' || lines.has(line), line);
    });
  }
}

test('any analysis: the width is kept, commands are whole, nothing but line feeds controls the terminal', (t) => {
  fc.assert(
    fc.property(anyAnalysis, fc.integer({ min: 60, max: 200 }), (given, columns) => {
      const text = plain(given, columns);
      const exempt = unbroken(given);
      t.deepEqual(tooWide(text, columns, exempt), []);
      const lines = new Set(text.split('\n'));
      for (const { fix } of given.findings) {
        for (const command of commandsOf(fix)) {
          if (!lines.has(`    ${escapeText(command)}`)) return false;
        }
      }
      return !/[^\P{C}\n]|[\p{Zl}\p{Zp}\p{M}]/u.test(text);
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('any analysis: colour adds SGR sequences and its own signs, no other words', (t) => {
  fc.assert(
    fc.property(anyAnalysis, (given) => {
      const text = renderTerminal(given, { columns: 80, color: true });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what this test is about.
      const rest = text.replace(/\u001b\[\d+m/g, '');
      t.deepEqual(tooWide(rest, 80, unbroken(given)), []);
      return !/[^\P{C}\n]/u.test(rest);
    }),
    { numRuns: 100 },
  );
  const normal = (text: string) => text.replaceAll('✗', 'X').replaceAll('─', '-').replaceAll('…', '...');
  const coloured = stripVTControlCharacters(renderTerminal(rpFilter(), { columns: 80, color: true }));
  t.is(normal(coloured), plain(rpFilter()));
});

test('fewer than 60 columns are taken as 60', (t) => {
  t.is(plain(rpFilter(), 10), plain(rpFilter(), 60));
});

test('without colour a report of ASCII names is ASCII', (t) => {
  for (const make of [rpFilter, healthy, longNames, refused, undetermined, tenThousand]) {
    t.regex(plain(make()), /^[\n -~]*$/);
  }
});

test('hostile text is shown, not obeyed', (t) => {
  const text = plain(hostile());
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what this test is about.
  t.notRegex(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/);
  t.false(text.split('\n').some((line) => line.startsWith('OK')));
  t.true(text.includes('\\x1b]0;owned\\x07'));
  t.true(text.includes('\\u202egnp.exe\\u200b\\x9b31m\\x00\\ud800 e\\u0301 漢字 \\u{e0041}'));
});

test('the verdict on a fault names cause, place, service, count and fix', (t) => {
  t.true(
    verdictOf(rpFilter()).startsWith(
      'FAULT rp-filter (confirmed): node2 drops requests for 192.168.1.100 on flannel.1 by its reverse-path check. ' +
        '4 of 4 connections failed. Fix: Use loose reverse-path checks on flannel.1 of node2.',
    ),
  );
});

test('the verdict says which packet is lost', (t) => {
  t.regex(verdictOf(longNames()), /routes replies from 2001:db8:1111:2222:3333:4444:5555:6666/);
});

test('what was late is told as past, and not as lost', (t) => {
  const given = slow();
  const [only] = given.findings;
  const verdict = (cause: Finding['cause']) => verdictOf({ ...given, findings: [{ ...only!, cause }] });
  t.regex(
    verdict('rp-filter'),
    /RISK rp-filter \(\w+\): at first, \S+ dropped requests for .* late, not lost\./,
  );
  t.regex(verdict('forwarding-off'), /at first, \S+ did not forward requests for .* forwarding was off\./);
  for (const cause of CAUSES)
    t.notRegex(verdict(cause), / (drops|sends|do not|does not|has no|get lost) /, cause);
});

test('where no VIP is known, the server that was asked for is named', (t) => {
  const [base] = rpFilter().attempts;
  const attempt = { ...base!, id: 'a1', vip: null, outcome: 'no-reply' as const };
  const totals = [{ vip: null, protocol: 'tcp', outcomes: outcomes({ 'no-reply': 1 }) }];
  const only = finding({ vip: null, attempts: ['a1'], cause: 'rp-filter' });
  const one = analysis({ attempts: [attempt], totals, findings: [only] });
  t.regex(verdictOf(one), /drops requests for 192\.168\.1\.100:80 /);
  t.regex(plain(one), /^\(192\.168\.1\.100:80\) {2}tcp /m);
  const other = { ...attempt, id: 'a2', server: endpoint('192.0.2.7', 443) };
  const two = analysis({
    attempts: [attempt, other],
    totals: [{ vip: null, protocol: 'tcp', outcomes: outcomes({ 'no-reply': 2 }) }],
    findings: [{ ...only, attempts: ['a1', 'a2'] }],
  });
  t.regex(verdictOf(two), /requests for 192\.168\.1\.100:80 and 1 other server /);
  t.regex(plain(two), /^\(others\) {2}tcp /m);
  t.regex(verdictOf({ ...one, attempts: [] }), /packets for the service /);
  const made = { attempts: [{ ...attempt, outcome: 'established' as const }] };
  const well = [{ vip: null, protocol: 'tcp', outcomes: outcomes({ established: 1 }) }];
  t.regex(
    verdictOf(analysis({ ...made, totals: well })),
    /1 of 1 connection to 192\.168\.1\.100:80 were established/,
  );
});

test('of what is undetermined it is told what is certain, and what is known', (t) => {
  const [base] = rpFilter().attempts;
  const told = (outcome: AnalysisAttempt['outcome'], given: Partial<Finding> = {}) =>
    verdictOf(
      analysis({
        attempts: [{ ...base!, id: 'a1', outcome }],
        findings: [finding({ cause: 'undetermined', attempts: ['a1'], node: 'node1', ...given })],
      }),
    );
  t.regex(
    told('no-reply'),
    /: no reply was seen to requests for \S+, last seen on node1; these captures cannot tell/,
  );
  t.regex(told('no-reply', { known: 'it is so' }), /last seen on node1; it is so\./);
  t.regex(told('rejected'), /clients answer replies from \S+ with a reset/);
  t.regex(told('unreachable'), /requests for \S+ are answered by an error/);
});

test('the verdict when all is well, when not all is, and when there is nothing', (t) => {
  t.is(verdictOf(healthy()), 'OK No fault found: 5 of 5 connections to 192.168.1.100 were established.');
  t.is(
    verdictOf(unclear()),
    'UNCLEAR No fault could be proved, yet only 3 of 5 connections to 192.168.1.100 were established. ' +
      'The others: 2 unacknowledged.',
  );
  t.regex(verdictOf(analysis({})), /^UNCLEAR Nothing to judge: .*0 packets in 0 files were read/);
});

test('what was answered where nothing acknowledges is well where others were established, and what is not known of it is said', (t) => {
  const udp = (answered: number, others = {}) => ({
    vip: null,
    protocol: 'udp',
    outcomes: outcomes({ unacknowledged: 3, ...others }),
    answered,
  });
  t.is(
    verdictOf(analysis({ totals: [udp(3)] })),
    'UNCLEAR No fault found: 3 of 3 connections were answered. 3 replies were not seen where their requests had come ' +
      'in: whether they got back was not captured.',
  );
  t.regex(
    verdictOf(analysis({ totals: [udp(3, { established: 2 })] })),
    /^OK No fault found: 5 of 5 connections were established or answered\./,
  );
  t.regex(
    verdictOf(analysis({ totals: [udp(1)] })),
    /^UNCLEAR .* only 1 of 3 connections were answered\. One reply was .* The others: 2 unacknowledged\.$/,
  );
});

test('connections from before the capture are no failures', (t) => {
  const totals = [{ vip: null, protocol: 'tcp', outcomes: outcomes({ established: 1, midstream: 2 }) }];
  t.is(
    verdictOf(analysis({ totals })),
    'OK No fault found: 1 of 3 connections were established. The others: 2 midstream.',
  );
});

test('a risk stands beside the verdict, and is no fault', (t) => {
  const given = { ...healthy(), findings: [finding({ severity: 'risk', node: 'node1', interface: 'eth0' })] };
  t.regex(verdictOf(given), /^OK No fault found.* RISK rp-filter/);
  t.notRegex(plain(given), /FAULT/);
});

test('every fault is in the verdict, up to five', (t) => {
  const findings = Array.from({ length: 8 }, (_, i) => finding({ id: `f${i}`, node: `node${i}` }));
  const verdict = verdictOf(analysis({ findings }));
  t.is(verdict.match(/FAULT/g)?.length, 5);
  t.regex(verdict, /and 3 more, below/);
});

test('every cause has a verdict with its place and without holes', (t) => {
  for (const cause of CAUSES) {
    const known = prose(analysis({ findings: [finding({ cause, node: 'node7', interface: 'eth7' })] }));
    if (cause !== 'arp-conflict') t.regex(known.split(' FAULT 1 of 1')[0]!, /node7/, cause);
    const unknown = prose(analysis({ findings: [finding({ cause, vip: null })] }));
    t.notRegex(`${known}${unknown}`, /null|undefined|NaN|\[object/, cause);
  }
});

test('incomplete captures are a caution at the top and explained below', (t) => {
  t.regex(verdictOf(undetermined()), /CAUTION 2 of 2 capture files are incomplete/);
  t.regex(prose(undetermined()), /node1\.tar\.gz:any\.pcap: ends in the middle of a packet/);
  t.regex(
    prose(undetermined()),
    /7 packets of a link type that is not decoded; reading stopped: block length 3/,
  );
  t.notRegex(plain(healthy()), /CAUTION|^!/m);
});

test('where not all connections were followed, the verdict says so and nothing is well', (t) => {
  const cutOff = (given: Analysis) => ({ ...given, inputs: [input('node1', { unfollowedSince: 9001 })] });
  const CAUTION = /CAUTION In 1 of 1 capture file, not all connections were followed \(see Inputs\)/;
  const well = verdictOf(cutOff(healthy()));
  t.regex(
    well,
    /^UNCLEAR No fault found, but not all connections were followed: of those that were, 5 of 5 /,
  );
  t.regex(well, CAUTION);
  t.regex(verdictOf(cutOff(rpFilter())), CAUTION);
  t.regex(verdictOf(cutOff(unclear())), /^UNCLEAR No fault could be proved, yet only .* CAUTION In 1/);
  t.regex(verdictOf(cutOff(analysis({}))), /^UNCLEAR Nothing to judge: no connection was followed/);
  t.regex(prose(cutOff(healthy())), /no room for more connections from packet 9,001 on \(see Capture next\)/);
});

test('the path shows one try, NAT where it changes addresses, and where the packet was lost', (t) => {
  const text = plain(rpFilter(), 120);
  t.regex(
    text,
    /\n {2}2 {2}SYN {5}node1 {2}flannel\.1 {2}out {2}0\.031 {2}NAT: 192\.168\.50\.20:40001 > 10\.244\.2\.10:8080\n/,
  );
  t.regex(
    text,
    /\n {2}5 {2}SYN {5}node2 {2}flannel\.1 {2}in {3}0\.097 {2}same\n {2}X {2}lost here: rp-filter/,
  );
  t.notRegex(text, /\n {2}6 /);
  t.regex(text, /10 sightings of other tries left out/);
});

test('in a narrow terminal an address stays whole where there is room, and is broken where it is parted', (t) => {
  const attemptsOf = (columns: number) => plain(rpFilter(), columns).split(/^id /m)[1]!;
  t.regex(attemptsOf(80), /^a1 {2}192\.168\.50\.20:40001 {2}192\.168\.1\.100:80 /m);
  for (let columns = 60; columns < 80; columns++) {
    const rows = attemptsOf(columns).split('\n\n')[0]!;
    for (const port of [40_001, 40_002, 40_003, 40_004])
      t.regex(rows, new RegExp(`[ :]${port} `), `${columns}`);
    t.notRegex(rows, /\d+\.\d+\.\d+\.\d+:\d{1,4} .*\n +\d{1,4} {2}/, `${columns}`);
    t.regex(rows, /no-reply/);
  }
  const { attempts, ...rest } = rpFilter();
  const [client, server] = [endpoint('2001:db8:77::5', 40_004), endpoint('2001:db8:20::100', 8080)];
  const six = { ...rest, attempts: attempts.map((attempt) => ({ ...attempt, client, server })) };
  t.regex(plain(six, 60), /a1 {2}\[2001:db8: .*\n {4}77::5\]:40004 .*20::100\]:8080 /);
  t.regex(plain(six, 120), /a1 {2}\[2001:db8:77::5\]:40004 {2}\[2001:db8:20::100\]:8080 /);
});

test('where a path ends with a refusal, it is not said that nothing more was seen', (t) => {
  const [base] = rpFilter().attempts;
  const markOf = (outcome: AnalysisAttempt['outcome'], cause: Finding['cause']) => {
    const attempts = [{ ...base!, id: 'a1', outcome }];
    return plain(analysis({ attempts, findings: [finding({ attempts: ['a1'], cause })] }), 160);
  };
  t.regex(markOf('refused', 'arp-conflict'), /X {2}refused: it went to the other owner/);
  t.regex(markOf('no-reply', 'arp-conflict'), /X {2}not answered: it went to the other owner/);
  t.regex(markOf('unreachable', 'filtered'), /X {2}rejected here/);
  t.regex(markOf('no-reply', 'filtered'), /X {2}lost here/);
});

test('where a path ends elsewhere than at the fault, it is said to be lost after that, and not where no cause is told', (t) => {
  const [base] = rpFilter().attempts;
  const markOf = (changes: Partial<Finding>) => {
    const found = finding({ attempts: ['a1'], node: 'router', interface: 'eth9', ...changes });
    return plain(analysis({ attempts: [{ ...base!, id: 'a1' }], findings: [found] }), 160);
  };
  for (const cause of ['rp-filter', 'forwarding-off', 'filtered', 'no-route'] as const)
    t.regex(markOf({ cause }), /X {2}lost after here \(the fault is on router eth9\)/, cause);
  const untold = markOf({ cause: 'undetermined' });
  t.regex(untold, /X {2}not seen after this \(last seen on router eth9\)/);
  t.notRegex(untold, /the fault is/);
  t.regex(markOf({ node: 'node2', interface: 'flannel.1' }), /X {2}lost here: /);
});

test('a gateway is the wrong one for replies, also where none was seen', (t) => {
  const [base] = rpFilter().attempts;
  const given = analysis({
    attempts: [{ ...base!, id: 'a1', outcome: 'no-reply' }],
    findings: [finding({ attempts: ['a1'], cause: 'wrong-gateway', node: 'node2', interface: 'eth1' })],
  });
  t.regex(verdictOf(given), /node2 routes replies from 192\.168\.1\.100 the wrong way out by eth1\./);
  t.regex(prose(given), /X the reply to it goes another way than it came, and is lost/);
});

test('of a reply that is sent again for one request, it is told that it is not the first', (t) => {
  const [client, server] = [endpoint('10.0.0.5', 1024), endpoint('192.168.1.100', 80)];
  const [base] = rpFilter().attempts;
  const pathOf = (...replies: number[]) => {
    const path = steps([
      ['request', 'node1', 'eth0', 'in', 0, client, server],
      ...replies.map((n): Parameters<typeof steps>[0][number] => {
        return ['reply', 'node1', 'eth0', 'out', n * 1_000_000, server, client, { try: n }];
      }),
    ]);
    const attempts = [{ ...base!, id: 'a1', outcome: 'reply-lost' as const, path }];
    return prose(analysis({ attempts, findings: [finding({ attempts: ['a1'] })] }));
  };
  t.regex(pathOf(1, 2, 3), / 2 SYN-ACK \(try 3\) node1 eth0 out 3000\.000 /);
  t.regex(pathOf(1), / 2 SYN-ACK node1 eth0 out 1000\.000 /);
});

test('a lost reply is shown after the request that it answers', (t) => {
  const client = endpoint('10.0.0.5', 1024);
  const server = endpoint('192.168.1.100', 80);
  const again = { try: 2 };
  const path = steps([
    ['request', 'node1', 'eth0', 'in', 0, client, server],
    ['reply', 'node1', 'eth1', 'out', 50, server, client],
    ['request', 'node1', 'eth2', 'in', 1_000_000, client, server, again],
    ['reply', 'node1', 'eth3', 'out', 1_000_050, server, client, again],
    ['request', 'node1', 'eth4', 'in', 3_000_000, client, server, { try: 3 }],
  ]);
  const [base] = rpFilter().attempts;
  const text = plain(
    analysis({
      attempts: [{ ...base!, id: 'a1', path }],
      findings: [finding({ attempts: ['a1'], node: 'router', interface: 'eth9' })],
    }),
  );
  t.regex(text, /1 {2}SYN {6}node1 {2}eth2 [^\n]*\n {2}2 {2}SYN-ACK {2}node1 {2}eth3 [^\n]*\n {2}X /);
  t.regex(text, /X {2}lost after here \(the fault is on router eth9\)/);
  t.notRegex(text.split('\nConnections')[0]!.split('#')[1]!.split('\nid ')[0]!, /eth0|eth1|eth4/);
});

test('offsets along the path are freed of the difference between clocks, and unknown where that is', (t) => {
  const clocks = rpFilter().clocks.map((clock) => ({
    ...clock,
    offsetNs: clock.node === 'node1' ? 0 : null,
  }));
  t.regex(plain(rpFilter()), /node2 {2}eth0 {7}in {3}0\.090/);
  t.regex(plain({ ...rpFilter(), clocks }), /node2 {2}eth0 {7}in {7}\?/);
  t.regex(plain({ ...rpFilter(), clocks }), /node2 +unknown/);
});

test('a path of thousands of sightings is cut in the middle', (t) => {
  const [base] = rpFilter().attempts;
  const path = Array.from({ length: 5000 }, (_, i) => ({ ...base!.path[0]!, packet: i + 1 }));
  const text = plain({ ...rpFilter(), attempts: [{ ...base!, path }] });
  t.regex(text, /4976 more/);
  t.regex(text, /\n +5000 {2}SYN/);
  t.true(text.split('\n').length < 150);
});

test('a node name of a megabyte is no trap', (t) => {
  const name = '漢 '.repeat(500_000);
  const [base] = healthy().inputs;
  const text = plain({ ...healthy(), inputs: [{ ...base!, node: name }] });
  t.deepEqual(tooWide(text, 80, new Set()), []);
  t.true(text.split('\n').length < 200);
});

test('clocks that agree, or a single node, are not spoken of', (t) => {
  const clocks = rpFilter().clocks.map((clock) => ({ ...clock, offsetNs: 900_000 }));
  t.notRegex(plain({ ...rpFilter(), clocks }), /^Clocks/m);
  t.notRegex(plain(healthy()), /^Clocks/m);
  t.regex(plain(rpFilter()), /^node2 +2\.5 s +21\.0 us +1\.3 ppm +40$/m);
});

test('a bound from one side is told as one, and a clock that was set', (t) => {
  const [first, second] = rpFilter().clocks;
  const shown = (change: Partial<AnalysisClock>) =>
    plain({ ...rpFilter(), clocks: [first!, { ...second!, ...change }] });
  const oneWay = { uncertaintyNs: null, driftPpm: null };
  t.regex(shown({ ...oneWay, bound: 'at-most' }), /^node2 +at most 2\.5 s +\? +\? +40$/m);
  t.regex(shown({ ...oneWay, bound: 'at-least' }), /^node2 +at least 2\.5 s +\? +\? +40$/m);
  t.regex(
    shown({ offsetNs: 0, uncertaintyNs: 4e9, driftPpm: null, wasSet: true }),
    /^node2 +0 ns +4\.0 s +was set/m,
  );
});

test('offsets along the path are freed of drift as well', (t) => {
  const [first, second] = rpFilter().clocks;
  // The try that is shown was two seconds later: it was ahead by 20 us more.
  const clocks = [first!, { ...second!, driftPpm: 10, at: at(1_000_000) }];
  t.regex(plain({ ...rpFilter(), clocks }), /node2 {2}eth0 {7}in {3}0\.070/);
});

test('totals agree with the analysis, zero columns left out', (t) => {
  t.regex(plain(refused()), /^VIP +protocol +total +established +refused$/m);
  t.regex(plain(refused()), /^192\.168\.1\.100 +tcp +2 +1 +1$/m);
  fc.assert(
    fc.property(fc.array(fc.nat(9_999_999), { minLength: 10, maxLength: 10 }), (counts) => {
      const all = outcomes(Object.fromEntries(OUTCOMES.map((outcome, i) => [outcome, counts[i]!])));
      const text = plain(analysis({ totals: [{ vip: null, protocol: 'tcp', outcomes: all }] }), 200);
      const row = text
        .match(/^\(others\) +tcp +(.*)$/m)![1]!
        .split(/ +/)
        .map((n) => Number(n.replaceAll(',', '')));
      t.deepEqual(row, [counts.reduce((a, b) => a + b, 0), ...counts.filter((n) => n > 0)]);
    }),
    { numRuns: 50 },
  );
});

test('the attempts table has 20 rows, failures first, and says how many more there are', (t) => {
  const text = plain(tenThousand());
  const rows = text.match(/^a\d+ .*$/gm)!;
  t.is(rows.length, 20);
  t.true(rows.every((row) => row.includes('no-reply')));
  t.regex(text, /\.\.\. and 9,980 more \(--format json lists them\)/);
  t.regex(prose(tenThousand()), /1,000 of 10,000 connections failed/);
});

test('slow connections are counted, stand before the others that were made, and say how late', (t) => {
  const text = plain(slow());
  t.regex(text, /established {2}of which slow\n.*\n192\.168\.1\.100 .* 2 +1\n/);
  t.deepEqual(
    text.match(/^a\d .*/gm)!.map((line) => line.replace(/\s+/g, ' ').split(' ')[4]),
    ['1.0', '1'],
  );
  t.regex(verdictOf(slow()), /were established\. 1 of them only after lost packets\./);
  t.regex(verdictOf(slow()), /1 of 2 connections was slow: late, not lost\.$/);
  const [one] = slow().findings;
  const both = { ...slow(), findings: [{ ...one!, attempts: ['a1', 'a2'] }] };
  t.regex(verdictOf(both), /2 of 2 connections affected: 1 failed, 1 slow\.$/);
  // What was lost is the first SYN: the path ends where that was seen last.
  t.regex(prose(slow()), /Last seen SYN \(try 1\) on node1\/pod1 eth0/);
  t.notRegex(plain(rpFilter()), /slow|late/);
});

test('connections that a fault stops after the handshake are counted as stuck, and stand before those that were made', (t) => {
  const given = healthy();
  const ids = given.attempts.map(({ id }) => id);
  const stuck: Analysis = {
    ...given,
    totals: given.totals.map((total) => ({ ...total, stuck: 1 })),
    findings: [finding({ attempts: [ids.at(-1)!] })],
  };
  const text = plain(stuck);
  t.regex(text, /established {2}of which stuck\n/);
  t.deepEqual(
    text.match(/^a\d+ .*/gm)!.map((line) => line.split(' ', 1)[0]),
    [ids.at(-1), ...ids.slice(0, -1)],
  );
  t.is(text.match(/established,/g)?.length, 1);
  t.notRegex(plain(given), /stuck/);
});

test('addresses are called what Kubernetes calls them: in the verdict, and where the path first has them', (t) => {
  t.regex(
    verdictOf(kubernetes()),
    /drops requests for 192\.168\.1\.100 \(Service default\/web\) on flannel\.1/,
  );
  const path = plain(kubernetes(), 120).match(/^Path of[\s\S]*?^ {2}X/m)![0];
  t.is(path.match(/to Service default\/web$/gm)!.length, 1);
  t.is(path.match(/to pod default\/web-7c9f8d6b5-fghij on node2$/gm)!.length, 1);
  t.notRegex(plain(rpFilter()), /Service|pod default/);
});

test('Services that share an address are told apart by the port', (t) => {
  const [web] = kubernetes().services!;
  const other = { ...web!, name: 'other', ports: [{ protocol: 'tcp', port: 443, name: null }] };
  const text = prose({ ...kubernetes(), services: [web!, other] });
  t.regex(text, /requests for 192\.168\.1\.100 \(Services default\/web and default\/other\)/);
  t.regex(text, /> 192\.168\.1\.100:80 to Service default\/web /);
});

test('the Services: backends by node, who announces and did, and what the policy makes of it', (t) => {
  const text = prose(kubernetes());
  t.regex(text, /kube-proxy runs in ipvs mode; strictARP is off\./);
  t.regex(
    text,
    /announcer node1 eth0, now; 7 announcements, 01-31 22:59:58 to 01-31 23:58:58 announcer node2, no more/,
  );
  t.regex(text, /hand-overs 01-31 22:59:58 from node2 to node1 \(UTC\)/);
  t.regex(text, /! node1 announces it and has no ready backend/);
  t.is(text.match(/has no ready backend/g)!.length, 1);
  t.regex(text, /on node1 3 ready; on node2 2 ready, 1 not; on node3 3 ready/);
  // One that no finding and no VIP of the analysis is about is counted alone.
  t.regex(text, /\.\.\. and 1 Service more/);
  t.notRegex(text, /unasked/);
  t.notRegex(plain(rpFilter()), /^Services$/m);
});

test('one that is established stands in the table after those that are not', (t) => {
  t.deepEqual(plain(refused()).match(/^a\d/gm), ['a2', 'a1']);
});

test('a finding whose attempts are not listed still counts them', (t) => {
  const given = { ...rpFilter(), attempts: [] };
  t.regex(prose(given), /node2 drops packets for 192\.168\.1\.100 .* 4 of 4 connections failed/);
  t.notRegex(plain(given), /^Path of|^Last seen/m);
});

test('proof names file, line and packet; kinds with much of it are cut', (t) => {
  t.regex(prose(rpFilter()), /martian source .* \[node2\.tar\.gz:kernel\.log line 118\]/);
  t.regex(prose(rpFilter()), /SYN seen coming in .* \[node2\.tar\.gz:any\.pcap packet 15\]/);
  const [one] = rpFilter().findings;
  const evidence = Array.from({ length: 50 }, (_, i) => ({ ...one!.evidence[0]!, line: i + 1 }));
  t.regex(
    prose({ ...rpFilter(), findings: [{ ...one!, evidence }] }),
    /lines 1, 2, 3, 4, 5, 6 and 44 more\]/,
  );
});

test('commands are grouped by node and by whether they last, in their order', (t) => {
  const fix = plain(rpFilter()).match(/# on node2, lasts[\s\S]*?90-returnpath\.conf/)![0];
  t.deepEqual(
    fix.split('\n').map((line) => line.trim().split(' ')[0]),
    ['#', 'sysctl', 'sysctl', '', '#', 'printf'],
  );
  t.regex(plain(rpFilter()), /\n\n {4}# to take it back on node2:\n {4}rm \S+\n {4}sysctl /);
});

test('a manifest is a command that can be copied as it is', (t) => {
  const [manifest] = longNames().findings[0]!.fix!.manifests;
  t.true(
    plain(longNames()).includes(
      `\nkubectl apply --server-side --force-conflicts -f - <<'EOF'\n${manifest}EOF\n`,
    ),
  );
});

test('why there is no fix is told', (t) => {
  const fixOf = (given: Partial<Finding>) =>
    prose(analysis({ findings: [finding({ fix: null, ...given })] }));
  t.regex(fixOf({ cause: 'rp-filter', noFix: 'it has been tried' }), /Fix no command: it has been tried\. /);
  t.regex(
    fixOf({ cause: 'untranslated-reply', noFix: 'it has been tried' }),
    /None could be worked out: it has/,
  );
  const known = { cause: 'backend-silent', known: 'it asks for its gateway in vain' } as const;
  t.regex(
    fixOf({ ...known, noFix: 'that gateway has to answer' }),
    /Fix no command: that gateway has to answer\. /,
  );
  for (const cause of CAUSES) t.notRegex(fixOf({ cause }), /Fix none was found that/, cause);
});

test('the verdict says at once what helps where no fix is proposed, as every form does', (t) => {
  const given = analysis({ findings: [finding({ cause: 'refused', severity: 'fault', fix: null })] });
  const first = /Fix: none in the network: have the backend listen there/;
  t.regex(prose(given).slice(0, 400), first);
  t.regex(renderMarkdown(given).slice(0, 400).replaceAll('*', ''), first);
  const risk = analysis({ findings: [finding({ cause: 'refused', severity: 'risk', fix: null })] });
  t.notRegex(prose(risk), /Fix: /);
});

test('what is confirmed is said to be so by the record that fits, or by the packets', (t) => {
  const certainty = (...kinds: EvidenceKind[]) =>
    prose(
      analysis({
        findings: [
          finding({ confidence: 'confirmed', evidence: kinds.map((kind) => evidence(kind, null, 'x')) }),
        ],
      }),
    );
  t.regex(certainty('packet'), /Certainty confirmed: the packets alone prove it /);
  t.regex(certainty('packet', 'martian'), /: the kernel's own record of the drop \(martian lines\) fits/);
  t.regex(certainty('drop-reason', 'martian'), /of the drop \(martian lines, drop reasons\) fits/);
  t.notRegex(certainty('packet', 'martian'), /alone/);
});

test('a fault without a fix says so, and what is undetermined asks for captures', (t) => {
  t.regex(prose(refused()), /Fix none in the network/);
  t.regex(prose(undetermined()), /Fix none yet: record first what "Capture next" asks for/);
  t.regex(plain(undetermined()), /^Capture next$/m);
});
