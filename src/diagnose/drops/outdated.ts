/** What shows that the settings which would drop a packet are younger than its loss. */

import type { Evidence } from '../../model/analysis.js';
import type { Nanoseconds } from '../../model/time.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { evidence, packetEvidence, risenEvidence } from '../evidence.js';
import { counterRise, REVERSE_PATH_COUNTER } from '../kernel-records.js';
import type { Loss } from '../loss.js';
import type { DemandedDrop } from './demand.js';
import { passedLater } from './passed-later.js';

/** @returns empty where nothing does */
export function outdatedEvidence(
  demanded: DemandedDrop,
  { loss, node, times }: { loss: Loss; node: NodeView; times: readonly Nanoseconds[] },
  context: DiagnosisContext,
): Evidence[] {
  return [
    ...(hasCountedNone(demanded) ? noneCounted(node) : []),
    ...(isUntold(demanded, node, times) ? [evidence('counter', UNTOLD, { node: node.name })] : []),
    ...passedSince(demanded, loss, context),
  ];
}

/**
 * Whether the rule's counter says that it dropped nothing, this packet among it: it was put there later, or its counters
 * were reset, as where a rule set is loaded anew.
 */
function hasCountedNone({ drop }: DemandedDrop): boolean {
  return drop.by === 'netfilter' && drop.rule?.packets === 0;
}

function noneCounted(node: NodeView): Evidence[] {
  const text =
    'that rule has counted no packet: it was put there, or its counters were reset, after these were lost, or it is another that they met';
  return [evidence('counter', text, { node: node.name }), ...risenEvidence(node, REVERSE_PATH_COUNTER)];
}

const UNREACHABLES = 'IcmpOutDestUnreachs';
const UNTOLD = `${UNREACHABLES} did not move while capturing, as it does where such a route answers: it seems to have come later`;

/** ip_error() may tell a sender once a second (ip_rt_error_cost). */
const TOLD_AGAIN: Nanoseconds = 1_000_000_000n;

/** Whether the route answers with an ICMP error, and its node sent none to anybody. */
function isUntold(
  { drop, carrier, leg, interface: name }: DemandedDrop,
  node: NodeView,
  times: readonly Nanoseconds[],
): boolean {
  if (drop.by !== 'routing' || carrier || name === null || leg.passage.packet.family !== 4) return false;
  const { verdict } = drop.verdict;
  if (verdict !== 'unreachable' && verdict !== 'prohibit') return false;
  const [first] = times;
  const isLong = times.some((time) => time - first! > TOLD_AGAIN || first! - time > TOLD_AGAIN);
  return isLong && counterRise(node, UNREACHABLES) === 0;
}

/** A request like it that the routes and settings would have stopped as well, and that passed there after it. */
function passedSince({ drop, seen }: DemandedDrop, loss: Loss, context: DiagnosisContext): Evidence[] {
  const later = drop.by === 'routing' && seen ? passedLater(loss, context) : null;
  return later ? [packetEvidence(later, ' after that, and passed: the settings were others then')] : [];
}
