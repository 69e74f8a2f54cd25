import type { InterfaceAddress, Link, Snapshot } from '../model/snapshot.js';
import { Vrfs } from './vrfs.js';

/** Kinds of device that can be made `external`, which only a VXLAN device's own listing is read for. */
const TUNNELS: ReadonlySet<string> = new Set(
  'geneve gre gretap ip6gre ip6gretap erspan ip6erspan ipip sit ip6tnl bareudp gtp xfrm'.split(' '),
);

/** The addresses and links of one snapshot, indexed. */
export class LocalInterfaces {
  /** False where ip-addr.json is missing: what follows then knows no address. */
  readonly addressesKnown: boolean;
  private readonly links: readonly Link[];
  private readonly byName: ReadonlyMap<string, Link>;
  private readonly addresses: readonly InterfaceAddress[];
  private readonly texts: ReadonlySet<string>;
  private readonly withIPv4: ReadonlySet<string>;
  readonly vrfs: Vrfs;

  constructor(snapshot: Snapshot) {
    this.addressesKnown = snapshot.addresses !== null;
    this.links = snapshot.links ?? [];
    this.byName = new Map(this.links.map((link) => [link.name, link]));
    this.addresses = snapshot.addresses ?? [];
    this.texts = new Set(this.addresses.map((a) => a.address));
    this.withIPv4 = new Set(this.addresses.filter((a) => !a.address.includes(':')).map((a) => a.interface));
    this.vrfs = new Vrfs(snapshot);
  }

  get localAddresses(): readonly InterfaceAddress[] {
    return this.addresses;
  }

  /** Whether an interface of the node has the address (canonical text), up or down. */
  hasAddress(address: string): boolean {
    return this.texts.has(address);
  }

  /** Whether this interface has the address. */
  holds(name: string, address: string): boolean {
    return (
      this.texts.has(address) && this.addresses.some((a) => a.interface === name && a.address === address)
    );
  }

  hasIPv4(name: string): boolean {
    return this.withIPv4.has(name);
  }

  /** The VRF that holds the address; null where none does. */
  vrfOfAddress(address: string): string | null {
    if (this.vrfs.areNone || !this.hasAddress(address)) return null;
    const holders = this.addresses.filter((a) => a.address === address);
    return holders.map((a) => this.vrfs.of(a.interface)).find((vrf) => vrf !== null) ?? null;
  }

  link(name: string): Link | null {
    return this.byName.get(name) ?? null;
  }

  /** Whether packets from the device may carry the key of the tunnel that they came through (`external` devices). */
  mayKeepTunnelKey(name: string): boolean {
    const link = this.link(name);
    if (!link) return name !== 'lo';
    return link.kind === 'vxlan' ? link.vxlan === null : TUNNELS.has(link.kind ?? '');
  }

  /** All interfaces with the MAC: a bridge has that of a port, a VLAN its parent's. */
  withMac(mac: string): Link[] {
    const wanted = mac.toLowerCase();
    return this.links.filter((link) => link.mac === wanted);
  }

  /** The VXLAN device of a VNI; with a UDP port, of that port. */
  forVni(vni: number, port: number | null): Link | null {
    const devices = this.links.filter((link) => link.vxlan?.id === vni);
    return devices.find((link) => port === null || link.vxlan!.port === port) ?? null;
  }
}

/** The `local` routes that the kernel makes for a node's addresses, for a listing that was taken without them. */
export function localPrefixes(addresses: readonly InterfaceAddress[], family: 4 | 6): [string, string][] {
  const own = addresses.filter((a) => a.address.includes(':') === (family === 6));
  return own.map((a): [string, string] =>
    family === 4 && a.address.startsWith('127.')
      ? ['127.0.0.0/8', a.interface]
      : [`${a.address}/${family === 4 ? 32 : 128}`, a.interface],
  );
}
