/** The routes that IPv4 addresses bring with them: fib_add_ifaddr() and fib_del_ifaddr() of fib_frontend.c. */
import type { InterfaceAddress, Route, Snapshot } from '../../model/snapshot.js';
import { Devices } from './devices.js';
import { addressType4 } from './lookup4.js';
import { inNetwork, networkEnds, networkOf } from './network.js';
import { Refusal } from './refusal.js';
import { beside, withHops, withoutRoute } from './route-list.js';
import { ERROR_TYPES, insertAlias } from './routes4.js';

/** An interface while its addresses change. */
export class Interface4 {
  readonly name: string;
  /** Its IPv4 addresses, in the kernel's order. */
  list: InterfaceAddress[];
  private readonly snapshot: Snapshot;
  private readonly devices: Devices;
  private routes: Route[] | null;
  /** A listing without it is completed from the addresses (completeRoutes() of the kernel model). */
  private readonly hasLocalTable: boolean;

  constructor(snapshot: Snapshot, name: string) {
    this.name = name;
    this.snapshot = snapshot;
    this.devices = new Devices(snapshot);
    this.routes = snapshot.routes4;
    this.hasLocalTable = (snapshot.routes4 ?? []).some(
      (route) => route.table === 'local' || route.table === '255',
    );
    this.list = (snapshot.addresses ?? []).filter(
      (own) => own.interface === name && !own.address.includes(':'),
    );
  }

  /** The snapshot with what has changed. */
  get result(): Snapshot {
    const { addresses } = this.snapshot;
    const isMine = (own: InterfaceAddress) => own.interface === this.name && !own.address.includes(':');
    const first = (addresses ?? []).findIndex((own) => own.interface === this.name);
    const others = (addresses ?? []).filter((own) => !isMine(own));
    const at =
      first < 0 ? others.length : (addresses ?? []).slice(0, first).filter((own) => !isMine(own)).length;
    return {
      ...this.snapshot,
      addresses: [...others.slice(0, at), ...this.list, ...others.slice(at)],
      routes4: this.routes,
    };
  }

  /** inet_ifa_byprefix(): the first of the list in this network, of this length. */
  byPrefix(of: InterfaceAddress): InterfaceAddress | null {
    return this.list.find((own) => isOfSubnet(own, of)) ?? null;
  }

  /** fib_add_ifaddr() */
  addRoutes(own: InterfaceAddress, metric: number): void {
    const primary = isSecondary(own) ? this.byPrefix(own) : own;
    if (!primary) return;
    this.addRoute('local', `${own.address}/32`, primary, 0);
    if (!this.devices.isUp(this.name)) return;
    if (own.broadcast !== null && own.broadcast !== '255.255.255.255') {
      this.addRoute('broadcast', `${own.broadcast}/32`, primary, 0);
    }
    const { first, last } = networkEnds(remote(own), own.prefixLength);
    if (isSecondary(own) || !hasSubnet(own)) return;
    if (!own.flags.includes('noprefixroute')) {
      this.addRoute(this.prefixType, `${first}/${own.prefixLength}`, primary, metric);
    }
    if (own.prefixLength < 31) this.addRoute('broadcast', `${last}/32`, primary, 0);
  }

  /**
   * fib_del_ifaddr()
   *
   * @param promoting the primary whose secondaries are about to get another; null otherwise
   */
  deleteRoutes(own: InterfaceAddress, promoting: InterfaceAddress | null): void {
    const { first, last } = networkEnds(remote(own), own.prefixLength);
    let primary = own;
    let subnet = false;
    if (isSecondary(own)) {
      const found = this.byPrefix(own);
      if (!found || (promoting && promoting !== found)) return;
      primary = found;
    } else if (hasSubnet(own)) {
      if (!own.flags.includes('noprefixroute')) {
        this.deleteRoute(this.prefixType, `${first}/${own.prefixLength}`, primary);
      }
      subnet = true;
    }
    const still = this.stillNeeded(own, primary, promoting);
    if (!still.broadcast && own.broadcast !== null) {
      this.deleteRoute('broadcast', `${own.broadcast}/32`, primary);
    }
    if (subnet && own.prefixLength < 31) {
      if (!still.last) this.deleteRoute('broadcast', `${last}/32`, primary);
      if (!still.first) this.deleteRoute('broadcast', `${first}/32`, primary);
    }
    if (still.local) return;
    this.deleteRoute('local', `${own.address}/32`, primary);
    const gone = !this.list.includes(own);
    if (gone && addressType4(this.result, own.address) !== 'local') this.flushSource(own.address);
  }

  /** Which of an address's own routes another address of the interface needs too. */
  private stillNeeded(own: InterfaceAddress, primary: InterfaceAddress, promoting: InterfaceAddress | null) {
    const { first, last } = networkEnds(remote(own), own.prefixLength);
    const ok = { local: false, broadcast: false, first: false, last: false };
    let current: InterfaceAddress | null = null;
    let sameSource = false;
    for (const other of this.list) {
      if (other === own || (promoting && isOfSubnet(other, promoting))) continue;
      if (isSecondary(other)) {
        if (isOfSubnet(other, primary)) current = primary;
        else {
          if (!sameSource) continue;
          if (!current || !isOfSubnet(other, current)) current = this.byPrefix(other);
          if (!current || current.address !== primary.address) continue;
        }
      } else {
        if (primary.address !== other.address) continue;
        current = other;
        if (primary !== current) sameSource = true;
      }
      ok.local ||= own.address === other.address;
      ok.broadcast ||= own.broadcast === other.broadcast;
      ok.last ||= last === other.broadcast;
      ok.first ||= first === other.broadcast;
      if (current === other && other.prefixLength < 31) {
        const ends = networkEnds(remote(other), other.prefixLength);
        if (ends.first === '0.0.0.0') continue;
        const has = (address: string | null) => address === ends.first || address === ends.last;
        ok.broadcast ||= has(own.broadcast);
        ok.last ||= has(last);
        ok.first ||= has(first);
      }
    }
    return ok;
  }

