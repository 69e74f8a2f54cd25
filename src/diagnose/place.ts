/**
 * Where a packet that was seen last at one capture point came next to a routing decision: there, if it was on
 * its way into a node, or at the next node, if it was on its way out of one.
 */
import type { Attempt } from '../correlate/attempt.js';
import type { Sighting } from '../model/sighting.js';
import { isOpenVswitch } from '../network/blind-spots.js';
import { ipvlanEnd, mayBeIpvlans } from '../network/ipvlan.js';
import { areApart } from '../network/link.js';
import type { DiagnosisContext, NodeView } from './context.js';
import type { Loss } from './loss.js';

export interface Place {
  node: NodeView;
  /** The interface that the kernel took the packet in by; null where it cannot be told. */
  interface: string | null;
  /** The packet was captured on its way into this node. */
  seen: boolean;
}

/** What the kernel model is told of every packet here: without it, rules that ask for these leave it unsure. */
export const TCP_PACKET = { protocol: 'tcp', mark: 0, tos: 0 } as const;

/** The one place, null where the next node is not known. */
export function placeOf({ last }: Loss, context: DiagnosisContext): Place | null {
  return placeAfter(last, context);
}

/** The same of any sighting. */
export function placeAfter(last: Sighting, context: DiagnosisContext): Place | null {
  const here = context.node(last.point.node, last.point.netns);
  if (!here) return null;
  if (isOverheard(last, context)) return null;
  const outer = last.encapsulations[0];
  if (last.direction === 'out') return nextNode(last, here, context);
  if (!outer) return inputPlace(last, here, context);
  if (outer.destination !== null && here.snapshot?.addresses) {
    if (here.model?.hasAddress(outer.destination) === false) return null;
  }
  return { node: here, interface: decapsulatingInterface(last, here), seen: true };
}

/** Who takes in what came in: the node, or a namespace of it whose ipvlan does before the node's own IP layer. */
function inputPlace(last: Sighting, here: NodeView, context: DiagnosisContext): Place | null {
  const name = inputInterface(last, here);
  const { address } = last.destination;
  const end = here.netns === null ? ipvlanEnd(context.network, here.name, address) : null;
  if (end) {
    const node = context.node(end.station.node, end.station.netns);
    return node && { node, interface: end.interface, seen: true };
  }
  if (isTakenBefore(last, here, context)) return null;
  return { node: here, interface: name, seen: true };
}

/** Whether an ipvlan takes what came in, or may, before the node's own IP layer does. */
export function isTakenBefore(
  { point, destination: { address } }: Sighting,
  node: NodeView,
  context: DiagnosisContext,
): boolean {
  if (node.netns !== null) return false;
  if (ipvlanEnd(context.network, node.name, address)) return true;
  const station = context.network.station(node.name);
  return station !== null && point.interface !== null && mayBeIpvlans(station, point.interface, address);
}

/**
 * Whether the node only overheard it, as a frame that a switch floods: neither from nor for one of its own MACs, or for
 * that of an interface which it has on another link.
 */
export function isOverheard(sighting: Sighting, context: DiagnosisContext): boolean {
  const { point, direction, forOther } = sighting;
  if (forOther || isForOtherLink(sighting, context)) return true;
  return direction === null && context.node(point.node, point.netns)?.snapshot?.links != null;
}

/** To a device, a frame for the MAC of another is one for another host (eth_type_trans()). */
export function isForOtherLink(sighting: Sighting, context: DiagnosisContext): boolean {
  const { point, direction, etherDestination } = sighting;
  const station = context.network.station(point.node, point.netns);
  const view = context.node(point.node, point.netns);
  if (direction !== 'in' || etherDestination === null || !station || !view) return false;
  const name = inputInterface(sighting, view);
  const owners = station.model.interfacesWithMac(etherDestination);
  if (name === null || owners.length === 0 || station.model.link(name)?.mac == null) return false;
  return owners.every((owner) => owner !== name && areApart(station, name, station, owner));
}

