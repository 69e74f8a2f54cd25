import type { PacketQuestion } from '../../kernel/netfilter/passage.js';
import type { Journey } from '../../network/journey.js';
import type { DiagnosisContext } from '../context.js';
import { inputInterface } from '../place.js';
import type { Start } from './start.js';

/**
 * The way of a packet that was first seen within its tunnel, on its way into the far end: it gets as far as the
 * tunnel packet around it does.
 *
 * @returns null where it was not seen so, and where the tunnel packet arrives or that cannot be told
 */
export function outerJourney(
  { station, sighting }: Pick<Start, 'station' | 'sighting'>,
  context: DiagnosisContext,
): Journey | null {
  const outer = sighting.encapsulations[0];
  if (!outer || sighting.direction === 'out' || sighting.encapsulations.length !== 1) return null;
  if (outer.source === null || outer.destination === null || outer.port === null) return null;
  const { node, netns } = sighting.point;
  const view = context.node(node, netns);
  const name = view && inputInterface(sighting, view);
  if (name == null || station.node !== node || station.netns !== netns) return null;
  const packet: PacketQuestion & { source: string } = {
    source: outer.source,
    destination: outer.destination,
    protocol: 'udp',
    // Of its source port nothing is kept.
    sourcePort: null,
    destinationPort: outer.port,
  };
  const passages = station.path.receive(packet, name);
  const [first] = passages;
  if (!first?.drop || passages.some((passage) => !passage.drop)) return null;
  const told = first.unknown.map((line) => `${station.label}: ${line}`);
  return {
    legs: [{ station, interface: name, passage: first, hop: null }],
    end: { kind: 'dropped', station, interface: name, drop: first.drop, carrier: true },
    packet: first.packet,
    connections: new Map(),
    chance: 1,
    unknown: told,
    doubts: told,
  };
}
