import { Segment } from './segment.js';

/** The node's addresses by device, those of IPv6 without duplicate address detection. */
const ADDRESSES: readonly [device: string, address: string, more?: string][] = [
  ['e0', '10.1.0.1/16'],
  ['e0', '10.1.0.2/16'], // a secondary one
  ['e0', '10.20.0.1/16'],
  ['e0', '10.1.0.77/32'],
  ['e0', '10.30.0.1/16', 'scope host'],
  ['e0', '10.40.0.1/16', 'scope link'],
  ['e1', '10.2.0.1/16'],
  ['e2', '10.60.0.1/16', 'scope host'],
  ['lo', '10.3.0.1/32'],
];

/** Subnets and the device that their addresses are resolved by. */
export const SUBNETS: readonly [prefix: string, device: string][] = [
  ['10.1', 'e0'],
  ['10.20', 'e0'],
  ['10.30', 'e0'],
  ['10.40', 'e0'],
  ['10.2', 'e1'],
  ['10.50', 'u0'], // which has no address
  ['10.60', 'e2'],
];

export const PACKET_SOURCES = [
  '10.1.0.1',
  '10.1.0.2',
  '10.20.0.1',
  '10.1.0.77',
  '10.40.0.1',
  '10.2.0.1',
  '10.3.0.1',
];

/** A node that has to resolve neighbours on devices with addresses of many kinds, and with none. */
export async function announcementGround(addresses = ADDRESSES): Promise<Segment> {
  const segment = new Segment();
  const { node, peer } = segment;
  const devices = ['e0', 'e1', 'e2', 'u0'];
  try {
    segment.ip(node, [
      'link set lo up',
      ...devices.map((name) => `link add ${name} type veth peer name ${name} netns ${peer}`),
      ...devices.map((name) => `link set ${name} up`),
      ...addresses.map(([device, address, more = '']) => `addr add ${address} dev ${device} ${more}`),
      'route add 10.50.0.0/16 dev u0',
    ]);
    segment.ip(peer, ['link set lo up', ...devices.map((name) => `link set ${name} up`)]);
    await segment.start(
      new Map([
        ['e0', { from: '10.1.0.9', to: '10.1.0.1', by: 'e0' }],
        ['e1', { from: '10.2.0.9', to: '10.2.0.1', by: 'e1' }],
        ['e2', { from: '10.60.0.9', to: '10.60.0.1', by: 'e2' }],
        ['u0', { from: '10.50.0.9', to: '10.1.0.1', by: 'u0' }],
      ]),
    );
    return segment;
  } catch (error) {
    segment.remove();
    throw error;
  }
}
