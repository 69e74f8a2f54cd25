import { BlockList } from 'node:net';
import test from 'ava';
import fc from 'fast-check';
import { Doubts } from '../../src/kernel/doubts.js';
import { Fib } from '../../src/kernel/fib.js';
import { contains, prefixKey, toAddress, toPrefix } from '../../src/kernel/prefix.js';
import type { Route } from '../../src/model/snapshot.js';

/** The reference: Node.js's own matching of addresses. */
function inPrefix(address: string, prefix: string): boolean {
  const [network = '', length = ''] = prefix.split('/');
  const family = network.includes(':') ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(network, Number(length), family);
  return list.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
}

const ipv4 = fc.ipV4();
const ipv6 = fc.ipV6();
const prefix4 = fc.tuple(ipv4, fc.integer({ min: 0, max: 32 })).map(([a, n]) => `${a}/${n}`);
const prefix6 = fc.tuple(ipv6, fc.integer({ min: 0, max: 128 })).map(([a, n]) => `${a}/${n}`);

test('a prefix holds the same addresses by words as by octets', (t) => {
  const check = (address: string, prefix: string) => {
    const parsed = toPrefix(prefix);
    const inside = contains(parsed, toAddress(address));
    t.is(inside, inPrefix(address, prefix));
    const key = (text: string) => prefixKey(toAddress(text).words, parsed.length);
    t.is(inside, key(address) === key(prefix.split('/')[0]!));
  };
  fc.assert(fc.property(ipv4, prefix4, check));
  fc.assert(fc.property(ipv6, prefix6, check));
  fc.assert(fc.property(ipv4, fc.integer({ min: 0, max: 32 }), (a, n) => check(a, `${a}/${n}`)));
});

function route(destination: string): Route {
  return {
    family: 4,
    type: 'unicast',
    destination,
    from: null,
    table: 'main',
    protocol: null,
    scope: 'global',
    metric: 0,
    tos: 0,
    prefsrc: null,
    nextHops: [{ gateway: null, interface: 'eth0', weight: 1, flags: [] }],
    flags: [],
  };
}

test('a table finds the longest of the prefixes that hold the address', (t) => {
  const near = fc.integer({ min: 0, max: 255 }).map((n) => `10.0.${n >> 4}.${n & 15}`);
  const prefixes = fc.array(fc.tuple(near, fc.integer({ min: 0, max: 32 })).map(([a, n]) => `${a}/${n}`));
  const state = { isAlive: () => true, gateway: () => null };
  fc.assert(
    fc.property(near, prefixes, (address, list) => {
      const table = new Fib(list.map(route), state).table('main');
      const flow = {
        destination: toAddress(address),
        source: null,
        iif: 'lo',
        oif: null,
        mark: 0,
        tos: 0,
        protocol: null,
        sourcePort: null,
        destinationPort: null,
        uid: 0,
      };
      const answer = table?.lookup4(flow, new Doubts());
      const lengths = list.filter((p) => inPrefix(address, p)).map((p) => Number(p.split('/')[1]));
      t.is(answer?.kind === 'route' ? answer.prefixLength : -1, Math.max(-1, ...lengths));
    }),
  );
});
