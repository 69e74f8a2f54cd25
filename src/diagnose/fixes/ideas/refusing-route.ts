import type { LookupResult } from '../../../kernel/verdict.js';
import type { Station } from '../../../network/station.js';
import { ipCommand } from '../../ip-command.js';
import { COST, type FixIdea } from '../idea.js';
import { step } from '../step.js';

/**
 * A route of type blackhole, unreachable or prohibit is taken away, where another leads on.
 *
 * @param lookup that such a route may have decided
 */
export function refusingRoute(station: Station, lookup: LookupResult | null, family: 4 | 6): FixIdea[] {
  const route = lookup?.route;
  if (!route || !['blackhole', 'unreachable', 'prohibit'].includes(route.type)) return [];
  const table = route.table === 'main' ? '' : ` table ${route.table}`;
  const metric = route.metric === 0 ? '' : ` metric ${route.metric}`;
  const command = `${ipCommand(family)} route del ${route.type} ${route.destination}${table}${metric}`;
  return [
    {
      summary: `Take away the ${route.type} route of ${station.label} for ${route.destination}.`,
      steps: [step(station, command)],
      risk: `Somebody, or a program, put it there to keep packets from going astray: find out who (\`ip route show ${route.destination}\` names the protocol) before it is gone for good.`,
      cost: COST.change + COST.looser,
    },
  ];
}
