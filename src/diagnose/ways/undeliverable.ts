import type { Attempt } from '../../correlate/attempt.js';
import { isNoWayOn, isPortUnreachable } from '../../correlate/icmp-errors.js';
import type { Sighting } from '../../model/sighting.js';

/** An ICMP error that says of the reply that a router has no way on for it; null where none was captured. */
export function undeliverableReply({ others }: Attempt): Sighting | null {
  return others.find((s) => !s.fromClient && isNoWayOn(s)) ?? null;
}

/** An ICMP error by which the client's own host says that it knows no such connection; null where none was captured. */
export function unknownToClient({ others, client }: Attempt): Sighting | null {
  return others.find((s) => !s.fromClient && s.icmp?.from === client.address && isPortUnreachable(s)) ?? null;
}
