import type { Sighting } from '../model/sighting.js';
import type { Leg } from './leg.js';
import { mix } from './likeness.js';
import { LONG_OCTETS } from './track/payload.js';

/** Whether two sightings may be of one datagram, and of one that was sent again: nothing told of them differs. */
export function sameContent({ payload: a }: Sighting, { payload: b }: Sighting): boolean {
  if (a === null || b === null || a.length !== b.length || a.digest !== b.digest) return false;
  return a.digested !== b.digested || a.longDigest === b.longDigest;
}

/** Whether two sightings may be of one packet, whatever translated it in between. */
export function sameDatagram(a: Sighting, b: Sighting): boolean {
  if (!sameContent(a, b)) return false;
  return a.identification === null || b.identification === null || a.identification === b.identification;
}

/** Whether all that tells a payload from others was captured of both. */
export function wholeContent({ payload: a }: Sighting, { payload: b }: Sighting): boolean {
  if (a === null || b === null) return false;
  const whole = Math.min(a.length, LONG_OCTETS);
  return a.digested === whole && b.digested === whole;
}

/** Equal for sightings that may be of one datagram, from one side: for looking them up. */
export function contentOf({ payload, fromClient }: Sighting, echo: Leg['echo']): string {
  return `${fromClient} ${payload!.length} ${payload!.digest} ${echo?.sequence}`;
}

/** Equal where `contentOf` is. */
export function contentHash({ payload, fromClient }: Sighting, echo: Leg['echo']): number {
  const { length, digest } = payload!;
  return mix(mix(mix(Number(fromClient), length), digest), echo?.sequence ?? -1);
}
