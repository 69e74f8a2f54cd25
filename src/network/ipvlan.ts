/**
 * What an ipvlan takes of its lower device's packets. Its namespaces have the MAC of the device that they are made on,
 * and are told apart by the IP address: ipvlan_handle_frame() looks for that before the device's own IP layer has a
 * packet, so that the routes, rules and reverse-path check of the node itself never see it.
 */

import { translationsOf } from '../kernel/translations.js';
import type { Link } from '../model/snapshot.js';
import type { Network } from './network.js';
import type { Station } from './station.js';

const KINDS: ReadonlySet<string> = new Set(['ipvlan', 'ipvtap']);

export function isIpvlan(link: Pick<Link, 'kind'> | null | undefined): boolean {
  return KINDS.has(link?.kind ?? '');
}

export interface IpvlanEnd {
  station: Station;
  interface: string;
}

/** The namespace of the node that has the address on an ipvlan; null where no snapshot tells of one. */
export function ipvlanEnd({ stations }: Network, node: string, address: string): IpvlanEnd | null {
  for (const station of stations) {
    if (station.node !== node || station.netns === null || !station.snapshot.links?.some(isIpvlan)) continue;
    const own = station.model.localAddresses.find((one) => one.address === address);
    if (own && isIpvlan(station.model.link(own.interface))) return { station, interface: own.interface };
  }
  return null;
}

/**
 * Whether a namespace that no snapshot tells of may have the address on an ipvlan of the device: the node has such
 * devices there, nothing to do with the address itself, and would send it back out where it came in by.
 */
export function mayBeIpvlans({ snapshot, model, netns }: Station, device: string, address: string): boolean {
  if (netns !== null || !snapshot.links?.some((link) => isIpvlan(link) && link.lower === device))
    return false;
  if (model.hasAddress(address) || model.addressType(address, null).type === 'local') return false;
  if (translationsOf(snapshot, address).size > 0) return false;
  const way = model.output({ source: null, destination: address });
  return way.verdict !== 'output' || way.dev === device;
}
