/** What a node's own rules make of neighbour discovery: to them its messages are packets as any other. */
import type { FilterDrop } from '../../kernel/netfilter/passage.js';
import { solicitedNode } from '../../kernel/solicited-node.js';
import type { Station } from '../../network/station.js';

/** RFC 4861 sections 4.3 and 4.4. */
const SOLICITATION = 135;
const ADVERTISEMENT = 136;

/** By what a node drops who asks it for an address; null where nothing is known that does. */
export function solicitationDrop(
  station: Station,
  device: string,
  asker: string,
  target: string,
): FilterDrop | null {
  return discoveryDrop(station, device, asker, solicitedNode(target), SOLICITATION);
}

/** By what a node drops the answers to its own questions; null where nothing is known that does. */
export function advertisementDrop(
  station: Station,
  device: string,
  neighbour: string,
  asker: string,
): FilterDrop | null {
  return discoveryDrop(station, device, neighbour, asker, ADVERTISEMENT);
}

/** @returns the rule or policy that drops it for certain, on its way in by the device */
function discoveryDrop(
  { path }: Station,
  device: string,
  source: string,
  destination: string,
  type: number,
): FilterDrop | null {
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
