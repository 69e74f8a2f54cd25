import type { NeighbourMessage } from '../../correlate/neighbours/message.js';
import { isSameStation } from '../../model/station.js';
import type { Nanoseconds } from '../../model/time.js';
import type { DiagnosisContext } from '../context.js';
import { inputInterface } from '../place.js';

/** How far apart two nodes' clocks may place one broadcast. Who asks again does so after a second. */
const ONE_FRAME: Nanoseconds = 500_000_000n;

/**
 * Which capture points are on one link. Many links have the same addresses (every node's docker0 is 172.17.0.1), so
 * that two owners are two owners only on the same one: that of one interface, or of two nodes' that saw the same
 * broadcast.
 */
export class Links {
  readonly #context: DiagnosisContext;
  readonly #parents = new Map<string, string>();

  constructor(context: DiagnosisContext) {
    this.#context = context;
    const broadcasts = new Map<string, NeighbourMessage[]>();
    for (const message of context.neighbours) {
      if (message.kind === 'reply') continue;
      const { protocol, kind, sender, senderMac, target } = message;
      const key = `${protocol} ${kind} ${sender} ${senderMac} ${target}`;
      const same = broadcasts.get(key) ?? [];
      if (same.length === 0) broadcasts.set(key, same);
      this.#join(message, same);
      same.push(message);
    }
  }

  /** A name for the link that a message was seen on, the same for all that are on it. */
  of(message: NeighbourMessage): string {
    return this.#root(this.#pointOf(message));
  }

  /** Two interfaces of one node saw the same only if one is part of the other, and then they have one name here. */
  #join(message: NeighbourMessage, earlier: readonly NeighbourMessage[]): void {
    for (let i = earlier.length - 1; i >= 0; i--) {
      const other = earlier[i]!;
      if (!isNear(this.#context.aligned(message), this.#context.aligned(other))) break;
      const { point } = message;
      if (isSameStation(other.point, point)) continue;
      this.#parents.set(this.of(message), this.of(other));
    }
  }

  #root(point: string): string {
    let at = point;
    for (let next = this.#parents.get(at); next !== undefined && next !== at; next = this.#parents.get(at))
      at = next;
    return at;
  }

  #pointOf(message: NeighbourMessage): string {
    const { node, netns } = message.point;
    const view = this.#context.node(node, netns);
    const name = view ? inputInterface(message, view) : message.point.interface;
    const isVlanDevice = name !== message.point.interface;
    return `${node}\n${netns}\n${name}\n${isVlanDevice ? null : message.vlan}`;
  }
}

function isNear(a: Nanoseconds | null, b: Nanoseconds | null): boolean {
  if (a === null || b === null) return a === b;
  return (a < b ? b - a : a - b) <= ONE_FRAME;
}
