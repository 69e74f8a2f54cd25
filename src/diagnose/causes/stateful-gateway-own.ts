/** The same fault as `stateful-gateway.ts` finds from the server's side, as the gateway's own captures show it. */

import type { Attempt } from '../../correlate/attempt.js';
import type { FilterDrop } from '../../kernel/netfilter/passage.js';
import type { Sighting } from '../../model/sighting.js';
import { isSameStation } from '../../model/station.js';
import { follow } from '../../network/journey.js';
import { answerStart, answerTo } from '../../network/round-trip.js';
import { type Conclusion, cause, type Suspicion } from '../cause.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { resetsOf } from '../drops/records.js';
import { evidence, packetEvidence, QUOTED } from '../evidence.js';
import { faultOf } from '../fault.js';
import { fixFor } from '../fixes/fix-for.js';
import { packetQuestion } from '../packet-question.js';
import { TAKEN_AS_MADE } from '../symptom.js';
import { ackDropEvidence, ackDropRecords, keptText, OUT_OF_STATE } from '../ways/ack-drop.js';
import { fateOfAck, gatewayOf, isDropped, isFiltered } from '../ways/gateway.js';
import { acknowledgmentsOf, HAD_REPLY } from '../ways/handshake.js';
import { listed } from '../words.js';

interface OwnProof {
  gateway: NodeView;
  /** The SYN on its way out of the gateway, and the ACK on its way in. */
  request: Sighting;
  ack: Sighting;
  drop: FilterDrop;
  /** The resets with which its rule answered the ACK. */
  answers: readonly Sighting[];
}

/**
 * A gateway passes a SYN on, sees no SYN-ACK, and keeps the ACK that answers one: its rules drop what is out of state.
 *
 * Against: an ACK that it passed on; a reply that came by it.
 */
export const statefulGatewayItself = cause<OwnProof>({
  id: 'stateful-gateway',
  symptoms: [...TAKEN_AS_MADE, 'reply-unseen', 'slow'],
  // Without any node's rules nothing is known of what they drop, and no healthy connection need be looked at.
  applies: ({ network }) => network.isKnown,

  examine(attempt, context) {
    if (attempt.protocol !== 'tcp') return null;
    if (attempt.legs.some((leg) => leg.serverSpoke)) return null;
    for (const ack of acknowledgmentsOf(attempt)) {
      const proof = proofAt(attempt, ack, context);
      if (!proof) continue;
      const source = sourceOfReply(attempt, proof, context);
      const isTold = proof.answers.length > 0 || ackDropRecords(proof.gateway, [ack]).length > 0;
      return {
        attempt,
        confidence: isTold ? 'confirmed' : 'probable',
        node: source?.node ?? null,
        interface: source?.interface ?? null,
        aspect: `kept by ${proof.gateway.name}`,
        proof,
      };
    }
    return null;
  },

  conclude,
});

function proofAt(attempt: Attempt, ack: Sighting, context: DiagnosisContext): OwnProof | null {
  if (ack.direction !== 'in') return null;
  const isHere = ({ point }: Sighting) => isSameStation(point, ack.point);
  const gateway = context.node(ack.point.node, ack.point.netns);
  const sent = attempt.traces.flatMap((t) => (t.role === 'request' ? t.sightings : [])).filter(isHere);
  // Where the SYN was seen to leave, the ACK would have been.
  const request = sent.find((s) => s.direction === 'out');
  const passed = acknowledgmentsOf(attempt).some((s) => isHere(s) && s.direction === 'out');
  const answered = attempt.traces.some((t) => t.role === 'reply' && t.sightings.some(isHere));
  if (!gateway || !request || passed || answered) return null;
  const at = gatewayOf(attempt, gateway);
  const drop = fateOfAck(attempt, at, request, 'unanswered', context);
  // What drops the ACK of a connection that it knows as well does not drop it for its state.
  if (!isFiltered(drop) || isDropped(fateOfAck(attempt, at, request, 'answered', context))) return null;
  return { gateway, request, ack, drop, answers: resetsOf(attempt, drop, gateway) };
}

/** Who answers, by the settings of the nodes behind the gateway, and by which interface; null where they do not tell. */
function sourceOfReply(
  attempt: Attempt,
  { gateway }: OwnProof,
  { network }: DiagnosisContext,
): { node: string; interface: string | null } | null {
  const station = network.station(gateway.name, gateway.netns);
  const { request, device } = gatewayOf(attempt, gateway);
  if (!station || !request || device === null) return null;
  const question = packetQuestion(attempt, request, 'request');
  for (const journey of follow(network, { station, interface: device }, question)) {
    const start = answerStart(network, journey, request.source.address);
    if (!start || 'fate' in start) continue;
    const replies = follow(network, start, { ...answerTo(journey), tcp: 'syn-ack' }, journey.connections);
    const round = replies.find(({ legs }) => legs.every((leg) => leg.station !== station));
    const leg = round?.legs.find(({ hop }) => hop !== null);
    if (leg) return { node: leg.station.node, interface: leg.hop!.dev };
  }
  return null;
}

function conclude(suspicions: readonly Suspicion<OwnProof>[], context: DiagnosisContext): Conclusion {
  const [{ proof, node, interface: name }] = suspicions as [Suspicion<OwnProof>];
  const { gateway, request, ack, drop } = proof;
  const attempts = suspicions.map((s) => s.attempt);
  const servers = listed(attempts.map((a) => a.legs.at(-1)!.server.address));
  const who = node === null ? servers : `${node}${name === null ? '' : ` (${name})`}`;
  const records = ackDropRecords(
    gateway,
    suspicions.map((s) => s.proof.ack),
  );
  return {
    finding: {
      ...faultOf('stateful-gateway', suspicions),
      summary: `The replies of ${who} to ${listed(attempts.map((a) => a.client.address))} go round ${gateway.name}, which carried the requests. The client has them and answers; ${gateway.name} saw no reply, takes that ACK as out of state and ${keptText(drop)}.`,
      evidence: [
        ...suspicions
          .slice(0, QUOTED)
          .flatMap((s) => [
            packetEvidence(s.proof.request),
            packetEvidence(
              s.proof.ack,
              ' and did not leave: the client has a reply that did not come this way',
            ),
          ]),
        ...ackDropEvidence(gateway, drop, records, OUT_OF_STATE),
        ...proof.answers.slice(0, 1).map((reset) => packetEvidence(reset)),
        evidence('capture', `no SYN-ACK passed ${gateway.name}`, {
          node: gateway.name,
          file: ack.point.file,
        }),
      ],
      ...fixFor('stateful-gateway', attempts, context),
      alternatives: [
        { cause: 'wrong-gateway', why: HAD_REPLY },
        { cause: 'not-delivered', why: `the SYN left ${gateway.name}` },
      ],
    },
    gaps:
      name === null
        ? [
            {
              node,
              interface: null,
              why: `which way the replies of ${servers} take is known to their own node alone`,
              capture: `ip route get ${request.source.address} from ${request.destination.address}; tcpdump -i any -y LINUX_SLL2 -n -s 128 -w any.pcap 'host ${request.source.address}'`,
            },
          ]
        : [],
  };
}
