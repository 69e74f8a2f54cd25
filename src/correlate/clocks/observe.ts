import type { Sighting } from '../../model/sighting.js';
import { packetsOf } from '../build-attempt.js';
import { causalOrder } from '../causal-order.js';
import type { Leg } from '../leg.js';
import { sameContent } from '../same-datagram.js';
import { groupByPacket } from '../trace.js';
import type { Clocks } from './clocks.js';

/**
 * Shows the clocks what several nodes saw of attempts, in an order that is known from hop limits, directions and TCP's
 * timestamps alone, before any order that would rest on clocks.
 *
 * @param groups the legs of each attempt
 */
export function observeClocks(groups: readonly (readonly Leg[])[], clocks: Clocks): void {
  for (const legs of groups) {
    if (!spansNodes(legs)) continue;
    const { requests, replies, others } = packetsOf(legs);
    const asked = observePackets(requests, clocks);
    const answered = observePackets(replies, clocks);
    observeAnswers(asked, answered, clocks);
    const acknowledgments = others.filter((s) => s.kind === 'ack').map((s) => [s]);
    observeAnswers(answered, acknowledgments, clocks);
  }
}

/** @returns each packet's sightings on its way */
function observePackets(sightings: readonly Sighting[], clocks: Clocks): Sighting[][] {
  const packets = groupByPacket(sightings, (s) => s.time);
  const ordered = packets.map((packet) => causalOrder(packet, (s) => s.time));
  for (const packet of ordered) if (isToldApart(packet, packets)) clocks.observe(packet);
  return ordered;
}

/** What echoes a packet's timestamp was sent after it came: the two ways of a connection may pass other nodes. */
function observeAnswers(
  packets: readonly (readonly Sighting[])[],
  answers: readonly (readonly Sighting[])[],
  clocks: Clocks,
): void {
  for (const answer of answers) {
    const { timestampEchoReply: echo } = answer[0]!;
    const packet = echo === null ? undefined : packets.find(([s]) => s!.timestampValue === echo);
    if (packet) clocks.observeBoth(packet.at(-1)!, answer[0]!);
  }
}

/**
 * Packets that are sent again alike, and have no identification, are told apart by their order alone, which one that
 * was lost between two nodes shifts.
 */
function isToldApart(packet: readonly Sighting[], all: readonly (readonly Sighting[])[]): boolean {
  const one = packet[0]!;
  if (one.identification !== null) return true;
  return all.every(([other]) => packet.includes(other!) || !isAlike(one, other!));
}

function isAlike(one: Sighting, other: Sighting): boolean {
  if (one.payload !== null) return sameContent(one, other);
  return other.identification === null && one.timestampValue === other.timestampValue;
}

function spansNodes(legs: readonly Leg[]): boolean {
  let first: string | null = null;
  for (const leg of legs) {
    for (const { point } of leg.sightings) {
      first ??= point.node;
      if (point.node !== first) return true;
    }
  }
  return false;
}
