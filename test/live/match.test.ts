/** Which attempt a connection is that was opened on purpose. */
import test from 'ava';
import fc from 'fast-check';
import { AttemptsByPort, claimantsOf } from '../../src/live/probe/match.js';
import type { AnalysisAttempt } from '../../src/model/analysis.js';
import { at, endpoint, rpFilter, VIP } from '../report/sample.js';

const CONNECTION = {
  address: '10.0.0.5',
  sourcePort: 40_000,
  vip: VIP,
  port: 80,
  begunMs: Date.parse(at(0)),
};

function seen(changes: Partial<AnalysisAttempt>): AnalysisAttempt {
  return {
    id: 'a1',
    protocol: 'tcp',
    outcome: 'established',
    tries: 1,
    delayNs: 0,
    path: [],
    client: endpoint('10.0.0.5', 40_000),
    server: endpoint(VIP, 80),
    vip: VIP,
    firstTime: at(0),
    ...changes,
  };
}

function found(attempts: AnalysisAttempt[]): string | null {
  return new AttemptsByPort({ attempts }).find(CONNECTION)?.id ?? null;
}

test('by the address and the port of the client, and what it asked for', (t) => {
  t.is(found([seen({})]), 'a1');
  t.is(found([seen({ client: endpoint('10.0.0.5', 40_001) })]), null);
  t.is(found([seen({ server: endpoint(VIP, 443) })]), null);
  t.is(found([seen({ protocol: 'udp' })]), null);
  t.is(found([seen({ firstTime: at(120e6) })]), null);
});

test('behind NAT the port alone tells, where it is one connection alone that has it', (t) => {
  const translated = seen({ client: endpoint('192.168.1.1', 40_000) });
  const other = seen({ id: 'a2', client: endpoint('10.0.0.77', 40_000) });
  t.is(found([translated]), 'a1');
  t.is(found([translated, other]), null);
  t.is(found([translated, other, seen({ id: 'a3' })]), 'a3');
});

test('behind the translation of the VIP, the VIP that it is of tells', (t) => {
  const server = endpoint('10.244.1.10', 8080);
  t.is(found([seen({ server })]), 'a1');
  t.is(found([seen({ server, vip: null })]), null);
});

test('whatever else was captured, its own attempt is found', (t) => {
  const others = fc.array(
    fc.record({
      address: fc.ipV4().filter((text) => text !== '10.0.0.5'),
      port: fc.integer({ min: 39_990, max: 40_010 }),
    }),
  );
  fc.assert(
    fc.property(others, fc.nat(30), (clients, place) => {
      const attempts = clients.map((client, i) => seen({ id: `b${i}`, client }));
      attempts.splice(place, 0, seen({ id: 'own' }));
      t.is(found(attempts), 'own');
    }),
  );
});

test('whose MAC it is, by what claimed the VIP in the captures', (t) => {
  const mac = '02:00:00:00:00:01';
  const spell = { mac, node: 'node1', interface: 'eth0', claims: 1, firstTime: at(0), lastTime: at(0) };
  const owners = [
    { address: '192.168.1.99', protocol: 'arp' as const, spells: [{ ...spell, node: 'node9' }] },
    { address: VIP, protocol: 'arp' as const, spells: [spell] },
  ];
  t.deepEqual(claimantsOf([mac, '02:00:00:00:00:02'], VIP, { ...rpFilter(), owners }), [
    { mac, node: 'node1', interface: 'eth0' },
    { mac: '02:00:00:00:00:02', node: null, interface: null },
  ]);
});
