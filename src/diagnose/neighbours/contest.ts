/** Of a conflict's claimants, whose the address is, and what came of requests that went to each of them. */

import type { Attempt } from '../../correlate/attempt.js';
import { cameAfter } from '../../correlate/causal-order.js';
import { isOnIpvs } from '../../kernel/ipvs.js';
import { translationsOf } from '../../kernel/translations.js';
import type { Sighting } from '../../model/sighting.js';
import type { DiagnosisContext } from '../context.js';
import { nextHopAddress } from '../place.js';
import { believedOf } from './believed.js';
import type { Claim } from './claim.js';
import { type AddressConflict, isOneNode, ownershipOf } from './conflicts.js';

export interface Contest {
  conflict: AddressConflict;
  /** Who should have the address; null where nothing tells. */
  rightful: Claim | null;
  /** Why; empty where nothing tells. */
  why: string;
  /** Attempts by the MAC that their last request went to. */
  made: Map<string, number>;
  lost: Map<string, number>;
}

const known = new WeakMap<DiagnosisContext, Contest[]>();

export function contestsOf(context: DiagnosisContext): Contest[] {
  let contests = known.get(context);
  if (!contests) {
    contests = ownershipOf(context).conflicts.map((conflict) => contestOf(conflict, context));
    known.set(context, contests);
  }
  return contests;
}

/** The conflict about where a packet is sent: its destination's, or its next hop's. */
export function contestAbout(packet: Sighting, context: DiagnosisContext): Contest | null {
  const contests = contestsOf(context);
  if (contests.length === 0) return null;
  const { node, netns } = packet.point;
  const here = context.node(node, netns);
  const hop = here && packet.direction === 'out' ? nextHopAddress(packet, here) : null;
  const about = (address: string | null) => contests.find(({ conflict }) => conflict.address === address);
  return about(packet.destination.address) ?? about(hop) ?? null;
}

/** Whom a packet went to: by the frame's destination, or by who got it, or by what its sender had been told. */
export function claimReached(
  packet: Sighting,
  { claims, address, messages }: AddressConflict,
  context: DiagnosisContext,
): Claim | null {
  if (packet.encapsulations.length > 0) return null;
  if (packet.etherDestination !== null) {
    return claims.find(({ owner }) => owner.mac === packet.etherDestination) ?? null;
  }
  const { node, netns, capture } = packet.point;
  if (packet.direction === 'in') return claims.find(({ owner }) => owner.node === node) ?? null;
  if (packet.direction !== 'out') return null;
  const told = believedOf(messages.filter((m) => m.point.capture === capture && cameAfter(packet, m)));
  const neighbours = context.node(node, netns)?.snapshot?.neighbours ?? [];
  const mac = told ?? neighbours.find((n) => n.address === address && !n.proxy)?.mac;
  return claims.find(({ owner }) => owner.mac === mac) ?? null;
}

/** The same of one packet's sightings, of which the first may be before the link in dispute. */
export function firstReached(
  sightings: readonly Sighting[],
  conflict: AddressConflict,
  context: DiagnosisContext,
): Claim | null {
  for (const sighting of sightings) {
    const reached = claimReached(sighting, conflict, context);
    if (reached) return reached;
  }
  return null;
}

/** Whether requests that reach a claimant are lost because it is not the one that they are for. */
export function isWrong(claim: Claim, { conflict, rightful, made, lost }: Contest): boolean {
  if (rightful) return !isOneNode([claim, rightful]) && claim !== rightful;
  if (isOneNode(conflict.claims)) return false;
  if (translates(claim, conflict.address)) return false;
  // What IPVS serves is in no snapshot: of a node that only has the address there, what came of requests tells.
  const { mac } = claim.owner;
  return !isBoundForIpvs(claim, conflict.address) || (!made.has(mac) && lost.has(mac));
}

