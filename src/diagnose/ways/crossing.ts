/** By which interface, and from and to whom, the packets of an attempt came into a node and left it. */
import type { Attempt } from '../../correlate/attempt.js';
import type { PacketTrace } from '../../correlate/trace.js';
import type { Role } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import { type DiagnosisContext, isAt, type NodeView } from '../context.js';
import { lossOf } from '../loss.js';
import { decapsulatingInterface, inputInterface } from '../place.js';

/** One end of a crossing. */
export interface Way {
  /** The one that routing knows: of a port the bond or bridge, of a tagged frame the VLAN; null where it cannot be told. */
  interface: string | null;
  /** Of the neighbour; null where the capture has none, and for what a tunnel carries. */
  mac: string | null;
  /** Where routing, or else the capture point that is nearest to it, saw the packet. */
  sighting: Sighting;
  /** Everywhere that the node saw it on that side: ports, VLANs, tunnels. */
  all: readonly Sighting[];
}

/** A node that a request came into and that its reply left. */
export interface Crossing {
  node: NodeView;
  in: Way;
  out: Way;
  /** By which the reply came into the node; null where it was not seen to, as that of a server of the node itself. */
  replyIn: string | null;
}

/** Whether copies of the reply left by several interfaces: two that were sent at once, of which one was answered. */
export function leavesBySeveral({ node, out }: Crossing): boolean {
  return out.all.some((sighting) => routingInterface(sighting, node) !== out.interface);
}

/**
 * Every node that the reply was seen to leave, in its order, and the request to come into.
 *
 * @param reply the one that was lost, or else the one that got farthest, where it is left out
 */
export function crossingsOf(
  attempt: Attempt,
  context: DiagnosisContext,
  reply: PacketTrace | null = replyOf(attempt),
): Crossing[] {
  const request = farthest(attempt, 'request');
  if (!reply || !request) return [];
  const found: Crossing[] = [];
  const seen = new Set<NodeView>();
  for (const { direction, point } of reply.sightings) {
    const node = direction === 'out' ? context.node(point.node, point.netns) : null;
    if (!node || seen.has(node)) continue;
    seen.add(node);
    const into = wayInto(request.sightings, node);
    const out = wayOut(reply.sightings, node);
    if (!into || !out) continue;
    const replyIn = wayInto(reply.sightings, node)?.interface ?? null;
    found.push({ node, in: into, out, replyIn });
  }
  return found.length > 0 ? found : undirectedCrossing(request, reply, context);
}

/**
 * An Ethernet capture of a node whose own MACs are not known does not tell in from out. Who took the request and sent
 * the reply is one machine where the frames say so; and where one interface saw the request alone and another the reply
 * alone, nothing was passed on between them.
 */
function undirectedCrossing(request: PacketTrace, reply: PacketTrace, context: DiagnosisContext): Crossing[] {
  for (const out of reply.sightings) {
    const node = context.node(out.point.node, out.point.netns);
    if (!node) continue;
    const [asked, answered] = [request, reply].map(({ sightings }) =>
      sightings.filter((s) => isAt(s.point, node)),
    );
    if ([...asked!, ...answered!].some((s) => s.direction !== null || s.encapsulations.length > 0)) continue;
    const apart = asked!.every((a) => answered!.every((b) => a.point.interface !== b.point.interface));
    const into = asked!.find((s) => apart || (s.etherDestination ?? '') === out.etherSource);
    if (!into) continue;
    return [
      {
        node,
        in: wayOf([into], into, node, 'etherSource'),
        out: wayOf([out], out, node, 'etherDestination'),
        replyIn: null,
      },
    ];
  }
  return [];
}

/** The way by which a packet first came into a node; null where it was not seen to. */
export function wayInto(sightings: readonly Sighting[], node: NodeView): Way | null {
  const here = sightings.filter((s) => s.direction === 'in' && isAt(s.point, node));
  if (here.length === 0) return null;
  const first = Math.max(...here.map((s) => s.ttl));
  const all = here.filter((s) => s.ttl === first);
  // A port sees it before the bond or bridge does, and a tunnel's packet comes before what it carries.
  return wayOf(all, leastWrapped(all).at(-1)!, node, 'etherSource');
}

function wayOut(sightings: readonly Sighting[], node: NodeView): Way | null {
  const here = sightings.filter((s) => s.direction === 'out' && isAt(s.point, node));
  if (here.length === 0) return null;
  const last = Math.min(...here.map((s) => s.ttl));
  const all = here.filter((s) => s.ttl === last);
  return wayOf(all, leastWrapped(all)[0]!, node, 'etherDestination');
}

function wayOf(
  all: readonly Sighting[],
  sighting: Sighting,
  node: NodeView,
  end: 'etherSource' | 'etherDestination',
): Way {
  const unwrapped = all.filter((s) => s.encapsulations.length === 0);
  const mac = unwrapped.map((s) => s[end]).find((address) => address !== null) ?? null;
  return { interface: routingInterface(sighting, node), mac, sighting, all };
}

function leastWrapped(sightings: readonly Sighting[]): Sighting[] {
  const least = Math.min(...sightings.map((s) => s.encapsulations.length));
  return sightings.filter((s) => s.encapsulations.length === least);
}

/** Climbs from ports and tagged devices: a VLAN on a bond of two NICs is two steps up. */
function routingInterface(sighting: Sighting, node: NodeView): string | null {
  if (sighting.encapsulations.length > 0) return decapsulatingInterface(sighting, node);
  const { point, vlan } = sighting;
  let name = point.interface;
  for (let steps = 0; steps < 4; steps++) {
    const upper = inputInterface({ point: { ...point, interface: name }, vlan }, node);
    if (upper === name) break;
    name = upper;
  }
  return name;
}

/** The reply that was lost; of a connection that was made, the one that got farthest. */
function replyOf(attempt: Attempt): PacketTrace | null {
  const loss = lossOf(attempt);
  return loss?.role === 'reply' ? loss.trace : farthest(attempt, 'reply');
}

function farthest(attempt: Attempt, role: Role): PacketTrace | null {
  let best: PacketTrace | null = null;
  for (const trace of attempt.traces) {
    if (trace.role === role && trace.sightings.length > (best?.sightings.length ?? 0)) best = trace;
  }
  return best;
}
