import { contains, toAddress, toPrefix } from '../../../kernel/prefix.js';
import type { Leg } from '../../../network/journey.js';
import type { Station } from '../../../network/station.js';
import type { Risk } from '../../prediction/risk.js';
import type { Problem } from '../idea.js';

/** By which interface of a node, and from whom, requests come in. */
export interface WayIn {
  interface: string;
  /** The neighbour that hands them over; null where not known. */
  gateway: string | null;
  /** Whether a node before had translated them: that one has to get the reply. */
  translated: boolean;
}

/** Where the request came into the node that the failure is on; null where it did not come by there. */
export function wayInto({ risks, translated }: Problem): WayIn | null {
  const { trip, station } = risks[0]!;
  const { legs } = trip.request;
  const at = legs.findIndex((leg) => leg.station.label === station.label && leg.interface !== null);
  if (at < 0) return null;
  const before = legs[at - 1];
  const pod = at === 0 && trip.entry.isPod;
  return {
    interface: legs[at]!.interface!,
    gateway: before ? addressTowards(before, trip.server.address) : pod ? null : trip.entry.sender,
    translated: translated || legs.slice(0, at).some((leg) => leg.passage.connection?.destinationNat),
  };
}

/** A node's own address on the device that it sends by; not the VIP, which moves from node to node. */
function addressTowards({ station, hop, passage }: Leg, vip: string): string | null {
  const isIPv6 = passage.packet.family === 6;
  const own = station.model.localAddresses.filter(
    (a) => a.interface === hop?.dev && a.address.includes(':') === isIPv6 && a.address !== vip,
  );
  // What is added beside a first address, as other VIPs, is a host's alone.
  const network = own.find((a) => a.scope === 'global' && a.prefixLength < (isIPv6 ? 128 : 32));
  return (network ?? own[0])?.address ?? null;
}

/** The clients of these failures, each once. */
export function clientsOf({ risks }: Problem): string[] {
  return [...new Set(risks.map(({ trip }) => trip.client.address))];
}

/** The service as clients address it, and the backend that it comes to. */
export function isTranslated({ trip }: Risk): boolean {
  return trip.request.packet.destination.text !== trip.server.address;
}

/**
 * The network that pods of a node, or those behind a tunnel, are in: a rule for it goes on holding when the pod is made
 * anew. For what is on a link with others, the address alone.
 */
export function podNetwork(station: Station, address: string, outer: readonly string[]): string {
  const { lookup, dev } = station.model.output({ source: null, destination: address });
  const route = lookup?.route;
  if (route?.type !== 'unicast' || route.destination.endsWith('/0') || dev === null || outer.includes(dev)) {
    return address;
  }
  return blockOf(station, address) ?? route.destination;
}

/** Calico routes each pod by itself, and keeps the rest of the node's block by a blackhole route. */
function blockOf({ snapshot }: Station, address: string): string | null {
  const wanted = toAddress(address);
  const blocks = [...(snapshot.routes4 ?? []), ...(snapshot.routes6 ?? [])]
    .filter(
      (route) => route.type === 'blackhole' && route.table === 'main' && !route.destination.endsWith('/0'),
    )
    .map((route) => ({ text: route.destination, prefix: toPrefix(route.destination) }))
    .filter(({ prefix }) => prefix.family === wanted.family && contains(prefix, wanted));
  return blocks.sort((a, b) => b.prefix.length - a.prefix.length)[0]?.text ?? null;
}

/** What a rule for `podNetwork` costs where only the pod's own address is known. */
export function fleeting(pods: string, backend: string): string {
  const address = pods.split('/', 1)[0]!;
  return address === backend
    ? ` ${backend} is the pod's own address, which it loses when it is made anew.`
    : '';
}