/** What came of the requests that went to each claimant, and whose the address is. */
export function contestOf(conflict: AddressConflict, context: DiagnosisContext): Contest {
  const made = new Map<string, number>();
  const lost = new Map<string, number>();
  for (const attempt of context.attempts) {
    for (const [claim, got] of requestsTo(attempt, conflict, context)) {
      const tally = got ? made : lost;
      tally.set(claim.owner.mac, (tally.get(claim.owner.mac) ?? 0) + 1);
    }
  }
  const [rightful, why] = rightfulOf(conflict, made, context);
  return { conflict, rightful, why, made, lost };
}

/** Whom each of an attempt's requests went to, and whether it was the one that got through. */
function requestsTo(
  attempt: Attempt,
  conflict: AddressConflict,
  context: DiagnosisContext,
): [Claim, boolean][] {
  if (attempt.server.address !== conflict.address) return [];
  const requests = attempt.traces.filter((trace) => trace.role === 'request');
  const found: [Claim, boolean][] = [];
  for (const [i, { sightings }] of requests.entries()) {
    const answered = i === requests.length - 1 ? answererOf(attempt, conflict) : null;
    const requested = sightings.filter((s) => s.destination.address === conflict.address);
    const to = answered ?? firstReached(requested, conflict, context);
    if (!to) continue;
    const last = i === requests.length - 1;
    found.push([to, last && attempt.outcome === 'established']);
  }
  return found;
}

/** Who sent the SYN-ACK: what a cooked capture tells of a frame is its sender alone. */
function answererOf({ traces }: Attempt, { claims, address }: AddressConflict): Claim | null {
  const macs = traces
    .filter((trace) => trace.role === 'reply')
    .flatMap(({ sightings }) => sightings.filter((s) => s.source.address === address))
    .map((s) => s.etherSource);
  return claims.find(({ owner }) => macs.includes(owner.mac)) ?? null;
}

function rightfulOf(
  { claims, address }: AddressConflict,
  made: ReadonlyMap<string, number>,
  { network }: DiagnosisContext,
): [Claim | null, string] {
  const only = (wanted: (claim: Claim) => boolean) => {
    const found = claims.filter(wanted);
    return found.length === 1 ? found[0]! : null;
  };
  const announcing = only(({ owner }) =>
    network.speakers.announcements.some((a) => a.node === owner.node && a.addresses.includes(address)),
  );
  if (announcing) return [announcing, 'its speaker announces it'];
  const working = only(({ owner }) => (made.get(owner.mac) ?? 0) > 0);
  if (working) return [working, 'connections that went to it were made'];
  // Another's own address is served without any rule: what is on kube-ipvs0 as well tells nothing then.
  const isOwn = claims.some((claim) => hasOnLink(claim, address));
  const serving =
    only((claim) => translates(claim, address) || (!isOwn && isBoundForIpvs(claim, address))) ??
    only((claim) => translates(claim, address));
  if (serving) return [serving, 'of them it alone has rules that serve it'];
  const resolved = only(({ owner, kernel }) => owner.node !== null && kernel?.by === 'own-address');
  const strange = claims.filter(({ owner }) => owner.node === null).length === claims.length - 1;
  return resolved && strange ? [resolved, 'of them it alone is a node among the inputs'] : [null, ''];
}

/** Whether the claimant's node has rules that pass requests on to a backend. */
function translates({ owner: { station } }: Claim, address: string): boolean {
  return station !== null && translationsOf(station.snapshot, address).size > 0;
}

/** Whether kube-proxy has put the address there for IPVS, which may or may not serve it. */
function isBoundForIpvs({ owner: { station } }: Claim, address: string): boolean {
  return station !== null && isOnIpvs(station.snapshot, address);
}

/** Whether the address is on the interface that the claimant answers at, as keepalived and kube-vip put it there. */
function hasOnLink({ owner: { station, interface: name } }: Claim, address: string): boolean {
  const addresses = station?.snapshot.addresses ?? [];
  return addresses.some((a) => a.interface === name && a.address === address);
}
