import type { Attempt } from '../../correlate/attempt.js';
import { endpointText } from '../../correlate/merge.js';
import type { Confidence, Endpoint } from '../../model/analysis.js';
import { endpointLabel } from '../../model/endpoint.js';
import type { Sighting } from '../../model/sighting.js';
import { isSameStation } from '../../model/station.js';
import { cause, type Suspicion } from '../cause.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { type Loss, lossOf } from '../loss.js';
import { isAtClient } from '../ways/client-side.js';
import { type Detour, detourOf } from '../ways/detour.js';
import { asksAgain } from '../ways/handshake.js';
import { isAskedByTranslator, translationOf, translatorOf } from '../ways/translator.js';
import { unknownToClient } from '../ways/undeliverable.js';
import { travellersOf } from '../ways/way-index.js';
import { concludeUntranslated } from './untranslated-reply-finding.js';

export interface UntranslatedProof {
  /** The reply where it left with the backend's address; where that was not captured, where it came in. */
  reply: Sighting;
  /** What the client's host said to it: a RST, or an ICMP port unreachable; null where nothing was captured. */
  refusal: Sighting | null;
  /** Null where the reply was not seen to go another way than the request came. */
  detour: Detour | null;
  /** The node that translated the request; null where that was not captured. */
  translator: string | null;
  /** The request was captured behind its translation alone: that there was one is inferred. */
  inferred: boolean;
}

/**
 * The reply has to pass the node that translated the request, to be translated back. Here it went round it, and bears
 * the backend's address, under which the client knows no connection: its host answers with a RST (RFC 9293 section
 * 3.10.7.1) or a port unreachable, or a firewall before it drops what it saw no request of.
 *
 * Proof: the request to one address, its reply from another, and the client's refusal. Against: the reply's next hop is
 * the translator; the client's connections are made by the same ways; the reply bears the address that was asked, as
 * where the server has the VIP itself (direct server return).
 */
export const untranslatedReply = cause<UntranslatedProof>({
  id: 'untranslated-reply',
  symptoms: ['rejected', 'reply-lost'],

  examine(attempt, context) {
    return attempt.outcome === 'rejected' ? examineRejected(attempt, context) : examineLost(attempt, context);
  },

  conclude: concludeUntranslated,
});

function examineRejected(attempt: Attempt, context: DiagnosisContext): Suspicion<UntranslatedProof> | null {
  const detour = detourOf(attempt, context);
  const reply = detour?.out.sighting ?? lastReply(attempt);
  if (!reply) return null;
  // The server as the client addressed it is known only where the SYN was seen before its translation.
  const inferred = attempt.legs.length < 2;
  if (inferred ? !isOfAnotherAddress(attempt) : endpointText(reply.source) === endpointText(attempt.server))
    return null;
  const refusal = attempt.others.find(
    (s) => s.kind === 'rst' && s.fromClient && endpointText(s.destination) === endpointText(reply.source),
  );
  if (!refusal || isAskedByTranslator(attempt, reply.destination, context)) return null;
  const translator = inferred ? null : translatorOf(attempt);
  const confidence = inferred ? 'possible' : 'confirmed';
  return suspicion(attempt, confidence, { reply, refusal, detour, translator, inferred });
}

/**
 * Captured behind its translation alone. By the rules of a node the backend is a VIP's, and a client that knew its reply
 * would not refuse it and ask again.
 */
function isOfAnotherAddress(attempt: Attempt): boolean {
  const { vip, server, protocol } = attempt;
  return protocol === 'tcp' && vip !== null && vip !== server.address && asksAgain(attempt);
}

function examineLost(attempt: Attempt, context: DiagnosisContext): Suspicion<UntranslatedProof> | null {
  const loss = lossOf(attempt);
  if (!loss) return null;
  const detour = detourOf(attempt, context);
  if (!detour) return examineArrived(attempt, loss, context);
  const reply = detour.out.sighting;
  // To anyone but whom the translator had it from it goes to be translated: the translator put itself in as the source.
  if (endpointText(reply.destination) !== endpointText(askerOf(attempt))) return null;
  const inferred = endpointText(reply.source) === endpointText(attempt.server);
  if (inferred && !isBackendOfAnother(attempt, detour, context)) return null;
  const translator = inferred ? (peerOf(detour, context)?.name ?? null) : translatorOf(attempt);
  if (comesBy(translator, attempt, detour, context)) return null;
  if (travellersOf(detour, context).made.has(attempt.client.address)) return null;
  const refusal = unknownToClient(attempt);
  const proof = { reply, refusal, detour, translator, inferred };
  if (!refusal && isAtClient(attempt, loss.last, context) && inferred) return null;
  return suspicion(attempt, confidenceOf(proof), proof);
}

/**
 * The reply bears the backend's address where the client's own node takes it in, which is where its request to another
 * address had left: whatever way it came, no node can translate it back any more. A client that has no way to the
 * backend, or that drops what it does not know, sends no refusal.
 */
