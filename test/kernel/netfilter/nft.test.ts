import test from 'ava';
import fc from 'fast-check';
import { compileNft } from '../../../src/kernel/netfilter/nft/nft.js';
import type { Branch } from '../../../src/kernel/netfilter/rule-set.js';
import { toAddress } from '../../../src/kernel/prefix.js';
import { chainNames, listingOf, packet, recordedListing, runRule, runSteps } from './nft-listing.js';

const payload = (protocol: string, field: string) => ({ payload: { protocol, field } });
const meta = (key: string) => ({ meta: { key } });
const match = (left: unknown, right: unknown, op = '==') => ({ match: { op, left, right } });
const drop = { drop: null };

test('tables, hooks, priorities and policies', (t) => {
  const chain = (family: string, table: string, name: string, more: object) => ({
    chain: { family, table, name, ...more },
  });
  const { baseChains, unknown } = compileNft({
    nftables: [
      { table: { family: 'ip', name: 'a' } },
      { table: { family: 'ip', name: 'sleeping', flags: ['dormant'] } },
      { table: { family: 'ip', name: 'sleeping-as-1.0.6-says', flags: 'd' } },
      chain('ip', 'a', 'one', { type: 'nat', hook: 'prerouting', prio: -100, policy: 'accept' }),
      chain('inet', 'b', 'two', { type: 'filter', hook: 'forward', prio: 'mangle -5', policy: 'drop' }),
      chain('ip6', 'c', 'three', { type: 'route', hook: 'output', prio: 'srcnat' }),
      chain('ip6', 'c', 'regular', {}),
      chain('ip', 'sleeping', 'c', { type: 'filter', hook: 'input', prio: 0, policy: 'drop' }),
      chain('ip', 'sleeping-as-1.0.6-says', 'c', { type: 'filter', hook: 'input', prio: 0, policy: 'drop' }),
      chain('arp', 'd', 'c', { type: 'filter', hook: 'input', prio: 0, policy: 'drop' }),
    ],
  });
  t.deepEqual(unknown, []);
  t.deepEqual(chainNames(baseChains), [
    'prerouting nat -100 accept nft ip a one',
    'forward filter -155 drop nft inet b two',
    'output route 100 accept nft ip6 c three',
  ]);
  t.deepEqual(
    baseChains.map(({ families }) => families),
    [[4], [4, 6], [6]],
  );
});

test('hooks of bridges are told of where their rules could decide', (t) => {
  const chain = (family: string, hook: string, policy: string) => ({
    chain: { family, table: 't', name: hook, type: 'filter', hook, prio: 0, policy },
  });
  const rule = (family: string, name: string, expr: unknown[]) => ({
    rule: { family, table: 't', chain: name, handle: 1, expr },
  });
  const { unknown } = compileNft({
    nftables: [
      chain('bridge', 'forward', 'accept'),
      rule('bridge', 'forward', [{ jump: { target: 'further' } }]),
      rule('bridge', 'further', [{ fwd: { dev: 'eth1' } }]),
      chain('bridge', 'input', 'accept'),
      rule('bridge', 'input', [{ counter: null }]),
      chain('bridge', 'prerouting', 'drop'),
    ],
  });
  t.deepEqual(unknown, [
    'nft.json bridge t forward: rules of the bridge forward hook are not modelled: taken as accepting',
    'nft.json bridge t prerouting: rules of the bridge prerouting hook are not modelled: taken as accepting',
  ]);
});

test('tables that another file tells of are left out', (t) => {
  const listing = listingOf([drop]);
  t.is(compileNft(listing).baseChains.length, 1);
  const skipTables = (family: string, table: string) => family === 'ip' && table === 't';
  t.is(compileNft(listing, { skipTables }).baseChains.length, 0);
});

test('a rule says itself as nft does, with its handle', (t) => {
  const expr = [match(payload('ip', 'daddr'), '10.0.0.1'), { dnat: { addr: '10.244.1.10', port: 8080 } }];
  const [rule] = compileNft(listingOf(expr)).baseChains[0]!.chain.rules;
  t.deepEqual(rule!.source, {
    file: 'nft.json',
    line: null,
    text: 'ip daddr 10.0.0.1 dnat to 10.244.1.10:8080 (handle 12)',
    packets: null,
  });
});

