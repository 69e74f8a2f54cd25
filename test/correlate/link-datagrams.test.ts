import test from 'ava';
import fc from 'fast-check';
import type { Leg } from '../../src/correlate/leg.js';
import { linkDatagramLegs } from '../../src/correlate/link-datagrams.js';
import type { Endpoint } from '../../src/model/analysis.js';
import type { Sighting } from '../../src/model/sighting.js';
import { end, type Seen, sighting } from './legs.js';

const VIP = end('198.51.100.1', 6000);
const POD = end('10.8.3.4', 6001);
const NOTHING = { translates: () => false, tracks: () => false };

interface Passed extends Seen {
  digest: number;
}

/** A leg of UDP with a sighting of its request for each `seen`. */
function exchange(client: Endpoint, server: Endpoint, ...seen: Passed[]): Leg {
  const made: Leg = {
    protocol: 'udp',
    echo: null,
    serverFirst: false,
    client,
    server,
    clientKnown: true,
    clientIsn: null,
    serverIsn: null,
    clientFirstSequence: null,
    serverFirstSequence: null,
    syn: false,
    synAck: false,
    clientSpoke: true,
    serverSpoke: false,
    dataIgnored: false,
    unanswered: null,
    wentOn: false,
    witnesses: [],
    clientReset: false,
    serverReset: false,
    firstTime: 0n,
    lastTime: 0n,
    standsFor: 1,
    sightings: [],
  };
  made.sightings = seen.map(
    (s): Sighting => ({
      ...sighting('syn', made, { ...s, identification: s.identification ?? null, timestamp: null }),
      kind: 'datagram',
      payload: { length: 5, digest: s.digest, longDigest: s.digest, digested: 5 },
    }),
  );
  return made;
}

const link = (legs: Leg[]) => linkDatagramLegs(legs, NOTHING.translates, NOTHING.tracks);
const came = (time: bigint, digest = 1): Passed => ({
  interface: 'eth0',
  direction: 'in',
  ttl: 63,
  time,
  digest,
});
const went = (time: bigint, digest = 1): Passed => ({
  interface: 'eth1',
  direction: 'out',
  ttl: 62,
  time,
  digest,
});

const one = end('203.0.113.9', 40_000);
const other = end('203.0.113.10', 40_000);

test('what came in and went on at once, translated, is one attempt', (t) => {
  t.is(link([exchange(one, VIP, came(0n)), exchange(one, POD, went(1000n))]).length, 1);
  t.is(link([exchange(one, VIP, came(0n)), exchange(end('10.8.1.0', 7777), POD, went(1000n))]).length, 1);
});

test('what went on much later, or with as many hops to go, is another', (t) => {
  t.is(link([exchange(one, VIP, came(0n)), exchange(one, POD, went(5_000_000_000n))]).length, 2);
  t.is(link([exchange(one, VIP, came(0n)), exchange(one, POD, { ...went(1000n), ttl: 63 })]).length, 2);
});

test('another content is another attempt', (t) => {
  t.is(link([exchange(one, VIP, came(0n)), exchange(one, POD, went(1000n, 2))]).length, 2);
});

test('of two clients that ask alike at once, neither is given the other’s way on', (t) => {
  const legs = [
    exchange(one, VIP, came(0n)),
    exchange(other, VIP, came(10n)),
    exchange(end('10.8.1.0', 7777), POD, went(1000n)),
  ];
  t.is(link(legs).length, 3);
});

test('the identification, or the port that was kept, tells them apart', (t) => {
  const legs = (identification: number | null) => [
    exchange(one, VIP, { ...came(0n), identification }),
    exchange(other, VIP, { ...came(10n), identification: identification && 9 }),
    exchange(identification ? end('10.8.1.0', 7777) : one, POD, { ...went(1000n), identification }),
  ];
  for (const identification of [8, null]) {
    const groups = link(legs(identification));
    t.is(groups.length, 2);
    t.deepEqual(
      groups[0]!.map((leg) => leg.server),
      [VIP, POD],
    );
  }
});

