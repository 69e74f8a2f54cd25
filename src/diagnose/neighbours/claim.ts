import type { Attempt } from '../../correlate/attempt.js';
import type { NeighbourMessage } from '../../correlate/neighbours/message.js';
import type { NeighbourAnswer } from '../../kernel/neighbour/neighbour-answer.js';
import type { DiagnosisContext } from '../context.js';
import type { AddressTalk } from './claims.js';
import { type Owner, ownerOf } from './owner.js';

/** One MAC's claim to an address, and what is known of who makes it. */
export interface Claim {
  owner: Owner;
  first: NeighbourMessage;
  last: NeighbourMessage;
  times: number;
  /** What the node's kernel would answer where it was asked; null where no snapshot tells. */
  kernel: NeighbourAnswer | null;
  /** May be claimed by several: a proxy's answers, an anycast address, a virtual MAC that is made for it. */
  isShared: boolean;
}

/** Cisco's GLBP answers for one address with a MAC of each router in turn, on purpose. */
const LOAD_BALANCING_MAC = /^00:07:b4:/;

export function answeringOf(
  mac: string,
  { address, messages }: AddressTalk,
  context: DiagnosisContext,
): Claim {
  const own = messages.filter((message) => message.claimedMac === mac);
  const owner = ownerOf(mac, address, own, context);
  const asker = own.find((message) => message.asker !== null)?.asker ?? null;
  const kernel = kernelAnswer(owner, address, asker);
  return {
    owner,
    first: own[0]!,
    last: own.at(-1)!,
    times: own.length,
    kernel,
    isShared: isShared(own, kernel, address, context, owner),
  };
}

/** Who sends requests for the address as they are: one that claims it as well is a proxy, and has it not itself. */
function forwardersTo(address: string, attempts: readonly Attempt[]): Set<string | null> {
  const requests = attempts.flatMap(({ traces }) => traces.filter((trace) => trace.role === 'request'));
  return new Set(
    requests
      .flatMap(({ sightings }) => sightings)
      .filter((s) => s.destination.address === address && s.encapsulations.length === 0)
      .map((s) => s.etherSource),
  );
}

function kernelAnswer(
  { station, interface: name }: Owner,
  address: string,
  asker: string | null,
): NeighbourAnswer | null {
  if (!station || name === null || !station.snapshot.addresses) return null;
  return station.model.answersFor(address, name, asker ?? (address.includes(':') ? '::' : '0.0.0.0'));
}

function isShared(
  own: readonly NeighbourMessage[],
  kernel: NeighbourAnswer | null,
  address: string,
  { network, attempts }: DiagnosisContext,
  { node, mac }: Owner,
): boolean {
  if (LOAD_BALANCING_MAC.test(mac)) return true;
  if (kernel?.by === 'own-address') return false;
  if (network.speakers.announcements.some((a) => a.node === node && a.addresses.includes(address))) {
    return false;
  }
  if (kernel?.answers || forwardersTo(address, attempts).has(mac)) return true;
  // RFC 4861 sections 7.2.7 and 7.2.8: anycast addresses and proxies leave Override unset, to the first who answers.
  // So does MetalLB's speaker in its answers, where it is known to be one.
  return own.every((message) => message.override === false);
}
