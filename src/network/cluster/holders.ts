/** Nodes that have a VIP on an interface of theirs, as kube-vip and keepalived put it there. */
import { KUBE_IPVS } from '../../kernel/ipvs.js';
import { outerInterfaces } from '../link.js';
import type { Station } from '../station.js';

export interface Holder {
  node: string;
  interface: string;
  /** Who put it there, where `ip` tells it; null where not. */
  protocol: string | null;
}

export function holdersOf(stations: readonly Station[], vip: string): Holder[] {
  return stations
    .filter((station) => station.netns === null)
    .flatMap((station) => {
      const outer = new Set(outerInterfaces(station));
      // Nobody announces what kube-proxy binds on every node.
      return (station.snapshot.addresses ?? [])
        .filter((own) => own.address === vip && outer.has(own.interface) && own.interface !== KUBE_IPVS)
        .map((own) => ({ node: station.node, interface: own.interface, protocol: own.protocol ?? null }));
    });
}

/** RTPROT_KEEPALIVED (linux/rtnetlink.h), by its name or as a number where the name is not installed. */
export function isKeepalived({ protocol }: Holder): boolean {
  return protocol === 'keepalived' || protocol === '18' || protocol === '0x12';
}
