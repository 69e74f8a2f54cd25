import { compareTexts } from '../model/texts.js';
import { compareTimes } from './causal-order.js';
import { isServicePort, looksLikeReply } from './datagram-ports.js';
import type { Leg } from './leg.js';
import { absorb, copy, endpointText, endsKey, oriented } from './merge.js';
import { sameDatagram } from './same-datagram.js';

/**
 * Joins what several captures saw of one UDP exchange or echo under one pair of addresses and ports, and settles which
 * end is the client: one capture may have seen the way back alone.
 *
 * @param isVip whether an address is a named VIP: then it is a server's
 */
export function mergeDatagramLegs(legs: readonly Leg[], isVip: (address: string) => boolean): Leg[] {
  const byTuple = new Map<string, Leg[]>();
  for (const leg of legs) {
    const key = tupleKey(leg);
    const same = byTuple.get(key);
    if (same) same.push(leg);
    else byTuple.set(key, [leg]);
  }
  return [...byTuple.values()].flatMap((same) => exchangesOf(same).map((parts) => join(parts, isVip)));
}

function tupleKey(leg: Leg): string {
  const { protocol, echo } = leg;
  return `${protocol} ${endsKey(leg)} ${echo?.identifier} ${echo?.sequence}`;
}

/**
 * The legs of one tuple, by exchange. A capture that saw it pause, or several DNS messages, has a leg of each: those
 * of another capture are told by what was in them.
 */
function exchangesOf(legs: Leg[]): Leg[][] {
  const files = legs.map(fileOf);
  if (new Set(files).size === legs.length) return [legs];
  const ordered = [...legs].sort(
    (a, b) => compareTexts(fileOf(a), fileOf(b)) || compareTimes(a.firstTime, b.firstTime),
  );
  const exchanges: Leg[][] = [];
  for (const leg of ordered) {
    const likely = exchanges.filter(
      (parts) =>
        parts.every((part) => fileOf(part) !== fileOf(leg)) && parts.some((part) => overlap(part, leg)),
    );
    const nearest = likely.sort((a, b) => apart(a[0]!, leg) - apart(b[0]!, leg))[0];
    if (nearest) nearest.push(leg);
    else exchanges.push([leg]);
  }
  return exchanges;
}

function fileOf(leg: Leg): string {
  const { node, netns, file } = leg.sightings[0]!.point;
  return `${node} ${netns} ${file}`;
}

function overlap(one: Leg, other: Leg): boolean {
  return one.sightings.some((a) =>
    other.sightings.some((b) => a.source.address === b.source.address && sameDatagram(a, b)),
  );
}

function apart(one: Leg, other: Leg): number {
  if (one.firstTime === null || other.firstTime === null) return Number.POSITIVE_INFINITY;
  return Math.abs(Number(one.firstTime - other.firstTime));
}

function join(parts: readonly Leg[], isVip: (address: string) => boolean): Leg {
  const like = turnedToClient(parts, isVip);
  const [first, ...rest] = parts.map((part) => oriented(part, like));
  const joined = copy(first!);
  for (const part of rest) absorb(joined, part);
  return joined;
}

/** A leg with the ends named as all of the exchange's should be. */
function turnedToClient(parts: readonly Leg[], isVip: (address: string) => boolean): Leg {
  const one = parts[0]!;
  // An echo says itself who asks.
  if (one.protocol === 'icmp') return one;
  const turned = { ...one, client: one.server, server: one.client };
  const served = byVip(one, isVip) ?? byService(one);
  if (served !== null) return served ? one : turned;
  const conversation = earliestOf(parts.filter((part) => part.clientSpoke && part.serverSpoke));
  if (conversation) return conversation;
  const { client, server } = one;
  if (looksLikeReply(client.port!, server.port!)) return turned;
  if (looksLikeReply(server.port!, client.port!)) return one;
  return earliestOf(parts)!;
}

/** Whether the leg's server is one by its address; null where both or neither are. */
function byVip({ client, server }: Leg, isVip: (address: string) => boolean): boolean | null {
  const [asked, asking] = [isVip(server.address), isVip(client.address)];
  return asked === asking ? null : asked;
}

function byService({ client, server }: Leg): boolean | null {
  const [asked, asking] = [isServicePort(server.port!), isServicePort(client.port!)];
  return asked === asking ? null : asked;
}

function earliestOf(parts: readonly Leg[]): Leg | null {
  return [...parts].sort((a, b) => compareTimes(a.firstTime, b.firstTime))[0] ?? null;
}

/** The end that asks, by which attempts are told apart. */
export function clientText({ client, echo }: Leg): string {
  return `${endpointText(client)} ${echo?.identifier}`;
}
