import type { InterfaceAddress, Link, Snapshot } from '../model/snapshot.js';
import { type InputQuestion, inputIPv4 } from './input.js';
import { inputIPv6, outputIPv6 } from './ipv6.js';
import { type OutputQuestion, outputIPv4 } from './output.js';
import { type KernelState, prepare } from './state.js';
import type { Verdict } from './verdict.js';

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
