/** Whom a packet meets that leaves a node by a device towards a next hop. */
import type { Hop } from '../kernel/verdict.js';
import { neighbourEntry } from '../model/neighbour-entry.js';
import type { Link } from '../model/snapshot.js';
import { ipvlanEnd, isIpvlan, mayBeIpvlans } from './ipvlan.js';
import { isElsewhere, mayHaveMac, onOneLink, TUNNELS } from './link.js';
import type { Network } from './network.js';
import type { Station } from './station.js';

/** Where a packet comes in again. */
export interface Arrival {
  station: Station;
  interface: string;
  /** What had to be assumed for it. */
  unknown: string[];
}

/**
 * The station that gets the packet, and by which of its interfaces: by the sender's own neighbour entry, where it
 * has one, for that is what the kernel puts on the wire; else by who holds the next hop's address.
 *
 * @param source of the packet: a node routes what its own pod sends by the device that leads to the pod
 * @returns null where it is none that a snapshot tells of: a router, a client, or a pod
 */
export function arrivalOf(
  network: Network,
  from: Station,
  hop: Hop,
  packet: { source: string; destination: string },
): Arrival | null {
  const arrival = nextOf(network, from, hop, packet);
  if (!arrival || arrival.station.netns !== null) return arrival;
  const { station, interface: name, unknown } = arrival;
  const end = ipvlanEnd(network, station.node, packet.destination);
  if (end && end.station !== from) return { ...end, unknown };
  if (!mayBeIpvlans(station, name, packet.destination)) return arrival;
  const line = `${station.label}: ${name} has ipvlan devices, and one in another namespace may take what is for ${packet.destination}`;
  return { ...arrival, unknown: [...unknown, line] };
}

function nextOf(
  network: Network,
  from: Station,
  hop: Hop,
  packet: { source: string; destination: string },
): Arrival | null {
  const address = hop.via ?? packet.destination;
  const others = network.stations.filter((s) => s !== from);
  const link = from.model.link(hop.dev);
  if (link?.kind && TUNNELS.has(link.kind)) return throughTunnel(others, from, link, address);
  // An ipvlan's frames leave by the device that it is made on, for its link, and are not its node's to route.
  if (from.netns !== null && !isIpvlan(link)) return fromPod(network, from, packet.source);
  const byEntry = byNeighbour(others, from, hop.dev, address);
  if (byEntry) return byEntry;
  const holders = others.filter((s) => s.model.hasAddress(address));
  // A pod's address is known to its own node alone.
  const near = holders.filter((s) => s.netns === null || s.node === from.node);
  if (near.length !== 1) return null;
  const [station] = near;
  if (isUnreached(station!, from, hop.dev)) return null;
  const name = interfaceTowards(station!, from, hop.dev, address);
  return name === null ? null : { station: station!, interface: name, unknown: [] };
}

/**
 * Who has the next hop's address and is on no link with the device, as where a route to one client names a device that
 * the client is not behind: nobody answers there, unless one that is not known does in its place.
 */
export function unreachedOwner(
  { stations }: Network,
  from: Station,
  hop: Hop,
  destination: string,
): Station | null {
  const address = hop.via ?? destination;
  const kind = from.model.link(hop.dev)?.kind;
  if (from.netns !== null || (kind && TUNNELS.has(kind)) || neighbourMac(from, hop.dev, address)) return null;
  const owners = stations.filter((s) => s !== from && s.netns === null && s.model.hasAddress(address));
  return owners.length > 0 && owners.every((s) => isUnreached(s, from, hop.dev)) ? owners[0]! : null;
}

/** A pod's link is its node's own affair. */
function isUnreached(owner: Station, from: Station, device: string): boolean {
  return owner.netns === null && isElsewhere(owner, from, device);
}

function throughTunnel(
  others: readonly Station[],
  from: Station,
  link: Link,
  address: string,
): Arrival | null {
  const ends = others.flatMap((station) =>
    (station.snapshot.links ?? [])
      .filter((l) => l.kind === link.kind && l.vxlan?.id === link.vxlan?.id)
      .map((l): Arrival => ({ station, interface: l.name, unknown: [] })),
  );
  const mac = neighbourMac(from, link.name, address);
  const byMac = ends.filter((end) => mac !== null && end.station.model.link(end.interface)?.mac === mac);
  if (byMac.length === 1) return byMac[0]!;
  const holding = ends.filter((end) => end.station.model.hasAddress(address));
  if (holding.length !== 1) return null;
  // Such tunnels are given their neighbours' MACs by hand or by a daemon: without one, nothing gets through.
  const missing = mac === null && from.snapshot.neighbours !== null && link.kind === 'vxlan';
  const line = `${from.label}: ${link.name} has no neighbour entry for ${address}: it is taken to be found by asking`;
  return { ...holding[0]!, unknown: missing ? [line] : [] };
}

/** A pod's one way out leads to its own node, which takes it in by the device that leads back to the pod. */
function fromPod(network: Network, from: Station, source: string): Arrival | null {
  const host = network.station(from.node);
  if (!host) return null;
  const back = host.model.output({ source: null, destination: source });
  return back.verdict === 'output' && back.dev !== null
    ? { station: host, interface: back.dev, unknown: [] }
    : null;
}

function byNeighbour(
  others: readonly Station[],
  from: Station,
  device: string,
  address: string,
): Arrival | null {
  const mac = neighbourMac(from, device, address);
  if (mac === null) return null;
  // One that was learnt came from the link itself; what is set by hand may be the MAC of a node on another.
  const isByHand = neighbourEntry(from.snapshot, device, address)!.states.includes('PERMANENT');
  const owners = others.filter(
    (s) => s.model.interfacesWithMac(mac).length > 0 && (!isByHand || mayHaveMac(s, mac, from, device)),
  );
  const [station] = owners;
  const name = owners.length === 1 ? station!.model.ownerOfMac(mac) : null;
  return name === null ? null : { station: station!, interface: name, unknown: [] };
}

function neighbourMac(from: Station, device: string, address: string): string | null {
  const entry = neighbourEntry(from.snapshot, device, address);
  return entry?.states.includes('FAILED') ? null : (entry?.mac ?? null);
}

/**
 * Whether two addresses on a link are one neighbour's: a router's link-local address, which its frames come from, and
 * the global one that a route names. Of a gateway that has no entry, the one router on the link is taken.
 */
export function isOneNeighbour(station: Station, device: string, a: string, b: string): boolean {
  if (a === b) return true;
  const [mac, other] = [a, b].map((address) => neighbourMac(station, device, address));
  if (mac != null && other != null) return mac === other;
  const known = mac ?? other;
  if (known == null || !a.includes(':')) return false;
  const routers = (station.snapshot.neighbours ?? []).filter((n) => n.interface === device && n.router);
  return routers.length > 0 && routers.every((entry) => entry.mac === known);
}

/** The interface that holds the address, or where that is on none of the link's, the one on the sender's network. */
function interfaceTowards(station: Station, from: Station, device: string, address: string): string | null {
  const { localAddresses } = station.model;
  const shared = localAddresses.filter((own) => onOneLink(from, device, station, own.interface));
  const holder = localAddresses.find((own) => own.address === address);
  if (shared.some((own) => own.interface === holder?.interface)) return holder!.interface;
  return shared[0]?.interface ?? holder?.interface ?? null;
}
