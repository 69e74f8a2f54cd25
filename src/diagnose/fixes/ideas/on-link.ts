import { contains, toAddress, toPrefix } from '../../../kernel/prefix.js';
import { familyOf } from '../../../model/address.js';
import { isOnLink as isOnLinkOf } from '../../../network/link.js';
import type { Station } from '../../../network/station.js';
import { ipCommand } from '../../ip-command.js';
import { shellWord } from '../../shell-word.js';
import { COST, type FixIdea, type Problem } from '../idea.js';
import { step } from '../step.js';
import { answersItself } from './source-routing.js';
import { firstPriority } from './tables.js';
import { clientsOf, podNetwork, wayInto } from './way-in.js';

/**
 * Clients on a link of the node, its own pods as a rule, whose replies a rule on the server's address takes elsewhere:
 * for their networks the main table, which has that link, is asked first.
 *
 * @returns null where the main table does not lead to each of them by the link that they ask by
 */
export function onLinkRouting(problem: Problem): FixIdea | null {
  const { station, trip } = problem.risks[0]!;
  const door = wayInto(problem);
  if (!door || !answersItself(problem)) return null;
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
  const ip = ipCommand(family);
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

/**
 * Clients on a link of the node that hand their requests over themselves, and to whom a rule or a route sends what is for
 * them by a gateway: they are reached by the main table's own network again, or where that has a nearer route, by one
 * for each.
 *
 * @returns null where a client is not known to be on the link that it asks by
 */
export function nearRouting(problem: Problem): FixIdea | null {
  const { station, role, leg } = problem.risks[0]!;
  const door = wayInto(problem);
  const clients = clientsOf(problem);
  if (!door || role !== 'reply' || problem.anyone || door.translated || !leg.hop || leg.hop.via === null)
    return null;
  const { interface: name, gateway } = door;
  if (gateway !== null && !clients.every((client) => client === gateway)) return null;
  if (!clients.every((client) => isOnLinkOf(station, name, client))) return null;
  const family = familyOf(clients[0]!)!;
  const ip = ipCommand(family);
  const priority = firstPriority(station.snapshot, family);
  if (!clients.every((client) => leadsRightTo(station, client, name))) {
    return {
      summary: `Give ${station.label} a route right to ${clients.join(', ')} by ${name}, where the requests come in.`,
      steps: clients.map((to) => step(station, `${ip} route replace ${to} dev ${shellWord(name)}`)),
      risk: `Whatever ${station.label} sends to ${clients.join(', ')} then goes right to it.`,
      cost: COST.change + COST.someClients,
    };
  }
  if (priority === null) return null;
  return {
    summary: `Route what ${station.label} sends to ${clients.join(', ')} by the main table, which leads right to it by ${name}, where the requests come in.`,
    steps: clients.map((to) => step(station, `${ip} rule add to ${to} lookup main priority ${priority}`)),
    risk: `Whatever ${station.label} sends to ${clients.join(', ')} then goes right to it: better is to change the rule that takes it elsewhere.`,
    cost: COST.change + COST.someClients,
  };
}

/** Whether the main table by itself has the address right behind the device. */
function leadsRightTo({ snapshot }: Station, address: string, device: string): boolean {
  const wanted = toAddress(address);
  const routes = (wanted.family === 6 ? snapshot.routes6 : snapshot.routes4) ?? [];
  const fitting = routes
    .filter((route) => route.table === 'main')
    .map((route) => ({ route, prefix: toPrefix(route.destination) }))
    .filter(({ prefix }) => contains(prefix, wanted))
    .sort((a, b) => b.prefix.length - a.prefix.length || a.route.metric - b.route.metric);
  const hops = fitting[0]?.route.type === 'unicast' ? fitting[0].route.nextHops : [];
  return hops.length === 1 && hops[0]!.interface === device && hops[0]!.gateway === null;
}
