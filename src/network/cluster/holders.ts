/** Nodes that have a VIP on an interface of theirs, as kube-vip and keepalived put it there. */
import { outerInterfaces } from '../link.js';
import type { Station } from '../station.js';

export interface Holder {
  node: string;
  interface: string;
  /** Who put it there, where `ip` tells it; null where not. */
  protocol: string | null;
}

/** By kube-proxy in IPVS mode, on every node: nobody announces what is there. */
const NOT_ANNOUNCED = 'kube-ipvs0';

export function holdersOf(stations: readonly Station[], vip: string): Holder[] {
  return stations
    .filter((station) => station.netns === null)
    .flatMap((station) => {
      const outer = new Set(outerInterfaces(station));
      return (station.snapshot.addresses ?? [])
        .filter((own) => own.address === vip && outer.has(own.interface) && own.interface !== NOT_ANNOUNCED)
        .map((own) => ({ node: station.node, interface: own.interface, protocol: own.protocol ?? null }));
    });
}

/** RTPROT_KEEPALIVED (linux/rtnetlink.h), by its name or as a number where the name is not installed. */
export function isKeepalived({ protocol }: Holder): boolean {
  return protocol === 'keepalived' || protocol === '18' || protocol === '0x12';
}