/**
 * The interface that routing sees: a bridge in place of its port, a VLAN device in place of the one that its
 * tagged frames come in by, and a macvlan device for frames to its MAC.
 */
export function inputInterface(
  sighting: Pick<Sighting, 'point' | 'vlan'> & Partial<Pick<Sighting, 'etherDestination'>>,
  node: NodeView,
): string | null {
  const name = sighting.point.interface;
  if (name === null || !node.snapshot?.links) return name;
  const { links } = node.snapshot;
  const tagged =
    sighting.vlan === null ? null : links.find((l) => l.lower === name && l.vlanId === sighting.vlan);
  const own = links.find((l) => l.name === name);
  // macvlan_handle_frame() comes before the IP layer of the device below.
  const virtual = links.find(
    ({ kind, lower, mac }) =>
      (kind === 'macvlan' || kind === 'macvtap') &&
      lower === name &&
      mac !== null &&
      mac === sighting.etherDestination &&
      mac !== own?.mac,
  );
  const upper = tagged?.name ?? virtual?.name ?? own?.master ?? name;
  // Of Open vSwitch, the flow table decides by which device a port's frames come in.
  return upper !== name && links.some((l) => l.name === upper && isOpenVswitch(l)) ? null : upper;
}

export function decapsulatingInterface(sighting: Sighting, node: NodeView): string | null {
  const inner = sighting.encapsulations.at(-1)!;
  if (inner.kind === 'vxlan') return node.model?.interfaceForVni(inner.id, inner.port) ?? null;
  const ofKind = (node.snapshot?.links ?? []).filter((l) => l.kind === inner.kind);
  return ofKind.length === 1 ? ofKind[0]!.name : null;
}

/** Who gets what a node sent: by the tunnel's far end, by the frame's MAC, else by the sender's own routes. */
function nextNode(last: Sighting, from: NodeView, context: DiagnosisContext): Place | null {
  const outer = last.encapsulations[0];
  if (outer?.destination != null) {
    const node = context.ownerOfAddress(outer.destination);
    if (!node) return null;
    return { node, interface: decapsulatingInterface(last, node), seen: false };
  }
  if (last.etherDestination !== null) {
    const node = context.ownerOfMac(last.etherDestination);
    const name = node?.model?.ownerOfMac(last.etherDestination) ?? null;
    return node && node !== from ? { node, interface: name, seen: false } : null;
  }
  // Its namespace chose the way, not the node's routes.
  if (from.netns === null && ipvlanEnd(context.network, from.name, last.source.address)) return null;
  const hop = nextHopAddress(last, from);
  const node = hop === null ? null : context.ownerOfAddress(hop);
  if (!node || node === from) return null;
  const name = node.model?.localAddresses.find((a) => a.address === hop)?.interface ?? null;
  return { node, interface: name, seen: false };
}

/** The address that a node's routes send the packet to next; null where they do not tell. */
export function nextHopAddress(sighting: Sighting, node: NodeView): string | null {
  const verdict = node.model?.output({ source: null, destination: sighting.destination.address });
  if (verdict?.verdict !== 'output' || verdict.dev !== sighting.point.interface) return null;
  return verdict.via ?? sighting.destination.address;
}

/**
 * The destinations that the packet may have when the kernel routes it: PREROUTING translates before that, on
 * the wire it was seen before. Most likely first, as on the wire last.
 */
export function routedDestinations(
  attempt: Attempt,
  loss: Pick<Loss, 'role' | 'last'>,
  context: DiagnosisContext,
): string[] {
  const wire = loss.last.destination.address;
  const known = attempt.legs.map((leg) => (loss.role === 'request' ? leg.server : leg.client).address);
  // Legs are in the request's order; only those still ahead of the packet count.
  const at = known.indexOf(wire);
  const ahead = loss.role === 'request' ? known.slice(at + 1) : known.slice(0, Math.max(at, 0)).reverse();
  const later = ahead.filter((address) => address !== wire);
  const translated = loss.role === 'request' ? [...context.translations(wire)] : [];
  return [...new Set([...later, ...translated, wire])];
}
