/** No reply was captured, and by the nodes' own settings it leaves where no capture looks, and another way. */

import type { Attempt } from '../../correlate/attempt.js';
import type { CauseId } from '../../model/analysis.js';
import { endpointLabel } from '../../model/endpoint.js';
import type { Sighting } from '../../model/sighting.js';
import { knownEntry } from '../../network/entry.js';
import { wayText } from '../../network/narrate.js';
import { type Fate, type RoundTrip, roundTrips } from '../../network/round-trip.js';
import { type Cause, type Conclusion, cause, type Suspicion } from '../cause.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { evidence, packetEvidence, QUOTED } from '../evidence.js';
import { faultOf } from '../fault.js';
import { fixFor } from '../fixes/fix-for.js';
import { lossOf } from '../loss.js';
import { packetQuestion } from '../packet-question.js';
import { isTakenBefore } from '../place.js';
import { type Risk, riskOf } from '../prediction/risk.js';
import { wayInto } from '../ways/crossing.js';
import { settingsEvidence } from '../ways/detour-evidence.js';
import { packetWords } from '../ways/packet-words.js';
import { remembered } from '../ways/remembered.js';
import { settingsWay } from '../ways/settings-way.js';
import { listed } from '../words.js';

interface UnseenProof {
  request: Sighting;
  /** That the request came in by. */
  device: string;
  risk: Risk;
}

/** The settings send a reply out by another interface than the request came in by. */
export const wrongGatewayUnseen = unseen('wrong-gateway', 'answered-elsewhere');

/** The settings send a reply out round the node that would have to translate it. */
export const untranslatedReplyUnseen = unseen('untranslated-reply', 'untranslated');

function unseen(id: CauseId, fate: Fate['kind']): Cause {
  return cause<UnseenProof>({
    id,
    symptoms: ['no-reply'],
    applies: ({ network }) => network.isKnown,
    examine: (attempt, context) => examine(attempt, fate, context),
    conclude: (suspicions, context) => conclude(id, suspicions, context),
  });
}

function examine(
  attempt: Attempt,
  fate: Fate['kind'],
  context: DiagnosisContext,
): Suspicion<UnseenProof> | null {
  const loss = lossOf(attempt);
  // A client that asks but once may have given up, or the capture may have ended.
  if (attempt.tries < 2 || !loss || loss.trace.overheard) return null;
  if (isAnswered(attempt, context)) return null;
  const node = context.node(loss.last.point.node, loss.last.point.netns);
  const into = node && wayInto(loss.trace.sightings, node);
  if (!into?.interface || isTakenBefore(into.sighting, node!, context)) return null;
  const trips = tripsOf(attempt, into.sighting, node!, into.interface, context);
  const [first] = trips;
  if (!first || trips.some((trip) => trip.fate.kind !== fate || wouldBeSeen(trip, context))) return null;
  const risk = riskOf(first)!;
  return {
    attempt,
    confidence: 'possible',
    node: risk.station.node,
    interface: risk.interface,
    aspect: 'no reply captured',
    proof: { request: into.sighting, device: into.interface, risk },
  };
}

/** From where the request was seen to come in, to the backends that the attempt is known to have. */
function tripsOf(
  attempt: Attempt,
  request: Sighting,
  node: NodeView,
  device: string,
  context: DiagnosisContext,
): RoundTrip[] {
  const station = context.network.station(node.name, node.netns);
  if (!station) return [];
  const why = 'the request was captured there';
  const entry = knownEntry(station, device, why);
  const trips = roundTrips(context.network, entry, packetQuestion(attempt, request, 'request'));
  const [front, ...behind] = attempt.legs;
  const backends = (behind.length > 0 ? behind : [front!]).map((leg) => leg.server.address);
  const known = trips.filter(({ backend }) => backend !== null && backends.includes(backend.address));
  return known.length > 0 || behind.length > 0 ? known : trips;
}

/** Whether a capture looks at an interface that the reply would pass, be it of another time: that one can be made again. */
function wouldBeSeen({ reply }: RoundTrip, context: DiagnosisContext): boolean {
  return reply!.legs.some(({ station, interface: name, hop }) => {
    const node = context.node(station.node, station.netns);
    const devices = [name, hop?.dev ?? null].filter((device) => device !== null);
    return node !== null && devices.some((device) => context.covers(node, device, null));
  });
}

/** Whether the client's other connections to the server are made, by a reply that no capture saw or by one that it did. */
function isAnswered({ client, server }: Attempt, context: DiagnosisContext): boolean {
  return answered(undefined, context).has(pairKey(client.address, endpointLabel(server)));
}

const answered = remembered(
  () => 'all',
  (_: undefined, { attempts }) => {
    const made = attempts.filter(({ outcome }) => outcome === 'reply-unseen' || outcome === 'established');
    return new Set(made.map(({ client, server }) => pairKey(client.address, endpointLabel(server))));
  },
);

function pairKey(client: string, server: string): string {
  return `${client} ${server}`;
}

function conclude(
  id: CauseId,
  suspicions: readonly Suspicion<UnseenProof>[],
  context: DiagnosisContext,
): Conclusion {
  const { attempt, proof } = suspicions[0]!;
  const { risk, request, device } = proof;
  const { station, interface: name, trip } = risk;
  const attempts = suspicions.map((s) => s.attempt);
  const node = context.node(station.node, station.netns)!;
  const settings = settingsWay({ attempt, request, node, device, replyIn: null }, context);
  const { request: asked, reply } = packetWords(attempt);
  const clients = listed(attempts.map((a) => a.client.address));
  const how =
    id === 'wrong-gateway'
      ? `though the requests come in by ${device} of ${request.point.node}`
      : `with the address of ${endpointLabel(trip.backend!)}, which ${clients} did not ask`;
  return {
    finding: {
      ...faultOf(id, suspicions, station.netns),
      summary: `No ${reply} to ${clients} was captured, and ${station.label}'s own routes and rules send it out by ${name ?? 'another way'}, where no capture looks, ${how}; there it may be lost.`,
      evidence: [
        ...suspicions.slice(0, QUOTED).map((s) => packetEvidence(s.proof.request)),
        evidence('capture', `the ${asked} came ${attempt.tries} times`, { node: request.point.node }),
        evidence('model', `the reply goes ${wayText(trip.reply!)}`, { node: station.node }),
        ...(settings ? settingsEvidence(settings, node, device) : []),
      ],
      ...fixFor(id, attempts, context),
      alternatives: [
        { cause: 'not-delivered', why: `the ${asked} came in by ${device} of ${request.point.node}` },
      ],
    },
    gaps: [
      {
        node: station.node,
        interface: name,
        why: `whether ${station.label} answers at all, and to which next hop, shows only where the reply would leave`,
        capture: `tcpdump -i '${name ?? 'any'}' -e -n -s 128 -w '${name ?? 'any'}.pcap' 'host ${attempt.client.address}'`,
      },
    ],
  };
}
