import type { Evidence } from '../../model/analysis.js';
import type { Conclusion, Suspicion } from '../cause.js';
import { surest } from '../confidence.js';
import type { DiagnosisContext } from '../context.js';
import { inVainText } from '../drops/blocked-reply.js';
import { vainEvidence, vainGap } from '../drops/unresolved-evidence.js';
import { packetEvidence, QUOTED } from '../evidence.js';
import { faultOf } from '../fault.js';
import { fixFor } from '../fixes/fix-for.js';
import { settingsEvidence } from '../ways/detour-evidence.js';
import { neighbourText } from '../ways/neighbour.js';
import { packetWords } from '../ways/packet-words.js';
import { settingsWay } from '../ways/settings-way.js';
import { listed } from '../words.js';
import type { SilentGatewayProof } from './silent-gateway.js';

/** The finding for replies of one node that wait for one next hop. */
export function concludeSilentGateway(
  suspicions: readonly Suspicion<SilentGatewayProof>[],
  context: DiagnosisContext,
): Conclusion {
  const confidence = surest(suspicions.map((s) => s.confidence));
  const best = suspicions.find((s) => s.confidence === confidence)!;
  const { node, into, blocked } = best.proof;
  const attempts = suspicions.map((s) => s.attempt);
  const clients = listed(attempts.map((a) => a.client.address));
  const from = neighbourText(node, into.interface, { mac: into.mac, address: null }, context);
  const asked = `by ${into.interface}${from === null ? '' : ` from ${from}`}`;
  const { address, stop } = blocked;
  const to = attempts.every((a) => a.client.address === address)
    ? 'as if they were on its link'
    : `to ${address}`;
  const { request } = packetWords(best.attempt);
  return {
    finding: {
      ...faultOf('wrong-gateway', suspicions, node.netns),
      summary: `By its routes ${stop.station.label} sends its replies to ${clients} by ${stop.interface} ${to}, though the requests come in ${asked}; ${inVainText(address)}, and they do not leave.`,
      evidence: gatherEvidence(suspicions, best, context),
      ...fixFor('wrong-gateway', attempts, context),
      alternatives: [
        { cause: 'not-delivered', why: `the ${request} came in by ${into.interface} of ${node.name}` },
      ],
    },
    gaps: confidence === 'possible' ? [vainGap(blocked, null)] : [],
  };
}

function gatherEvidence(
  suspicions: readonly Suspicion<SilentGatewayProof>[],
  { attempt, proof }: Suspicion<SilentGatewayProof>,
  context: DiagnosisContext,
): Evidence[] {
  const { node, into, blocked } = proof;
  const replies = suspicions.flatMap(({ proof: { loss } }) => (loss.role === 'reply' ? [loss.last] : []));
  const settings = settingsWay(
    { attempt, request: into.sighting, node, device: into.interface, replyIn: null },
    context,
    blocked.stop.interface,
  );
  return [
    ...suspicions.slice(0, QUOTED).map((s) => packetEvidence(s.proof.into.sighting)),
    ...replies.slice(0, QUOTED).map((last) => packetEvidence(last, ' and was seen nowhere after')),
    ...(settings ? settingsEvidence(settings, node, into.interface) : []),
    vainEvidence(blocked),
    ...suspicions
      .flatMap((s) => s.proof.errors)
      .slice(0, QUOTED)
      .map((s) => packetEvidence(s, `: ${s.icmp!.from} found nobody at ${blocked.address}`)),
  ];
}
