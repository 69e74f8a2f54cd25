import { recordingCommand } from '../../ingest/snapshot/files.js';
import { hopsText } from '../../kernel/explain.js';
import type { Alternative, Evidence, Gap } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import type { Conclusion, Suspicion } from '../cause.js';
import { surest } from '../confidence.js';
import type { DiagnosisContext } from '../context.js';
import { packetEvidence } from '../evidence.js';
import { faultOf } from '../fault.js';
import { fixFor } from '../fixes/fix-for.js';
import { forgetting } from '../fixes/forget.js';
import { entryEvidence } from '../neighbours/evidence.js';
import type { WrongEntry } from '../neighbours/wrong-entry.js';
import {
  beyondGap,
  detourEvidence,
  receiverText,
  senderText,
  waySourceGaps,
  wayText,
} from '../ways/detour-evidence.js';
import { asksAgain } from '../ways/handshake.js';
import { nearMisses } from '../ways/near-miss.js';
import { packetWords } from '../ways/packet-words.js';
import type { SettingsWay } from '../ways/settings-way.js';
import { listed } from '../words.js';
import type { WrongGatewayProof } from './wrong-gateway.js';

/** The finding for replies of one node that leave by one interface. */
export function concludeWrongGateway(
  suspicions: readonly Suspicion<WrongGatewayProof>[],
  context: DiagnosisContext,
): Conclusion {
  const { proof } = suspicions[0]!;
  const { detour, wrong } = proof;
  const attempts = suspicions.map((s) => s.attempt);
  const confidence = surest(suspicions.map((s) => s.confidence));
  return {
    finding: {
      ...faultOf('wrong-gateway', suspicions, detour.node.netns),
      summary: summarize(suspicions, confidence === 'possible', context),
      evidence: gatherEvidence(suspicions, context),
      ...(wrong
        ? forgetting('wrong-gateway', wrong, attempts, context)
        : fixFor('wrong-gateway', attempts, context)),
      alternatives: ruledOut(suspicions[0]!),
    },
    gaps: confidence === 'confirmed' || wrong ? [] : gapsOf(suspicions[0]!, context),
  };
}

function summarize(
  suspicions: readonly Suspicion<WrongGatewayProof>[],
  doubtful: boolean,
  context: DiagnosisContext,
): string {
  const { detour, others, isDirectReturn, wrong } = suspicions[0]!.proof;
  const clients = listed(suspicions.map((s) => s.attempt.client.address));
  const out = wayText(detour.out, 'to', receiverText(detour, context));
  const into = wayText(detour.in, 'from', senderText(detour, context));
  const lost = doubtful ? 'they do not come back, and that way may be why' : 'they are lost on that way';
  const also = [
    chosenBy(suspicions[0]!.proof),
    wrong ? entryText(wrong, context) : '',
    others > 0
      ? `Connections of ${others} other ${others === 1 ? 'client' : 'clients'} are made by the same ways.`
      : '',
    isDirectReturn ? 'The node has the address itself, so its replies may be meant to go straight back.' : '',
  ];
  const first = `${detour.node.name} sends its replies to ${clients} ${out}, though the requests come in ${into}; ${lost}.`;
  return [first, ...also].filter((sentence) => sentence !== '').join(' ');
}

/** The routes lead to the right next hop, at a MAC that is not its own. */
function entryText(
  { holder, interface: name, address, mac, heard }: WrongEntry,
  context: DiagnosisContext,
): string {
  const owner = context.ownerOfMac(mac);
  const whose = owner ? `${owner.name}'s, which is not on the link of ${name}` : "nobody's";
  const other = heard[0] ? `, and ${address} was heard with ${heard[0].senderMac}` : '';
  return `${holder.label} has the MAC ${mac} for ${address} in its neighbours, which is ${whose}${other}: that entry is wrong, not the route.`;
}

