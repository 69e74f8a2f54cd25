import { parseInterfaceNumbers } from '../ingest/capture/interface-numbers.js';
import type { CaptureInterface } from '../ingest/capture/record.js';
import type { Direction } from '../model/analysis.js';
import { isGroupMac } from '../model/group-mac.js';
import type { CapturePoint } from '../model/sighting.js';
import type { Snapshot } from '../model/snapshot.js';
import { isVirtualMac } from '../model/virtual-mac.js';

const PACKET_OTHERHOST = 3;

/** Devices that pass frames on between others, and so show what is for the MACs behind those. */
const SWITCHES = new Set(['bridge', 'openvswitch']);

const LINUX_SLL2 = 276;
const LINUX_SLL = 113;

/** What is made on an interface and yet gets its packets by the interface's own MAC, through IP. */
const TUNNELS = new Set(
  'vxlan geneve gre gretap erspan ip6gre ip6gretap ip6erspan ipip sit ip6tnl vti vti6 xfrm'.split(' '),
);

/** What is known of one capture file, and how its packets' interfaces are named. */
export interface CaptureFile {
  node: string;
  netns: string | null;
  file: string;
  /** Of a part of a rotated capture, its first file; of one node of several that a file is of, that too; else absent. */
  capture?: string;
  interfaces: CaptureInterface[];
  /** The interface that the file's name says; null where it says none. */
  nameHint: string | null;
  /** Of the namespace that it was captured in; null where none was given. */
  snapshot: Snapshot | null;
}

/** Names the capture point and the direction of each packet of one file. */
export class CapturePoints {
  readonly #file: CaptureFile;
  readonly #points = new Map<string, CapturePoint>();
  /** By their numbers in the file. */
  readonly #interfaces: ReadonlyMap<number, CaptureInterface>;
  /** By ifindex. */
  readonly #names = new Map<number, string>();
  readonly #macsOf = new Map<string, string>();
  readonly #macs = new Set<string>();
  readonly #addresses = new Set<string>();
  /** Interfaces that take frames to other MACs than theirs: ports of a bridge, and what VLANs and their like are made on. */
  readonly #shared = new Set<string>();
  readonly #switches = new Set<string>();

  constructor(file: CaptureFile) {
    this.#file = file;
    this.#interfaces = new Map(file.interfaces.map((described) => [described.index, described]));
    for (const link of file.snapshot?.links ?? []) {
      this.#names.set(link.ifindex, link.name);
      if (link.master !== null) this.#shared.add(link.name);
      if (link.lower !== null && !TUNNELS.has(link.kind ?? '')) this.#shared.add(link.lower);
      if (SWITCHES.has(link.kind ?? '')) this.#switches.add(link.name);
      if (link.mac === null || link.flags.includes('LOOPBACK')) continue;
      this.#macsOf.set(link.name, link.mac);
      this.#macs.add(link.mac);
    }
    for (const described of file.interfaces) this.#takeDescribed(described);
    for (const { address } of file.snapshot?.addresses ?? []) this.#addresses.add(address);
  }

  /** What a capture tells of its interfaces itself; where the node's own list is at hand, that counts. */
  #takeDescribed({ name, description, linkType, mac }: CaptureInterface): void {
    if (this.#file.snapshot?.links) return;
    if (linkType === LINUX_SLL2) {
      for (const [ifindex, told] of parseInterfaceNumbers(description)) this.#names.set(ifindex, told);
    }
    if (name === null || mac === undefined) return;
    this.#macsOf.set(name, mac);
    this.#macs.add(mac);
  }

  /**
   * @param index the packet's ifindex, or the number of its interface in the file
   * @param isIfindex which of the two: only LINUX_SLL2 gives the former
   */
  point(index: number, isIfindex: boolean): CapturePoint {
    const name = isIfindex ? this.#linkName(index) : this.#fileName(index);
    const key = name ?? '';
    let point = this.#points.get(key);
    if (!point) {
      const { node, netns, file, capture = file } = this.#file;
      point = { node, netns, interface: name, file, capture };
      this.#points.set(key, point);
    }
    return point;
  }

