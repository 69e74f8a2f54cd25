import { Segment } from './segment.js';

export const TARGETS = [
  'fd00:1::1', // on e0
  'fd00:1::7', // on e0, tentative
  'fd00:1::8', // on e0, optimistic
  'fd00:1::9', // on e0, its duplicate detected
  'fd00:1::', // the anycast address of routers
  'fd00:1::50', // of e0's subnet, not the node's
  'fd00:2::1', // on e1
  'fd00:3::1', // on lo
  'fd00:4::1', // on e2, which is down
  'fd00:2::99', // with a proxy entry on e0
  'fd00:6::1', // on the bridge
  'fe80::a', // on e0
  'fe80::b', // on e1
];

/** Who asks; `::` detects duplicates. */
export const SOURCES = ['::', 'fe80::9', 'fd00:1::f', '2001:db8::9'];

export const DEVICES = ['e0', 'e1', 'p0', 'n0', 'd0'];

/** A node with every kind of IPv6 address, and a peer on each of its devices. */
export async function ndpGround(): Promise<Segment> {
  const segment = new Segment();
  const { node, peer } = segment;
  try {
    segment.ip(node, [
      'link set lo up',
      ...DEVICES.map((name) => `link add ${name} type veth peer name ${name} netns ${peer}`),
      'link add br0 address 02:00:00:00:00:b0 type bridge',
      'link set p0 master br0',
      'link set n0 arp off',
      // Addresses made by the kernel would change their state while they are asked for.
      ...[...DEVICES, 'br0'].map((name) => `link set ${name} addrgenmode none`),
      'link add e2 type veth peer name e3',
    ]);
    segment.sysctl(node, [
      ['net.ipv6.conf.all.forwarding', 0],
      ['net.ipv6.conf.e0.dad_transmits', 1000], // a tentative address stays so
      ['net.ipv6.conf.e0.optimistic_dad', 1],
      ['net.ipv6.conf.d0.disable_ipv6', 1],
    ]);
    segment.ip(node, [
      ...[...DEVICES, 'br0'].map((name) => `link set ${name} up`),
      ...[
        'fd00:1::1/64 dev e0',
        'fe80::a/64 dev e0',
        'fe80::c/64 dev e0',
        'fd00:2::1/64 dev e1',
        'fe80::b/64 dev e1',
        'fd00:3::1/128 dev lo',
        'fd00:4::1/64 dev e2',
        'fd00:5::1/64 dev n0',
        'fd00:6::1/64 dev br0',
      ].map((address) => `addr add ${address} nodad`),
      'addr add fd00:1::7/64 dev e0',
      'addr add fd00:1::8/64 dev e0 optimistic',
      'addr add fd00:1::9/64 dev e0',
      'neigh add proxy fd00:2::99 dev e0',
      'addr add 10.1.0.1/24 dev e0',
      'addr add 10.2.0.1/24 dev e1',
      'addr add 10.5.0.1/24 dev n0',
      'addr add 10.6.0.1/24 dev br0',
      'addr add 10.7.0.1/24 dev d0',
    ]);
    segment.ip(peer, ['link set lo up', ...DEVICES.map((name) => `link set ${name} up`)]);
    await segment.start(
      new Map([
        ['e0', { from: '10.1.0.9', to: '10.1.0.1', by: 'e0' }],
        ['e1', { from: '10.2.0.9', to: '10.2.0.1', by: 'e1' }],
        ['p0', { from: '10.6.0.9', to: '10.6.0.1', by: 'br0' }],
        ['n0', { from: '10.5.0.9', to: '10.5.0.1', by: 'n0' }],
        ['d0', { from: '10.7.0.9', to: '10.7.0.1', by: 'd0' }],
      ]),
    );
    return segment;
  } catch (error) {
    segment.remove();
    throw error;
  }
}
