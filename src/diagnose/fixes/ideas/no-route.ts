/** A route that is missing, or one that refuses. */

import { familyOf } from '../../../model/address.js';
import { onOneLink, outerInterfaces, TUNNELS } from '../../../network/link.js';
import type { Network } from '../../../network/network.js';
import type { Station } from '../../../network/station.js';
import { entryInVain } from '../../drops/asked-in-vain.js';
import { ipCommand, ipCommandFor } from '../../ip-command.js';
import { shellWord } from '../../shell-word.js';
import { COST, type FixIdea, type IdeasFor, type Problem } from '../idea.js';
import { step } from '../step.js';
import { astrayIdeas } from './astray.js';
import { connectionMarks } from './connection-mark.js';
import { localPolicy } from './local-policy.js';
import { refusingRoute } from './refusing-route.js';
import { backTheWayIn } from './source-routing.js';
import { clientsOf, fleeting, wayInto } from './way-in.js';

export const noRouteIdeas: IdeasFor = (problem) => {
  const { role, drop, carrier } = problem.risks[0]!;
  if (drop?.by === 'tunnel') return [];
  // The node's own packet to the tunnel's far end: neither the pods' networks nor the clients' are what it lacks.
  if (carrier) return [...refusingOnWay(problem), ...defaultRoute(problem)];
  const back = role === 'reply' && wayInto(problem)?.translated;
  return [
    ...refusingOnWay(problem),
    ...(role === 'request' ? towardsOwner(problem) : []),
    ...(role === 'reply' ? defaultRoute(problem) : []),
    ...(back
      ? [...localPolicy(problem), ...connectionMarks(problem, { checked: false }), ...backTheWayIn(problem)]
      : []),
    ...(role === 'reply' ? [...clientRoute(problem), ...astrayIdeas(problem)] : []),
  ];
};

function refusingOnWay({ risks: [risk] }: Problem): FixIdea[] {
  const { drop, station, leg } = risk!;
  if (drop?.by !== 'routing') return [];
  return refusingRoute(station, drop.verdict.lookup, familyOf(leg.passage.packet.destination.text)!);
}

/** A backend's network, by the node that has it: through the tunnel that both are on, else right over their link. */
function towardsOwner({ network, risks: [risk] }: Problem): FixIdea[] {
  const { station, leg } = risk!;
  const target = leg.passage.packet.destination.text;
  const owners = network.stations.filter((s) => s !== station && s.netns === null && localNetwork(s, target));
  const [owner] = owners;
  const to = owners.length === 1 ? localNetwork(owner!, target) : null;
  const way = to === null ? null : wayBetween(station, owner!, familyOf(target)!);
  if (to === null || way === null) return [];
  const onlink = way.onlink ? ' onlink' : '';
  return [
    {
      summary: `Give ${station.label} a route to ${to} on ${owner!.label}, by ${way.device}.`,
      steps: [
        step(
          station,
          `${ipCommandFor(target)} route replace ${to} via ${way.via} dev ${shellWord(way.device)}${onlink}`,
        ),
      ],
      risk: `Where a network plugin makes these routes, find out why it did not: it may be down on one of the two nodes.${fleeting(to, target)}`,
      cost: COST.change,
    },
  ];
}

/** The network right behind one of the node's own devices that an address is in; null where there is none. */
function localNetwork({ model }: Station, address: string): string | null {
  const { verdict, via, lookup } = model.output({ source: null, destination: address });
  const route = lookup?.route;
  const near = verdict === 'output' && via === null && route?.type === 'unicast' && lookup!.prefixLength > 0;
  return near ? route.destination : null;
}

