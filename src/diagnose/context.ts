import type { Attempt } from '../correlate/attempt.js';
import type { Aligned } from '../correlate/causal-order.js';
import type { Clocks } from '../correlate/clocks/clocks.js';
import type { NeighbourMessage } from '../correlate/neighbours/message.js';
import type { KernelModel } from '../kernel/model.js';
import { translationsOf, translationTargets } from '../kernel/translations.js';
import type { Sighting } from '../model/sighting.js';
import type { Snapshot } from '../model/snapshot.js';
import type { Nanoseconds } from '../model/time.js';
import { Network } from '../network/network.js';
import { capturesThen } from './capture-times.js';

/** What is known of one capture, for judging what its silence means. */
export interface Coverage {
  node: string;
  netns: string | null;
  file: string;
  /** As its sightings' points have it. */
  capture: string;
  /** Null: all interfaces (a cooked capture of `any`), or it is not known which. */
  interfaces: string[] | null;
  firstTime: Nanoseconds | null;
  lastTime: Nanoseconds | null;
  /** Packets that the capturing system says it lost; null where the file does not say. */
  dropped: number | null;
  /** In the file. */
  packets: number;
}

/** One node as far as the inputs tell of it. */
export interface NodeView {
  name: string;
  /** Another network namespace of the node, which routes on its own; null for the node's own. */
  netns: string | null;
  /** Null where only captures were given. */
  snapshot: Snapshot | null;
  readonly model: KernelModel | null;
  captures: Coverage[];
}

/** Whether a place is of this node and network namespace. */
export function isAt({ node, netns }: { node: string; netns: string | null }, view: NodeView): boolean {
  return node === view.name && netns === view.netns;
}

/** Everything that a cause may look at. Read-only; facts that several causes share are worked out once. */
export class DiagnosisContext {
  readonly attempts: readonly Attempt[];
  /** The nodes' own namespaces. */
  readonly nodes: ReadonlyMap<string, NodeView>;
  readonly clocks: Clocks;
  readonly aligned: Aligned;
  /** ARP and neighbour discovery, as far as captured, by time. */
  readonly neighbours: readonly NeighbourMessage[];
  /** Addresses that are known as VIPs, also those to which no attempt was captured. */
  readonly vips: ReadonlySet<string>;
  /** The same nodes and namespaces, as far as there are snapshots, for following packets that were not captured. */
  readonly network: Network;
  /** Other namespaces, by node and name. */
  readonly #inner = new Map<string, NodeView>();
  readonly #translations = new Map<string, Set<string>>();
  readonly #targets = new Map<NodeView, Set<string>>();

  constructor(
    attempts: readonly Attempt[],
    nodes: readonly string[],
    snapshots: readonly Snapshot[],
    captures: readonly Coverage[],
    clocks: Clocks,
    neighbours: readonly NeighbourMessage[] = [],
    vips: readonly string[] = [],
  ) {
    this.attempts = attempts;
    this.clocks = clocks;
    this.aligned = clocks.aligned;
    this.neighbours = neighbours;
    this.vips = new Set(vips);
    this.network = Network.of(snapshots);
    const views = new Map<string, NodeView>();
    const viewOf = (name: string, netns: string | null): NodeView => {
      const station = this.network.station(name, netns);
      const own = captures.filter((c) => c.node === name && c.netns === netns);
      return {
        name,
        netns,
        snapshot: station?.snapshot ?? null,
        // Prepared when first asked for.
        get model() {
          return station?.model ?? null;
        },
        captures: own,
      };
    };
    for (const name of nodes) views.set(name, viewOf(name, null));
    for (const { node, netns } of [...snapshots, ...captures]) {
      if (netns !== null) this.#inner.set(`${node}\n${netns}`, viewOf(node, netns));
    }
    this.nodes = views;
  }

  /** The attempt of a name; null where there is none. */
  attempt(id: string): Attempt | null {
    // Names are numbers in the order of all, but for attempts that were put together otherwise.
    const named = this.attempts[Number(id.slice(1)) - 1];
    return (named?.id === id ? named : this.attempts.find((one) => one.id === id)) ?? null;
  }

  /** Whether anything is known of another network namespace than the nodes' own. */
  get hasNamespaces(): boolean {
    return this.#inner.size > 0;
  }

  /** @param netns another namespace of the node's; null for its own */
  node(name: string, netns: string | null = null): NodeView | null {
    const view = netns === null ? this.nodes.get(name) : this.#inner.get(`${name}\n${netns}`);
    return view ?? null;
  }

  /** The node that holds an IP address on an interface; null where none, or more than one, does. */
  ownerOfAddress(address: string): NodeView | null {
    const owners = [...this.nodes.values()].filter((n) => n.model?.hasAddress(address));
    return owners.length === 1 ? owners[0]! : null;
  }

  /** The node that has an interface with the MAC; null where none, or more than one, has. */
  ownerOfMac(mac: string): NodeView | null {
    const owners = [...this.nodes.values()].filter((n) => (n.model?.interfacesWithMac(mac).length ?? 0) > 0);
    return owners.length === 1 ? owners[0]! : null;
  }

  /**
   * What Kubernetes calls an address, for a summary: `Service default/web`, `pod default/web-7c9`, `node node1`; null
   * where no object tells. `network.cluster` has the rest: how a VIP is announced, kube-proxy's mode, Services.
   *
   * @param port where it is known: Services may share an address
   */
  nameOf(address: string, port: number | null = null): string | null {
    return this.network.cluster.nameOf(address, port);
  }

  /**
   * Whether what passes the interface would have been captured.
   *
   * @param beside packets that were seen when it would have passed, of which one is enough; null: at any time
   */
  covers(node: NodeView, name: string, beside: readonly Sighting[] | null): boolean {
    const captures = beside ? capturesThen(node, beside, this.clocks) : node.captures;
    return captures.some((c) => c.interfaces === null || c.interfaces.includes(name));
  }

  /** Whether any of the node was captured when one of the packets was seen. */
  watches(node: NodeView, beside: readonly Sighting[]): boolean {
    return capturesThen(node, beside, this.clocks).length > 0;
  }

  /** Whether a node translates packets to the address: by its rules, or by a connection that it tracks. */
  translatesTo(node: NodeView, address: string): boolean {
    if (!node.snapshot) return false;
    let targets = this.#targets.get(node);
    if (!targets) {
      targets = translationTargets(node.snapshot);
      this.#targets.set(node, targets);
    }
    return targets.has(address);
  }

  /** Addresses that any node's NAT rules or connections put behind the address. */
  translations(address: string): Set<string> {
    let found = this.#translations.get(address);
    if (!found) {
      found = new Set();
      for (const { snapshot } of this.nodes.values()) {
        if (snapshot) for (const to of translationsOf(snapshot, address)) found.add(to);
      }
      this.#translations.set(address, found);
    }
    return found;
  }
}
