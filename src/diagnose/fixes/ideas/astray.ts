/** A reply that is dropped on a way that its request never took: it need not go there. */
import { partingOf, type Risk } from '../../prediction/risk.js';
import type { IdeasFor } from '../idea.js';
import { wrongGatewayIdeas } from './wrong-gateway.js';

/** The reply is sent back by the way that its request came in, from where it turned off. */
export const astrayIdeas: IdeasFor = (problem) => {
  const turned = problem.risks.map(turningOff);
  return turned.every((risk) => risk !== null) ? wrongGatewayIdeas({ ...problem, risks: turned }) : [];
};

/** Where the reply left its request's way; null where it is dropped on that way. */
export function turningOff(risk: Risk): Risk | null {
  const { request, reply } = risk.trip;
  if (risk.role !== 'reply' || reply === null || risk.carrier) return null;
  if (request.legs.some(({ station }) => station.label === risk.station.label)) return null;
  const leg = partingOf(request, reply);
  if (!leg?.hop) return null;
  return { ...risk, cause: 'wrong-gateway', station: leg.station, interface: leg.hop.dev, leg, drop: null };
}
