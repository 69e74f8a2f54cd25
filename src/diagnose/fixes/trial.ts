/** What the kernel model sees happen to a lost packet, and to its answer, with a fix in place. */
import { restoredMark } from '../../kernel/connection-mark.js';
import type { KernelModel } from '../../kernel/model.js';
import type { Verdict } from '../../kernel/verdict.js';
import type { Suspicion } from '../cause.js';
import type { RpFilterProof } from '../causes/rp-filter.js';
import type { DiagnosisContext } from '../context.js';
import { TCP_PACKET } from '../place.js';

/**
 * The node that translated the request before it came here, which must see the reply to translate it back; null
 * where none did.
 */
export function translatorOf(
  { attempt, proof }: Suspicion<RpFilterProof>,
  context: DiagnosisContext,
): string | null {
  const { loss, node } = proof;
  const wire = loss.last.destination;
  const front = attempt.server;
  const vipsOfBackend = attempt.vip !== null && attempt.vip !== wire.address;
  const byRules = [...context.nodes.values()].find(
    (n) => n !== node && context.translatesTo(n, wire.address),
  );
  const unchanged = front.address === wire.address && front.port === wire.port;
  // Where only the translated request was captured, another node's rules tell that it was translated.
  if (unchanged && !vipsOfBackend) return byRules?.name ?? null;
  const before = loss.trace.sightings.findLast((s) => s.point.node !== node.name);
  return before?.point.node ?? senderName(proof, context);
}

function senderName({ loss }: RpFilterProof, context: DiagnosisContext): string {
  const outer = loss.last.encapsulations[0]?.source;
  return (outer != null && context.ownerOfAddress(outer)?.name) || 'the node that it came from';
}

/** What the model sees happen to one lost packet and its answer, in words; null where they do not get through. */
export function trial(model: KernelModel, proof: RpFilterProof, translator: string | null): string | null {
  const { source, destination, place, loss } = proof;
  const inward = model.input({ source, destination, interface: place.interface, ...TCP_PACKET });
  if (inward.verdict !== 'local' && inward.verdict !== 'forward') return null;
  const packet = `${source} > ${destination}`;
  const taken =
    inward.verdict === 'local' ? `${packet} is delivered` : `${packet} is passed on by ${inward.dev}`;
  if (loss.role === 'reply') return `${taken}.`;
  const { back, mark } = answerTo(model, proof, inward);
  if (back.verdict !== 'output' && back.verdict !== 'forward') return null;
  const way = back.via === null ? `${back.dev}` : `${back.dev} via ${back.via}`;
  const marked = mark === 0 ? '' : ` (with the mark 0x${mark.toString(16)} that the node's rules restore)`;
  if (translator !== null) {
    // It must be translated back where it was translated, so it has to go back the way it came.
    if (back.dev !== place.interface) return null;
    return `${taken}, and the reply goes back by ${way}${marked} to ${translator}, which translates it back.`;
  }
  const other =
    back.dev === place.interface
      ? ''
      : ', another way than the request came, which is no fault as long as that way is open';
  return `${taken}, and the reply leaves by ${way}${marked}${other}.`;
}

function answerTo(
  model: KernelModel,
  { source, destination, place }: RpFilterProof,
  inward: Verdict,
): { back: Verdict; mark: number } {
  if (inward.verdict === 'local') {
    return { back: model.output({ source: destination, destination: source, ...TCP_PACKET }), mark: 0 };
  }
  const mark = restoredMark(model.snapshot, place.interface, inward.dev!);
  const question = { source: destination, destination: source, interface: inward.dev! };
  return { back: model.input({ ...question, ...TCP_PACKET, mark }), mark };
}