function wayBetween(
  from: Station,
  to: Station,
  family: 4 | 6,
): { via: string; device: string; onlink: boolean } | null {
  for (const link of from.snapshot.links ?? []) {
    if (!TUNNELS.has(link.kind ?? '') || link.vxlan === null) continue;
    const far = to.snapshot.links?.find((l) => l.kind === link.kind && l.vxlan?.id === link.vxlan!.id);
    const via = far && addressOn(to, far.name, family);
    if (via) return { via, device: link.name, onlink: true };
  }
  for (const device of outerInterfaces(from)) {
    for (const far of outerInterfaces(to)) {
      const via = onOneLink(from, device, to, far) ? addressOn(to, far, family) : null;
      if (via !== null) return { via, device, onlink: false };
    }
  }
  return null;
}

function addressOn({ model }: Station, device: string, family: 4 | 6): string | null {
  return (
    model.localAddresses.find((a) => a.interface === device && familyOf(a.address) === family)?.address ??
    null
  );
}

/**
 * Where the node has none: whom the request came from, else the router of the nodes that are on its link. Another node's
 * default route may itself be what is wrong there.
 */
function defaultRoute(problem: Problem): FixIdea[] {
  const { network, risks } = problem;
  const { station, leg } = risks[0]!;
  const family = leg.passage.packet.family;
  const routes = (family === 6 ? station.snapshot.routes6 : station.snapshot.routes4) ?? [];
  if (routes.some((r) => r.table === 'main' && r.destination.endsWith('/0') && r.type === 'unicast'))
    return [];
  const sender = senderRouter(problem);
  const peers = peerRouters(network, station, family);
  const isSender = ({ via, device }: Router) => via === sender?.via && device === sender.device;
  const found = peers.find(isSender) ?? sender ?? peers[0];
  if (!found) return [];
  const { via, device, why } = found;
  return [
    {
      summary: `Give ${station.label} a default route via ${via} by ${device}, ${why}.`,
      steps: [
        step(station, `${ipCommand(family)} route replace default via ${via} dev ${shellWord(device)}`),
      ],
      risk: `All that ${station.label} has no other route for then goes to ${via}.`,
      cost: COST.change,
    },
  ];
}

interface Router {
  via: string;
  device: string;
  why: string;
}

/** Those that nobody is known to have asked for in vain. */
function peerRouters({ stations }: Network, station: Station, family: 4 | 6): Router[] {
  const peers = stations.filter((peer) => peer !== station && peer.netns === null);
  return peers.flatMap((peer) => {
    const routes = (family === 6 ? peer.snapshot.routes6 : peer.snapshot.routes4) ?? [];
    const hops = routes
      .filter((r) => r.table === 'main' && r.destination.endsWith('/0'))
      .flatMap((r) => r.nextHops);
    return hops.flatMap(({ gateway, interface: name }): Router[] => {
      if (gateway === null || name === null || station.model.hasAddress(gateway)) return [];
      const device = outerInterfaces(station).find((own) => onOneLink(station, own, peer, name));
      if (device === undefined) return [];
      const isSilent = entryInVain(peer, name, gateway) ?? entryInVain(station, device, gateway);
      return isSilent ? [] : [{ via: gateway, device, why: `as ${peer.label} has it` }];
    });
  });
}

function senderRouter(problem: Problem): Router | null {
  const door = wayInto(problem);
  if (!door || door.gateway === null || door.translated || clientsOf(problem).includes(door.gateway))
    return null;
  return { via: door.gateway, device: door.interface, why: 'where the requests come from' };
}

/** A route to the clients alone, by whom the requests come in from. */
function clientRoute(problem: Problem): FixIdea[] {
  const { station } = problem.risks[0]!;
  const door = wayInto(problem);
  const clients = clientsOf(problem);
  if (problem.anyone || !door || door.gateway === null || clients.includes(door.gateway)) return [];
  return [
    {
      summary: `Give ${station.label} a route to these clients via ${door.gateway} by ${door.interface}, where their requests come in.`,
      steps: clients.map((client) =>
        step(
          station,
          `${ipCommandFor(client)} route replace ${client} via ${door.gateway} dev ${shellWord(door.interface)} onlink`,
        ),
      ),
      risk: 'Holds for these clients alone: better is a route to the whole network that they are in.',
      cost: COST.change + COST.someClients,
    },
  ];
}