  #linkName(ifindex: number): string | null {
    return this.#names.get(ifindex) ?? null;
  }

  #fileName(index: number): string | null {
    const { nameHint } = this.#file;
    const description = this.#interfaces.get(index);
    if (description?.name && description.name !== 'any') return description.name;
    // Of a LINUX_SLL capture nothing says which interface a packet was on, unless its name is one.
    if (description?.linkType === LINUX_SLL && !this.#isLink(nameHint)) return null;
    if (description?.linkType === LINUX_SLL2) return null;
    return nameHint === 'any' ? null : nameHint;
  }

  #isOverheard({ interface: name }: CapturePoint): boolean {
    return name !== null && this.#file.snapshot?.links != null && !this.#shared.has(name);
  }

  #isLink(name: string | null): boolean {
    return this.#file.snapshot?.links?.some((link) => link.name === name) ?? false;
  }

  /**
   * Which way a packet went through the point: as the frame says, else by its addresses.
   *
   * @param packetType of a cooked packet; -1 elsewhere
   */
  direction(
    point: CapturePoint,
    packetType: number,
    etherSource: string | null,
    etherDestination: string | null,
    source: string,
    destination: string,
  ): Direction {
    const told = this.directionByFrame(point, packetType, etherSource, etherDestination);
    return told === undefined ? this.directionByAddresses(source, destination) : told;
  }

  /**
   * A cooked capture says it; an Ethernet one does by its MACs, where the node's own are known.
   *
   * @param packetType of a cooked packet; -1 elsewhere
   * @returns undefined where the frame says nothing of it, as there is none
   */
  directionByFrame(
    point: CapturePoint,
    packetType: number,
    etherSource: string | null,
    etherDestination: string | null,
  ): Direction | undefined {
    // PACKET_OUTGOING is 4. PACKET_OTHERHOST (3) came in as well on a bridge's port, which sees so what goes to the
    // bridge; elsewhere it is a frame for another host, that a switch floods or a promiscuous interface overhears.
    if (packetType === PACKET_OTHERHOST && this.#isOverheard(point)) return null;
    if (packetType >= 0) return packetType === 4 ? 'out' : 'in';
    if (etherSource === null && etherDestination === null) return undefined;
    const own = point.interface === null ? undefined : this.#macsOf.get(point.interface);
    if (own !== undefined && etherSource === own) return 'out';
    if (own !== undefined && etherDestination === own) return 'in';
    if (etherSource !== null && this.#macs.has(etherSource)) return 'out';
    if (etherDestination !== null && this.#macs.has(etherDestination)) return 'in';
    return null;
  }

  /**
   * Whether the frame was for another host's MAC, so that the node's IP does not take it in. A cooked capture says it;
   * an Ethernet one does where the MACs of the node are known.
   *
   * @param packetType of a cooked packet; -1 elsewhere
   */
  isForOther(
    { interface: name }: CapturePoint,
    packetType: number,
    etherSource: string | null,
    etherDestination: string | null,
  ): boolean {
    if (packetType >= 0) return packetType === PACKET_OTHERHOST && !this.#carriesOthers(name);
    // Which of the links pass on what is for others is known by their list alone.
    if (!this.#file.snapshot?.links) return false;
    if (name === null || etherDestination === null || !this.#macsOf.has(name)) return false;
    // Who takes in what is for a virtual router need have no interface with its MAC.
    if (isGroupMac(etherDestination) || isVirtualMac(etherDestination)) return false;
    if (this.#macs.has(etherDestination) || (etherSource !== null && this.#macs.has(etherSource)))
      return false;
    return !this.#carriesOthers(name);
  }

  /** Whether frames that are not for the node may go on by the interface all the same. */
  #carriesOthers(name: string | null): boolean {
    if (name === null) return this.#shared.size + this.#switches.size > 0;
    return this.#shared.has(name) || this.#switches.has(name);
  }

  /** By the node's own IP addresses. */
  directionByAddresses(source: string, destination: string): Direction {
    if (this.#addresses.has(source)) return 'out';
    if (this.#addresses.has(destination)) return 'in';
    return null;
  }
}
