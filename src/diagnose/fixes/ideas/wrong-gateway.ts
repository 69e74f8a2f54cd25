import type { IdeasFor } from '../idea.js';
import { connectionMarks } from './connection-mark.js';
import { nearRouting, onLinkRouting } from './on-link.js';
import { restoredMark } from './restored-mark.js';
import { backTheWayIn } from './source-routing.js';

/**
 * The reply leaves by another way than the request came: a server's by a rule on its source, a pod's by a mark, the node's
 * own where it has one.
 */
export const wrongGatewayIdeas: IdeasFor = (problem) => {
  const isOwn = problem.risks[0]!.leg.interface === null;
  const marks = isOwn ? [] : [...restoredMark(problem), ...connectionMarks(problem, { checked: false })];
  const onLink = [onLinkRouting(problem), nearRouting(problem)].filter((idea) => idea !== null);
  return [...onLink, ...marks, ...backTheWayIn(problem)];
};