  /** fib_modify_prefix_metric() */
  changeMetric(own: InterfaceAddress, metric: number): void {
    if (!this.devices.isUp(this.name) || isSecondary(own) || own.flags.includes('noprefixroute')) return;
    if (!hasSubnet(own)) return;
    const destination = networkOf(remote(own), own.prefixLength);
    const old = this.find(this.prefixType, destination, own);
    if (!old || old.metric === metric) return;
    this.addRoute(this.prefixType, destination, own, metric);
    this.routes = withoutRoute(this.routes ?? [], old);
  }

  /** fib_sync_up(): hops that were dead for want of an address are taken again. */
  wakeHops(): void {
    if (!this.devices.isUp(this.name)) return;
    const carrier = this.devices.hasCarrier(this.name);
    this.routes =
      this.routes?.map((route) => {
        if (!route.nextHops.some((hop) => hop.interface === this.name && hop.flags.includes('dead')))
          return route;
        return withHops(
          route,
          route.nextHops.map((hop) => {
            if (hop.interface !== this.name || !hop.flags.includes('dead')) return hop;
            const rest = hop.flags.filter((flag) => flag !== 'dead' && flag !== 'linkdown');
            return {
              ...hop,
              flags: carrier ? rest : this.devices.hopFlags(4, this.name, rest.includes('onlink')),
            };
          }),
        );
      }) ?? null;
  }

  /** fib_disable_ip(): with its last address an interface loses all its routes. */
  disable(): void {
    this.routes =
      this.routes?.flatMap((route) => {
        if (!route.nextHops.some((hop) => hop.interface === this.name)) return [route];
        const hops = route.nextHops.map((hop) =>
          hop.interface === this.name
            ? { ...hop, flags: [...new Set(['dead', ...hop.flags, 'linkdown'])] }
            : hop,
        );
        return hops.every((hop) => this.devices.isReallyDead(route, hop) || hop.interface === this.name)
          ? []
          : [withHops(route, hops)];
      }) ?? null;
  }

  /** fib_sync_down_addr(), fib_flush(): routes of the main table go with the address that they give as source. */
  private flushSource(address: string): void {
    this.routes =
      this.routes?.filter(
        (route) => route.prefsrc !== address || route.table !== 'main' || ERROR_TYPES.has(route.type),
      ) ?? null;
  }

  private get prefixType(): string {
    return this.devices.isLoopback(this.name) ? 'local' : 'unicast';
  }

  /** fib_magic() with RTM_NEWROUTE. */
  private addRoute(type: string, destination: string, primary: InterfaceAddress, metric: number): void {
    const table = type === 'unicast' ? 'main' : 'local';
    if (!this.routes || (table === 'local' && !this.hasLocalTable)) return;
    // fib_valid_prefsrc(): another address's broadcast route may take this one for its own.
    const isItself = type === 'local' && destination === `${primary.address}/32`;
    if (!isItself && addressType4(this.result, primary.address) !== 'local') return;
    const flags = type === 'local' ? [] : this.devices.hopFlags(4, this.name, false);
    const route: Route = {
      family: 4,
      type,
      destination,
      from: null,
      table,
      protocol: 'kernel',
      scope: type === 'local' ? 'host' : 'link',
      metric,
      tos: 0,
      prefsrc: primary.address,
      nextHops: [{ gateway: null, interface: this.name, weight: 1, flags }],
      flags,
    };
    try {
      this.routes = insertAlias(this.routes, route, 'append');
    } catch (error) {
      // Another address of the interface has brought it.
      if (!(error instanceof Refusal)) throw error;
    }
  }

  /** fib_magic() with RTM_DELROUTE. */
  private deleteRoute(type: string, destination: string, primary: InterfaceAddress): void {
    const found = this.find(type, destination, primary);
    if (found) this.routes = withoutRoute(this.routes ?? [], found);
  }

  private find(type: string, destination: string, primary: InterfaceAddress): Route | undefined {
    const table = type === 'unicast' ? 'main' : 'local';
    return beside(this.routes ?? [], { destination, from: null, table }).find(
      (route) =>
        route.tos === 0 &&
        route.type === type &&
        route.scope === (type === 'local' ? 'host' : 'link') &&
        route.protocol === 'kernel' &&
        route.prefsrc === primary.address &&
        route.nextHops[0]?.interface === this.name,
    );
  }
}

export function isSecondary(own: InterfaceAddress): boolean {
  return own.flags.includes('secondary');
}

/** ifa_address: the other end, where there is one. */
export function remote(own: InterfaceAddress): string {
  return own.peer ?? own.address;
}

/** Whether an address is of the same network as another: of one length, and inet_ifa_match(). */
export function isOfSubnet(own: InterfaceAddress, of: InterfaceAddress): boolean {
  return own.prefixLength === of.prefixLength && inNetwork(remote(of), of.prefixLength, remote(own));
}

function hasSubnet(own: InterfaceAddress): boolean {
  const { first } = networkEnds(remote(own), own.prefixLength);
  return first !== '0.0.0.0' && (first !== own.address || own.prefixLength < 32);
}
