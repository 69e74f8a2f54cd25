/** The captures that speed is measured on. */
import { packetSize } from './capture-writer.js';
import type { Load } from './generate.js';

const HANDSHAKES = { segments: 0, payload: 0, concurrent: 1000 };

/** The sizes that the targets are set for. */
export const LOADS = {
  data: { flows: 90_000, segments: 22, payload: 930, concurrent: 1000, link: 'ethernet' },
  handshakes: { flows: 1_000_000, ...HANDSHAKES, link: 'ethernet' },
  'handshakes-any': { flows: 1_000_000, ...HANDSHAKES, link: 'sll2' },
} as const satisfies Record<string, Load>;

export type LoadName = keyof typeof LOADS;

/** What they are, for a person. */
export const LOAD_TITLES: Readonly<Record<LoadName, string>> = {
  data: 'much data, Ethernet',
  handshakes: 'handshakes alone, Ethernet',
  'handshakes-any': 'handshakes alone, LINUX_SLL2 with nanoseconds',
};

/** Of the size that the targets are set for, so much is measured where nothing else is said. */
export const USUAL_SIZE = 1 / 4;

/** @param size so many times the size that the targets are set for */
export function sized(name: LoadName, size: number): Load {
  const load = LOADS[name];
  return { ...load, flows: load.flows * size };
}

/** Octets that the capture takes at most. */
export function captureSize({ link, flows, segments, payload }: Load): number {
  const handshake = 2 * packetSize(link, true, true, 0) + packetSize(link, true, false, 0);
  const closing = 2 * packetSize(link, true, false, 0);
  return flows * (handshake + segments * packetSize(link, true, false, payload) + closing);
}
