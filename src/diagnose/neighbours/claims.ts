import { compareTimes } from '../../correlate/causal-order.js';
import type { NeighbourMessage } from '../../correlate/neighbours/message.js';
import type { Nanoseconds } from '../../model/time.js';
import type { DiagnosisContext } from '../context.js';
import { Links } from './links.js';

/** All that was said of one address on one link. */
export interface AddressTalk {
  address: string;
  /** By time on the first node's clock; of one capture, in its order. */
  messages: NeighbourMessage[];
}

/** What was said of each address, link by link; addresses that nobody claimed are left. */
export function addressTalks(context: DiagnosisContext): AddressTalk[] {
  const links = new Links(context);
  const talks = new Map<string, AddressTalk>();
  for (const message of context.neighbours) {
    const key = `${links.of(message)}\n${message.target}`;
    const talk = talks.get(key);
    if (talk) talk.messages.push(message);
    else talks.set(key, { address: message.target, messages: [message] });
  }
  return [...talks.values()].filter((talk) => talk.messages.some((m) => m.claimedMac !== null));
}

/** A time in which one MAC alone claimed the address. */
export interface Tenure {
  mac: string;
  first: NeighbourMessage;
  last: NeighbourMessage;
  /** In this tenure, told to all unasked. */
  announced: boolean;
}

/**
 * Who claimed an address in turn, by what one capture point saw: its order is certain, and what is told to all comes
 * by every point of the link.
 *
 * @param messages of one capture, in its order
 */
export function tenuresOf(messages: readonly NeighbourMessage[]): Tenure[] {
  const tenures: Tenure[] = [];
  for (const message of messages) {
    const { claimedMac: mac, kind } = message;
    if (mac === null) continue;
    const current = tenures.at(-1);
    if (current?.mac === mac) {
      current.last = message;
      current.announced ||= kind === 'announcement';
    } else {
      tenures.push({ mac, first: message, last: message, announced: kind === 'announcement' });
    }
  }
  return tenures;
}

/** The messages of each capture, in its order. */
export function byCapture(messages: readonly NeighbourMessage[]): NeighbourMessage[][] {
  const captures = new Map<string, NeighbourMessage[]>();
  for (const message of messages) {
    const { capture, node, netns } = message.point;
    const key = `${node}\n${netns}\n${capture}`;
    const same = captures.get(key);
    if (same) same.push(message);
    else captures.set(key, [message]);
  }
  return [...captures.values()].map((own) => own.sort(inCapture));
}

/** ns from one message to a later one of the same capture; null where a time is missing. */
export function elapsed(from: NeighbourMessage, to: NeighbourMessage): Nanoseconds | null {
  return from.time === null || to.time === null ? null : to.time - from.time;
}

/** By their order in one capture, which a file's own is for certain. */
function inCapture(a: NeighbourMessage, b: NeighbourMessage): number {
  return a.point.file === b.point.file ? a.packet - b.packet : compareTimes(a.time, b.time);
}
