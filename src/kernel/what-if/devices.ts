import type { Family } from '../../model/address.js';
import type { Link, NextHop, Route, Snapshot } from '../../model/snapshot.js';
import { sysctlValue } from '../sysctl.js';
import { inNetwork } from './network.js';
import { Refusal } from './refusal.js';

/** The devices of a snapshot as the kernel asks after them. What the snapshot does not tell is in order. */
export class Devices {
  private readonly snapshot: Snapshot;

  constructor(snapshot: Snapshot) {
    this.snapshot = snapshot;
  }

  find(name: string): Link | null {
    return this.snapshot.links?.find((link) => link.name === name) ?? null;
  }

  /** @throws Refusal where there is none of that name */
  require(name: string): void {
    const { links } = this.snapshot;
    if (!links || this.find(name)) return;
    const names = links.map((link) => link.name).join(', ');
    throw new Refusal(`Cannot find device "${name}"`, `the node has ${names}`);
  }

  /** The device with an address of the gateway's network, for want of routes. @throws Refusal */
  byAddress(gateway: string): string {
    const near = (this.snapshot.addresses ?? []).find(
      (own) =>
        own.address.includes(':') === gateway.includes(':') &&
        inNetwork(own.peer ?? own.address, own.prefixLength, gateway),
    );
    if (near) return near.interface;
    throw new Refusal(
      'Nexthop has invalid gateway',
      "the node's routes are not known: give the device with `dev`",
    );
  }

  isUp(name: string): boolean {
    return this.find(name)?.flags.includes('UP') ?? true;
  }

  /** netif_carrier_ok() */
  hasCarrier(name: string): boolean {
    return this.find(name)?.flags.includes('LOWER_UP') ?? true;
  }

  isLoopback(name: string): boolean {
    return name === 'lo' || (this.find(name)?.flags.includes('LOOPBACK') ?? false);
  }

  /** A setting of the interface's own as a number; `otherwise` where the snapshot does not tell it. */
  setting(family: Family, name: string, setting: string, otherwise: number): number {
    const text = sysctlValue(this.snapshot, `net.ipv${family}.conf`, name, setting);
    return text !== null && /^-?\d+$/.test(text) ? Number(text) : otherwise;
  }

  /** ip_ignore_linkdown(), which looks at `all` too, and ip6_ignore_linkdown(), which does not. */
  ignoresLinkdown(family: Family, name: string): boolean {
    const key = 'ignore_routes_with_linkdown';
    const all = family === 4 && this.setting(4, 'all', key, 0) !== 0;
    return all || this.setting(family, name, key, 0) !== 0;
  }

  /**
   * The flags of a next hop that is made now: `ip` prints one whose link is down as dead too, where that counts
   * (fib_nexthop_info()).
   */
  hopFlags(family: Family, name: string, onlink: boolean): string[] {
    const flags = onlink ? ['onlink'] : [];
    if (this.hasCarrier(name)) return flags;
    return this.ignoresLinkdown(family, name) ? ['dead', ...flags, 'linkdown'] : [...flags, 'linkdown'];
  }

  /**
   * Whether a next hop is dead for itself, and not printed so for its link being down: its device is down, or,
   * of one of several in IPv4, without an address. A route whose only hop is dead in IPv4 is gone (fib_flush()).
   */
  isReallyDead({ family, nextHops }: Route, { interface: name, flags }: NextHop): boolean {
    if (!flags.includes('dead')) return false;
    if (!flags.includes('linkdown') || name === null || !this.isUp(name)) return true;
    if (!this.ignoresLinkdown(family, name)) return true;
    const { addresses } = this.snapshot;
    if (family === 6 || nextHops.length === 1 || !addresses) return false;
    return !addresses.some((own) => own.interface === name && !own.address.includes(':'));
  }
}
