import test from 'ava';
import { seenBy, traceOf } from '../../src/correlate/overheard.js';
import { end, leg, type Seen, sighting } from './legs.js';

const LEG = leg(end('10.0.0.5', 40_000), end('192.0.2.9', 80), 1);

const seen = (node: string, name: string, more: Partial<Seen & { forOther: boolean }> = {}) => ({
  ...sighting('syn', LEG, { node, interface: name, ...more }),
  forOther: more.forOther ?? false,
});
const places = (sightings: readonly { point: { node: string; interface: string | null } }[]) =>
  sightings.map(({ point }) => `${point.node} ${point.interface}`);

test('who only overheard a packet is not on its way, and is known all the same', (t) => {
  const left = seen('r', 'lan', { direction: 'out' });
  const flooded = seen('n1', 'eth0', { forOther: true });
  const trace = traceOf('request', 1, [left, flooded]);
  t.deepEqual(places(trace.sightings), ['r lan']);
  t.deepEqual(places(seenBy(trace)), ['r lan', 'n1 eth0']);
  t.falsy(trace.overheard);
});

test('its twin: in a frame for the node it came there', (t) => {
  const trace = traceOf('request', 1, [
    seen('r', 'lan', { direction: 'out' }),
    seen('n1', 'eth0', { direction: 'in' }),
  ]);
  t.deepEqual(places(trace.sightings), ['r lan', 'n1 eth0']);
});

test('where nobody else saw it, it is told that nobody whom it passed did', (t) => {
  const trace = traceOf('request', 1, [seen('n1', 'eth0', { forOther: true })]);
  t.true(trace.overheard);
  t.deepEqual(places(trace.sightings), ['n1 eth0']);
});

test('what a bridge carries on, passed the node', (t) => {
  const onPort = seen('n1', 'port1', { forOther: true, direction: 'in' });
  for (const after of [
    seen('n1', 'port2', { direction: 'out' }),
    seen('n1', 'br0', { direction: 'in' }),
    seen('n1', 'cni0', { direction: 'out', ttl: 63 }),
  ]) {
    const trace = traceOf('request', 1, [onPort, after]);
    t.is(trace.sightings.length, 2);
    t.falsy(trace.overheard);
  }
});

test('what comes back by way of a router, or left before, was not carried on', (t) => {
  const flooded = seen('n1', 'eth0', { forOther: true });
  const back = seen('n1', 'eth1', { direction: 'in', ttl: 63 });
  t.deepEqual(places(traceOf('request', 1, [flooded, back]).sightings), ['n1 eth1']);
  const sent = seen('n1', 'eth1', { direction: 'out' });
  t.deepEqual(places(traceOf('request', 1, [sent, flooded]).sightings), ['n1 eth1']);
});
