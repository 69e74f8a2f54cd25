/** Replies that are routed to a device without carrier: a link that is down, or a tunnel that nobody reads. */
import type { Attempt } from '../../correlate/attempt.js';
import type { DiagnosisContext } from '../context.js';
import { evidence } from '../evidence.js';
import { shellWord } from '../shell-word.js';
import type { Course } from './courses.js';
import { demandOf } from './demand.js';
import type { KnownOfLoss } from './known-of-loss.js';

/**
 * Whether the step that was not seen is one out of a device that has no carrier. Its queue is noop_qdisc then
 * (dev_deactivate()), which drops before any capture looks; the route stays, unless ignore_routes_with_linkdown is set.
 */
export function isWithoutCarrier({ missedAt }: Course): boolean {
  if (missedAt?.direction !== 'out') return false;
  return missedAt.station.model.link(missedAt.interface)?.flags.includes('NO-CARRIER') ?? false;
}

export function withoutCarrier(attempt: Attempt, context: DiagnosisContext): KnownOfLoss | null {
  const replies = demandOf(attempt, context)?.courses.replies ?? [];
  const [first] = replies;
  if (!first || !replies.every(isWithoutCarrier)) return null;
  const { station, interface: name } = first.missedAt!;
  const at = { node: station.node, file: 'ip-link.json' };
  return {
    words: `by its routes ${station.label} would send a reply by ${name}, which has no carrier: what is sent there is dropped before a capture sees it`,
    evidence: [evidence('model', `${name} is NO-CARRIER`, at)],
    gap: {
      node: station.node,
      interface: name,
      why: `whether ${name} had no carrier while the connections failed, and what should be at its other end, is to be seen there`,
      capture: `ip -s link show dev ${shellWord(name)}; ip route get ${attempt.client.address}`,
    },
  };
}
