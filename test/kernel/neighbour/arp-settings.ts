import fc from 'fast-check';
import { DEVICES } from './arp-ground.js';
import type { Settings } from './segment.js';

const key = (device: string, setting: string) => `net.ipv4.conf.${device}.${setting}`;

/** Whatever decides on an ARP reply, as a fresh namespace may not have it, set to 0 (forwarding to 1). */
export const CALM: Settings = [
  // First, for it sets that of every device.
  ['net.ipv4.ip_forward', 1],
  ...['all', ...DEVICES].flatMap((device) =>
    [
      'rp_filter',
      'arp_ignore',
      'arp_filter',
      'proxy_arp',
      'proxy_arp_pvlan',
      'accept_local',
      'route_localnet',
      'drop_gratuitous_arp',
      'send_redirects',
    ].map((setting): [string, number] => [key(device, setting), 0]),
  ),
  ...DEVICES.flatMap((device): [string, number][] => [
    [key(device, 'medium_id'), 0],
    [key(device, 'forwarding'), 1],
  ]),
];

/**
 * Every combination of arp_ignore, arp_filter, rp_filter, forwarding and both kinds of proxy, set for `all` and for
 * each device alone.
 */
export function* combinations(): Generator<Settings> {
  for (const place of [['all'], DEVICES])
    for (const arpIgnore of [0, 1, 2, 3, 8])
      for (const arpFilter of [0, 1])
        for (const rpFilter of [0, 1, 2])
          for (const [forwarding, proxyArp, pvlan] of [
            [0, 0, 0],
            [0, 1, 1],
            [1, 0, 0],
            [1, 1, 0],
            [1, 0, 1],
            [1, 1, 1],
          ] as const)
            yield [
              ...CALM,
              ...place.flatMap((device): [string, number][] => [
                [key(device, 'arp_ignore'), arpIgnore],
                [key(device, 'arp_filter'), arpFilter],
                [key(device, 'rp_filter'), rpFilter],
                [key(device, 'proxy_arp'), proxyArp],
                [key(device, 'proxy_arp_pvlan'), pvlan],
              ]),
              ...DEVICES.map((device): [string, number] => [key(device, 'forwarding'), forwarding]),
            ];
}

const rarely = (values: number[]) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.constantFrom(...values));

/** The settings of one device, or of `all`. */
const ofDevice = fc.record({
  rp_filter: rarely([0, 1, 2]),
  arp_ignore: rarely([1, 2, 3, 4, 8]),
  arp_filter: rarely([1]),
  proxy_arp: rarely([1]),
  proxy_arp_pvlan: rarely([1]),
  accept_local: rarely([1]),
  route_localnet: rarely([1]),
  drop_gratuitous_arp: rarely([1]),
  send_redirects: fc.constantFrom(0, 1),
});

const alone = fc.record({
  medium_id: rarely([-1, 1, 2]),
  forwarding: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.constant(0)),
});

/** All settings that decide, each device's and `all`'s at random. */
export const anySettings: fc.Arbitrary<Settings> = fc
  .tuple(
    ofDevice,
    fc.array(fc.tuple(ofDevice, alone), { minLength: DEVICES.length, maxLength: DEVICES.length }),
  )
  .map(([all, own]) => [
    ...CALM,
    ...entries('all', all),
    ...own.flatMap(([joined, single], i) => [
      ...entries(DEVICES[i]!, joined),
      ...entries(DEVICES[i]!, single),
    ]),
  ]);

function entries(device: string, values: Record<string, number>): [string, number][] {
  return Object.entries(values).map(([setting, value]) => [key(device, setting), value]);
}
