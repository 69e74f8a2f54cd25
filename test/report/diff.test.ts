import { Ajv2020 } from 'ajv/dist/2020.js';
import test from 'ava';
import fc from 'fast-check';
import { analyze } from '../../src/analyze.js';
import { applyChanges } from '../../src/kernel/what-if/apply.js';
import { parseChange } from '../../src/kernel/what-if/parse-change.js';
import type { Analysis, AnalysisAttempt, Finding } from '../../src/model/analysis.js';
import type { Comparison, ComparisonVerdict, FindingChange } from '../../src/model/comparison.js';
import { predict } from '../../src/predict.js';
import { compare } from '../../src/report/diff/compare.js';
import { renderComparisonMarkdown } from '../../src/report/diff/markdown.js';
import schema from '../../src/report/diff/schema.json' with { type: 'json' };
import { renderComparison } from '../../src/report/diff/terminal.js';
import { renderValue } from '../../src/report/json.js';
import { bundlesIn, readTruth } from '../scenarios/truth.js';
import { fixture } from '../support.js';
import { anyAnalysis } from './arbitrary.js';
import { hostile } from './hostile.js';
import { at, finding, healthy, input, outcomes, rpFilter, VIP } from './sample.js';

const known = new Map<string, Promise<Analysis>>();

function recorded(name: string): Promise<Analysis> {
  const directory = fixture(name);
  const vips = [readTruth(directory).vip];
  const made =
    known.get(name) ??
    analyze(bundlesIn(directory), { vips, keepGoing: false, attempts: 'default', warn: () => {} });
  known.set(name, made);
  return made;
}

const validate = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(schema);

const changes = ({ findings }: Comparison) =>
  findings
    .filter(({ before, after }) => before?.severity === 'fault' || after?.severity === 'fault')
    .map(({ change, cause }) => `${change} ${cause}`);

/** Faulty recordings, and what was recorded of the same ground with the fault mended. */
const TWINS: [faulty: string, healthy: string][] = [
  ['rp-filter-strict', 'healthy-masquerade'],
  ['rp-filter-interface-only', 'rp-filter-loose-effective'],
  ['rp-filter-reply-at-announcer', 'rp-filter-reply-at-announcer-loose'],
  ['rp-filter-reply-at-gateway', 'rp-filter-reply-at-gateway-loose'],
  ['rp-filter-bare-interface', 'rp-filter-bare-interface-addressed'],
  ['netfilter-rpfilter', 'netfilter-rpfilter-loose'],
  ['wrong-gateway', 'wrong-gateway-source-routed'],
  ['wrong-gateway-pod', 'wrong-gateway-pod-source-routed'],
  ['wrong-gateway-ipv6', 'wrong-gateway-ipv6-passes'],
  ['stateful-gateway', 'stateful-gateway-source-routed'],
  ['filtered-vxlan-port', 'filtered-vxlan-port-open'],
  ['filtered-network-policy', 'filtered-network-policy-allows'],
  ['filtered-in-pod', 'filtered-in-pod-other-port'],
  ['no-route-blackhole', 'no-route-blackhole-own-block'],
  ['arp-conflict-kernel', 'arp-conflict-strict-arp'],
  ['arp-conflict-two-speakers', 'arp-conflict-both-serve'],
  ['not-delivered-stale-entry-ipv6', 'ndp-fail-over'],
  ['refused-udp', 'healthy-udp'],
  ['refused-ipv6', 'healthy-ipv6'],
  ['backend-silent', 'backend-answers'],
  ['two-faults-nodes', 'two-backends-healthy'],
];

for (const [faulty, mended] of TWINS) {
  test.serial(`${faulty}, then ${mended}: fixed; the other way round: worse; twice: not fixed`, async (t) => {
    const [before, after] = [await recorded(faulty), await recorded(mended)];
    const fixed = compare(before, after);
    t.is(fixed.verdict, 'fixed', fixed.summary);
    for (const change of changes(fixed)) t.regex(change, /^(gone|changed) /);
    t.true(changes(fixed).length > 0);
    t.is(compare(after, before).verdict, 'worse');
    const twice = compare(before, before);
    t.is(twice.verdict, 'not-fixed', twice.summary);
    for (const change of changes(twice)) t.regex(change, /^still-there /);
    t.is(compare(after, after).verdict, 'no-fault');
    for (const found of [fixed, twice]) t.true(validate(found), JSON.stringify(validate.errors));
  });
}

