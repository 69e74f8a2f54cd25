import { formatAddress, parseAddress } from '../../model/address.js';
import { podOf } from '../../network/entry.js';
import { isOnLink, outerInterfaces } from '../../network/link.js';
import type { Network } from '../../network/network.js';
import { byValue, type Dimension } from './dimension.js';

/** Whether the client is in the cluster, on a node's link, or behind a router: each gets its replies by another way. */
export const clientPlace: Dimension = {
  family: 'client',
  among: 'port',
  values: 'given',
  candidates(cases, { context: { network } }) {
    if (network.stations.length === 0) return [];
    const places = new Map<string, string | null>();
    const placeOf = (client: string) => {
      let place = places.get(client);
      // Each client asks every node's routes: of very many, the network that they are in says as much.
      if (place === undefined && places.size >= MOST_CLIENTS) return null;
      if (place === undefined) {
        place = clientPlaceIn(network, client);
        places.set(client, place);
      }
      return place;
    };
    return byValue(
      'client-place',
      cases,
      (attempt) => placeOf(attempt.client.address),
      (names) => `for clients ${names}`,
    );
  },
};

const MOST_CLIENTS = 5000;

/** @returns null where a node's interfaces are not known, one of which might lead to it */
function clientPlaceIn(network: Network, client: string): string | null {
  if (network.stations.some((s) => s.netns === null && s.model.hasAddress(client))) return 'on a node itself';
  if (network.stations.some((s) => s.netns !== null && s.model.hasAddress(client))) return 'in a pod';
  if (podOf(network, client)) return 'in a pod';
  if (network.stations.some(({ snapshot }) => !snapshot.links || !snapshot.addresses)) return null;
  const near = network.stations.some((s) => outerInterfaces(s).some((device) => isOnLink(s, device, client)));
  return near ? "on a node's link" : 'beyond a router';
}

export const client: Dimension = {
  family: 'client',
  among: 'port',
  values: 'given',
  candidates: (cases) =>
    byValue(
      'client',
      cases,
      (attempt) => attempt.client.address,
      (names) => `for client ${names}`,
    ),
};

/** The usual sizes of one link's network; how large the clients' really are is not in the captures. */
const NETWORK_BITS = { 4: 24, 6: 64 } as const;

export const clientNetwork: Dimension = {
  family: 'client',
  among: 'port',
  values: 'given',
  candidates(cases) {
    const networks = new Map<string, string | null>();
    const known = (client: string) => {
      let network = networks.get(client);
      if (network === undefined) {
        network = networkOf(client);
        networks.set(client, network);
      }
      return network;
    };
    return byValue(
      'client-network',
      cases,
      (attempt) => known(attempt.client.address),
      (names) => `for clients in ${names}`,
    );
  },
};

function networkOf(address: string): string | null {
  const octets = parseAddress(address);
  if (!octets) return null;
  const family = octets.length === 4 ? 4 : 6;
  octets.fill(0, NETWORK_BITS[family] / 8);
  return `${formatAddress(octets, 0, family)}/${NETWORK_BITS[family]}`;
}
