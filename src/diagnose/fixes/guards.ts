/** What works as the nodes are, and has to go on working when one of them is changed. */
import { familyOf } from '../../model/address.js';
import type { Endpoint } from '../../model/analysis.js';
import type { Entry } from '../../network/entry.js';
import { outerInterfaces } from '../../network/link.js';
import type { Network } from '../../network/network.js';
import { isMade, roundTrips } from '../../network/round-trip.js';
import type { Station } from '../../network/station.js';
import { firstEntriesOf } from '../../network/upstream.js';
import { outwardGuard } from './outward.js';

export interface Guard {
  works(network: Network): boolean;
}

/** Of a large cluster, this many nodes beside the changed one: the others are set up as these are. */
const MOST_NODES = 6;

/** What is asked for, beside what a fix is to mend. */
export interface Served {
  services: readonly Endpoint[];
  /** From outside, those that the fix is to mend among them. */
  clients: readonly string[];
  /** Where requests from outside are known to come in, by the address that they are for: gateways before it see them. */
  doors: ReadonlyMap<string, readonly Entry[]>;
}

/** As many of each as are worth the time: the others go the same ways. */
const MOST_SERVED = 10;

/**
 * Connections to the services from outside, from every node and from a pod of each, between the changed node and the
 * others, and between outside and the changed node itself: those of them that work.
 *
 * @param changed the node that a fix is for
 */
export function guardsFor(network: Network, changed: Station, served: Served): Guard[] {
  const services = served.services.slice(0, MOST_SERVED);
  return ([4, 6] as const).flatMap((family) => {
    const ofFamily = services.filter(({ address }) => familyOf(address) === family);
    if (ofFamily.length === 0) return [];
    const nodes = [changed, ...network.stations.filter((s) => s !== changed && s.netns === null)];
    const near = nodes.slice(0, MOST_NODES + 1);
    const inside = near.flatMap((station) => [...hostsOf(station, family), ...podsOf(station, family)]);
    const outside = [...served.clients.filter((client) => familyOf(client) === family), ANYBODY[family]];
    const own = [...hostsOf(changed, family), ...podsOf(changed, family)];
    const others = near
      .slice(1)
      .flatMap((station) => [...hostsOf(station, family), ...podsOf(station, family)]);
    const clients = [...new Set([...outside.slice(0, MOST_SERVED), ...inside])];
    const guards = [
      ...ofFamily.flatMap(({ address, port }) =>
        clients.map((client) =>
          guard(client, address, port, outside.includes(client) ? served.doors.get(address) : undefined),
        ),
      ),
      ...own.flatMap((from) => others.map((to) => guard(from, to, null))),
      ...others.flatMap((from) => own.map((to) => guard(from, to, null))),
      ...outside.flatMap((from) => own.map((to) => guard(from, to, null, served.doors.get(to)))),
      ...outside.flatMap((to) => own.map((from) => outwardGuard(network, from, to))),
    ];
    return guards.filter(({ works }) => works(network));
  });
}

/** Of the blocks for documentation, for clients beyond the routers. */
const ANYBODY = { 4: '198.51.100.1', 6: '2001:db8:fffe::1' } as const;

/** A client's connection; without a port, the echo of a ping. */
function guard(client: string, server: string, port: number | null, doors?: readonly Entry[]): Guard {
  const packet = {
    source: client,
    destination: server,
    protocol: port === null ? (client.includes(':') ? 'ipv6-icmp' : 'icmp') : 'tcp',
    ...(port === null ? {} : { sourcePort: 40001, destinationPort: port, tcp: 'syn' as const }),
  };
  return {
    works: (network) => {
      const entries = doors
        ? doors
            .map((door) => ({ ...door, station: network.station(door.station.node, door.station.netns)! }))
            .filter(({ station }) => knowsWay(station, client))
        : firstEntriesOf(network, packet).entries;
      const trips = entries.flatMap((entry) => roundTrips(network, entry, packet));
      return trips.length > 0 && trips.every(isMade);
    },
  };
}

/** A gateway that has no way to a client does not stand between the client and anybody. */
function knowsWay({ model }: Station, client: string): boolean {
  return model.output({ source: null, destination: client }).verdict !== 'no-route';
}

/** The node's first address on a link with others. */
function hostsOf(station: Station, family: 4 | 6): string[] {
  const outer = outerInterfaces(station);
  const own = station.model.localAddresses.find(
    (a) => outer.includes(a.interface) && familyOf(a.address) === family && a.scope === 'global',
  );
  return own ? [own.address] : [];
}

/** The last address but one of each network that a bridge of the node's has for its pods. */
function podsOf(station: Station, family: 4 | 6): string[] {
  const outer = outerInterfaces(station);
  return station.model.localAddresses
    .filter((a) => familyOf(a.address) === family && family === 4 && a.prefixLength < 31)
    .filter((a) => !outer.includes(a.interface) && station.model.link(a.interface)?.kind === 'bridge')
    .flatMap((a) => {
      const octets = a.address.split('.').map(Number);
      const value = octets.reduce((sum, octet) => sum * 256 + octet, 0);
      const size = 2 ** (32 - a.prefixLength);
      const last = value - (value % size) + size - 2;
      const text = [24, 16, 8, 0].map((shift) => Math.floor(last / 2 ** shift) % 256).join('.');
      return text === a.address ? [] : [text];
    });
}
