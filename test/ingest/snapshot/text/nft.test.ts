import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { readNft } from '../../../../src/ingest/snapshot/nft.js';
import { readNftText } from '../../../../src/ingest/snapshot/text/nft/nft.js';
import { compileNft } from '../../../../src/kernel/netfilter/nft/nft.js';
import { testInNamespaces } from '../../../gates.js';
import { ruleSet } from '../../../kernel/netfilter/nft-arbitrary.js';
import {
  listingOf,
  loadTaken,
  packet,
  recordedListing,
  ruleText,
  runRule,
} from '../../../kernel/netfilter/nft-listing.js';
import { Ground } from '../../../lab/ground.js';
import { fixture } from '../../../support.js';
import { GRAMMAR } from './nft-grammar.js';

/** Rule sets in the running kernel; `RETURNPATH_NFT_TEXTS=500` for a long run. */
const RULE_SETS = Number(process.env.RETURNPATH_NFT_TEXTS ?? 20);

type Fields = Record<string, unknown>;
interface Listing {
  nftables: Record<string, Fields>[];
}

/**
 * What is compared. JSON of this version leaves the flag `dynamic` out; objects without a say have their name here
 * alone.
 */
function decisive(listing: unknown): unknown[] {
  const { nftables } = listing as Listing;
  return nftables
    .filter((object) => !('metainfo' in object))
    .map((object) => {
      const [kind, fields] = Object.entries(object)[0]!;
      const { handle, ...rest } = fields;
      if (kind === 'rule') return { [kind]: inOrder(fields) };
      if (kind === 'chain' || kind === 'table' || kind === 'unread') return { [kind]: rest };
      const { family, table, name, elem } = rest;
      const elements = Array.isArray(elem) ? elem.map((e) => JSON.stringify(e)).sort() : null;
      return { [kind]: { family, table, name, elements } };
    })
    .sort((a, b) => placeOf(a).localeCompare(placeOf(b)));
}

/** Sets have no order; an interface's index that is none is text in JSON. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const ordered = inOrder(inner);
      if (key === 'right' && ordered === '0') return [key, 0];
      const isSet = key === 'set' && Array.isArray(ordered);
      return [key, isSet ? ordered.map((e) => JSON.stringify(e)).sort() : ordered];
    }),
  );
}

/** Rules stay in their order. */
function placeOf(object: object): string {
  const [kind, fields] = Object.entries(object)[0]! as [string, Fields];
  const { family, table, chain, name } = fields;
  return [kind, family, table, chain, kind === 'rule' ? '' : name].join(' ');
}

function readQuietly(text: string): { listing: Listing; warnings: string[] } {
  const warnings: string[] = [];
  const listing = readNftText(text, 'nft.txt', (warning) => warnings.push(warning)) as Listing;
  return { listing, warnings };
}

/** What the text tells of a chain's one rule. */
function expressionsOf(rule: string, family = 'inet'): unknown {
  const { listing } = readQuietly(`table ${family} t {\n\tchain c {\n\t\t${rule}\n\t}\n}\n`);
  return listing.nftables.find((object) => 'rule' in object)!.rule!.expr;
}

testInNamespaces('nft')('text and JSON of the same rules are the same', async (t) => {
  t.timeout(600_000);
  const ground = new Ground();
  try {
    await ground.add('r');
    const sets = fc.sample(ruleSet, { seed: 7, numRuns: RULE_SETS });
    for (const rules of [GRAMMAR, ruleText('statements'), ruleText('kube-proxy'), ...sets]) {
      await loadTaken(ground, 'r', rules);
      const json = JSON.parse(await ground.run('r', ['nft', '-j', 'list', 'ruleset']));
      const { listing, warnings } = readQuietly(await ground.run('r', ['nft', '-a', 'list', 'ruleset']));
      t.deepEqual(decisive(listing), decisive(json));
      t.deepEqual(warnings, []);
    }
  } finally {
    await ground.teardown();
  }
});