/** What of the node's settings chose the way, and what was meant to and did not. */
function chosenBy({ detour, others }: WrongGatewayProof): string {
  const { settings, node, in: into, out, agrees } = detour;
  if (!settings) return '';
  if (settings.hops.length > 1 && settings.hop.dev === out.interface) return oneOfSeveral(settings, others);
  if (!agrees) return '';
  const rule = settings.verdict?.lookup?.rule;
  const misses = into.interface === null ? [] : nearMisses(node, settings, into.interface);
  if (misses.length > 0) {
    const { rule: missed, why } = misses[0]!;
    return `Its rule ${missed.priority} would send them back by ${into.interface}, but ${why}.`;
  }
  if (!rule || rule.table === 'main' || rule.from === null) return '';
  return `Its rule ${rule.priority} (from ${rule.from}) catches them${into.interface === null ? '' : `, also those to clients behind ${into.interface}`}.`;
}

/** A hash of addresses, and of ports where so set, spreads connections over the next hops of a route. */
function oneOfSeveral({ hops, hop }: SettingsWay, others: number): string {
  const fate = others > 0 ? '' : `; no connection is made whose replies go by ${hopsText([hop])}`;
  return `Its routes spread them over several next hops, ${hopsText(hops)}${fate}.`;
}

function gatherEvidence(
  suspicions: readonly Suspicion<WrongGatewayProof>[],
  context: DiagnosisContext,
): Evidence[] {
  const { error, loss, wrong } = suspicions[0]!.proof;
  const found = detourEvidence(
    suspicions.map(({ attempt, proof }) => ({ attempt, detour: proof.detour })),
    context,
  );
  const out = suspicions[0]!.proof.detour.out.all;
  if (!out.includes(loss.last)) found.push(packetEvidence(loss.last, ' and was seen nowhere after'));
  if (wrong) found.push(...entryEvidence(wrong));
  if (error) found.push(packetEvidence(error, `: ${error.icmp!.from} has no way on for the reply`));
  const again = suspicions.map((s) => askedAgain(s)).find((sighting) => sighting !== null);
  if (again) found.push(packetEvidence(again, ' again, after the reply had left'));
  return found;
}

function askedAgain({ attempt }: Suspicion<WrongGatewayProof>) {
  const reply = attempt.traces.findIndex((trace) => trace.role === 'reply');
  return attempt.traces.slice(reply).find((trace) => trace.role === 'request')?.sightings[0] ?? null;
}

function ruledOut({ attempt, proof }: Suspicion<WrongGatewayProof>): Alternative[] {
  const { node } = proof.detour;
  const { request, reply } = packetWords(attempt);
  const others: Alternative[] = [
    { cause: 'not-delivered', why: `the request came in on ${node.name}` },
    { cause: 'backend-silent', why: `the ${reply} was sent` },
  ];
  if (attempt.protocol === 'tcp' && asksAgain(attempt)) {
    const why = `the client sends its ${request} again: it did not get the ${reply}, which behind a stateful gateway it would have`;
    others.push({ cause: 'stateful-gateway', why });
  }
  return others;
}

function gapsOf({ attempt, proof }: Suspicion<WrongGatewayProof>, context: DiagnosisContext): Gap[] {
  const { detour, swallowed } = proof;
  const beyond = swallowed ? swallowedGap(swallowed) : beyondGap(detour, attempt, 'the reply', context);
  return [beyond, ...waySourceGaps(detour, attempt)];
}

/** The node that got the reply and did not pass it on knows why. */
function swallowedGap({ point: { node, interface: name } }: Sighting): Gap {
  return {
    node,
    interface: name,
    why: `the reply got to ${node} and was not seen to leave it; its settings would say whether, and by what, it is dropped there`,
    capture: recordingCommand([
      'ip-route.json',
      'ip-rule.json',
      'sysctl.txt',
      'iptables-save.txt',
      'nft.json',
    ]),
  };
}
