import test from 'ava';
import fc from 'fast-check';
import { causalOrder } from '../../src/correlate/causal-order.js';
import { end, leg, type Seen, sighting } from './legs.js';

const LEG = leg(end('203.0.113.9', 51_000), end('198.51.100.1', 443), 1);

/** A way over three nodes, as the packet went it. */
const WAY: (Seen & { node: string })[] = [
  { node: 'edge', interface: 'wan', direction: 'in', ttl: 62, time: 0n },
  { node: 'edge', interface: 'lan', direction: 'out', ttl: 61, time: 10n },
  { node: 'worker1', interface: 'eth0', direction: 'in', ttl: 61, time: 20n },
  { node: 'worker1', interface: 'vx', direction: 'out', ttl: 60, time: 30n },
  { node: 'worker1', interface: 'eth0', direction: 'out', ttl: 60, time: 40n },
  { node: 'worker2', interface: 'eth0', direction: 'in', ttl: 60, time: 50n },
  { node: 'worker2', interface: 'vx', direction: 'in', ttl: 60, time: 60n },
  { node: 'worker2', interface: 'br0', direction: 'out', ttl: 59, time: 70n },
];

test('the way is found from any order, whatever each node takes the time to be', (t) => {
  const skews = fc.record({
    edge: fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }),
    worker1: fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }),
    worker2: fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }),
  });
  fc.assert(
    fc.property(skews, fc.shuffledSubarray(WAY, { minLength: 1 }), (skew, seen) => {
      const off = skew as Record<string, bigint>;
      const shuffled = seen.map((s) => sighting('syn', LEG, { ...s, time: s.time! + off[s.node]! }));
      const expected = WAY.filter((s) => seen.includes(s)).map(
        (s) => `${s.node} ${s.interface} ${s.direction}`,
      );
      const ordered = causalOrder(shuffled, (s) => s.time).map(
        (s) => `${s.point.node} ${s.point.interface} ${s.direction}`,
      );
      return JSON.stringify(ordered) === JSON.stringify(expected);
    }),
  );
  t.pass();
});
