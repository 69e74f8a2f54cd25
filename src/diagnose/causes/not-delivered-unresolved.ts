import type { Evidence } from '../../model/analysis.js';
import type { Conclusion, Suspicion } from '../cause.js';
import type { DiagnosisContext } from '../context.js';
import type { Unresolved } from '../drops/unresolved.js';
import { unresolvedEvidence, unresolvedGap } from '../drops/unresolved-evidence.js';
import { evidence, packetEvidence, QUOTED } from '../evidence.js';
import { faultOf } from '../fault.js';
import { withoutHop } from '../fixes/dead-hop.js';
import type { Remedy } from '../fixes/repair.js';
import { type Loss, lastSightings } from '../loss.js';
import { messageEvidence, resolutionOf } from '../neighbours/evidence.js';
import { ownClaim, ownClaimFix, ownClaimGap, ownClaimText } from '../neighbours/own-claim.js';
import { silentOwner } from '../neighbours/unanswered.js';
import { listedEndpoints } from '../words.js';

/** Requests that a node holds, as it asks for their next hop in vain. */
export function concludeUnresolved(
  suspicions: readonly Suspicion<{ loss: Loss }>[],
  unresolved: Unresolved,
  context: DiagnosisContext,
): Conclusion {
  const { station, hop, address } = unresolved;
  const { loss } = suspicions[0]!.proof;
  const claim = ownClaim(station, hop.dev, address, loss.last, context);
  const owner = claim ? null : silentOwner(address, station, context);
  const asking = resolutionOf(address) === 'NDP' ? 'neighbour solicitations' : 'ARP';
  const reason = claim ? ownClaimText(claim) : `nobody answers ${asking} for ${address} on ${hop.dev}`;
  return {
    finding: {
      ...faultOf('not-delivered', suspicions, loss.last.point.netns),
      summary: `${station.label} cannot hand on requests to ${listedEndpoints(suspicions.map((s) => s.attempt.server))}: ${reason}.`,
      known: reason,
      evidence: evidenceOf(),
      ...(claim ? { fix: ownClaimFix(claim) } : remedy()),
      alternatives: [{ cause: 'no-route', why: `${station.label} has a route to it, by ${hop.dev}` }],
    },
    gaps: [claim ? ownClaimGap(claim) : unresolvedGap(unresolved)],
  };

  function remedy(): Remedy {
    const attempts = suspicions.map((s) => s.attempt);
    const fix = withoutHop('not-delivered', unresolved, attempts, context);
    if (fix) return { fix };
    const why = owner?.why ?? `who has ${address} is down, or not on the link of ${hop.dev}`;
    return {
      fix: null,
      noFix: `no setting of ${station.label} lets it reach an address that nobody answers for: ${why}`,
    };
  }

  function evidenceOf(): Evidence[] {
    const lost = suspicions.flatMap((s) => lastSightings(s.proof.loss));
    return [
      ...lost.slice(0, QUOTED).map((s) => packetEvidence(s, ' and was seen nowhere after')),
      ...unresolvedEvidence(unresolved),
      ...(claim?.message ? [messageEvidence(claim.message)] : []),
      ...(owner ? [evidence('model', owner.why, { node: owner.station.node })] : []),
    ];
  }
}
