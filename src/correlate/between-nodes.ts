import { serviceOf } from './datagram-ports.js';
import type { Leg } from './leg.js';
import { Likeness, mix, TextNumbers } from './likeness.js';
import { placeOf } from './link.js';
import { clientText } from './merge-datagrams.js';
import { contentHash, contentOf, sameDatagram } from './same-datagram.js';

/** A content that begins legs of this many pairs of ends is no one request's. */
const MAX_LEGS = 16;

/** Whether a node translates packets to the first address to the second. */
export type Translates = (front: string, back: string) => boolean;

/**
 * Legs of which no node saw both sides: those that a client's own address and port join, where the content is one
 * request's alone, or where the nodes' rules lead from the one server to the other.
 */
export function betweenNodes(legs: readonly Leg[], translates: Translates): [number, number][] {
  const byRequest = new Map<string, number[]>();
  const mayShare = legsThatShare(legs);
  for (const [i, leg] of legs.entries()) {
    if (!mayShare.has(i)) continue;
    const contents = new Set(
      leg.sightings.filter((s) => s.payload !== null).map((s) => contentOf(s, leg.echo)),
    );
    for (const content of contents) {
      const key = `${clientText(leg)} ${content}`;
      const same = byRequest.get(key);
      if (same) same.push(i);
      else byRequest.set(key, [i]);
    }
  }
  const pairs: [number, number][] = [];
  for (const members of byRequest.values()) {
    if (members.length < 2 || members.length > MAX_LEGS) continue;
    for (const [n, a] of members.entries()) {
      for (const b of members.slice(n + 1)) {
        const [one, other] = [legs[a]!, legs[b]!];
        if (parallel(one, other) || !sharesDatagram(one, other)) continue;
        const rivals = members.filter((m) => m !== a && m !== b);
        if (rivals.some((m) => parallel(legs[m]!, one) || parallel(legs[m]!, other))) continue;
        const led =
          translates(one.server.address, other.server.address) ||
          translates(other.server.address, one.server.address);
        if (led || ((isOneRequests(one) || isOneRequests(other)) && !meet(one, other))) pairs.push([a, b]);
      }
    }
  }
  return pairs;
}

/** Those that may have a content and a client in common with another leg. */
function legsThatShare(legs: readonly Leg[]): Set<number> {
  const owners: number[] = [];
  const hashes: number[] = [];
  const clients = new TextNumbers();
  for (let i = 0; i < legs.length; i++) {
    const { client, echo, sightings } = legs[i]!;
    const hash = mix(clients.hashOf(client), echo?.identifier ?? -1);
    for (const sighting of sightings) {
      if (sighting.payload === null) continue;
      owners.push(i);
      hashes.push(mix(hash, contentHash(sighting, echo)));
    }
  }
  const shared = new Likeness(new Int32Array(hashes)).shared((a, b) => owners[a] !== owners[b]);
  return new Set(owners.filter((_, n) => shared[n] === 1));
}

/** Whether the content alone tells this request from any other. */
function isOneRequests({ server, sightings }: Leg): boolean {
  return (
    (server.port !== null && serviceOf(server.port)?.unique === true) ||
    sightings.some((s) => s.payload !== null && s.identification !== null)
  );
}

function sharesDatagram(one: Leg, other: Leg): boolean {
  return one.sightings.some((a) =>
    other.sightings.some((b) => a.fromClient === b.fromClient && sameDatagram(a, b)),
  );
}

/** Whether one node saw both: then it would have seen the one become the other. */
function meet(one: Leg, other: Leg): boolean {
  const nodes = new Set(one.sightings.map((s) => s.point.node));
  return other.sightings.some((s) => nodes.has(s.point.node));
}

/**
 * Whether packets of both went the same way through the same capture point with the same hop limit: then no
 * translation lies between them, and they are two attempts.
 */
function parallel(one: Leg, other: Leg): boolean {
  const placed = (leg: Leg) =>
    leg.sightings.filter((s) => s.payload !== null).map((s) => `${s.fromClient} ${placeOf(s)}`);
  const places = new Set(placed(one));
  return placed(other).some((place) => places.has(place));
}
