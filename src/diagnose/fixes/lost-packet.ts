import type { Attempt } from '../../correlate/attempt.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { type Loss, lossOf } from '../loss.js';
import { type Place, placeOf } from '../place.js';

/** A packet that did not arrive, and where it came next to a routing decision. */
export interface LostPacket {
  loss: Loss;
  place: Place & { interface: string };
  /** As the kernel routed it, which NAT may have changed from what was on the wire; null where that is not known. */
  destination: string | null;
  /** Who handed it over there; null where not known. */
  gateway: string | null;
  /** Whether another node had translated the request before it came there. */
  translated: boolean;
}

/** @returns null where nothing is known to be lost, or where it was lost is not known */
export function lostPacketOf(attempt: Attempt, context: DiagnosisContext): LostPacket | null {
  const loss = lossOf(attempt);
  const place = loss && placeOf(loss, context);
  if (!loss || !place || place.interface === null) return null;
  return lostPacketAt(attempt, loss, { ...place, interface: place.interface }, context);
}

export function lostPacketAt(
  attempt: Attempt,
  loss: Loss,
  place: LostPacket['place'],
  context: DiagnosisContext,
): LostPacket {
  const gateway = senderAddress(loss, place, context);
  const translated = loss.role === 'request' && wasTranslated(attempt, loss, place.node, context);
  return { loss, place, destination: null, gateway, translated };
}

/** Whether another node translated the request before it came here: that one must see the reply, to translate it back. */
function wasTranslated(attempt: Attempt, loss: Loss, node: NodeView, context: DiagnosisContext): boolean {
  const wire = loss.last.destination;
  const front = attempt.server;
  if (front.address !== wire.address || front.port !== wire.port) return true;
  if (attempt.vip !== null && attempt.vip !== wire.address) return true;
  // Where only the translated request was captured, another node's rules tell that it was translated.
  return [...context.nodes.values()].some((n) => n !== node && context.translatesTo(n, wire.address));
}

/**
 * The IP address of the neighbour that handed the packet over: by its MAC, on the interface that it came in by.
 * Of a packet seen only in its tunnel, the far end's own address on the tunnel.
 */
function senderAddress(
  { last }: Loss,
  { node, interface: name }: LostPacket['place'],
  context: DiagnosisContext,
): string | null {
  const { etherSource, encapsulations } = last;
  const isFamily = (address: string) => address.includes(':') === last.source.address.includes(':');
  const tunnel = encapsulations.at(-1);
  if (tunnel) {
    const sender = tunnel.source === null ? null : context.ownerOfAddress(tunnel.source);
    const device = sender?.model?.interfaceForVni(tunnel.id, tunnel.port) ?? null;
    const own = sender?.model?.localAddresses.find((a) => a.interface === device && isFamily(a.address));
    return own?.address ?? null;
  }
  if (etherSource === null) return null;
  const found = (node.snapshot?.neighbours ?? []).filter(
    (n) => n.mac === etherSource && n.interface === name && isFamily(n.address),
  );
  return found.length === 1 ? found[0]!.address : null;
}