for (const name of ['statements', 'kube-proxy']) {
  test(`the recorded listing says in text what it says in JSON: ${name}`, (t) => {
    const text = readFileSync(fixture('netfilter', `${name}.txt`), 'utf8');
    const { listing, warnings } = readQuietly(text);
    t.deepEqual(warnings, []);
    t.deepEqual(decisive(listing), decisive(recordedListing(name)));
  });
}

test('wherever a listing is cut, what stands is read and the cut is told', (t) => {
  const text = ruleText('kube-proxy');
  const whole = new Set(readQuietly(text).listing.nftables.map((object) => JSON.stringify(object)));
  for (let at = 0; at <= text.trimEnd().length - 2; at++) {
    const { listing, warnings } = readQuietly(text.slice(0, at));
    if (at >= 'table ip kube-proxy {'.length && warnings.length !== 1) t.is(warnings.length, 1, `${at}`);
    // The last rule, and its chain or set, may be half there.
    const odd = listing.nftables.filter(
      (object) => !whole.has(JSON.stringify(object)) && !('unread' in object),
    );
    if (odd.length > 2) t.true(odd.length <= 2, `${at}`);
  }
  t.pass();
});

test('any text at all is read without an error', (t) => {
  const word = fc.oneof(
    fc.constantFrom(...GRAMMAR.split(/\s+/)),
    fc.constantFrom('{', '}', '\n', ';', '"', '#', '# handle 4', 'table ip t {', 'chain c {', '# xt_tcp'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(word), (words) => {
      const { listing } = readQuietly(words.join(' '));
      const [base] = compileNft(listing).baseChains;
      t.notThrows(() => base?.chain.rules);
    }),
  );
});

test('a rule that is not understood in part is no match, and says so', (t) => {
  const expr = expressionsOf('ip saddr 10.0.0.5 tcp frobnicate 5 drop # handle 4');
  const read = { payload: { protocol: 'ip', field: 'saddr' } };
  const words = 'tcp frobnicate 5 drop';
  t.deepEqual(expr, [{ match: { op: '==', left: read, right: '10.0.0.5' } }, { unread: words }]);
  const { result, doubts } = runRule(listingOf(expr), packet());
  t.is(result, false);
  t.deepEqual(doubts, [`nft.json ip t c handle 12: "${words}" cannot be read: taken as no match`]);
  const { result: other, doubts: none } = runRule(listingOf(expr), packet({ source: packet().destination }));
  t.is(other, false);
  t.deepEqual(none, []);
});

test('what stands in a table and is not known is told', (t) => {
  const { listing, warnings } = readQuietly('table inet t {\n\tgizmo g {\n\t\tx 5\n\t}\n}\n');
  t.deepEqual(compileNft(listing).unknown, ['nft.json: "gizmo g { x 5" cannot be read: taken as not there']);
  t.regex(warnings.join(), /^nft.txt: 1 parts are not as .*: gizmo g/);
});

test("what iptables-nft wrote is opaque but for its name, in each version's words", (t) => {
  const counter = { counter: { packets: 5, bytes: 60 } };
  const jump = { jump: { target: 'DOCKER' } };
  const addrtype = { xt: { type: 'match', name: 'addrtype' } };
  for (const said of ['# xt_addrtype', 'xt match "addrtype"', '# match addrtype']) {
    t.deepEqual(expressionsOf(`${said} counter packets 5 bytes 60 jump DOCKER`, 'ip'), [
      addrtype,
      counter,
      jump,
    ]);
  }
  t.deepEqual(expressionsOf('counter packets 5 bytes 60 # xt_MASQUERADE', 'ip'), [
    counter,
    { xt: { type: 'target', name: 'MASQUERADE' } },
  ]);
});

