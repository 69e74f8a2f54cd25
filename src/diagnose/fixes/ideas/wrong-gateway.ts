import type { IdeasFor } from '../idea.js';
import { connectionMarks } from './connection-mark.js';
import { onLinkRouting } from './on-link.js';
import { backTheWayIn } from './source-routing.js';

/** The reply leaves by another way than the request came: a server's by a rule on its source, a pod's by a mark. */
export const wrongGatewayIdeas: IdeasFor = (problem) => {
  const marks = problem.risks[0]!.leg.interface === null ? [] : connectionMarks(problem, { checked: false });
  const onLink = onLinkRouting(problem);
  return [...(onLink ? [onLink] : []), ...marks, ...backTheWayIn(problem)];
};
