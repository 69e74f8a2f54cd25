/** A next hop that nobody answers for is taken out of a route that has others. */
import type { Attempt } from '../../correlate/attempt.js';
import type { CauseId, Fix } from '../../model/analysis.js';
import type { NextHop, Route } from '../../model/snapshot.js';
import type { RoundTrip } from '../../network/round-trip.js';
import type { Station } from '../../network/station.js';
import type { DiagnosisContext } from '../context.js';
import { entryInVain } from '../drops/asked-in-vain.js';
import type { Unresolved } from '../drops/unresolved.js';
import { ipCommand } from '../ip-command.js';
import { shellWord } from '../shell-word.js';
import { listed } from '../words.js';
import { endingsOf, toFix } from './fix.js';
import { errandsOf } from './fix-for.js';
import { COST } from './idea.js';
import { carriedOut, step } from './step.js';
import { isHandedOn, type TrialResult, tryOut } from './trial.js';

/** Programs that would write the route anew; it is their neighbour that is to be taken out (rtnetlink(7), rt_protos). */
const DAEMONS: ReadonlySet<string> = new Set([
  'babel',
  'bgp',
  'bird',
  'dhcp',
  'eigrp',
  'isis',
  'openr',
  'ospf',
  'ra',
  'rip',
  'zebra',
]);

/**
 * Sends everything by the route's other next hops, tried on a copy of the snapshots.
 *
 * @param attempts those that the finding explains
 * @returns null where the route has no other that may answer, or those do not lead there
 */
export function withoutHop(
  cause: CauseId,
  { station, hop, address, route }: Unresolved,
  attempts: readonly Attempt[],
  context: DiagnosisContext,
): Fix | null {
  if (!route || route.nextHops.length < 2 || route.nextHopId !== undefined || route.from !== null)
    return null;
  const isDead = ({ gateway, interface: name }: NextHop) => gateway === address && name === hop.dev;
  const rest = route.nextHops.filter((next) => !isDead(next));
  if (rest.length === 0 || rest.length === route.nextHops.length) return null;
  if (!rest.every((next) => mayAnswer(next, station))) return null;
  const change = step(station, `${ipCommand(route.family)} route replace ${routeText(route, rest)}`);
  const network = carriedOut(context.network, [change]);
  if (!network) return null;
  const results = errandsOf(cause, attempts, context).flatMap((errand) => tryOut(errand, network) ?? []);
  // Of the next router there may be no snapshot.
  const isHandedToRest = (trip: RoundTrip) =>
    rest.some(({ gateway, interface: dev }) => isHandedOn(trip, station, { dev: dev!, via: gateway! }));
  const isVain = ({ mended, trips }: TrialResult) => mended === false && !trips.every(isHandedToRest);
  if (results.length === 0 || results.some(isVain)) return null;
  const writer = DAEMONS.has(route.protocol ?? '')
    ? ` The route is of protocol ${route.protocol}: that program writes it anew, and has to lose the next hop itself.`
    : '';
  const idea = {
    summary: `Take ${address} out of the next hops of ${station.label} to ${route.destination}, until somebody answers for it again.${writer}`,
    steps: [change],
    risk: `The other next hops carry its share: ${rest.map(hopText).join(', ')}.`,
    cost: COST.change,
  };
  const endings = endingsOf(results);
  const fix = toFix({ ideas: [idea], uncovered: [], mendsAcks: false, network, ...endings });
  if (endings.mended.length > 0) return fix;
  const expected = `${station.label} sends all of it ${listed(rest.map(hopText))}; what becomes of it there is in no snapshot.`;
  return { ...fix, expected };
}

function mayAnswer({ gateway, interface: name, flags }: NextHop, station: Station): boolean {
  if (name === null || gateway === null) return false;
  return !flags.includes('dead') && !flags.includes('linkdown') && !entryInVain(station, name, gateway);
}

/** As `ip route replace` takes it; what it does not name is what tells one route from another. */
function routeText(
  { destination, table, metric, tos, protocol, prefsrc }: Route,
  hops: readonly NextHop[],
): string {
  const words = [destination];
  if (tos !== 0) words.push(`tos 0x${tos.toString(16)}`);
  if (table !== 'main') words.push(`table ${shellWord(table)}`);
  if (protocol !== null && protocol !== 'boot') words.push(`proto ${shellWord(protocol)}`);
  if (metric !== 0) words.push(`metric ${metric}`);
  if (prefsrc !== null) words.push(`src ${prefsrc}`);
  const [first] = hops;
  if (hops.length === 1) return [...words, hopText(first!)].join(' ');
  return [...words, ...hops.map((hop) => `nexthop ${hopText(hop)} weight ${hop.weight}`)].join(' ');
}

function hopText({ gateway, interface: name, flags }: NextHop): string {
  return `via ${gateway} dev ${shellWord(name!)}${flags.includes('onlink') ? ' onlink' : ''}`;
}
