import type { Alternative, Evidence, Gap } from '../../model/analysis.js';
import { endpointLabel } from '../../model/endpoint.js';
import { numberText } from '../../model/texts.js';
import type { Conclusion, Suspicion } from '../cause.js';
import { surest } from '../confidence.js';
import type { DiagnosisContext } from '../context.js';
import { evidence, packetEvidence, QUOTED, sysctlEvidence } from '../evidence.js';
import { faultOf } from '../fault.js';
import { fixFor } from '../fixes/fix-for.js';
import { lossOf } from '../loss.js';
import { detourEvidence, senderText, waySourceGaps } from '../ways/detour-evidence.js';
import { type Bridged, bridgedReply, callingRules } from './bridged-reply.js';
import type { UntranslatedProof } from './untranslated-reply.js';

/** The finding for replies of one backend that leave one node untranslated. */
export function concludeUntranslated(
  suspicions: readonly Suspicion<UntranslatedProof>[],
  context: DiagnosisContext,
): Conclusion {
  const attempts = suspicions.map((s) => s.attempt);
  const confidence = surest(suspicions.map((s) => s.confidence));
  const best = suspicions.find((s) => s.confidence === confidence)!;
  const netns = best.proof.reply.point.netns;
  const { reply, translator } = best.proof;
  const bridged = best.proof.inferred ? null : bridgedReply(best.attempt, reply, translator, context);
  return {
    finding: {
      ...faultOf('untranslated-reply', suspicions, netns),
      summary: summarize(best, bridged, context),
      evidence: [
        ...gatherEvidence(suspicions, best, context),
        ...(bridged ? [sysctlEvidence(bridged.node, bridged.key)] : []),
      ],
      ...(bridged
        ? { fix: callingRules(bridged, context) }
        : fixFor('untranslated-reply', attempts, context)),
      alternatives: ruledOut(best),
    },
    gaps: best.node === null ? [senderGap(best)] : confidence === 'confirmed' ? [] : gapsOf(best),
  };
}

function summarize(
  { attempt, node, interface: name, proof }: Suspicion<UntranslatedProof>,
  bridged: Bridged | null,
  context: DiagnosisContext,
): string {
  const { reply, refusal, translator, inferred, detour } = proof;
  const by = name === null ? '' : ` by ${name}`;
  const backend = endpointLabel(reply.source);
  const place = node === null ? `comes to ${reply.point.node}` : `leaves ${node}${by}`;
  const left = `The reply of ${backend} ${place} with its own address`;
  if (inferred) {
    const who = translator ?? (detour && senderText(detour, context)) ?? 'another node';
    if (refusal)
      return `${left}, and the client answers it with a reset and asks again, as one that did not ask ${backend}. Before it came to ${reply.point.node} the request seems to have been translated, from ${attempt.vip}: a reply that does not go back to who did that means nothing to the client.`;
    return `${left}, and does not come back. The request came from ${who}, which seems to have translated it from the address that the client asked: a reply that does not go back there means nothing to the client.`;
  }
  const round = bridged
    ? `: ${bridged.bridge} passes it on between two of its ports, and it does not come to the rules of ${node}, which translated the request`
    : translator === null
      ? ''
      : translator === node
        ? ', though that node translated the request'
        : `, round ${translator}, which translated the request`;
  const answer =
    refusal === null
      ? 'does not get a reply that it would know'
      : `answers it with ${refusal.kind === 'rst' ? 'a reset' : 'an ICMP port unreachable'}`;
  return `${left}${round}; the client asked ${endpointLabel(attempt.server)} and ${answer}.`;
}

function gatherEvidence(
  suspicions: readonly Suspicion<UntranslatedProof>[],
  { proof, attempt }: Suspicion<UntranslatedProof>,
  context: DiagnosisContext,
): Evidence[] {
  const { detour } = proof;
  const found: Evidence[] = [];
  const asked = attempt.traces.find((t) => t.role === 'request')?.sightings[0];
  const where = proof.inferred ? ', where it was seen first' : ': as the client asked it';
  if (asked) found.push(packetEvidence(asked, where));
  const detours = suspicions.flatMap(({ attempt: a, proof: p }) =>
    p.detour ? [{ attempt: a, detour: p.detour }] : [],
  );
  if (detour && detours.length > 0) found.push(...detourEvidence(detours, context));
  else found.push(...suspicions.slice(0, QUOTED).map((s) => packetEvidence(s.proof.reply)));
  // Where nothing refused it, that it got to the client is what proves it.
  const arrived = proof.refusal || detour ? null : lossOf(attempt)?.last;
  if (arrived && arrived !== proof.reply) found.push(packetEvidence(arrived, ': as it came to the client'));
  const refusals = suspicions.flatMap((s) => s.proof.refusal ?? []);
  found.push(...refusals.slice(0, QUOTED).map((s) => packetEvidence(s)));
  if (detours.length === 0 && suspicions.length > QUOTED) {
    const node = proof.reply.point.node;
    found.push(evidence('packet', `${numberText(suspicions.length)} attempts went so`, { node }));
  }
  return found;
}

function ruledOut({ proof }: Suspicion<UntranslatedProof>): Alternative[] {
  if (proof.refusal) {
    return [
      { cause: 'rp-filter', why: 'the request reached the backend, and the reply reached the client' },
      { cause: 'refused', why: 'the refusal came from the client, not from the backend' },
    ];
  }
  return [
    { cause: 'backend-silent', why: 'the reply was sent' },
    {
      cause: 'wrong-gateway',
      why: 'by whatever gateway it goes, the client knows no connection with the address that the reply bears',
    },
  ];
}

/** The reply was captured where it came in alone. */
function senderGap({ attempt, proof: { reply, translator } }: Suspicion<UntranslatedProof>): Gap {
  const round = translator === null ? 'the node that translated the request' : translator;
  return {
    node: null,
    interface: null,
    why: `which node let the reply of ${endpointLabel(reply.source)} go round ${round} was not captured; the node of ${reply.source.address} would show by which interface it leaves`,
    capture: `tcpdump -i any -y LINUX_SLL2 -n -s 128 -w any.pcap 'host ${attempt.client.address} or udp port 4789 or udp port 8472'`,
  };
}

function gapsOf({ attempt, proof }: Suspicion<UntranslatedProof>): Gap[] {
  const { reply, translator, detour, inferred } = proof;
  const gaps: Gap[] = [];
  const filter = `host ${attempt.client.address}`;
  if (inferred) {
    gaps.push({
      node: translator,
      interface: null,
      why: 'the request was captured behind its translation alone; a capture where it came in would show which address the client asked',
      capture: `tcpdump -i any -y LINUX_SLL2 -n -s 128 -w any.pcap '${filter} or udp port 4789 or udp port 8472'`,
    });
  }
  if (!detour) return gaps;
  gaps.push({
    node: null,
    interface: null,
    why: `what becomes of the reply with the address of ${endpointLabel(reply.source)} was not captured; at the client, or at its gateway, it would be seen`,
    capture: `tcpdump -i any -n -s 128 -w client.pcap '${filter} and (host ${reply.source.address} or icmp or icmp6)'`,
  });
  return [...gaps, ...waySourceGaps(detour, attempt)];
}
