import test from 'ava';
import fc from 'fast-check';
import { linkLegs } from '../../src/correlate/link.js';
import { end, leg, sighting } from './legs.js';

const CLIENT = end('203.0.113.9', 51_000);
const VIP = end('198.51.100.1', 443);
const POD = end('10.8.3.4', 8443);
const NODE = end('10.8.1.0', 33_333);
const ISN = 3_141_592_653;

test('DNAT: the same SYN to the VIP and to the pod is one attempt', (t) => {
  const front = leg(CLIENT, VIP, ISN, { direction: 'in', ttl: 60 });
  const back = leg(CLIENT, POD, ISN, { interface: 'cni0', direction: 'out', ttl: 59 });
  t.deepEqual(linkLegs([front, back]), [[front, back]]);
});

test('DNAT and SNAT: every address and port changed, the packet is the same', (t) => {
  const front = leg(CLIENT, VIP, ISN, { direction: 'in', ttl: 60 });
  const back = leg(NODE, POD, ISN, { node: 'node2', direction: 'in', ttl: 59 });
  t.is(linkLegs([front, back]).length, 1);
});

test('SNAT without time stamps and identification: one end unchanged suffices', (t) => {
  const bare = { identification: null, timestamp: null };
  const front = leg(CLIENT, POD, ISN, { ...bare, ttl: 60 });
  const back = leg(NODE, POD, ISN, { ...bare, node: 'node2', ttl: 59 });
  t.is(linkLegs([front, back]).length, 1);
});

test('nothing but the sequence number in common: two attempts', (t) => {
  const bare = { identification: null, timestamp: null };
  const one = leg(CLIENT, VIP, ISN, { ...bare, ttl: 60 });
  const other = leg(NODE, POD, ISN, { ...bare, node: 'node2', ttl: 59 });
  t.is(linkLegs([one, other]).length, 2);
});

test('two that came in at one place alike are two attempts, whatever their numbers', (t) => {
  const one = leg(CLIENT, VIP, ISN, { direction: 'in', ttl: 60 });
  const other = leg(end('203.0.113.9', 51_001), VIP, ISN, { direction: 'in', ttl: 60 });
  t.is(linkLegs([one, other]).length, 2);
});

test('a SYN on one side and only the SYN-ACK on the other: its echoed time stamp joins them', (t) => {
  const front = leg(CLIENT, VIP, ISN, { direction: 'in', ttl: 60, timestamp: 777 });
  const back = leg(NODE, POD, ISN);
  back.synAck = true;
  back.serverIsn = 5;
  back.sightings = [sighting('syn-ack', back, { node: 'node2', timestamp: 12, echo: 777 })];
  t.is(linkLegs([front, back]).length, 1);
});

test('a generator that starts every connection at one number: connections stay apart', (t) => {
  for (const isn of [0, 1000]) {
    const legs = Array.from({ length: 500 }, (_, i) =>
      leg(end('203.0.113.9', 20_000 + i), end('198.51.100.1', 443 + (i % 2)), isn, {
        // Fixed identification, no time stamps, as scapy sends it.
        identification: 1,
        timestamp: null,
        interface: `eth${i}`,
      }),
    );
    t.is(linkLegs(legs).length, 500, `number ${isn}`);
  }
});

test('random connections through DNAT and masquerade come out one by one, in any order of legs', (t) => {
  const connection = fc.record({
    isn: fc.integer({ min: 1, max: 0xffffffff }),
    port: fc.integer({ min: 1024, max: 65_535 }),
    snatPort: fc.integer({ min: 1024, max: 65_535 }),
    timestamp: fc.integer({ min: 0, max: 0xffffffff }),
    identification: fc.integer({ min: 1, max: 65_535 }),
    masquerade: fc.boolean(),
  });
  const connections = fc.uniqueArray(connection, { selector: (c) => c.isn, minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(connections, fc.integer(), (all, seed) => {
      const legs = all.flatMap(({ isn, port, snatPort, timestamp, identification, masquerade }) => {
        const seen = { timestamp, identification };
        const client = end('203.0.113.9', port);
        return [
          leg(client, VIP, isn, { ...seen, direction: 'in', ttl: 60 }),
          leg(masquerade ? end('10.8.1.0', snatPort) : client, POD, isn, { ...seen, node: 'node2', ttl: 59 }),
        ];
      });
      const shuffled = legs
        .map((l, i) => ({ l, key: Math.imul(i + 1, seed | 1) >>> 0 }))
        .sort((a, b) => a.key - b.key)
        .map(({ l }) => l);
      const groups = linkLegs(shuffled);
      return (
        groups.length === all.length &&
        groups.every((group) => group.length === 2 && group[0]!.clientIsn === group[1]!.clientIsn)
      );
    }),
  );
  t.pass();
});