test('what is not known is told only where all else matches and something hangs on it', (t) => {
  const unknown = match({ socket: { key: 'transparent' } }, 1);
  const port = (number: number) => match(payload('tcp', 'dport'), number);
  const told = ['nft.json ip t c handle 12: "socket" is not modelled: taken as no match'];
  const doubts = (expr: unknown[]) => runRule(listingOf(expr), packet()).doubts;
  t.deepEqual(doubts([unknown, port(80), drop]), told);
  t.deepEqual(doubts([unknown, port(443), drop]), []);
  t.deepEqual(doubts([unknown, port(80), { counter: null }, { log: null }]), []);
  t.deepEqual(
    doubts([port(80), { counter: null }, unknown, { mangle: { key: meta('mark'), value: 5 } }]),
    told,
  );
  // Of another protocol than the packet's, the header is certain not to be there.
  t.deepEqual(doubts([match(payload('udp', 'length'), 5), drop]), []);
});

test('what is written before an unknown match is written', (t) => {
  const on = packet();
  const unknown = match({ rt: { key: 'classid' } }, 1);
  t.false(runRule(listingOf([{ mangle: { key: meta('mark'), value: 5 } }, unknown, drop]), on).result);
  t.is(on.mark, 5);
});

test('limits are taken as not reached, and that is told', (t) => {
  const run = (statement: unknown) => runRule(listingOf([statement, drop]), packet());
  t.deepEqual(run({ limit: { rate: 10, per: 'second' } }).result, { kind: 'drop' });
  t.false(run({ limit: { rate: 10, per: 'second', inv: true } }).result);
  t.false(run({ 'ct count': { val: 5, inv: true } }).result);
  t.deepEqual(run({ quota: { val: 5, val_unit: 'mbytes' } }).doubts, [
    'nft.json ip t c handle 12: the quota used is not known: taken as within the limit',
  ]);
  const named = [{ limit: { family: 'ip', table: 't', name: 'slow', rate: 1, per: 'day', inv: true } }];
  t.false(runRule(listingOf([{ limit: 'slow' }, drop], named), packet()).result);
});

test('rules of iptables-nft ask for iptables-save.txt', (t) => {
  const { result, doubts } = runRule(listingOf([{ xt: null }, drop]), packet());
  t.false(result);
  t.regex(doubts[0]!, /^nft.json ip t c handle 12: .*iptables-save.txt/);
  t.is(runRule(listingOf([{ xt: { type: 'target', name: 'MASQUERADE' } }]), packet()).doubts.length, 1);
  t.deepEqual(runRule(listingOf([{ xt: { type: 'match', name: 'comment' } }, drop]), packet()), {
    result: { kind: 'drop' },
    doubts: [],
  });
});

test('a drop of a rule that asks for the way back is a check', (t) => {
  const fib = (result: string, flags: string[]) => ({ fib: { result, flags } });
  const dropped = (expr: unknown[]) => runRule(listingOf(expr), packet()).result;
  const missing = match(fib('oif', ['saddr', 'iif']), false);
  t.deepEqual(dropped([missing, drop]), { kind: 'drop', check: true });
  t.deepEqual(dropped([match(fib('oif', ['saddr', 'mark', 'iif']), '0'), { log: null }, drop]), {
    kind: 'drop',
    check: true,
  });
  t.deepEqual(dropped([match(fib('check', ['saddr', 'iif']), false), drop]), { kind: 'drop', check: true });
  t.deepEqual(dropped([match(fib('oif', ['saddr']), meta('iif'), '!='), drop]), {
    kind: 'drop',
    check: true,
  });
  t.like(dropped([missing, { reject: null }]), { kind: 'reject', check: true });
  // Of the destination, or of its type, it is none.
  t.deepEqual(dropped([match(fib('oif', ['daddr']), false), drop]), { kind: 'drop' });
  t.deepEqual(dropped([match(fib('type', ['saddr']), 'unicast'), drop]), { kind: 'drop' });
  const jump = dropped([missing, { jump: { target: 'other' } }]);
  if (typeof jump === 'boolean' || !('kind' in jump) || jump.kind !== 'jump') return t.fail();
  t.deepEqual(runSteps(jump.chain.rules[0]!.steps, packet()).result, { kind: 'drop', check: true });
  return undefined;
});