function examineArrived(
  attempt: Attempt,
  { role, last }: Loss,
  context: DiagnosisContext,
): Suspicion<UntranslatedProof> | null {
  if (attempt.protocol !== 'tcp' || role !== 'reply' || attempt.legs.length < 2) return null;
  if (!asksAgain(attempt) || !isAtClient(attempt, last, context)) return null;
  if (endpointText(last.destination) !== endpointText(attempt.client)) return null;
  if (endpointText(last.source) === endpointText(attempt.server)) return null;
  const asked = attempt.traces
    .flatMap((trace) => (trace.role === 'request' ? trace.sightings : []))
    .filter(({ point }) => isSameStation(point, last.point));
  const isAsked = ({ direction, source, destination, point }: Sighting) =>
    direction === 'out' &&
    point.interface === last.point.interface &&
    endpointText(source) === endpointText(attempt.client) &&
    endpointText(destination) === endpointText(attempt.server);
  if (asked.length === 0 || !asked.every(isAsked)) return null;
  const reply = lastReply(attempt) ?? last;
  const proof = { reply, refusal: null, detour: null, translator: translatorOf(attempt), inferred: false };
  return suspicion(attempt, 'probable', proof);
}

function suspicion(
  attempt: Attempt,
  confidence: Confidence,
  proof: UntranslatedProof,
): Suspicion<UntranslatedProof> {
  const { reply, detour } = proof;
  // Who got it, or only passed it on, is not who let it go.
  const isSender = detour !== null || (reply.direction !== 'in' && isBehindTranslation(attempt, reply));
  const left = detour?.out.interface ?? (reply.direction === 'out' ? reply.point.interface : null);
  return {
    attempt,
    confidence,
    node: isSender ? reply.point.node : null,
    interface: isSender ? left : null,
    aspect: `${endpointLabel(reply.source)} ${attempt.outcome === 'rejected'}`,
    proof,
  };
}

function confidenceOf({ detour, refusal, inferred }: UntranslatedProof): Confidence {
  if (inferred) return 'possible';
  if (refusal) return 'confirmed';
  return detour?.agrees ? 'probable' : 'possible';
}

/**
 * Captured on the backend's node alone, the request has the backend's address already. That it was translated before is
 * likely where another node sent it, as only one that load-balances would, and this node's rules too put the backend
 * behind a Service.
 */
function isBackendOfAnother(attempt: Attempt, detour: Detour, context: DiagnosisContext): boolean {
  const { node, in: into } = detour;
  const { address } = attempt.server;
  if (attempt.legs.length > 1 || attempt.vip === address) return false;
  if (attempt.vip === null && !context.translatesTo(node, address)) return false;
  return into.sighting.encapsulations.length > 0 || isTunnel(detour) || peerOf(detour, context) !== null;
}

function isTunnel({ node, in: into }: Detour): boolean {
  if (into.all.some((s) => s.encapsulations.length > 0)) return true;
  return into.interface !== null && node.model?.link(into.interface)?.kind === 'vxlan';
}

/** The other node that handed the request over. */
function peerOf({ node, in: into }: Detour, context: DiagnosisContext): NodeView | null {
  const outer = into.all.flatMap((s) => s.encapsulations).find((e) => e.source !== null)?.source;
  const owner =
    outer != null ? context.ownerOfAddress(outer) : into.mac === null ? null : context.ownerOfMac(into.mac);
  return owner === node ? null : owner;
}

/** Whether the reply goes to the translator, which gives it the client's server back. */
function comesBy(
  translator: string | null,
  attempt: Attempt,
  { out, settings }: Detour,
  context: DiagnosisContext,
): boolean {
  if (translator === null) return false;
  const seen = attempt.traces.some(
    (t) => t.role === 'reply' && t.sightings.some((s) => s.direction === 'in' && s.point.node === translator),
  );
  const outer = out.all.flatMap((s) => s.encapsulations).find((e) => e.destination !== null)?.destination;
  const next = outer != null ? context.ownerOfAddress(outer) : out.mac && context.ownerOfMac(out.mac);
  if (seen || (next && next.name === translator)) return true;
  // By its routes it goes there: that its frame bears another's MAC is a neighbour entry's doing.
  const hop = settings?.hop;
  if (hop && hop.via !== null && hop.dev === out.interface && isAddressOf(hop.via, translator, context))
    return true;
  if (out.mac !== null || settings?.hop.dev !== out.interface) return false;
  return settings.reply.legs.some((leg) => leg !== settings.leg && leg.station.node === translator);
}

function isAddressOf(address: string, name: string, context: DiagnosisContext): boolean {
  return context.ownerOfAddress(address)?.name === name;
}

/**
 * Where a reply was seen last on the nodes that the request passed after its translation, on its way out if that can be
 * told: one of them let it go. Where none of them saw it, where it was seen last on its way out of any, or seen last.
 */
function lastReply(attempt: Attempt): Sighting | null {
  const replies = attempt.traces.filter(({ role }) => role === 'reply');
  const ends: ((s: Sighting) => boolean)[] = [
    (s) => s.direction === 'out' && isBehindTranslation(attempt, s),
    (s) => s.direction === null && isBehindTranslation(attempt, s),
    (s) => s.direction === 'out',
  ];
  for (const is of ends) {
    for (const { sightings } of replies) {
      const left = sightings.findLast(is);
      if (left) return left;
    }
  }
  return replies[0]?.sightings.at(-1) ?? null;
}

/** Whether a node where a reply was seen had the request with the address that the reply bears. */
function isBehindTranslation({ traces }: Attempt, { point, source }: Sighting): boolean {
  return traces.some(
    ({ role, sightings }) =>
      role === 'request' &&
      sightings.some(
        (s) =>
          s.point.node === point.node &&
          s.point.netns === point.netns &&
          endpointText(s.destination) === endpointText(source),
      ),
  );
}

/** Who asked, as the translator of the destination saw it: the client, or a router before it that put itself in its place. */
function askerOf(attempt: Attempt): Endpoint {
  return translationOf(attempt)?.[0].source ?? attempt.client;
}
