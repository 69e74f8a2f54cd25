import type { InterfaceAddress, Link, Snapshot } from '../model/snapshot.js';
import { addressType } from './address-type.js';
import { Doubts } from './doubts.js';
import { type InputQuestion, inputIPv4 } from './input.js';
import { inputIPv6, outputIPv6 } from './ipv6.js';
import { arpAnnouncement, type Resolution, type SenderChoice } from './neighbour/arp-announcement.js';
import { arpReply } from './neighbour/arp-reply.js';
import { neighbourAdvertisement } from './neighbour/neighbour-advertisement.js';
import type { NeighbourAnswer } from './neighbour/neighbour-answer.js';
import { neighbourSolicitationSource } from './neighbour/neighbour-solicitation.js';
import { outputIPv4 } from './output.js';
import { isLinkLocal, toAddress } from './prefix.js';
import type { OutputQuestion } from './sender-flow.js';
import { selectSource4 } from './source-address4.js';
import { selectSource6 } from './source-address6.js';
import { type KernelState, prepare } from './state.js';
import type { LookupResult, Verdict } from './verdict.js';

/** What a packet filter's expressions look up, on no packet's behalf. */
export interface LookupQuestion {
  /** Null for none: 0.0.0.0 to IPv4 rules. */
  source: string | null;
  destination: string;
  iif: string;
  oif: string | null;
  mark: number;
  tos: number;
}

/**
 * What a node's kernel does with a packet, by its snapshot alone. What the snapshot does not tell is assumed in
 * the packet's favour and listed in the verdict's `unknown`.
 *
 * Not to be seen in a snapshot, and taken not to be: policy rules or hand-made local routes that were deleted
 * again (the kernel remembers that there were some), and XFRM policies.
 */
export class KernelModel {
  readonly snapshot: Snapshot;
  private readonly state: KernelState;

  constructor(snapshot: Snapshot) {
    this.snapshot = snapshot;
    this.state = prepare(snapshot);
  }

  /**
   * The decision on a packet that came in, IPv4 or IPv6 by its destination.
   *
   * @throws RangeError where an address is none
   */
  input(question: InputQuestion): Verdict {
    const ask = question.destination.includes(':') ? inputIPv6 : inputIPv4;
    return ask(this.state, question);
  }

  /**
   * The decision on a packet that the node itself sends. A source that is not the node's own is the verdict
   * `martian-source`.
   *
   * @throws RangeError where an address is none
   */
  output(question: OutputQuestion): Verdict {
    const ask = question.destination.includes(':') ? outputIPv6 : outputIPv4;
    return ask(this.state, question);
  }

  /**
   * One walk over rules and tables (fib_lookup, ip6_route_lookup), with no check of the packet around it.
   *
   * @returns what was found, and what had to be assumed for it
   */
  lookup(question: LookupQuestion): { result: LookupResult; unknown: string[] } {
    const doubts = new Doubts();
    const { source, destination, iif, oif, mark, tos } = question;
    const to = toAddress(destination);
    const from = source === null ? null : toAddress(source);
    const transport = { protocol: '0', sourcePort: 0, destinationPort: 0, uid: 0 };
    const flow = { destination: to, source: from, iif, oif, mark, tos, ...transport };
    const policy = to.family === 4 ? this.state.policy4 : this.state.policy6;
    const strict = to.family === 6 && isLinkLocal(to) ? oif : null;
    return { result: policy.lookup(flow, doubts, strict), unknown: doubts.lines };
  }

  /** What an address is to the node: `local`, `unicast`, `broadcast`, … (inet_addr_type); of one device where it is named. */
  addressType(address: string, device: string | null): { type: string; unknown: string[] } {
    const doubts = new Doubts();
    return { type: addressType(this.state, address, device, doubts), unknown: doubts.lines };
  }

  /**
   * The address that the kernel takes for packets by a device towards an address, as masquerading does
   * (inet_select_addr, ipv6_dev_get_saddr); null where there is none.
   */
  selectSource(device: string, towards: string): string | null {
    if (!towards.includes(':')) {
      return selectSource4(this.state, device, towards, 'global', new Doubts());
    }
    return selectSource6(this.state, device, toAddress(towards));
  }

  /**
   * Whether the kernel answers ARP (or a neighbour solicitation, by the target's family) that comes in by a device.
   *
   * @param sender who asks: ARP validates it as any other source
   * @throws RangeError where an address is none
   */
  answersFor(target: string, device: string, sender: string): NeighbourAnswer {
    return target.includes(':')
      ? neighbourAdvertisement(this.state, { interface: device, target, source: sender })
      : arpReply(this.state, { interface: device, target, sender });
  }

  /**
   * The sender that the kernel gives when it asks for a neighbour's MAC.
   *
   * @throws RangeError where an address is none
   */
  asksAs(resolution: Resolution): SenderChoice {
    return resolution.target.includes(':')
      ? neighbourSolicitationSource(this.state, resolution)
      : arpAnnouncement(this.state, resolution);
  }

  /** Empty where ip-addr.json is missing. */
  get localAddresses(): readonly InterfaceAddress[] {
    return this.state.interfaces.localAddresses;
  }

  /** Whether an interface holds the address (canonical text), be it up or down. */
  hasAddress(address: string): boolean {
    return this.state.interfaces.hasAddress(address);
  }

  link(name: string): Link | null {
    return this.state.interfaces.link(name);
  }

  /** The VRF that a device is in, or is; null for none. */
  vrfOf(device: string | null): string | null {
    return this.state.interfaces.vrfs.of(device);
  }

  /** The table that a VRF's packets are routed by; null where it cannot be told. */
  tableOfVrf(vrf: string, family: 4 | 6): string | null {
    return this.state.interfaces.vrfs.table(vrf, family);
  }

  /** The VRF that holds an address; null where none does. */
  vrfOfAddress(address: string): string | null {
    return this.state.interfaces.vrfOfAddress(address);
  }

  /** The name of an interface with the MAC: one that is no port and no upper device of another, if there is one. */
  ownerOfMac(mac: string): string | null {
    const links = this.state.interfaces.withMac(mac);
    return (links.find((link) => link.lower === null && link.kind !== 'bridge') ?? links[0])?.name ?? null;
  }

  /** Every interface with the MAC: a bridge shares one with a port, a VLAN with its parent. */
  interfacesWithMac(mac: string): string[] {
    return this.state.interfaces.withMac(mac).map((link) => link.name);
  }

  /** The VXLAN device of a VNI, and of a UDP port unless null. */
  interfaceForVni(vni: number, port: number | null): string | null {
    return this.state.interfaces.forVni(vni, port)?.name ?? null;
  }
}
