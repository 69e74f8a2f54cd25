import type { Attempt } from '../correlate/attempt.js';
import type { Finding, FindingRouter, Role } from '../model/analysis.js';
import type { Sighting } from '../model/sighting.js';
import { type DiagnosisContext, isAt } from './context.js';
import { detourOf } from './ways/detour.js';
import { addressesAt, neighbourMac } from './ways/neighbour.js';

/** Tells of each finding by whom its first attempt came to the nodes, and to whom its reply was given. */
export function addRouters(findings: readonly Finding[], context: DiagnosisContext): void {
  for (const finding of findings) {
    const attempt = firstSeen(finding, context);
    const routers = attempt ? routersOf(attempt, context) : [];
    if (routers.length > 0) finding.routers = routers;
  }
}

function firstSeen({ attempts }: Finding, context: DiagnosisContext): Attempt | null {
  for (const id of attempts) {
    const attempt = context.attempt(id);
    if (attempt && attempt.traces.length > 0) return attempt;
  }
  return null;
}

function routersOf(attempt: Attempt, context: DiagnosisContext): FindingRouter[] {
  const seen = (role: Role) =>
    attempt.traces.filter((trace) => trace.role === role).flatMap(({ sightings }) => sightings);
  const entry = seen('request')[0];
  const exit = seen('reply').at(-1);
  const from =
    entry?.direction === 'in' ? routerAt('request', entry, entry.etherSource, attempt, context) : null;
  const to =
    exit?.direction === 'out'
      ? (routerAt('reply', exit, exit.etherDestination, attempt, context) ?? byRoute(exit, attempt, context))
      : null;
  return [from, to].filter((router) => router !== null);
}

/** Null where the client itself is on the link, or one of the nodes is at the MAC. */
function routerAt(
  role: Role,
  { point, encapsulations }: Sighting,
  mac: string | null,
  { client }: Attempt,
  context: DiagnosisContext,
): FindingRouter | null {
  const view = context.node(point.node, point.netns);
  if (mac === null || encapsulations.length > 0 || !view || context.ownerOfMac(mac)) return null;
  const addresses = [...addressesAt(view, point.interface, mac), ...heardAt(mac, context)];
  if (addresses.includes(client.address)) return null;
  const isSameFamily = (address: string) => address.includes(':') === client.address.includes(':');
  return { role, address: addresses.find(isSameFamily) ?? null, mac };
}

/** As whom a MAC asked for others. */
function heardAt(mac: string, { neighbours }: DiagnosisContext): string[] {
  return neighbours
    .filter(({ kind, senderMac }) => kind === 'request' && senderMac === mac)
    .map(({ sender }) => sender);
}

/** A cooked capture has no destination MAC: there the node's own route tells, where it fits what was seen. */
function byRoute({ point }: Sighting, attempt: Attempt, context: DiagnosisContext): FindingRouter | null {
  const detour = detourOf(attempt, context);
  if (!detour?.agrees || !detour.settings || !isAt(point, detour.node)) return null;
  const { dev, via } = detour.settings.hop;
  return via === null ? null : { role: 'reply', address: via, mac: neighbourMac(detour.node, dev, via) };
}