test.serial('connections that get no further than the handshake do not succeed', async (t) => {
  const [before, after] = [
    await recorded('stateful-gateway-recorded'),
    await recorded('stateful-gateway-recorded-source-routed'),
  ];
  t.deepEqual(
    compare(before, after).services.map((one) => [one.before.made, one.after.made]),
    [[0, 3]],
  );
  // That they were made does not tell that what they met before is gone.
  const other = {
    ...before,
    findings: before.findings.map((one) => ({ ...one, cause: 'filtered' as const, node: 'gw2' })),
  };
  t.deepEqual(changes(compare(before, other)), ['new filtered', 'not-seen stateful-gateway']);
});

test.serial('another fault in its place: not fixed', async (t) => {
  const found = compare(await recorded('rp-filter-no-return'), await recorded('untranslated-loose'));
  t.is(found.verdict, 'not-fixed', found.summary);
  t.deepEqual(changes(found), ['new untranslated-reply', 'not-seen rp-filter']);
});

for (const [faulty, mended, was, is] of [
  ['filtered-udp', 'filtered-udp-other-port', 0, 3],
  ['wrong-gateway-udp', 'wrong-gateway-udp-passes', 0, 3],
  ['wrong-gateway-echo', 'healthy-echo', 1, 3],
] as const) {
  test.serial(
    `${mended}: answers of which none is seen to arrive count as such, and it cannot be told that all is well`,
    async (t) => {
      const found = compare(await recorded(faulty), await recorded(mended));
      t.is(found.verdict, 'cannot-tell', found.summary);
      t.regex(found.summary, /whether the replies of 172\.31\.255\.80 got back was not captured/);
      t.regex(changes(found)[0]!, /^gone /);
      t.regex(found.findings.find(({ change }) => change === 'gone')!.why, /were answered$/);
      t.deepEqual(
        found.services.map(({ before, after }) => [before, after]),
        [
          [
            { made: was, all: 3 },
            { made: is, all: 3 },
          ],
        ],
      );
      t.is(compare(await recorded(mended), await recorded(faulty)).verdict, 'worse');
    },
  );
}

test.serial(
  'where one of the replies is seen to arrive, the others are taken to arrive as well',
  async (t) => {
    const [before, after] = [await recorded('filtered-udp'), await recorded('filtered-udp-other-port')];
    const [total] = after.totals;
    const arrived: Analysis = {
      ...after,
      totals: [
        {
          ...total!,
          outcomes: { ...total!.outcomes, unacknowledged: 2, established: 1 },
          answered: 2,
        },
      ],
      attempts: after.attempts.map((one, i) => (i === 0 ? { ...one, outcome: 'established' } : one)),
    };
    const found = compare(before, arrived);
    t.is(found.verdict, 'fixed', found.summary);
    t.deepEqual(found.services[0]!.after, { made: 3, all: 3 });
  },
);

test.serial('a node that is not captured afterwards: not seen, however well it goes', async (t) => {
  const found = compare(await recorded('rp-filter-strict'), await recorded('one-node-missing-healthy'));
  t.is(found.verdict, 'cannot-tell');
  t.deepEqual(changes(found), ['not-seen rp-filter']);
  t.is(found.findings[0]!.why, 'node2 was not captured afterwards');
});

