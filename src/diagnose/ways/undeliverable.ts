import type { Attempt } from '../../correlate/attempt.js';
import type { Sighting } from '../../model/sighting.js';

/** An ICMP error that says of the reply that a router has no way on for it; null where none was captured. */
export function undeliverableReply({ others }: Attempt): Sighting | null {
  return others.find((s) => !s.fromClient && s.icmp !== null && isNoWayOn(s.icmp)) ?? null;
}

/** An ICMP error by which the client's own host says that it knows no such connection; null where none was captured. */
export function unknownToClient({ others, client }: Attempt): Sighting | null {
  return (
    others.find((s) => !s.fromClient && s.icmp?.from === client.address && isPortUnreachable(s.icmp)) ?? null
  );
}

/** RFC 792: net or host unreachable, time exceeded. RFC 4443: no route, address unreachable, time exceeded. */
function isNoWayOn({ version, type, code }: NonNullable<Sighting['icmp']>): boolean {
  if (version === 4) return (type === 3 && code <= 1) || type === 11;
  return (type === 1 && (code === 0 || code === 3)) || type === 3;
}

function isPortUnreachable({ version, type, code }: NonNullable<Sighting['icmp']>): boolean {
  return version === 4 ? type === 3 && code === 3 : type === 1 && code === 4;
}
