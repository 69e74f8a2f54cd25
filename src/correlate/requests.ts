import type { Attempt } from './attempt.js';
import { isSilentPort, isTraceroutePort } from './datagram-ports.js';

/** traceroute and mtr go 30 hops far by default: what has no more left when it is first seen was sent to expire. */
const MOST_PROBED_HOPS = 30;

/** Whether a UDP exchange or an echo is a client's request to a service: an attempt. */
export function isRequest(attempt: Attempt, broadcasts: ReadonlySet<string>): boolean {
  if (broadcasts.has(attempt.server.address) || isProbe(attempt)) return false;
  return attempt.vip !== null || !isSilent(attempt);
}

/** A probe of traceroute's, which is not meant to be answered by whom it is sent to. */
function isProbe({ server, traces, replies }: Attempt): boolean {
  // Of what was answered, or was not seen to be asked, nothing says so.
  if (traces.length === 0 || replies > 0) return false;
  if (server.port !== null && isTraceroutePort(server.port)) return true;
  return traces.every(({ sightings }) => sightings.every((s) => s.ttl <= MOST_PROBED_HOPS));
}

function isSilent({ server }: Attempt): boolean {
  return server.port !== null && isSilentPort(server.port);
}