test('what if: a capture stays what it was; a prediction is fixed', async (t) => {
  const bundles = bundlesIn(fixture('rp-filter-strict'));
  const change = (snapshots: Parameters<typeof applyChanges>[0]) =>
    applyChanges(snapshots, [parseChange('node2:net.ipv4.conf.flannel/1.rp_filter=2', 'set')]);
  const options = { vips: [VIP], keepGoing: false, warn: () => {} };
  const asked = await analyze(bundles, { ...options, attempts: 'default', change });
  const seen = compare(await recorded('rp-filter-strict'), asked);
  t.is(seen.verdict, 'not-fixed');
  t.regex(seen.cautions.join(), /of the same captures/);
  const settings = { ...options, port: 80, protocol: 'tcp', clients: [] };
  const [before, after] = [await predict(bundles, settings), await predict(bundles, { ...settings, change })];
  t.like(compare(before, after), { verdict: 'fixed' });
  t.like(compare(before, before), { verdict: 'not-fixed' });
  t.like(compare(after, before), { verdict: 'worse' });
  const [ways] = compare(before, after).services;
  t.true(ways!.before.made < ways!.before.all);
  t.is(ways!.after.made, ways!.after.all);
});

const later = (node: string) => input(node, { firstTime: at(60e6), lastTime: at(70e6) });

const mended = (count: number, more: Partial<Analysis> = {}): Analysis => {
  const [model] = healthy().attempts;
  const attempts = Array.from({ length: count }, (_, i): AnalysisAttempt => ({ ...model!, id: `b${i}` }));
  const totals = [{ vip: VIP, protocol: 'tcp', outcomes: outcomes({ established: count }) }];
  return { ...healthy(), inputs: [later('node1'), later('node2')], attempts, totals, ...more };
};

/** Some of the connections failed, and others were made on the same way. */
function sometimes(failed: number, made: number): Analysis {
  const base = rpFilter();
  const attempts = Array.from({ length: failed }, (_, i) => ({ ...base.attempts[0]!, id: `a${i}` }));
  const others = mended(made);
  return {
    ...base,
    attempts: [...attempts, ...others.attempts],
    totals: [{ vip: VIP, protocol: 'tcp', outcomes: outcomes({ 'no-reply': failed, established: made }) }],
    findings: [{ ...base.findings[0]!, attempts: attempts.map(({ id }) => id) }],
  };
}

const CASES: [
  title: string,
  before: Analysis,
  after: Analysis,
  ComparisonVerdict,
  FindingChange,
  why: RegExp,
][] = [
  [
    'all failed, one is made',
    rpFilter(),
    mended(1),
    'fixed',
    'gone',
    /1 connection to 192\.168\.1\.100 was made/,
  ],
  [
    'no traffic',
    rpFilter(),
    mended(0),
    'cannot-tell',
    'not-seen',
    /nothing of 192\.168\.1\.100 was captured/,
  ],
  [
    'only what began before',
    rpFilter(),
    mended(0, { totals: [{ vip: VIP, protocol: 'tcp', outcomes: outcomes({ midstream: 9 }) }] }),
    ...(['cannot-tell', 'not-seen', /nothing of 192\.168\.1\.100 was captured/] as const),
  ],
  [
    'traffic to another VIP alone',
    rpFilter(),
    mended(0, {
      totals: [{ vip: '192.168.1.101', protocol: 'tcp', outcomes: outcomes({ established: 9 }) }],
    }),
    ...(['cannot-tell', 'not-seen', /nothing of 192\.168\.1\.100 was captured/] as const),
  ],
  [
    'half failed, three are made',
    sometimes(4, 4),
    mended(3),
    'cannot-tell',
    'not-seen',
    /may be chance: before, 4 of 8/,
  ],
  ['half failed, five are made', sometimes(4, 4), mended(5), 'fixed', 'gone', /5 connections/],
  ['one in a hundred failed, 50 are made', sometimes(1, 99), mended(50), 'cannot-tell', 'not-seen', /chance/],
  [
    'without the node',
    rpFilter(),
    mended(9, { inputs: [input('node1')] }),
    ...(['cannot-tell', 'not-seen', /node2 was not captured/] as const),
  ],
  [
    'with an empty capture of the node',
    rpFilter(),
    mended(9, { inputs: [input('node1'), input('node2', { packets: 0 })] }),
    ...(['cannot-tell', 'not-seen', /node2 was not captured/] as const),
  ],
  [
    'to another port alone',
    rpFilter(),
    mended(9, {
      attempts: mended(9).attempts.map((one) => ({ ...one, server: { ...one.server, port: 443 } })),
    }),
    ...(['cannot-tell', 'not-seen', /no connection to port 80 was made/] as const),
  ],
  [
    'a risk is left',
    rpFilter(),
    mended(9, { findings: [finding({ severity: 'risk', node: 'node2', interface: 'flannel.1' })] }),
    ...(['fixed', 'changed', /of the severity fault, and is of risk/] as const),
  ],
  [
    'a risk is left, and nobody met it',
    rpFilter(),
    mended(0, { findings: [finding({ severity: 'risk', node: 'node2', interface: 'flannel.1' })] }),
    ...(['cannot-tell', 'not-seen', /nothing of .* was captured afterwards/] as const),
  ],
  [
    'moved to another interface',
    rpFilter(),
    { ...rpFilter(), findings: [{ ...rpFilter().findings[0]!, id: 'f7', interface: 'eth1' }] },
    ...(['not-fixed', 'changed', /it was on node2 flannel\.1, and is on node2 eth1/] as const),
  ],
  [
    'the rest still fails, for no cause that is known',
    rpFilter(),
    mended(5, {
      totals: [{ vip: VIP, protocol: 'tcp', outcomes: outcomes({ established: 5, unacknowledged: 5 }) }],
    }),
    ...(['cannot-tell', 'gone', /./] as const),
  ],
  [
    'not all were followed',
    rpFilter(),
    mended(5, { inputs: [input('node1'), input('node2', { unfollowedSince: 9 })] }),
    ...(['cannot-tell', 'gone', /./] as const),
  ],
];

