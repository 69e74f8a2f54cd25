/** Replies that are routed by their source: back by the way that the requests come in. */

import { familyOf } from '../../../model/address.js';
import { outerInterfaces } from '../../../network/link.js';
import { ipCommand } from '../../ip-command.js';
import { COST, type FixIdea, type Problem } from '../idea.js';
import { step } from '../step.js';
import { clientPriority, firstPriority, tableBack } from './tables.js';
import { vrfDefault } from './vrf-default.js';
import { clientsOf, fleeting, podNetwork, type WayIn, wayInto } from './way-in.js';

/** For what a server answers on the node, and for what its pods answer, each where it applies. */
export function backTheWayIn(problem: Problem): FixIdea[] {
  const door = wayInto(problem);
  const { trip } = problem.risks[0]!;
  if (!door || door.gateway === null || clientsOf(problem).includes(door.gateway)) return [];
  const { station } = problem.risks[0]!;
  const vrf = station.model.vrfOf(door.interface);
  if (vrf !== null) {
    const idea = vrfDefault(problem, door, vrf, familyOf(trip.server.address)!);
    return idea ? [idea] : [];
  }
  const ownReply = answersItself(problem);
  const idea = ownReply
    ? sourceRouting(problem, door, trip.request.packet.destination.text)
    : returnRouting(problem, door, trip.request.packet.destination.text);
  return [idea, ownReply ? clientRouting(problem, door) : null].filter((one) => one !== null);
}

/** Whether the node itself answers the request, not one of its pods. */
export function answersItself({ risks: [risk] }: Problem): boolean {
  const { leg, role, drop, trip, station } = risk!;
  if (role === 'reply') return leg.interface === null;
  const verdict = drop?.by === 'routing' ? drop.verdict : leg.passage.verdict;
  if (verdict) return verdict.lookup?.route?.type === 'local';
  return station.model.hasAddress(trip.request.packet.destination.text);
}

/**
 * What the node answers from an address of its own goes back to the router that the request came from, but for what
 * is to its own networks and pods.
 *
 * @returns null where the node's rules leave no priority before them
 */
function sourceRouting(problem: Problem, door: WayIn, own: string): FixIdea | null {
  const { interface: name, gateway } = door;
  const { station } = problem.risks[0]!;
  const family = familyOf(own)!;
  const ip = ipCommand(family);
  const { table, fill } = tableBack(problem, family, door);
  const priority = firstPriority(station.snapshot, family);
  if (priority === null) return null;
  return {
    summary: `Route what ${station.label} answers from ${own} back by ${name}, through ${gateway}, where the requests come in.`,
    steps: [
      fill,
      `${ip} rule add from ${own} lookup main suppress_prefixlength 0 priority ${priority}`,
      `${ip} rule add from ${own} lookup ${table} priority ${priority + 1}`,
    ].map((command) => step(station, command)),
    risk: 'Concerns only what is sent from that address; what filters check stays checked.',
    cost: COST.change,
  };
}

/** The same for these clients alone, also where the node has a nearer way to them: that of a link that both are on. */
function clientRouting(problem: Problem, door: WayIn): FixIdea | null {
  const { interface: name, gateway } = door;
  const { station, trip } = problem.risks[0]!;
  const own = trip.request.packet.destination.text;
  const family = familyOf(own)!;
  const { table, fill } = tableBack(problem, family, door);
  const priority = clientPriority(station.snapshot, family);
  const clients = nearNetworks(problem);
  if (priority === null || clients.length === 0) return null;
  const ip = ipCommand(family);
  return {
    summary: `Route what ${station.label} answers these clients from ${own} back by ${name}, through ${gateway}, where ${isNear(problem) ? 'they ask, though it has a nearer way to them' : 'their requests come in'}.`,
    steps: [
      fill,
      ...clients.map((to) => `${ip} rule add from ${own} to ${to} lookup ${table} priority ${priority}`),
    ].map((command) => step(station, command)),
    risk: `Holds for ${clients.join(', ')} alone; other networks that are asked through ${gateway} need their own rule.`,
    cost: COST.change + COST.someClients,
  };
}

/** The networks that the replies are sent to with no gateway; for one that stands for others, none is known beyond. */
function nearNetworks(problem: Problem): string[] {
  if (isNear(problem)) return [problem.risks[0]!.leg.passage.verdict!.lookup!.route!.destination];
  return problem.anyone ? [] : clientsOf(problem);
}

function isNear({ risks: [risk] }: Problem): boolean {
  const { leg } = risk!;
  const route = leg.passage.verdict?.lookup?.route;
  return route?.type === 'unicast' && !route.destination.endsWith('/0') && leg.hop?.via === null;
}

/**
 * What the pods answer these clients goes back to whom the requests come from. By rules on the pods' addresses, for a
 * route to the clients would take the node's own replies along, and with strict filtering refuse them.
 */
function returnRouting(problem: Problem, door: WayIn, backend: string): FixIdea | null {
  if (problem.anyone) return null;
  const { station } = problem.risks[0]!;
  const { interface: name, gateway, translated } = door;
  const family = familyOf(backend)!;
  const ip = ipCommand(family);
  const { table, fill } = tableBack(problem, family, door);
  const priority = clientPriority(station.snapshot, family);
  if (priority === null) return null;
  const pods = podNetwork(station, backend, outerInterfaces(station));
  const commands = [
    fill,
    ...clientsOf(problem).map(
      (client) => `${ip} rule add from ${pods} to ${client} lookup ${table} priority ${priority}`,
    ),
  ];
  const whither = translated ? 'to the node that translated the request' : 'where the requests come in';
  const lasting = translated
    ? ` What holds for all is externalTrafficPolicy: Local (requests stay on the announcing node), or Cluster with kube-proxy's masquerade.`
    : '';
  return {
    summary: `Send what ${pods} on ${station.label} answers these clients back by ${name}, through ${gateway}, ${whither}.`,
    steps: commands.map((command) => step(station, command)),
    risk: `A stopgap for these clients: their replies take this way also when another node announces the VIP.${fleeting(pods, backend)}${lasting}`,
    cost: COST.change + COST.someClients,
  };
}
