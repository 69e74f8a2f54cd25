import { compareTexts } from '../model/texts.js';
import { compareTimes } from './causal-order.js';
import { isServicePort, looksLikeReply } from './datagram-ports.js';
import type { Leg } from './leg.js';
import { Likeness, mix } from './likeness.js';
import { absorb, copy, endpointText, endsHashes, haveSameEnds, mergeAlike, oriented } from './merge.js';
import { sameDatagram } from './same-datagram.js';

/**
 * Joins what several captures saw of one UDP exchange or echo under one pair of addresses and ports, and settles which
 * end is the client: one capture may have seen the way back alone.
 *
 * @param isVip whether an address is a named VIP: then it is a server's
 */
export function mergeDatagramLegs(legs: readonly Leg[], isVip: (address: string) => boolean): Leg[] {
  const hashes = endsHashes(legs);
  for (let i = 0; i < legs.length; i++) {
    const { echo } = legs[i]!;
    if (echo) hashes[i] = mix(mix(hashes[i]!, echo.identifier), echo.sequence);
  }
  const alike = new Likeness(hashes, (a, b) => areOfOneTuple(legs[a]!, legs[b]!));
  return mergeAlike(legs, alike, (same) =>
    same.length === 1 ? [join(same, isVip)] : exchangesOf(same).map((parts) => join(parts, isVip)),
  );
}

function areOfOneTuple(a: Leg, b: Leg): boolean {
  return (
    a.protocol === b.protocol &&
    a.echo?.identifier === b.echo?.identifier &&
    a.echo?.sequence === b.echo?.sequence &&
    haveSameEnds(a, b)
  );
}

/**
 * The legs of one tuple, by exchange. A capture that saw it pause, or several DNS messages, has a leg of each: those
 * of another capture are told by what was in them.
 */
function exchangesOf(legs: Leg[]): Leg[][] {
  const isFirstOfFile = (leg: Leg, i: number) => legs.findIndex((other) => areOfOneFile(leg, other)) === i;
  if (legs.every(isFirstOfFile)) return [legs];
  const ordered = [...legs].sort(
    (a, b) => compareTexts(fileOf(a), fileOf(b)) || compareTimes(a.firstTime, b.firstTime),
  );
  const exchanges: Leg[][] = [];
  /** Exchanges by what was in them: of one client's thousands of DNS messages, a few are like another. */
  const byContent = new Map<string, Set<Leg[]>>();
  for (const leg of ordered) {
    const contents = contentsOf(leg);
    const alike = new Set(contents.flatMap((content) => [...(byContent.get(content) ?? [])]));
    const likely = [...alike].filter(
      (parts) => parts.every((part) => !areOfOneFile(part, leg)) && parts.some((part) => overlap(part, leg)),
    );
    const nearest = likely.sort(
      (a, b) => apart(a[0]!, leg) - apart(b[0]!, leg) || exchanges.indexOf(a) - exchanges.indexOf(b),
    )[0];
    const exchange = nearest ?? [];
    if (!nearest) exchanges.push(exchange);
    exchange.push(leg);
    for (const content of contents) {
      const same = byContent.get(content);
      if (same) same.add(exchange);
      else byContent.set(content, new Set([exchange]));
    }
  }
  return exchanges;
}

function contentsOf({ sightings }: Leg): string[] {
  const contents = sightings.flatMap(({ payload, source }) =>
    payload === null ? [] : `${source.address} ${payload.length} ${payload.digest}`,
  );
  return [...new Set(contents)];
}

function areOfOneFile(one: Leg, other: Leg): boolean {
  const [a, b] = [one.sightings[0]!.point, other.sightings[0]!.point];
  return a === b || (a.node === b.node && a.netns === b.netns && a.file === b.file);
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
  if (parts.length === 1) return oriented(parts[0]!, like);
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
  const served = byVip(one, isVip) ?? byService(one);
  if (served !== null) return served ? one : turn(one);
  const conversation = earliestOf(parts.filter((part) => part.clientSpoke && part.serverSpoke));
  if (conversation) return conversation;
  const { client, server } = one;
  if (looksLikeReply(client.port!, server.port!)) return turn(one);
  if (looksLikeReply(server.port!, client.port!)) return one;
  return earliestOf(parts)!;
}

function turn(leg: Leg): Leg {
  return { ...leg, client: leg.server, server: leg.client };
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
