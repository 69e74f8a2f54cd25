import type { Attempt } from '../../correlate/attempt.js';
import type { Sighting } from '../../model/sighting.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { type Loss, lossOf } from '../loss.js';
import { type Place, placeOf } from '../place.js';

/** A packet that did not arrive, and where it came next to a routing decision. */
export interface LostPacket {
  loss: Loss;
  place: Place & { interface: string };
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
  const known = { ...place, interface: place.interface };
  const translated = loss.role === 'request' && wasTranslated(attempt, loss, place.node, context);
  return { loss, place: known, gateway: senderAddress(loss, known, context), translated };
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
  const tunnel = last.encapsulations.at(-1);
  if (!tunnel) return neighbourBehind(last, node, name);
  const sender = tunnel.source === null ? null : context.ownerOfAddress(tunnel.source);
  const device = sender?.model?.interfaceForVni(tunnel.id, tunnel.port) ?? null;
  const isIPv6 = last.source.address.includes(':');
  const own = sender?.model?.localAddresses.find(
    (a) => a.interface === device && a.address.includes(':') === isIPv6,
  );
  return own?.address ?? null;
}

/** Whose MAC the frame came from, by the node's own neighbour entries; null where none, or several, have it. */
export function neighbourBehind(
  { etherSource, source }: Sighting,
  { snapshot }: NodeView,
  name: string,
): string | null {
  if (etherSource === null) return null;
  const isIPv6 = source.address.includes(':');
  const found = (snapshot?.neighbours ?? []).filter(
    (n) => n.mac === etherSource && n.interface === name && n.address.includes(':') === isIPv6,
  );
  return found.length === 1 ? found[0]!.address : null;
}
