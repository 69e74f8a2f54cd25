import type { Family } from '../model/address.js';
import type { Link, Route, Snapshot } from '../model/snapshot.js';
import type { Flow } from './flow.js';
import { tableName } from './table-name.js';

/** VRFs (Documentation/networking/vrf.rst): which of them a device is in, and the table that its packets are routed by. */
export class Vrfs {
  private readonly byDevice: ReadonlyMap<string, string>;
  private readonly snapshot: Snapshot;

  constructor(snapshot: Snapshot) {
    const names = (links: readonly Link[]) =>
      links.flatMap(({ name, kind, vrf }): [string, string][] =>
        kind === 'vrf' ? [[name, name]] : vrf === undefined ? [] : [[name, vrf]],
      );
    this.byDevice = new Map(names(snapshot.links ?? []));
    this.snapshot = snapshot;
  }

  get areNone(): boolean {
    return this.byDevice.size === 0;
  }

  /** l3mdev_master_ifindex(): a VRF is in itself. Null where the device is in none. */
  of(device: string | null): string | null {
    return device === null ? null : (this.byDevice.get(device) ?? null);
  }

  /** l3mdev_update_flow() */
  ofFlow({ iif, oif }: Pick<Flow, 'iif' | 'oif'>): string | null {
    return this.of(oif) ?? this.of(iif);
  }

  /** Null where it cannot be told: the device has its number, and the routes may have its name instead. */
  table(vrf: string, family: Family): string | null {
    const routes = (family === 4 ? this.snapshot.routes4 : this.snapshot.routes6) ?? [];
    const told = this.snapshot.links?.find(({ name }) => name === vrf)?.vrfTable;
    if (told !== undefined && routes.some((route) => tableName(route.table) === told)) return told;
    const own = routes.find((route) => this.isOwnRoute(route, vrf));
    return own ? tableName(own.table) : null;
  }

  /** The kernel makes the routes of the addresses of a VRF's devices in its table (l3mdev_fib_table()). */
  private isOwnRoute({ type, table, protocol, nextHops }: Route, vrf: string): boolean {
    if (type !== 'local' || protocol !== 'kernel' || tableName(table) === 'local') return false;
    return nextHops.some((hop) => this.of(hop.interface) === vrf);
  }
}