test('statements that this kernel may refuse, and spellings of other versions', (t) => {
  const payload = (protocol: string, field: string) => ({ payload: { protocol, field } });
  const cases: [rule: string, expr: unknown[]][] = [
    ['flow add @f', [{ flow: { op: 'add', flowtable: '@f' } }]],
    ['queue flags bypass to 0-3', [{ queue: { num: { range: [0, 3] }, flags: 'bypass' } }]],
    ['queue num 1 bypass,fanout', [{ queue: { num: 1, flags: ['bypass', 'fanout'] } }]],
    [
      'meta mark and 0x4000 == 0',
      [{ match: { op: '==', left: { '&': [{ meta: { key: 'mark' } }, 0x4000] }, right: 0 } }],
    ],
    [
      'tcp flags & (fin | syn) == syn',
      [
        {
          match: {
            op: '==',
            left: { '&': [payload('tcp', 'flags'), { '|': ['fin', 'syn'] }] },
            right: 'syn',
          },
        },
      ],
    ],
    [
      'dnat ip addr . port to ip daddr . tcp dport map @m',
      [
        {
          dnat: {
            family: 'ip',
            addr: { map: { key: { concat: [payload('ip', 'daddr'), payload('tcp', 'dport')] }, data: '@m' } },
          },
        },
      ],
    ],
    ['reject with icmp type host-unreachable', [{ reject: { type: 'icmp', expr: 'host-unreachable' } }]],
    ['dnat to [fd00::1-fd00::5]:80', [{ dnat: { addr: { range: ['fd00::1', 'fd00::5'] }, port: 80 } }]],
    [
      'add @s { ip saddr limit rate over 5/minute burst 5 packets } drop',
      [
        {
          set: {
            op: 'add',
            elem: payload('ip', 'saddr'),
            set: '@s',
            stmt: [{ limit: { rate: 5, burst: 5, per: 'minute', inv: true } }],
          },
        },
        { drop: null },
      ],
    ],
    [
      'ip dscp cs1-cs7',
      [{ match: { op: '==', left: payload('ip', 'dscp'), right: { range: ['cs1', 'cs7'] } } }],
    ],
    [
      'vxlan ip saddr 10.0.0.1',
      [
        {
          match: {
            op: '==',
            left: { payload: { tunnel: 'vxlan', protocol: 'ip', field: 'saddr' } },
            right: '10.0.0.1',
          },
        },
      ],
    ],
    [
      'socket transparent 1 meta mark set 0x1',
      [
        { match: { op: '==', left: { socket: { key: 'transparent' } }, right: 1 } },
        { mangle: { key: { meta: { key: 'mark' } }, value: 1 } },
      ],
    ],
  ];
  for (const [rule, expected] of cases) t.deepEqual(expressionsOf(rule), expected, rule);
});

test('JSON and text are told apart by what they hold', (t) => {
  const json = { nftables: [{ table: { family: 'ip', name: 't' } }] };
  const fail = (warning: string) => t.fail(warning);
  t.deepEqual(readNft(JSON.stringify(json), 'nft.json', fail), json);
  t.deepEqual(readNft('table ip t {\n}\n', 'nft.json', fail), json);
  t.deepEqual(readNft('', 'nft.txt', fail), { nftables: [] });
});

test('a dormant table and one of a bridge', (t) => {
  const text = `table ip t {
	flags dormant
	chain c {
		type filter hook input priority filter; policy drop;
	}
}
table bridge b {
	chain c {
		type filter hook forward priority filter - 5; policy accept;
		frobnicate drop
	}
}
`;
  const { listing } = readQuietly(text);
  const { baseChains, unknown } = compileNft(listing);
  t.deepEqual(baseChains, []);
  t.deepEqual(unknown, [
    'nft.json bridge b c: rules of the bridge forward hook are not modelled: taken as accepting',
  ]);
  t.is(listing.nftables.findLast((object) => 'chain' in object)!.chain!.prio, -205);
});
