/** Packets that two captures of one interface both hold. */
import type { Sighting } from '../model/sighting.js';
import type { Leg } from './leg.js';

/** The kernel stamps a packet once for all who capture it, or for each as it gets to them, ns. */
const SAME_TIME = 10_000n;

/** What is left out of each leg. */
export type LeftOut = Map<Leg, Sighting[]>;

/** By a capture's file: how many of its packets are left out. */
export type SeenTwice = Map<string, number>;

/** @param attempts of which alone packets count */
export function countByFile(leftOut: LeftOut, attempts: readonly { legs: readonly Leg[] }[]): SeenTwice {
  const twice: SeenTwice = new Map();
  if (leftOut.size === 0) return twice;
  for (const leg of attempts.flatMap(({ legs }) => legs)) {
    for (const { point } of leftOut.get(leg) ?? []) twice.set(point.file, (twice.get(point.file) ?? 0) + 1);
  }
  return twice;
}

/**
 * Leaves out what another capture of the same interface had seen as well: two that ran at one time tell of no second
 * packet. As often as one capture saw a packet by itself, it is kept: that is the interface's doing.
 *
 * @param leg of all captures; it is changed
 */
export function countOnce(leg: Leg, leftOut: LeftOut): void {
  if (!isOfOverlapping(leg.sightings)) return;
  const kept: Sighting[] = [];
  const again: Sighting[] = [];
  /** Of what is kept, the captures that saw it too. */
  const seenBy = new Map<Sighting, Set<string>>();
  const alike = new Map<string, Sighting[]>();
  for (const sighting of leg.sightings) {
    const { capture } = sighting.point;
    const key = identityOf(sighting);
    const others = alike.get(key) ?? [];
    const first = others.find((one) => isSameTime(one, sighting) && !seenBy.get(one)!.has(capture));
    if (first) {
      seenBy.get(first)!.add(capture);
      again.push(sighting);
      continue;
    }
    kept.push(sighting);
    seenBy.set(sighting, new Set([capture]));
    others.push(sighting);
    alike.set(key, others);
  }
  if (again.length === 0) return;
  leg.sightings = kept;
  leftOut.set(leg, again);
}

function isOfOverlapping(sightings: readonly Sighting[]): boolean {
  const { length } = sightings;
  for (let i = 1; i < length; i++) {
    const { point } = sightings[i]!;
    for (let j = i - 1; j >= 0; j--) {
      const other = sightings[j]!.point;
      if (other.capture === point.capture && other.interface === point.interface) break;
      if (other.capture !== point.capture && isOneInterface(other, point)) return true;
    }
  }
  return false;
}

function isOneInterface(a: Sighting['point'], b: Sighting['point']): boolean {
  return a.node === b.node && a.netns === b.netns && a.interface === b.interface;
}

function isSameTime({ time: a }: Sighting, { time: b }: Sighting): boolean {
  if (a === null || b === null) return false;
  return (a < b ? b - a : a - b) <= SAME_TIME;
}

/** Equal for sightings of one packet at one interface, save their time. */
function identityOf(sighting: Sighting): string {
  const { point, source, destination, payload, encapsulations, icmp } = sighting;
  return [
    point.node,
    point.netns,
    point.interface,
    sighting.kind,
    sighting.fromClient,
    sighting.direction,
    source.address,
    source.port,
    destination.address,
    destination.port,
    sighting.ttl,
    sighting.vlan,
    sighting.identification,
    sighting.sequenceNumber,
    sighting.acknowledgmentNumber,
    sighting.timestampValue,
    sighting.timestampEchoReply,
    sighting.window,
    payload?.length,
    payload?.digest,
    icmp?.type,
    icmp?.code,
    icmp?.from,
    ...encapsulations.map(({ kind, id, source: from, destination: to }) => `${kind} ${id} ${from} ${to}`),
  ].join(' ');
}
