/** What a node's own rules make of neighbour discovery: to them its messages are packets as any other. */
import type { FilterDrop } from '../../kernel/netfilter/passage.js';
import { solicitedNode } from '../../kernel/solicited-node.js';
import type { Station } from '../../network/station.js';

/** RFC 4861 sections 4.3 and 4.4. */
export const SOLICITATION = 135;
export const ADVERTISEMENT = 136;

export type DiscoveryType = typeof SOLICITATION | typeof ADVERTISEMENT;

/** A node and a neighbour of it, which ask each other by a device of the node. */
export interface Neighbours {
  device: string;
  /** The node's address, which the neighbour asks for, or answers. */
  own: string;
  neighbour: string;
}

/** By what a node drops, for certain, what a neighbour sends it; null where nothing is known that does. */
export function discoveryDrop(
  { path }: Station,
  type: DiscoveryType,
  { device, own, neighbour: source }: Neighbours,
): FilterDrop | null {
  const destination = type === SOLICITATION ? solicitedNode(own) : own;
  const icmp = { type, code: 0 };
  const passages = path.receive({ source, destination, protocol: 'ipv6-icmp', icmp, ttl: 255 }, device);
  const drops = passages.flatMap(({ drop, unknown }) =>
    drop?.by === 'netfilter' && unknown.length === 0 ? [drop] : [],
  );
  return drops.length === passages.length ? (drops[0] ?? null) : null;
}

/** `the rule "…" drops them in input`. */
export function dropText({ rule, chain, hook }: FilterDrop): string {
  return `${rule ? `the rule "${rule.text}"` : `the policy of ${chain}`} drops them in ${hook}`;
}