for (const [title, before, after, verdict, change, why] of CASES) {
  test(`${title}: ${verdict}, ${change}`, (t) => {
    const found = compare(before, after);
    t.is(found.verdict, verdict, found.summary);
    t.is(found.findings[0]!.change, change, found.findings[0]!.why);
    t.regex(found.findings[0]!.why, why);
  });
}

test('an address that one of the two does not know as a VIP is the same address', (t) => {
  const unnamed = (given: Analysis): Analysis => ({
    ...given,
    vips: [],
    totals: given.totals.map((total) => ({ ...total, vip: null })),
    attempts: given.attempts.map((attempt) => ({ ...attempt, vip: null })),
    findings: given.findings.map((one) => ({ ...one, vip: null })),
  });
  const expected = compare(rpFilter(), mended(4)).services;
  for (const [before, after] of [
    [unnamed(rpFilter()), mended(4)],
    [rpFilter(), unnamed(mended(4))],
    [unnamed(rpFilter()), unnamed(mended(4))],
  ]) {
    const found = compare(before!, after!);
    t.is(found.verdict, 'fixed');
    t.deepEqual(found.services, expected);
  }
});

test('a finding that hangs on the client is not gone before such a client was seen', (t) => {
  const pattern = { by: 'client', rows: [], summary: '' };
  const before = { ...rpFilter(), findings: [{ ...rpFilter().findings[0]!, patterns: [pattern] }] };
  t.regex(compare(before, mended(9)).findings[0]!.why, /none of the clients that failed before/);
  const attempts = mended(9).attempts.map((one) => ({ ...one, client: rpFilter().attempts[0]!.client }));
  t.is(compare(before, mended(9, { attempts })).verdict, 'fixed');
});

test('an archive that is cut off is said, of either', (t) => {
  const cut = { node: 'node2', interface: null, why: 'node2.tar.gz ends early', capture: null, cutOff: true };
  const twice = compare(
    { ...rpFilter(), gaps: [cut] },
    mended(4, {
      gaps: [
        { ...cut, node: null },
        { ...cut, cutOff: false },
      ],
    }),
  );
  t.deepEqual(
    twice.cautions.filter((text) => text.includes('cut off')),
    [
      'The archive of node2 from before is cut off: what came after that might tell otherwise.',
      'An archive from after is cut off: what came after that might tell otherwise.',
    ],
  );
  t.notRegex(compare(rpFilter(), mended(4)).cautions.join(), /cut off/);
});

