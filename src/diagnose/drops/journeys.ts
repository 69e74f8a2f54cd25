import type { Connection } from '../../kernel/netfilter/packet.js';
import type { PacketQuestion } from '../../kernel/netfilter/passage.js';
import type { Role } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import { type Connections, follow, type Journey } from '../../network/journey.js';
import type { DiagnosisContext } from '../context.js';
import { outerJourney } from './outer.js';
import type { Start } from './start.js';

type Way = Pick<Start, 'station' | 'interface' | 'packet'>;

/** The journeys of attempts' packets; those that differ in the client's port alone go the same way, and are followed once. */
export class Journeys {
  readonly #context: DiagnosisContext;
  readonly #requests = new Map<string, readonly Journey[]>();
  readonly #seenBefore = new Map<Journey, Journey>();
  readonly #replies = new Map<Journey, Map<string, readonly Journey[]>>();

  constructor(context: DiagnosisContext) {
    this.#context = context;
  }

  /** Of a packet of which no node before is known to have tracked the connection. */
  from(start: Start, role: Role): readonly Journey[] {
    const outer = this.#outer(start);
    if (outer) return [outer];
    const key = keyOf(start, role);
    let journeys = this.#requests.get(key);
    if (!journeys) {
      journeys = this.#follow(start);
      this.#requests.set(key, journeys);
    }
    return journeys;
  }

  /**
   * A request's journey, with what the nodes track at which the packet was seen before the journey begins: its client's
   * own node, with a router behind it of which no snapshot tells.
   */
  seenBefore(journey: Journey, before: readonly Way[]): Journey {
    if (before.length === 0) return journey;
    let known = this.#seenBefore.get(journey);
    if (!known) {
      const connections = new Map(journey.connections);
      for (const way of before) {
        const { label } = way.station;
        const tracked = connections.has(label) ? undefined : this.#trackedAt(way, journey);
        if (tracked) connections.set(label, tracked);
      }
      known = { ...journey, connections };
      this.#seenBefore.set(journey, known);
    }
    return known;
  }

  /** What the station itself makes of the request, from the port that the journey has the client ask by. */
  #trackedAt({ packet, ...at }: Way, { legs }: Journey): readonly Connection[] | undefined {
    const { connection, packet: own } = legs[0]!.passage;
    const asked = connection?.original ?? own;
    const same = asked.source.text === packet.source ? { sourcePort: asked.sourcePort } : {};
    return this.#follow({ ...at, packet: { ...packet, ...same } })[0]?.connections.get(at.station.label);
  }

  /** The tunnel packet's own way, where it is dropped. */
  #outer(start: Way & { sighting: Sighting }): Journey | null {
    const { point, encapsulations } = start.sighting;
    const [outer] = encapsulations;
    if (!outer) return null;
    const key = [
      'outer',
      start.station.label,
      point.interface,
      outer.source,
      outer.destination,
      outer.port,
    ].join(' ');
    let journeys = this.#requests.get(key);
    if (!journeys) {
      const journey = outerJourney(start, this.#context);
      journeys = journey ? [journey] : [];
      this.#requests.set(key, journeys);
    }
    return journeys[0] ?? null;
  }

  /**
   * Of the reply to a request that went so.
   *
   * @param start with no sighting where nobody saw the reply
   */
  answering(start: Way & { sighting?: Sighting }, request: Journey): readonly Journey[] {
    const outer = start.sighting ? this.#outer({ ...start, sighting: start.sighting }) : null;
    if (outer) return [outer];
    const known = this.#replies.get(request) ?? new Map<string, readonly Journey[]>();
    this.#replies.set(request, known);
    const key = keyOf(start, 'reply');
    let journeys = known.get(key);
    if (!journeys) {
      // As the journey has the client: translated connections are told by both ends' ports.
      const packet = { ...start.packet, ...clientPort(start.packet, request) };
      journeys = this.#follow({ ...start, packet }, request.connections);
      known.set(key, journeys);
    }
    return journeys;
  }

  #follow({ station, interface: name, packet }: Way, connections?: Connections): readonly Journey[] {
    return follow(this.#context.network, { station, interface: name }, packet, connections);
  }
}

function keyOf({ station, interface: name, packet }: Way, role: Role): string {
  const { source, destination, protocol, destinationPort, sourcePort, icmp } = packet;
  const server = role === 'request' ? destinationPort : sourcePort;
  return [role, station.label, name, protocol, source, destination, server, icmp?.type].join(' ');
}

/** The client's port as the request's journey has it at its end. */
function clientPort(reply: PacketQuestion, request: Journey): Pick<PacketQuestion, 'destinationPort'> {
  const asked = request.packet;
  return asked.source.text === reply.destination ? { destinationPort: asked.sourcePort } : {};
}
