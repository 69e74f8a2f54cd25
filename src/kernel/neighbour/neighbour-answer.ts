import type { Doubts } from '../doubts.js';
import type { Receiver } from './receiver.js';

/** Whether a node answers a request for a neighbour's MAC (an ARP request, a neighbour solicitation), and why. */
export interface NeighbourAnswer {
  answers: boolean;
  /**
   * `own-address`: the node has the target itself; `anycast`: so it does, along with other nodes (IPv6);
   * `proxy`: it forwards to the target and answers in its place (proxy_arp, proxy_arp_pvlan); `proxy-entry`: so
   * it does for single addresses (`ip neigh add proxy`). Null where it does not answer.
   */
  by: 'own-address' | 'anycast' | 'proxy' | 'proxy-entry' | null;
  /** The device that the answer leaves by: that asked at, or the bridge or bond that it is a port of. */
  interface: string;
  /** The MAC in the answer; null where there is none, or where ip-link.json does not tell it. */
  mac: string | null;
  /** Plain words for a person: what decided. */
  why: string;
  /** What the answer had to assume. Empty: it rests on the snapshot alone. */
  unknown: string[];
}

/** A decision, with its reason in words. */
export interface Decision {
  by: NeighbourAnswer['by'];
  why: string;
}

export function refuse(why: string): Decision {
  return { by: null, why };
}

export function neighbourAnswer(decision: Decision, receiver: Receiver, doubts: Doubts): NeighbourAnswer {
  const answers = decision.by !== null;
  return {
    answers,
    by: decision.by,
    interface: receiver.name,
    mac: answers ? (receiver.link?.mac ?? null) : null,
    why: withAssumptions(decision.why, doubts),
    unknown: doubts.lines,
  };
}

/** Reasons name what they assume, as those of a verdict do. */
export function withAssumptions(why: string, doubts: Doubts): string {
  return doubts.lines.length === 0 ? why : `${why} (assumed: ${doubts.lines.join('; ')})`;
}