test('the wrong way round is said', (t) => {
  const swapped = mended(4, {
    inputs: [
      input('node1', { firstTime: at(-9e6), lastTime: at(-8e6) }),
      input('node2', { firstTime: at(-9e6), lastTime: at(-8e6) }),
    ],
  });
  t.regex(compare(rpFilter(), swapped).cautions.join(), /wrong way round/);
  t.notRegex(compare(rpFilter(), mended(4)).cautions.join(), /wrong way round/);
});

test('any two analyses: every finding is told of once, and fixed only where nothing is left', (t) => {
  fc.assert(
    fc.property(anyAnalysis, anyAnalysis, (before, after) => {
      const found = compare(before, after);
      const ids = (all: readonly Finding[]) => all.map(({ id }) => id).sort();
      const told = (which: 'before' | 'after') =>
        found.findings.flatMap((one) => one[which]?.id ?? []).sort();
      t.deepEqual(told('before'), ids(before.findings));
      t.deepEqual(told('after'), ids(after.findings));
      const captured = new Set(after.inputs.filter((i) => i.packets > 0).map((i) => i.node));
      const seen = new Set(before.inputs.filter((i) => i.packets > 0).map((i) => i.node));
      for (const { change, before: was } of found.findings) {
        if (change === 'gone' && was?.node != null) t.true(captured.has(was.node) || !seen.has(was.node));
      }
      if (found.verdict === 'fixed') {
        t.false(after.findings.some(({ severity }) => severity === 'fault'));
        t.true(found.services.some((service) => service.after.made > 0));
      }
      t.true(found.summary.startsWith(`${found.verdict.replace('-', ' ')}`));
    }),
    { numRuns: 300 },
  );
});

test('any analysis against itself: nothing is new, gone or changed', (t) => {
  fc.assert(
    fc.property(anyAnalysis, (given) => {
      const found = compare(given, structuredClone(given));
      for (const { change } of found.findings) t.is(change, 'still-there');
      for (const { before, after } of found.services) t.deepEqual(before, after);
      t.not(found.verdict, 'fixed');
      t.not(found.verdict, 'worse');
    }),
    { numRuns: 200 },
  );
});

test('printed: within the width, no controls, ASCII where asked for, JSON that parses back', (t) => {
  fc.assert(
    fc.property(anyAnalysis, anyAnalysis, (before, after) => {
      const found = compare(before, after);
      const text = renderComparison(found, { columns: 80, color: false, ascii: true });
      t.regex(text, /^[\n -~]+$/);
      for (const line of text.split('\n')) t.true(line.length <= 80, line);
      const free = renderComparison(found, { columns: 120, color: false }) + renderComparisonMarkdown(found);
      t.notRegex(free, /[^\P{C}\n]|[\p{Zl}\p{Zp}\p{M}]/u);
      t.deepEqual(JSON.parse(renderValue(found)), JSON.parse(JSON.stringify(found)));
      t.notRegex(renderValue(found), /[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    }),
    { numRuns: 100 },
  );
});

test('as a person reads it', (t) => {
  t.is(
    renderComparison(compare(rpFilter(), mended(4)), { columns: 80, color: false }),
    `fixed:   rp-filter on node2 flannel.1 is gone; 4 of 4 connections to
         192.168.1.100 succeed (before: 0 of 4)
caution: 1 of 2 capture files from before is incomplete: what is not seen there
         may have been there.

Success
--------------------------------------------------------------------------------
VIP            protocol       before          after
-------------  --------  -----------  -------------
192.168.1.100  tcp       0 of 4 (0%)  4 of 4 (100%)

Findings
--------------------------------------------------------------------------------
change  finding                       before           after
------  ----------------------------  ---------------  -----
gone    rp-filter on node2 flannel.1  fault, met by 4  -
             4 connections to 192.168.1.100 were made
`,
  );
  const markdown = renderComparisonMarkdown(compare(rpFilter(), mended(4)));
  t.regex(markdown, /^\*\*fixed:\*\* rp-filter on `node2 flannel\.1` is gone; 4 of 4 connections to/);
  t.regex(
    markdown,
    /- \*\*gone:\*\* rp-filter on `node2 flannel\.1`: 4 connections to `192\.168\.1\.100` were made/,
  );
  t.notRegex(renderComparisonMarkdown(compare(hostile(), hostile())), /[\p{Cf}]/u);
});
