import { familyOf } from '../../../model/address.js';
import { COST, type FixIdea, type Problem } from '../idea.js';
import { step } from '../step.js';
import { firstPriority } from './tables.js';
import { clientsOf, podNetwork, wayInto } from './way-in.js';

/**
 * Clients on a link of the node, its own pods as a rule, whose replies a rule on the server's address takes elsewhere:
 * for their networks the main table, which has that link, is asked first.
 *
 * @returns null where the main table does not lead to each of them by the link that they ask by
 */
export function onLinkRouting(problem: Problem): FixIdea | null {
  const { station, leg, role, trip } = problem.risks[0]!;
  const door = wayInto(problem);
  if (!door || role !== 'reply' || leg.interface !== null) return null;
  const clients = clientsOf(problem);
  const isOnLink = (client: string) => {
    const way = station.model.output({ source: null, destination: client });
    const { type, table, destination } = way.lookup?.route ?? {};
    if (type !== 'unicast' || table !== 'main' || destination!.endsWith('/0')) return false;
    return way.dev === door.interface && way.via === null;
  };
  if (!clients.every(isOnLink)) return null;
  const own = trip.request.packet.destination.text;
  const family = familyOf(own)!;
  const priority = firstPriority(station.snapshot, family);
  if (priority === null) return null;
  const ip = family === 6 ? 'ip -6' : 'ip';
  const networks = [...new Set(clients.map((client) => podNetwork(station, client, [])))];
  return {
    summary: `Route what ${station.label} answers ${networks.join(', ')} from ${own} by the main table, which leads back by ${door.interface}, where the requests come in.`,
    steps: networks.map((to) =>
      step(station, `${ip} rule add from ${own} to ${to} lookup main priority ${priority}`),
    ),
    risk: `Concerns only what is sent from ${own} to ${networks.join(', ')}.`,
    cost: COST.change,
  };
}
