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

/** A request that goes into a pod, and its reply: the pod's end of the link is a namespace of the same node. */
const POD = { node: 'worker1', netns: 'web', interface: 'eth0', ttl: 60 };
const HOST = { node: 'worker1', netns: null, interface: 'veth1', ttl: 60 };

for (const [role, first, second] of [
  ['request', HOST, POD],
  ['reply', POD, HOST],
] as const) {
  test(`two ends of a pod's link that saw a ${role} in one microsecond: what was sent comes first`, (t) => {
    const seen = (at: typeof HOST | typeof POD, direction: 'in' | 'out') => {
      const one = sighting(role === 'request' ? 'syn' : 'syn-ack', LEG, { ...at, direction, time: 5n });
      const file = `worker1/${at.netns ?? 'node'}/${at.interface}.pcap`;
      return { ...one, point: { ...one.point, netns: at.netns, file, capture: file } };
    };
    const sightings = [seen(first, 'out'), seen(second, 'in')];
    for (const shuffled of [sightings, sightings.toReversed()]) {
      t.deepEqual(
        causalOrder(shuffled, (s) => s.time).map((s) => s.direction),
        ['out', 'in'],
      );
    }
  });
}

test('a node that passes a packet on within one microsecond: what came in comes first', (t) => {
  const seen = (name: string, direction: 'in' | 'out') => {
    const one = sighting('syn', LEG, { node: 'worker1', interface: name, direction, time: 5n });
    return { ...one, point: { ...one.point, file: `${name}.pcap`, capture: `${name}.pcap` } };
  };
  const ordered = causalOrder([seen('br0', 'out'), seen('veth1', 'in')], (s) => s.time);
  t.deepEqual(
    ordered.map((s) => s.direction),
    ['in', 'out'],
  );
});