test('a conntrack table decides where nothing in the packets does', (t) => {
  const nat = end('10.8.1.0', 7777);
  const legs = [
    exchange(one, VIP, came(0n)),
    exchange(other, VIP, came(10n)),
    exchange(nat, POD, went(1000n)),
  ];
  const tracks = (front: Leg, back: Leg) => front.client === other && back.client === nat;
  const groups = linkDatagramLegs(legs, NOTHING.translates, tracks);
  t.deepEqual(
    groups.map((group) => group.map((leg) => leg.client.address)),
    [['203.0.113.9'], ['203.0.113.10', '10.8.1.0']],
  );
});

test('two clients of one port, a hop apart, that a node only takes in', (t) => {
  const ntp = (address: string) => end(address, 123);
  const server = end('198.51.100.2', 123);
  const near = exchange(ntp('203.0.113.9'), server, { ...came(0n), ttl: 64 });
  const far = exchange(ntp('203.0.113.10'), server, { ...came(10n), ttl: 63 });
  t.is(link([near, far]).length, 2);
});

interface Flow {
  at: number;
  took: number;
  content: number;
  port: number;
  masqueraded: 'no' | 'port kept' | 'random port';
  dropped: boolean;
}

const flow: fc.Arbitrary<Flow> = fc.record({
  at: fc.integer({ min: 0, max: 200_000_000 }),
  took: fc.integer({ min: 1, max: 15_000_000 }),
  content: fc.integer({ min: 1, max: 3 }),
  port: fc.integer({ min: 40_000, max: 40_003 }),
  masqueraded: fc.constantFrom('no', 'port kept', 'random port'),
  dropped: fc.boolean(),
});

/** Each flow of another client; its legs are those of one address on the third octet. */
function legsOf(flows: Flow[]): { leg: Leg; flow: number }[] {
  return flows.flatMap(({ at, took, content, port, masqueraded, dropped }, i) => {
    const client = end(`203.0.${100 + (i >> 8)}.${i & 255}`, port);
    const hidden = end('10.8.1.0', masqueraded === 'port kept' ? port : 10_000 + i);
    const front = exchange(client, VIP, came(BigInt(at), content));
    const back = exchange(masqueraded === 'no' ? client : hidden, POD, went(BigInt(at + took), content));
    return dropped ? [{ leg: front, flow: i }] : [front, back].map((leg) => ({ leg, flow: i }));
  });
}

test('random traffic of many clients through NAT is never joined across clients, in any order', (t) => {
  fc.assert(
    fc.property(fc.array(flow, { minLength: 2, maxLength: 40 }), fc.integer(), (flows, seed) => {
      // A source port that is kept belongs to one client at a time.
      const keys = flows.map((f) => (f.masqueraded === 'port kept' ? `${f.port}` : null));
      const allowed = flows.filter((_, i) => keys[i] === null || keys.indexOf(keys[i]!) === i);
      const legs = legsOf(allowed);
      const owner = new Map(legs.map(({ leg, flow: n }) => [leg, n]));
      const shuffled = legs
        .map(({ leg }, i) => ({ leg, key: Math.imul(i + 1, seed | 1) >>> 0 }))
        .sort((a, b) => a.key - b.key)
        .map(({ leg }) => leg);
      return link(shuffled).every((group) => new Set(group.map((leg) => owner.get(leg))).size === 1);
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test('with a content of its own each is followed, whatever its addresses become', (t) => {
  fc.assert(
    fc.property(fc.array(flow, { minLength: 1, maxLength: 40 }), (flows) => {
      const legs = legsOf(flows.map((f, i) => ({ ...f, content: 1000 + i })));
      return link(legs.map(({ leg }) => leg)).length === flows.length;
    }),
  );
  t.pass();
});
