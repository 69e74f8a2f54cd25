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

/** RFC 792: net or host unreachable, time exceeded. RFC 4443: no route, address unreachable, time exceeded. */
export function isNoWayOn({ icmp }: Sighting): boolean {
  if (!icmp) return false;
  const { version, type, code } = icmp;
  if (version === 4) return (type === 3 && code <= 1) || type === 11;
  return (type === 1 && (code === 0 || code === 3)) || type === 3;
}

/** RFC 792, RFC 4443: its hop limit was used up on the way; not that fragments of it were waited for too long. */
export function isHopLimitExceeded({ icmp }: Sighting): boolean {
  if (!icmp) return false;
  return icmp.code === 0 && icmp.type === (icmp.version === 4 ? 11 : 3);
}
