import test from 'ava';
import { CapturePoints } from '../../src/correlate/capture-points.js';
import { emptySnapshot } from '../../src/ingest/snapshot/snapshot.js';
import type { Link } from '../../src/model/snapshot.js';

const LINUX_SLL2 = 276;
const INCOMING = 0;
const OTHER_HOST = 3;

function link(ifindex: number, name: string, more: Partial<Link> = {}): Link {
  return {
    ifindex,
    name,
    mac: `02:00:00:00:00:0${ifindex}`,
    flags: ['UP'],
    operState: 'UP',
    mtu: 1500,
    group: 'default',
    type: 'ether',
    kind: null,
    master: null,
    lower: null,
    vxlan: null,
    vlanId: null,
    ...more,
  };
}

const LINKS = [
  link(1, 'lan'),
  link(2, 'port', { master: 'br0' }),
  link(3, 'up'),
  link(4, 'up.7', { lower: 'up', kind: 'vlan' }),
  link(5, 'underlay'),
  link(6, 'vxlan0', { lower: 'underlay', kind: 'vxlan' }),
  link(7, 'br0', { kind: 'bridge' }),
];

function pointsOf(links: Link[] | null) {
  const snapshot = { ...emptySnapshot('n', null, ''), links };
  const interfaces = [{ name: null, linkType: LINUX_SLL2 }] as never;
  return new CapturePoints({
    node: 'n',
    netns: null,
    file: 'any.pcap',
    interfaces,
    nameHint: 'any',
    snapshot,
  });
}

const ifindexOf = (name: string) => LINKS.find((l) => l.name === name)!.ifindex;

function directionOn(name: string, packetType: number) {
  const points = pointsOf(LINKS);
  const point = points.point(ifindexOf(name), true);
  return points.direction(point, packetType, null, null, '10.0.0.1', '10.0.0.2');
}

test('a cooked frame for another host was overheard: it did not come in', (t) => {
  t.is(directionOn('lan', OTHER_HOST), null);
  t.is(directionOn('lan', INCOMING), 'in');
});

test('on a bridge port, and below a VLAN or macvlan, such a frame is taken in', (t) => {
  t.is(directionOn('port', OTHER_HOST), 'in');
  t.is(directionOn('up', OTHER_HOST), 'in');
});

test('a tunnel takes nothing by the MAC of others: below it such a frame was overheard as well', (t) => {
  t.is(directionOn('underlay', OTHER_HOST), null);
  t.is(directionOn('underlay', INCOMING), 'in');
});

function isForOther(
  name: string,
  packetType: number,
  destination: string | null = null,
  links: Link[] | null = LINKS,
) {
  const points = pointsOf(links);
  return points.isForOther(points.point(ifindexOf(name), true), packetType, ROUTER, destination);
}

const ROUTER = '02:00:00:00:01:01';
const STRANGER = '02:00:00:00:01:02';
const ETHERNET = -1;

test('a cooked frame for another host is for nobody on the node, unless it may be carried on there', (t) => {
  t.true(isForOther('lan', OTHER_HOST));
  t.true(isForOther('underlay', OTHER_HOST));
  t.false(isForOther('lan', INCOMING));
  for (const name of ['port', 'up', 'br0']) t.false(isForOther(name, OTHER_HOST));
});

test('without a snapshot, the cooked frame alone tells', (t) => {
  t.true(isForOther('lan', OTHER_HOST, null, null));
  t.false(isForOther('lan', INCOMING, null, null));
});

test('of an Ethernet frame its destination tells, where the MACs of the node are known', (t) => {
  t.true(isForOther('lan', ETHERNET, STRANGER));
  for (const { mac } of LINKS) t.false(isForOther('lan', ETHERNET, mac));
  t.false(isForOther('lan', ETHERNET, STRANGER, null));
  t.false(isForOther('port', ETHERNET, STRANGER));
  t.false(isForOther('lan', ETHERNET, 'ff:ff:ff:ff:ff:ff'));
  t.false(isForOther('lan', ETHERNET, '01:00:5e:00:00:12'));
});

test("the MAC of a virtual router may be any node's", (t) => {
  t.false(isForOther('lan', ETHERNET, '00:00:5e:00:01:07'));
  t.false(isForOther('lan', ETHERNET, '00:00:5e:00:02:07'));
});
