import type { Endpoint, Fix } from '../../model/analysis.js';
import { endpointLabel } from '../../model/endpoint.js';
import type { Suspicion } from '../cause.js';
import type { RpFilterProof } from '../causes/rp-filter.js';
import type { DiagnosisContext } from '../context.js';
import { guardsFor } from './guards.js';
import { chooseFix } from './idea.js';
import { lostPacketAt } from './lost-packet.js';
import { rpFilterIdeas } from './rp-filter.js';
import { trialOf } from './trial.js';

/** Connections that differ in the client's port alone go the same way; of others, this many are tried. */
const TRIED = 100;

/**
 * The fix for reverse-path drops of one node and interface, tried on the finding's own packets.
 *
 * @returns null where nothing that was tried helps, or where the snapshot does not suffice to try
 */
export function fixRpFilter(
  suspicions: readonly Suspicion<RpFilterProof>[],
  context: DiagnosisContext,
): Fix | null {
  const { node, place, verdict, loss, destination } = suspicions[0]!.proof;
  const station = context.network.station(node.name, node.netns);
  if (!station || verdict?.verdict !== 'rp-filter' || verdict.unknown.length > 0) return null;
  const { gateway, translated } = lostPacketAt(suspicions[0]!.attempt, loss, place, context);
  const ideas = rpFilterIdeas({
    station,
    interface: place.interface,
    verdict,
    role: loss.role,
    sources: [...new Set(suspicions.map((s) => s.proof.source))],
    destination,
    gateway,
    translated,
  });
  const trials = distinct(suspicions)
    .slice(0, TRIED)
    .map(({ attempt, proof }) => {
      const lost = lostPacketAt(attempt, proof.loss, proof.place, context);
      return trialOf(attempt, { ...lost, destination: proof.destination }, context);
    });
  const guards = guardsFor(context.network, station, {
    services: distinctServers(context),
    clients: [...new Set(suspicions.map(({ attempt }) => attempt.client.address))],
  });
  return chooseFix(ideas, station, context.network, trials, guards);
}

/** What clients asked for, also those that got it. */
function distinctServers(context: DiagnosisContext): Endpoint[] {
  const byLabel = new Map<string, Endpoint>();
  for (const { server } of context.attempts) byLabel.set(endpointLabel(server), server);
  return [...byLabel.values()];
}

function distinct(suspicions: readonly Suspicion<RpFilterProof>[]): Suspicion<RpFilterProof>[] {
  const byPacket = new Map<string, Suspicion<RpFilterProof>>();
  for (const suspicion of suspicions) {
    const { source, destination, loss } = suspicion.proof;
    const { destination: wire } = loss.last;
    const key = [source, destination, wire.address, wire.port, suspicion.attempt.server.address].join(' ');
    if (!byPacket.has(key)) byPacket.set(key, suspicion);
  }
  return [...byPacket.values()];
}
