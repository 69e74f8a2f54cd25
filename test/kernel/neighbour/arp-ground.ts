import { type Echo, Segment } from './segment.js';

/** The peer's devices, and the node's devices that their frames come in by. */
export const ECHOES: ReadonlyMap<string, Echo> = new Map([
  ['e0', { from: '10.1.0.9', to: '10.1.0.1', by: 'e0' }],
  ['e1', { from: '10.2.0.9', to: '10.2.0.1', by: 'e1' }],
  ['p0', { from: '10.6.0.9', to: '10.6.0.1', by: 'br0' }],
]);

/** The node's own devices, for settings. */
export const DEVICES = ['e0', 'e1', 'br0', 'p0', 'lo'];

/** What is asked for: every kind of address that a node may have, and some that it has not. */
export const TARGETS = [
  '10.1.0.1', // on e0
  '10.1.0.2', // a secondary one
  '10.1.9.1', // of a second subnet of e0
  '10.1.0.77', // a VIP with a prefix length of 32
  '10.1.5.1', // point-to-point, with its other end 10.1.5.2
  '10.1.6.1', // of host scope
  '10.1.7.1', // of link scope
  '10.2.0.1', // on e1
  '10.6.0.1', // on the bridge
  '10.3.0.1', // on lo
  '10.3.0.2', // on lo, of host scope
  '10.4.0.1', // on e2, which is down, as kube-ipvs0 is
  '10.5.0.8', // of a hand-made local route
  '10.5.0.9', // the same, but for a longer route of the main table
  '10.1.0.50', // of e0's subnet, not the node's
  '10.2.0.50', // of e1's
  '10.8.0.5', // routed by e0
  '10.9.0.5', // unreachable
  '10.11.0.5', // by two next hops
  '10.2.0.99', // with a proxy entry on e0
  '8.8.8.8', // by the default route
  '127.0.0.1',
  '224.0.0.1',
  '10.1.0.255',
  '255.255.255.255',
  '0.0.0.0',
];

/** Who asks. */
export const SENDERS = [
  '0.0.0.0', // a probe
  '10.1.0.9', // in e0's subnet
  '10.1.9.9', // in its second one
  '10.1.5.2', // the other end
  '10.2.0.9', // in e1's
  '10.6.0.9',
  '10.8.0.9', // routed by e0
  '10.9.0.9', // without a way back
  '203.0.113.9', // by the default route
  '10.1.0.1', // the node's own
  '10.3.0.1',
  '127.0.0.5',
  '224.0.0.9',
  '10.1.0.255',
];

/** Rules by source, destination and device, which part the local table from the main one and lead some replies elsewhere. */
export const POLICY: readonly string[] = [
  'route add default via 10.1.0.254 dev e0 table 100',
  'route add 10.1.0.0/16 dev e0 table 100',
  'route add unreachable 10.8.0.0/24 table 101',
  'rule add pref 100 from 10.1.0.77 lookup 100',
  'rule add pref 101 to 203.0.113.0/24 lookup 100',
  'rule add pref 102 iif e1 to 10.8.0.0/24 lookup 101',
  'rule add pref 103 from 10.1.9.0/24 iif e1 prohibit',
];

/** A node with every kind of address, and a peer on each of its devices. */
export async function arpGround(): Promise<Segment> {
  const segment = new Segment();
  const { node, peer } = segment;
  try {
    segment.ip(node, [
      'link set lo up',
      ...['e0', 'e1', 'p0'].map((name) => `link add ${name} type veth peer name ${name} netns ${peer}`),
      'link add br0 address 02:00:00:00:00:b0 type bridge',
      'link set p0 master br0',
      'link add e2 type veth peer name e3',
      ...['e0', 'e1', 'p0', 'br0'].map((name) => `link set ${name} up`),
      'addr add 10.1.0.1/24 brd + dev e0',
      'addr add 10.1.0.2/24 brd + dev e0',
      'addr add 10.1.9.1/24 dev e0',
      'addr add 10.1.0.77/32 dev e0',
      'addr add 10.1.5.1 peer 10.1.5.2/32 dev e0',
      'addr add 10.1.6.1/24 dev e0 scope host',
      'addr add 10.1.7.1/24 dev e0 scope link',
      'addr add 10.2.0.1/24 brd + dev e1',
      'addr add 10.6.0.1/24 dev br0',
      'addr add 10.3.0.1/32 dev lo',
      'addr add 10.3.0.2/32 dev lo scope host',
      'addr add 10.4.0.1/24 dev e2',
      'route add local 10.5.0.0/24 dev lo',
      'route add 10.5.0.9/32 via 10.1.0.254 dev e0',
      'route add default via 10.2.0.254 dev e1',
      'route add 10.8.0.0/24 via 10.1.0.254 dev e0',
      'route add unreachable 10.9.0.0/24',
      'route add 10.11.0.0/24 nexthop via 10.2.0.254 dev e1 nexthop via 10.6.0.254 dev br0',
      'neigh add proxy 10.2.0.99 dev e0',
    ]);
    segment.ip(peer, ['link set lo up', ...['e0', 'e1', 'p0'].map((name) => `link set ${name} up`)]);
    await segment.start(ECHOES);
    return segment;
  } catch (error) {
    segment.remove();
    throw error;
  }
}
