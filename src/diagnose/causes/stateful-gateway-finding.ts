import type { Alternative, Evidence, Gap } from '../../model/analysis.js';
import type { Conclusion, Suspicion } from '../cause.js';
import { surest } from '../confidence.js';
import type { DiagnosisContext } from '../context.js';
import { evidence, packetEvidence, QUOTED } from '../evidence.js';
import { faultOf } from '../fault.js';
import { fixFor } from '../fixes/fix-for.js';
import { ackDropEvidence, keptText, OUT_OF_STATE } from '../ways/ack-drop.js';
import { detourEvidence, receiverText, senderText, waySourceGaps, wayText } from '../ways/detour-evidence.js';
import { HAD_REPLY } from '../ways/handshake.js';
import { listed } from '../words.js';
import type { StatefulGatewayProof } from './stateful-gateway.js';

/** The finding for replies of one node that go round one gateway. */
export function concludeStatefulGateway(
  suspicions: readonly Suspicion<StatefulGatewayProof>[],
  context: DiagnosisContext,
): Conclusion {
  const { proof } = suspicions[0]!;
  const { detour } = proof;
  const attempts = suspicions.map((s) => s.attempt);
  const confidence = surest(suspicions.map((s) => s.confidence));
  const best = suspicions.find((s) => s.confidence === confidence)!;
  return {
    finding: {
      ...faultOf('stateful-gateway', suspicions, detour.node.netns),
      summary: summarize(suspicions, best.proof, confidence === 'possible', context),
      evidence: gatherEvidence(suspicions, best, context),
      ...fixFor('stateful-gateway', attempts, context),
      alternatives: ruledOut(best),
    },
    gaps: confidence === 'confirmed' ? [] : gapsOf(best, context),
  };
}

function summarize(
  suspicions: readonly Suspicion<StatefulGatewayProof>[],
  { detour, drop, gateway, answers }: StatefulGatewayProof,
  doubtful: boolean,
  context: DiagnosisContext,
): string {
  const { node } = detour;
  const clients = listed(suspicions.map((s) => s.attempt.client.address));
  const carrier = senderText(detour, context) ?? 'the gateway there';
  const out = wayText(detour.out, 'to', receiverText(detour, context));
  const by = detour.in.interface === null ? '' : ` by ${detour.in.interface}`;
  const first = `${node.name} sends its replies to ${clients} ${out}, round the gateway ${carrier} by which the requests come in${by}.`;
  const then = drop
    ? `${gateway!.view.name} saw no reply, takes the client's ACK as out of state and ${keptText(drop)}`
    : `A stateful gateway that saw no reply drops the client's ACK as out of state${doubtful ? ', which would explain what follows' : ''}`;
  const client = answers.length > 0 ? 'has its connection and is reset' : 'does not ask again';
  return `${first} ${then}: the client ${client}, and ${node.name} sends its SYN-ACK again and gets no ACK.`;
}

function gatherEvidence(
  suspicions: readonly Suspicion<StatefulGatewayProof>[],
  { attempt, proof }: Suspicion<StatefulGatewayProof>,
  context: DiagnosisContext,
): Evidence[] {
  const { node } = proof.detour;
  const found = detourEvidence(
    suspicions.map((s) => ({ attempt: s.attempt, detour: s.proof.detour })),
    context,
  );
  const sent = `${node.name} sent the SYN-ACK ${attempt.replies} times, and the client its SYN ${attempt.tries === 1 ? 'once' : `${attempt.tries} times, the last before it`}`;
  found.push(evidence('capture', sent, { node: node.name }));
  if (proof.ack) found.push(packetEvidence(proof.ack, ` and never came to ${node.name}`));
  if (proof.drop)
    found.push(...ackDropEvidence(proof.gateway!.view, proof.drop, proof.records, OUT_OF_STATE));
  found.push(...proof.answers.slice(0, 1).map((reset) => packetEvidence(reset)));
  for (const redirect of redirectsOf(suspicions)) {
    const text = `: ${redirect.icmp!.from} points to another way out of the same link (ICMP redirect)`;
    found.push(packetEvidence(redirect, text));
  }
  return found;
}

function redirectsOf(suspicions: readonly Suspicion<StatefulGatewayProof>[]) {
  return suspicions
    .flatMap((s) => s.attempt.others)
    .filter(({ icmp }) => icmp !== null && icmp.type === (icmp.version === 4 ? 5 : 137))
    .slice(0, QUOTED);
}

function ruledOut({ attempt, proof }: Suspicion<StatefulGatewayProof>): Alternative[] {
  const { node } = proof.detour;
  const others: Alternative[] = [
    { cause: 'not-delivered', why: `the SYN came in on ${node.name}` },
    { cause: 'backend-silent', why: 'the SYN-ACK was sent' },
  ];
  const why = proof.ack
    ? HAD_REPLY
    : `the client does not send its SYN again${attempt.tries > 1 ? ' after the SYN-ACK' : ''}, as one would that did not get the SYN-ACK and had not given up`;
  others.push({ cause: 'wrong-gateway', why });
  return others;
}

function gapsOf({ attempt, proof }: Suspicion<StatefulGatewayProof>, context: DiagnosisContext): Gap[] {
  const { detour, gateway, drop } = proof;
  const { client } = attempt;
  const gaps: Gap[] = [];
  if (!drop || !proof.ack) {
    const name = senderText(detour, context) ?? `the gateway behind ${detour.in.interface ?? 'it'}`;
    const doubt = proof.ack ? '' : '; a client that gives up within a second would look the same from here';
    gaps.push({
      node: gateway?.view.name ?? null,
      interface: null,
      why: `whether the client's ACK comes to ${name} and is dropped there was not captured${doubt}`,
      capture: `tcpdump -i any -y LINUX_SLL2 -n -s 128 -w gateway.pcap 'host ${client.address} and tcp'; iptables-save; nft list ruleset`,
    });
  }
  return [...gaps, ...waySourceGaps(detour, attempt)];
}
