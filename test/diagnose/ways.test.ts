/** Which interface and neighbour a packet's frames stand for: ports, bonds, VLANs, tunnels, shared and virtual MACs. */
import test from 'ava';
import type { Attempt } from '../../src/correlate/attempt.js';
import { Clocks } from '../../src/correlate/clocks/clocks.js';
import { readSnapshots } from '../../src/correlate/read-snapshots.js';
import { DiagnosisContext } from '../../src/diagnose/context.js';
import { crossingsOf } from '../../src/diagnose/ways/crossing.js';
import { differenceOf } from '../../src/diagnose/ways/difference.js';
import type { Role } from '../../src/model/analysis.js';
import type { Sighting } from '../../src/model/sighting.js';
import type { Link, Snapshot } from '../../src/model/snapshot.js';
import { isVirtualMac } from '../../src/model/virtual-mac.js';
import { fixture } from '../support.js';

const { snapshots } = await readSnapshots([fixture('wrong-gateway', 'lb-3.tar.gz')], { keepGoing: false });
const BASE = snapshots[0]!;

function link(name: string, more: Partial<Link> = {}): Link {
  return { ...BASE.links!.find((l) => l.name === 'ens18')!, name, kind: null, ...more };
}

/** Two NICs, a bond of them, a VLAN on that, and a third NIC. */
const LINKS: Link[] = [
  link('nic1', { master: 'bond7' }),
  link('nic2', { master: 'bond7' }),
  link('bond7', { kind: 'bond' }),
  link('bond7.120', { kind: 'vlan', lower: 'bond7', vlanId: 120 }),
  link('nic3'),
];

const ROUTER = '0a:00:00:00:00:01';
const OTHER = '0a:00:00:00:00:02';

type Frame = Partial<Sighting> & { on: string };

function seen({ on, ...more }: Frame): Sighting {
  const point = { node: BASE.node, netns: null, interface: on, file: `${on}.pcap`, capture: `${on}.pcap` };
  const frame = { ttl: 64, encapsulations: [], vlan: null, etherSource: null, etherDestination: null };
  return { point, ...frame, ...more } as unknown as Sighting;
}

function difference(request: Frame[], reply: Frame[], links: Link[] | null = LINKS) {
  const snapshot: Snapshot = { ...BASE, links };
  const trace = (role: Role, frames: Frame[], direction: 'in' | 'out') => ({
    role,
    try: 1,
    sightings: frames.map((frame) => seen({ direction, ...frame })),
  });
  const traces = [trace('request', request, 'in'), trace('reply', reply, 'out')];
  const attempt = { outcome: 'reply-lost', traces } as unknown as Attempt;
  const context = new DiagnosisContext([attempt], [BASE.node], [snapshot], [], new Clocks([]));
  const [crossing] = crossingsOf(attempt, context);
  return {
    in: crossing?.in.interface,
    out: crossing?.out.interface,
    differ: crossing ? differenceOf(crossing, null, context) : null,
  };
}

const from = (etherSource: string) => ({ etherSource });
const to = (etherDestination: string) => ({ etherDestination });

test('two ports of one bond are one way', (t) => {
  t.deepEqual(difference([{ on: 'nic1', ...from(ROUTER) }], [{ on: 'nic2', ...to(ROUTER) }]), {
    in: 'bond7',
    out: 'bond7',
    differ: null,
  });
});

test('a tagged frame on a port is of the VLAN on its bond', (t) => {
  const request = [{ on: 'nic1', vlan: 120, ...from(ROUTER) }];
  t.deepEqual(difference(request, [{ on: 'bond7.120', ...to(ROUTER) }]), {
    in: 'bond7.120',
    out: 'bond7.120',
    differ: null,
  });
  // One router's MAC is the same on all of its VLANs.
  t.deepEqual(difference(request, [{ on: 'bond7', ...to(ROUTER) }]), {
    in: 'bond7.120',
    out: 'bond7',
    differ: 'interface',
  });
});

test('another NIC is another way, whatever the capture shows of MACs', (t) => {
  t.is(difference([{ on: 'nic3' }], [{ on: 'bond7' }]).differ, 'interface');
  t.is(difference([{ on: 'nic3', ...from(ROUTER) }], [{ on: 'bond7', ...to(OTHER) }]).differ, 'interface');
});

test('without links, one MAC on two NICs may be a bond', (t) => {
  const request = [{ on: 'nic1', ...from(ROUTER) }];
  t.is(difference(request, [{ on: 'nic2', ...to(ROUTER) }], null).differ, null);
  t.is(difference(request, [{ on: 'nic2', ...to(OTHER) }], null).differ, 'interface');
});

test('on one interface another MAC is another next hop, a virtual one is not', (t) => {
  const request = [{ on: 'nic3', ...from(ROUTER) }];
  t.is(difference(request, [{ on: 'nic3', ...to(ROUTER) }]).differ, null);
  t.is(difference(request, [{ on: 'nic3', ...to(OTHER) }]).differ, 'next-hop');
  for (const mac of ['00:00:5e:00:01:0a', '00:00:5e:00:02:0a', '00:00:0c:07:ac:01', '00:00:0c:9f:f0:01']) {
    t.is(difference(request, [{ on: 'nic3', ...to(mac) }]).differ, null, mac);
  }
  t.is(difference(request, [{ on: 'nic3' }]).differ, null, 'a cooked capture has no destination');
});

test('frames that do not tell in from out: the machine that took one and sent the other', (t) => {
  const undirected = { direction: null };
  const request = [{ on: 'nic3', ...undirected, ...from(ROUTER), ...to('0a:00:00:00:00:99') }];
  const answer = (etherSource: string) => [{ on: 'nic3', ...undirected, etherSource, ...to(OTHER) }];
  t.is(difference(request, answer('0a:00:00:00:00:99'), null).differ, 'next-hop');
  t.is(difference(request, answer('0a:00:00:00:00:98'), null).differ, null);
});

test('the MACs that groups of routers share', (t) => {
  t.true(isVirtualMac('00:07:b4:00:01:02'));
  t.false(isVirtualMac('00:00:5e:00:53:01'), 'for documentation (RFC 7042)');
  t.false(isVirtualMac('02:00:0a:14:1e:fe'));
});
