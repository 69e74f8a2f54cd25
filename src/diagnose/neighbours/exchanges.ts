import type { NeighbourMessage } from '../../correlate/neighbours/message.js';
import type { Nanoseconds } from '../../model/time.js';
import type { DiagnosisContext } from '../context.js';
import { byCapture, elapsed } from './claims.js';

/** A request for an address, and what was answered to it, at all places that saw any of it. */
export interface Exchange {
  request: NeighbourMessage;
  /** Of each MAC the first answer. */
  answers: Map<string, NeighbourMessage>;
  /** The captures that saw the request. */
  captures: Set<string>;
}

/**
 * How long after a request an answer is taken to be one to it. Proxies wait up to 0.8 s (proxy_delay), and who has
 * no answer asks again after a second.
 */
const ANSWER_WINDOW: Nanoseconds = 950_000_000n;

/** How far apart two nodes' clocks may place one request. */
const ONE_REQUEST: Nanoseconds = 500_000_000n;

/**
 * Requests for one address on one link with their answers. Each capture's own order tells which request was
 * answered; a request that several captures saw is one, so that answers that only their senders' nodes saw meet.
 *
 * @param messages about the address, on one link
 */
export function exchangesOf(messages: readonly NeighbourMessage[], context: DiagnosisContext): Exchange[] {
  const exchanges: Exchange[] = [];
  for (const own of byCapture(messages)) {
    for (const exchange of inOneCapture(own)) merge(exchanges, exchange, context);
  }
  return exchanges;
}

function inOneCapture(messages: readonly NeighbourMessage[]): Exchange[] {
  const open = new Map<string, Exchange>();
  const found: Exchange[] = [];
  for (const message of messages) {
    const asked = askerOf(message);
    const exchange = asked === null ? undefined : open.get(asked);
    const mac = message.claimedMac;
    if (exchange && mac !== null) {
      if (!exchange.answers.has(mac) && !isLate(exchange.request, message))
        exchange.answers.set(mac, message);
    } else if (isRequest(message)) {
      const before = open.get(message.sender);
      if (before && isSameFrame(before.request, message)) continue;
      const answers = new Map<string, NeighbourMessage>();
      if (mac !== null) answers.set(mac, message);
      const opened = { request: message, answers, captures: new Set([message.point.capture]) };
      open.set(message.sender, opened);
      found.push(opened);
    }
  }
  return found;
}

/** Gratuitous ARP in the form of a request may be answered too, by who else has the address. */
function isRequest({ kind, protocol }: NeighbourMessage): boolean {
  return kind === 'request' || kind === 'probe' || (kind === 'announcement' && protocol === 'arp');
}

/** Who asked what a message answers; null where it answers nobody. */
function askerOf({ kind, protocol, asker }: NeighbourMessage): string | null {
  // RFC 4861 section 7.2.4: who probes has no address yet, so that all nodes are told.
  return kind === 'announcement' && protocol === 'ndp' ? '::' : asker;
}

function isLate(request: NeighbourMessage, answer: NeighbourMessage): boolean {
  const time = elapsed(request, answer);
  return time !== null && time > ANSWER_WINDOW;
}

/** A cooked capture shows a frame at a port and at its bridge: within a millisecond, and nobody asks so fast. */
function isSameFrame(a: NeighbourMessage, b: NeighbourMessage): boolean {
  const time = elapsed(a, b);
  return a.kind === b.kind && a.senderMac === b.senderMac && time !== null && time < 1_000_000n;
}

function merge(all: Exchange[], exchange: Exchange, { aligned }: DiagnosisContext): void {
  const { request } = exchange;
  const at = aligned(request);
  let same: Exchange | null = null;
  let nearest = ONE_REQUEST;
  for (const other of all) {
    const then = isLikeRequest(other, request) ? aligned(other.request) : null;
    if (at === null || then === null) continue;
    const apart = at < then ? then - at : at - then;
    if (apart > nearest) continue;
    nearest = apart;
    same = other;
  }
  if (!same) {
    all.push(exchange);
    return;
  }
  same.captures.add(request.point.capture);
  for (const [mac, answer] of exchange.answers) if (!same.answers.has(mac)) same.answers.set(mac, answer);
}

function isLikeRequest({ request: other, captures }: Exchange, request: NeighbourMessage): boolean {
  if (captures.has(request.point.capture)) return false;
  return (
    other.kind === request.kind && other.sender === request.sender && other.senderMac === request.senderMac
  );
}
