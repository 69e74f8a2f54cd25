/** Which interfaces are taken to be on one link (RFC 4291 section 1: where nodes talk without a router between). */
import { contains, type Prefix, toAddress, toPrefix } from '../kernel/prefix.js';
import { tableName } from '../kernel/table-name.js';
import type { Station } from './station.js';

/** Kinds of device whose far end is found by the tunnel, not by a link that both are on. */
export const TUNNELS: ReadonlySet<string> = new Set([
  ...['vxlan', 'geneve', 'ipip', 'sit', 'ip6tnl', 'gre', 'ip6gre', 'wireguard'],
]);

/**
 * Whether two interfaces have an address each in one network and may see each other's ARP. Every node's docker0 has
 * the same network, and no way out.
 */
export function onOneLink(a: Station, deviceA: string, b: Station, deviceB: string): boolean {
  if (!reachesOut(a, deviceA) || !reachesOut(b, deviceB)) return false;
  const networks = new Set(networksOf(a, deviceA));
  return networksOf(b, deviceB).some((network) => networks.has(network));
}

/**
 * Whether the address is in a network of the interface's: that of an address it has, or one that a route of any table
 * has behind it with no gateway, as where a bare interface serves by routes of its own.
 */
export function isOnLink(station: Station, device: string, address: string): boolean {
  const link = station.model.link(device);
  // What is made on a device is on its link, as keepalived's virtual MAC.
  if (link?.lower && CHILDREN.has(link.kind ?? '') && isOnLink(station, link.lower, address)) return true;
  const wanted = toAddress(address);
  const width = wanted.family === 4 ? 32 : 128;
  const inNetwork = station.model.localAddresses.some(
    (own) =>
      own.interface === device &&
      own.prefixLength < width &&
      contains(toPrefix(`${own.peer ?? own.address}/${own.prefixLength}`), wanted),
  );
  return inNetwork || linkRoutes(station, device).some((prefix) => contains(prefix, wanted));
}

const CHILDREN: ReadonlySet<string> = new Set(['macvlan', 'macvtap', 'ipvlan', 'ipvtap']);

/** The networks that a node's own routes, of any table that a rule leads to, have right behind the device. */
function linkRoutes({ snapshot }: Station, device: string): Prefix[] {
  const rules = [...(snapshot.rules4 ?? []), ...(snapshot.rules6 ?? [])];
  const tables = new Set(['main', ...rules.map((rule) => tableName(rule.table ?? ''))]);
  return [...(snapshot.routes4 ?? []), ...(snapshot.routes6 ?? [])]
    .filter((r) => tables.has(tableName(r.table)))
    .filter((r) => r.type === 'unicast' && !/\/0$|^fe80:|^ff/.test(r.destination))
    .filter((r) => r.nextHops.some((hop) => hop.interface === device && hop.gateway === null))
    .map((r) => toPrefix(r.destination))
    .filter(isWide);
}

/** Of more than one host. */
function isWide({ family, length }: Prefix): boolean {
  return length < (family === 4 ? 32 : 128);
}

/**
 * Whether two interfaces are known to be on links of their own: both have networks of one family, by an address or a
 * route, and none in common. An interface with none, as an unnumbered one or that of a pod with a host's address alone,
 * may be on any link.
 */
export function areApart(a: Station, deviceA: string, b: Station, deviceB: string): boolean {
  if (isNoLink(a, deviceA) || isNoLink(b, deviceB)) return false;
  const [own, far] = [prefixesOn(a, deviceA), prefixesOn(b, deviceB)];
  const pairs = own.flatMap((one) =>
    far.filter(({ family }) => family === one.family).map((other) => [one, other] as const),
  );
  return pairs.length > 0 && !pairs.some(([one, other]) => overlap(one, other));
}

/** Whether none of a station's interfaces is on the link of the device; false where that is not known of one. */
export function isElsewhere(station: Station, from: Station, device: string): boolean {
  const outer = outerInterfaces(station);
  return outer.length > 0 && outer.every((name) => areApart(from, device, station, name));
}

/** Whether an interface with the MAC may be on the link of the device. */
export function mayHaveMac(station: Station, mac: string, from: Station, device: string): boolean {
  return (station.snapshot.links ?? []).some(
    (link) => link.mac === mac && !areApart(from, device, station, link.master ?? link.name),
  );
}

function isNoLink({ model }: Station, device: string): boolean {
  const link = model.link(device);
  return !link || link.type === 'loopback' || TUNNELS.has(link.kind ?? '');
}

function overlap(a: Prefix, b: Prefix): boolean {
  return contains(a, b) || contains(b, a);
}

/** Of a node with thousands of routes, asked at every step of every way. */
const PREFIXES = new WeakMap<Station, Map<string, Prefix[]>>();

function prefixesOn(station: Station, device: string): Prefix[] {
  let byDevice = PREFIXES.get(station);
  if (!byDevice) {
    byDevice = new Map();
    PREFIXES.set(station, byDevice);
  }
  let known = byDevice.get(device);
  if (!known) {
    const own = station.model.localAddresses
      .filter((a) => a.interface === device && a.scope !== 'link')
      .map((a) => toPrefix(`${a.peer ?? a.address}/${a.prefixLength}`))
      .filter(isWide);
    known = [...own, ...linkRoutes(station, device)];
    byDevice.set(device, known);
  }
  return known;
}

/** Interfaces by which a node is on a link with others: no loopback, no tunnel, no bridge of its own pods alone. */
export function outerInterfaces(station: Station): string[] {
  return (station.snapshot.links ?? []).map((link) => link.name).filter((name) => reachesOut(station, name));
}

function reachesOut(station: Station, device: string): boolean {
  const { links } = station.snapshot;
  const link = links?.find((l) => l.name === device);
  if (!link || link.type === 'loopback' || TUNNELS.has(link.kind ?? '')) return false;
  if (link.kind === 'dummy' || !link.flags.includes('UP') || link.master !== null) return false;
  if (link.kind === 'veth' && leadsToPod(station, device)) return false;
  if (link.kind !== 'bridge') return true;
  if (links!.some((port) => port.master === device && port.kind !== 'veth')) return true;
  const routes = [...(station.snapshot.routes4 ?? []), ...(station.snapshot.routes6 ?? [])];
  return routes.some((r) => r.nextHops.some((hop) => hop.interface === device && hop.gateway !== null));
}

/** As Calico and the ptp plugin set them up: no network on the device, and a route to one address behind it. */
function leadsToPod({ snapshot, model }: Station, device: string): boolean {
  const own = model.localAddresses.filter((a) => a.interface === device && a.scope !== 'link');
  if (own.some((a) => a.prefixLength < (a.address.includes(':') ? 128 : 32))) return false;
  return [...(snapshot.routes4 ?? []), ...(snapshot.routes6 ?? [])].some(
    (r) =>
      /^[^/]+\/(32|128)$/.test(r.destination) &&
      r.type === 'unicast' &&
      r.nextHops.some((hop) => hop.interface === device && hop.gateway === null),
  );
}

function networksOf(station: Station, device: string): string[] {
  return station.model.localAddresses
    .filter((own) => own.interface === device && own.prefixLength < (own.address.includes(':') ? 128 : 32))
    .filter((own) => own.scope !== 'link')
    .map((own) => {
      const prefix = toPrefix(`${own.peer ?? own.address}/${own.prefixLength}`);
      return `${prefix.words.join('.')}/${prefix.length}`;
    });
}
