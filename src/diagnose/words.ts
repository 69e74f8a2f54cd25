import type { Endpoint, PacketRole } from '../model/analysis.js';
import { endpointLabel } from '../model/endpoint.js';
import { formatTime, type Nanoseconds } from '../model/time.js';

/** What one packet of each connection is, of several. */
export const PACKETS: Readonly<Record<PacketRole, string>> = {
  request: 'requests',
  reply: 'replies',
  'client-ack': "clients' ACKs",
  'server-ack': "servers' ACKs",
};

/** Values that are named before the rest is counted. */
const NAMED = 3;

/** Distinct values as a person lists them: `a, b and 4 others`. */
export function listed(values: readonly string[]): string {
  const distinct = [...new Set(values)];
  const rest = distinct.length - NAMED;
  if (rest > 0)
    return `${distinct.slice(0, NAMED).join(', ')} and ${rest} ${rest === 1 ? 'other' : 'others'}`;
  return distinct.join(', ');
}

/** The same of servers: those of one capture's attempts are few objects, of which each needs its label but once. */
export function listedEndpoints(endpoints: readonly Endpoint[]): string {
  return listed([...new Set(endpoints)].map(endpointLabel));
}

/** `12:00:01.500`, with the date where not all is of one day. */
export function clockText(first: Nanoseconds, last: Nanoseconds): (time: Nanoseconds) => string {
  const oneDay = formatTime(first).slice(0, 10) === formatTime(last).slice(0, 10);
  return (moment) => {
    const text = formatTime(moment).slice(0, 23);
    return oneDay ? text.slice(11) : text.replace('T', ' ');
  };
}

/** A length of time: `3.0 s`. */
export function secondsText(time: Nanoseconds): string {
  return `${(Number(time) / 1e9).toFixed(1)} s`;
}
