import type { Attempt } from '../../correlate/attempt.js';
import type { FilterDrop } from '../../kernel/netfilter/passage.js';
import type { Confidence } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import type { DropRecord } from '../../model/snapshot.js';
import { cause, type Suspicion } from '../cause.js';
import { type DiagnosisContext, isAt } from '../context.js';
import { resetsOf } from '../drops/records.js';
import { TAKEN_AS_MADE } from '../symptom.js';
import { ackDropRecords } from '../ways/ack-drop.js';
import { type Detour, detourOf } from '../ways/detour.js';
import { fateOfAck, type Gateway, gatewayOf, hasRules, isDropped, isFiltered } from '../ways/gateway.js';
import { acknowledgmentsOf } from '../ways/handshake.js';
import { addressesAt } from '../ways/neighbour.js';
import { isUnconfirmed } from '../ways/unconfirmed.js';
import { travellersOf } from '../ways/way-index.js';
import { concludeStatefulGateway } from './stateful-gateway-finding.js';

export interface StatefulGatewayProof {
  detour: Detour;
  /** The gateway, where it is a node that the inputs tell of. */
  gateway: Gateway | null;
  /** What of the gateway's rules drops the client's ACK; null where they are not known. */
  drop: FilterDrop | null;
  /** The client's ACK where it was seen last; null where it was not captured. */
  ack: Sighting | null;
  /** The gateway's records of a packet that its filter dropped when the ACK came. */
  records: DropRecord[];
  /** The resets with which its rule answered the ACK. */
  answers: readonly Sighting[];
}

/**
 * The gateway that carried the SYN never sees the SYN-ACK, which goes round it. The client has it, and is connected; its
 * ACK comes by the gateway, to whose conntrack it is out of state (kernel: INVALID), and is dropped there.
 *
 * Seen from the server's side: the SYN once, the SYN-ACK again and again, and no ACK. Proof: the client's ACK captured
 * before the gateway and not behind it, the gateway's rules, its kernel's record. Against: the client asks again (it has
 * no SYN-ACK), the ACK came to the server, or the gateway's rules let it pass, or drop it whatever they know of it.
 */
export const statefulGateway = cause<StatefulGatewayProof>({
  id: 'stateful-gateway',
  symptoms: [...TAKEN_AS_MADE, 'reply-lost', 'slow'],
  examine,
  conclude: concludeStatefulGateway,
});

function examine(attempt: Attempt, context: DiagnosisContext): Suspicion<StatefulGatewayProof> | null {
  const detour = isUnconfirmed(attempt, context) ? detourOf(attempt, context) : null;
  if (!detour) return null;
  const { node, in: into } = detour;
  const acks = acknowledgmentsOf(attempt);
  if (acks.some(({ point }) => isAt(point, node))) return null;
  const travellers = travellersOf(detour, context);
  const { address } = attempt.client;
  if (travellers.made.has(address) || travellers.asking.has(address)) return null;
  // The client itself is on the link: nothing carried its request.
  if (into.mac !== null && addressesAt(node, into.interface, into.mac).includes(address)) return null;

  const view = into.mac === null ? null : context.ownerOfMac(into.mac);
  if (
    view &&
    attempt.traces.some((t) => t.role === 'reply' && t.sightings.some((s) => s.point.node === view.name))
  ) {
    return null;
  }
  const gateway = view && view !== node ? gatewayOf(attempt, view) : null;
  const fate = gateway && fateOfAck(attempt, gateway, into.sighting, 'unanswered', context);
  // What is routed nowhere has nothing to do with the reply's way, as little as what passes.
  if (fate !== null && !isFiltered(fate)) return null;
  // A rule that drops the ACK of a connection that it knows as well has nothing to do with the reply's way.
  if (fate && isDropped(fateOfAck(attempt, gateway, into.sighting, 'answered', context))) return null;
  const ack = acks.findLast(({ point }) => point.node === view?.name) ?? acks.at(-1) ?? null;
  const records = gateway && fate ? ackDropRecords(gateway.view, acks) : [];
  // Others' connections are made by the same ways: a gateway that drops what is out of state would drop theirs.
  if (travellers.made.size > 0 && !ack) return null;
  const answers = gateway && fate ? resetsOf(attempt, fate, gateway.view) : [];
  const proof = { detour, gateway, drop: fate, ack, records, answers };
  return {
    attempt,
    confidence: confidenceOf(proof),
    node: node.name,
    interface: detour.out.interface,
    aspect: `${into.interface} ${into.mac}`,
    proof,
  };
}

function confidenceOf({ detour, gateway, drop, ack, records, answers }: StatefulGatewayProof): Confidence {
  if (drop && (records.length > 0 || answers.length > 0)) return 'confirmed';
  if (!detour.agrees) return 'possible';
  // What its rules leave open may drop the ACK whatever is known of the connection.
  if (!drop && gateway?.view.snapshot && hasRules(gateway.view.snapshot)) return 'possible';
  // Without either, a client that gives up within a second looks the same from the server's side.
  return drop || ack ? 'probable' : 'possible';
}
