import { isOnLink } from './link.js';
import type { Network } from './network.js';
import type { Station } from './station.js';

export interface Sender {
  /** Null where there are several routers, or none is known. */
  address: string | null;
  unknown: string[];
}

/**
 * Who hands a client's packet over to a node on one of its links: the client itself where it is on that link, else
 * the one router there, by the node's routes or else by its neighbour entries.
 */
export function senderOf(network: Network, station: Station, device: string, client: string): Sender {
  if (isOnLink(station, device, client)) return { address: client, unknown: [] };
  const family = client.includes(':') ? 6 : 4;
  const routers = outsideRouters(network, station, device, family);
  if (routers.length === 1) return { address: routers[0]!, unknown: [] };
  const neighbours = outsiders(network, neighboursOn(station, device, family));
  if (routers.length > 0 || neighbours.length !== 1) return { address: null, unknown: [] };
  const [only] = neighbours;
  const line = `${station.label}: ${only}, its only neighbour on ${device}, is taken for the router there`;
  return { address: only!, unknown: [line] };
}

/** The routers that a node's routes name on a link of its, and no snapshot tells of. */
export function outsideRouters(network: Network, station: Station, device: string, family: 4 | 6): string[] {
  return outsiders(network, routersOn(station, device, family));
}

/** A route to another node's pods goes by that node, which is no way for clients. */
function outsiders({ stations }: Network, addresses: readonly string[]): string[] {
  return addresses.filter((address) => !stations.some((s) => s.model.hasAddress(address)));
}

/** The gateways of a node's routes by the device, whatever table they are in. */
function routersOn({ snapshot }: Station, device: string, family: 4 | 6): string[] {
  const routes = (family === 4 ? snapshot.routes4 : snapshot.routes6) ?? [];
  const hops = routes.flatMap((route) => route.nextHops);
  return [
    ...new Set(hops.filter((h) => h.interface === device && h.gateway !== null).map((h) => h.gateway!)),
  ];
}

function neighboursOn({ snapshot }: Station, device: string, family: 4 | 6): string[] {
  const entries = (snapshot.neighbours ?? []).filter((n) => n.interface === device && n.mac !== null);
  const own = entries.filter((n) => n.address.includes(':') === (family === 6));
  const usable = own.filter((n) => !n.address.startsWith('fe80:') || n.router);
  return [...new Set(usable.map((n) => n.address))];
}