test('a choice by chance parts the ways with equal shares', (t) => {
  const map = {
    map: {
      key: { numgen: { mode: 'random', mod: 3, offset: 0 } },
      data: { set: [0, 1, 2].map((i) => [i, { concat: [`10.0.0.${i + 1}`, 80 + i] }]) },
    },
  };
  const { result } = runRule(listingOf([{ dnat: { family: 'ip', addr: map } }]), packet());
  t.deepEqual(result as readonly Branch[], [
    { text: 'random 1 of 3', chance: 1 / 3, result: { kind: 'dnat', address: '10.0.0.1', port: 80 } },
    { text: 'random 1 of 3', chance: 1 / 3, result: { kind: 'dnat', address: '10.0.0.2', port: 81 } },
    { text: 'random 1 of 3', chance: 1 / 3, result: { kind: 'dnat', address: '10.0.0.3', port: 82 } },
  ]);
  const share = (left: unknown, right: unknown, op: string) =>
    (runRule(listingOf([match(left, right, op), drop]), packet()).result as readonly Branch[]).map(
      ({ text, chance, result: matches }) => [text, chance, matches],
    );
  t.deepEqual(share({ numgen: { mode: 'inc', mod: 4, offset: 10 } }, 11, '<='), [
    ['in turn 2 of 4', 0.5, true],
    ['in turn 2 of 4', 0.5, false],
  ]);
  t.deepEqual(share(meta('random'), 2 ** 30, '<'), [
    ['random 25 %', 0.25, true],
    ['random 75 %', 0.75, false],
  ]);
  // Nothing to choose.
  const one = { vmap: { key: { numgen: { mode: 'random', mod: 1 } }, data: { set: [[0, drop]] } } };
  t.deepEqual(runRule(listingOf([one]), packet()).result, { kind: 'drop' });
});

test('ranges of a translation are gone through; of a long one the first is taken, with a doubt', (t) => {
  const run = (body: object) => runRule(listingOf([{ snat: body }]), packet());
  const addresses = run({ addr: { range: ['10.9.0.1', '10.9.0.2'] } }).result as readonly Branch[];
  t.deepEqual(
    addresses.map(({ result }) => result),
    ['10.9.0.1', '10.9.0.2'].map((address) => ({ kind: 'snat', address, port: null })),
  );
  // A source port that lies in the range stays.
  t.deepEqual(run({ addr: '10.9.0.1', port: { range: [1024, 65535] } }), {
    result: { kind: 'snat', address: '10.9.0.1', port: null },
    doubts: [],
  });
  const { result, doubts } = run({ addr: '10.9.0.1', port: { range: [1024, 2048] } });
  t.deepEqual(result, { kind: 'snat', address: '10.9.0.1', port: 1024 });
  t.is(doubts.length, 1);
});

test('elements that packets put into a set are taken as listed, with a doubt', (t) => {
  const set = (more: object) => [
    { set: { family: 'ip', table: 't', name: 's', type: 'ipv4_addr', elem: ['10.0.0.5'], ...more } },
  ];
  const expr = [match(payload('ip', 'saddr'), '@s'), drop];
  t.deepEqual(runRule(listingOf(expr, set({})), packet()), { result: { kind: 'drop' }, doubts: [] });
  const dynamic = runRule(listingOf(expr, set({ flags: ['dynamic', 'timeout'] })), packet());
  t.deepEqual(dynamic.result, { kind: 'drop' });
  t.deepEqual(dynamic.doubts, [
    'nft.json ip t c handle 12: the elements of s change with traffic: taken as listed',
  ]);
});

test('wrapped elements, defaults of maps, older forms', (t) => {
  const element = {
    elem: { val: '10.0.0.5', timeout: 60, expires: 5, comment: 'x', counter: { packets: 0 } },
  };
  t.deepEqual(
    runRule(listingOf([match(payload('ip', 'saddr'), { set: [element] }), drop]), packet()).result,
    {
      kind: 'drop',
    },
  );
  const vmap = (data: unknown) => [{ vmap: { key: payload('ip', 'saddr'), data: { set: data } } }];
  t.deepEqual(runRule(listingOf(vmap([['*', drop]])), packet()).result, { kind: 'drop' });
  t.false(runRule(listingOf(vmap([['10.9.9.9', drop]])), packet()).result);
  t.deepEqual(runRule(listingOf(vmap([[element, { return: null }]])), packet()).result, { kind: 'return' });
  const connection = {
    family: 4 as const,
    protocol: 'tcp',
    original: {
      source: toAddress('10.0.0.5'),
      destination: toAddress('10.0.0.1'),
      sourcePort: 1,
      destinationPort: 2,
    },
    reply: {
      source: toAddress('10.0.0.1'),
      destination: toAddress('10.0.0.5'),
      sourcePort: 2,
      destinationPort: 1,
    },
    state: 'established' as const,
    mark: 7,
    zone: 0,
    destinationNat: false,
    sourceNat: false,
  };
  const tracked = packet({ connection });
  const holds = (left: unknown, right: unknown, op = '==') =>
    runRule(listingOf([match(left, right, op), drop]), tracked).result !== false;
  t.true(holds({ ct: { key: 'saddr', dir: 'original', family: 'ip' } }, '10.0.0.5'));
  t.true(holds({ ct: { key: 'ip saddr', dir: 'reply' } }, '10.0.0.1'));
  t.true(holds({ ct: { key: 'proto-dst', dir: 'original' } }, 2));
  t.true(holds({ ct: { key: 'state' } }, ['established', 'related']));
  t.true(holds({ ct: { key: 'state' } }, ['established', 'related'], 'in'));
  t.false(holds({ ct: { key: 'state' } }, ['new', 'invalid'], 'in'));
  t.true(holds({ '&': [meta('mark'), 255] }, 0));
  t.true(holds({ ct: { key: 'mark' } }, '0x7'));
});

