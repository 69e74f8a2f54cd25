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

function directionOn(name: string, packetType: number) {
  const links = [
    link(1, 'lan'),
    link(2, 'port', { master: 'br0' }),
    link(3, 'up'),
    link(4, 'up.7', { lower: 'up', kind: 'vlan' }),
    link(5, 'underlay'),
    link(6, 'vxlan0', { lower: 'underlay', kind: 'vxlan' }),
  ];
  const snapshot = { ...emptySnapshot('n', null, ''), links };
  const interfaces = [{ name: null, linkType: LINUX_SLL2 }] as never;
  const points = new CapturePoints({
    node: 'n',
    netns: null,
    file: 'any.pcap',
    interfaces,
    nameHint: 'any',
    snapshot,
  });
  const point = points.point(links.find((l) => l.name === name)!.ifindex, true);
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
