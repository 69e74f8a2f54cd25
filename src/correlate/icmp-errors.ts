import type { Sighting } from '../model/sighting.js';

/** Unreachable or time exceeded. A redirect, a source quench or a parameter problem does not say that it was lost. */
export function isDeliveryFailure({ icmp }: Sighting): boolean {
  if (!icmp) return false;
  return icmp.version === 4 ? icmp.type === 3 || icmp.type === 11 : icmp.type === 1 || icmp.type === 3;
}

/** RFC 792, RFC 4443: the host has nobody who listens on the port; or a firewall says so in its place. */
export function isPortUnreachable({ icmp }: Sighting): boolean {
  if (!icmp) return false;
  return icmp.version === 4 ? icmp.type === 3 && icmp.code === 3 : icmp.type === 1 && icmp.code === 4;
}

/** The hop limit ran out on the way. */
export function isTimeExceeded({ icmp }: Sighting): boolean {
  return icmp !== null && icmp.type === (icmp.version === 4 ? 11 : 3) && icmp.code === 0;
}