test('without a connection, a state is invalid or untracked, and nothing else is there', (t) => {
  const state = (name: string, on = packet()) =>
    runRule(listingOf([match({ ct: { key: 'state' } }, name, 'in'), drop]), on).result !== false;
  t.true(state('invalid'));
  t.true(state('untracked', packet({ untracked: true })));
  t.false(state('new'));
  t.false(runRule(listingOf([match({ ct: { key: 'mark' } }, 0, '!='), drop]), packet()).result);
});

test('ports of a protocol that has none', (t) => {
  const icmp = packet({
    protocol: 'icmp',
    sourcePort: null,
    destinationPort: null,
    tcp: null,
    icmp: { type: 8, code: 0 },
  });
  const key = { concat: [meta('l4proto'), payload('th', 'dport')] };
  const services = { set: [[{ concat: ['tcp', 80] }, drop]] };
  t.deepEqual(runRule(listingOf([{ vmap: { key, data: services } }]), icmp), { result: false, doubts: [] });
  t.is(runRule(listingOf([match(payload('th', 'dport'), 80), drop]), icmp).doubts.length, 1);
});

test('a listing that is none, or broken, is told of and breaks nothing', (t) => {
  t.deepEqual(compileNft(null), { baseChains: [], unknown: [] });
  t.is(compileNft({ rules: [] }).unknown.length, 1);
  t.is(compileNft('nftables').unknown.length, 1);
  const { unknown } = compileNft({ nftables: [null, 5, {}, { rule: null }, { rule: { family: 'ip' } }] });
  t.deepEqual(
    unknown,
    [1, 2, 3, 4, 5].map((i) => `nft.json: part ${i} of the listing cannot be read: taken as not there`),
  );
});

const runAll = (listing: unknown) => {
  const { baseChains } = compileNft(listing);
  for (const { chain } of baseChains) {
    for (const rule of chain.rules) {
      for (const step of rule.steps) runSteps([step], packet());
    }
  }
};

test('no JSON at all makes it throw', (t) => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.jsonValue(), (expr, listing) => {
      runAll(listingOf(expr));
      compileNft(listing);
    }),
  );
  t.pass();
});

/** Puts other values in some places of a value. */
function disturbed(value: unknown, draws: Iterator<number>, odd: readonly unknown[]): unknown {
  const draw = draws.next().value as number;
  if (draw % 23 === 0) return odd[draw % odd.length];
  if (Array.isArray(value)) return value.map((member) => disturbed(member, draws, odd));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, disturbed(one, draws, odd)]));
}

interface Listing {
  nftables: { chain?: object }[];
}

/** Every chain hangs in a hook, so that none is left uncompiled. */
function allHooked({ nftables }: Listing): Listing {
  const hook = { type: 'filter', hook: 'input', prio: 0 };
  return {
    nftables: nftables.map(({ chain, ...more }) => (chain ? { chain: { ...chain, ...hook } } : more)),
  };
}

for (const name of ['kube-proxy', 'statements']) {
  test(`a damaged listing of ${name} breaks nothing`, (t) => {
    const listing = allHooked(recordedListing(name) as Listing);
    const draws = fc.infiniteStream(fc.nat());
    fc.assert(
      fc.property(draws, fc.array(fc.jsonValue(), { minLength: 1 }), (numbers, odd) => {
        const values = [
          null,
          -1,
          2 ** 70,
          '',
          '@x',
          '10.0.0.0/8',
          { set: 5 },
          { range: [1] },
          { toString: 5 },
          ...odd,
        ];
        runAll(disturbed(listing, numbers[Symbol.iterator](), values));
      }),
      { numRuns: 60 },
    );
    t.pass();
  });
}
