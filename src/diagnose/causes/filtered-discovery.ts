import type { Attempt } from '../../correlate/attempt.js';
import type { FilterDrop } from '../../kernel/netfilter/passage.js';
import type { Evidence, Gap } from '../../model/analysis.js';
import { numberText } from '../../model/texts.js';
import type { Station } from '../../network/station.js';
import { type Conclusion, cause, type Suspicion } from '../cause.js';
import type { DiagnosisContext } from '../context.js';
import { blockedReply } from '../drops/blocked-reply.js';
import { unresolvedOf } from '../drops/unresolved.js';
import { unresolvedEvidence, vainEvidence } from '../drops/unresolved-evidence.js';
import { evidence, ruleEvidence } from '../evidence.js';
import { faultOf } from '../fault.js';
import { acceptingDiscovery } from '../fixes/discovery.js';
import { lossOf } from '../loss.js';
import { lostEvidence } from '../lost-evidence.js';
import { dropText, type Neighbours } from '../neighbours/discovery-filter.js';
import { silentOwner } from '../neighbours/unanswered.js';
import { type UntakenAnswer, untakenAnswer, untakenEvidence } from '../neighbours/untaken-answer.js';
import { LOSSES_AND_REFUSALS } from '../symptom.js';
import { listedEndpoints } from '../words.js';

interface DiscoveryProof {
  /** Whose rules drop, and what. */
  station: Station;
  drop: FilterDrop;
  neighbours: Neighbours;
  /** Who asks in vain, for which address, and for which packet's sake. */
  asker: Station;
  address: string;
  role: 'request' | 'reply';
  /** Its answers are dropped by the asker; false: the questions, by who has the address. */
  isAnswered: boolean;
  evidence: Evidence[];
}

/**
 * A rule drops neighbour solicitations or advertisements (RFC 4861), so that no packet can be sent to who is asked for: the
 * packet itself meets no rule, it waits for the neighbour's MAC and is dropped for want of it.
 *
 * Proof: the node's own entry, which is FAILED, though the answer was captured as it came in, or the question as it came to
 * who has the address; the rule, which takes just that. Against: a rule that is not known for certain to take it.
 */
export const filteredDiscovery = cause<DiscoveryProof>({
  id: 'filtered',
  symptoms: LOSSES_AND_REFUSALS,
  applies: ({ network, neighbours }) =>
    network.isKnown && neighbours.some(({ protocol }) => protocol === 'ndp'),
  examine(attempt, context) {
    const proof = ofRequest(attempt, context) ?? ofReply(attempt, context);
    return (
      proof && {
        attempt,
        confidence: 'probable',
        node: proof.station.node,
        interface: proof.neighbours.device,
        aspect: `discovery ${proof.station.netns} ${proof.address} ${proof.isAnswered} ${proof.drop.chain} ${proof.drop.rule?.text}`,
        proof,
      }
    );
  },
  conclude,
});

function ofRequest(attempt: Attempt, context: DiagnosisContext): DiscoveryProof | null {
  const unresolved = unresolvedOf(attempt, context);
  if (!unresolved?.entry) return null;
  const { station: asker, address, untaken } = unresolved;
  const shown = unresolvedEvidence({ ...unresolved, errors: [] });
  return droppedFor({ role: 'request', asker, address }, untaken, shown, context);
}

function ofReply(attempt: Attempt, context: DiagnosisContext): DiscoveryProof | null {
  const blocked = lossOf(attempt) && blockedReply(attempt, context)?.blocked;
  if (!blocked) return null;
  const { stop, address } = blocked;
  const untaken = untakenAnswer(stop.station, stop.interface, address, context);
  return droppedFor(
    { role: 'reply', asker: stop.station, address },
    untaken,
    [vainEvidence(blocked)],
    context,
  );
}

/** What of it is dropped where a node asks for an address; null where nothing is known to be. */
function droppedFor(
  asked: Pick<DiscoveryProof, 'role' | 'asker' | 'address'>,
  untaken: UntakenAnswer | null,
  shown: Evidence[],
  context: DiagnosisContext,
): DiscoveryProof | null {
  const { asker, address } = asked;
  if (untaken?.drop) {
    const { drop, neighbours } = untaken;
    const found = [...shown, untakenEvidence(untaken)];
    return { ...asked, station: asker, drop, neighbours, isAnswered: true, evidence: found };
  }
  const owner = untaken ? null : silentOwner(address, asker, context);
  if (!owner?.refusal) return null;
  return { ...asked, ...owner.refusal, station: owner.station, isAnswered: false, evidence: shown };
}

function conclude(suspicions: readonly Suspicion<DiscoveryProof>[], context: DiagnosisContext): Conclusion {
  const [{ proof }] = suspicions as [Suspicion<DiscoveryProof>];
  const { station, drop, neighbours, asker, address, role, isAnswered } = proof;
  const servers = listedEndpoints(suspicions.map((s) => s.attempt.server));
  const hop = role === 'request' ? address : `${address}, the next hop of the replies`;
  const known = isAnswered
    ? `it drops the neighbour advertisements of ${hop}`
    : `it drops the neighbour solicitations with which ${asker.label} asks for ${hop}`;
  const whose = role === 'request' ? `requests to ${servers}` : `replies of ${servers}`;
  const fix = acceptingDiscovery(station, drop, neighbours, context);
  const { rule } = drop;
  return {
    finding: {
      ...faultOf('filtered', suspicions, station.netns),
      summary: `${asker.label} cannot send on ${whose} (${numberText(suspicions.length)}): by its routes they go to ${address}, whose MAC it does not get to know. ${isAnswered ? `${address} answers its neighbour solicitations, and ${station.label} does not take the answers in` : `Its neighbour solicitations come to ${station.label}, which has the address, and are not heard there`}: ${dropText(drop)}.`,
      known,
      evidence: [
        ...lostEvidence(
          suspicions.flatMap((s) => lossOf(s.attempt) ?? []),
          ' and was seen nowhere after',
        ),
        ...proof.evidence,
        rule
          ? ruleEvidence(station, rule)
          : evidence('rule', `the policy of ${drop.chain}`, { node: station.node }),
      ],
      ...(fix ? { fix } : { fix, noFix: NO_FIX }),
      alternatives: [
        { cause: 'no-route', why: `${asker.label} has a route to it, by which it asks for ${address}` },
        ...(isAnswered ? [{ cause: 'backend-silent', why: `${address} answers` } as const] : []),
      ],
    },
    gaps: fix ? [] : [gapOf(proof)],
  };
}

const NO_FIX =
  'let ICMPv6 of the types 133 to 136 in before that rule (RFC 4890 section 4.4.1), where whatever keeps the rules keeps them';

function gapOf({ station: { node, netns }, neighbours: { device } }: DiscoveryProof): Gap {
  return {
    node,
    interface: netns === null ? device : null,
    why: 'whose rule it is, and whether it counts, its own listing tells',
    capture: 'ip6tables-save -c; nft list ruleset',
  };
}
