import type { Attempt } from '../correlate/attempt.js';
import type { Aligned } from '../correlate/causal-order.js';
import { KernelModel } from '../kernel/model.js';
import { translationsOf } from '../kernel/translations.js';
import type { Snapshot } from '../model/snapshot.js';
import type { Nanoseconds } from '../model/time.js';

/** What is known of one capture, for judging what its silence means. */
export interface Coverage {
  node: string;
  netns: string | null;
  file: string;
  /** Null: all interfaces (a cooked capture of `any`), or it is not known which. */
  interfaces: string[] | null;
  firstTime: Nanoseconds | null;
  lastTime: Nanoseconds | null;
}

/** One node as far as the inputs tell of it. */
export interface NodeView {
  name: string;
  /** Of the node's own network namespace; null where only captures were given. */
  snapshot: Snapshot | null;
  model: KernelModel | null;
  captures: Coverage[];
}

/** Everything that a cause may look at. Read-only; facts that several causes share are worked out once. */
export class DiagnosisContext {
  readonly attempts: readonly Attempt[];
  readonly nodes: ReadonlyMap<string, NodeView>;
  readonly aligned: Aligned;
  readonly #translations = new Map<string, Set<string>>();

  constructor(
    attempts: readonly Attempt[],
    nodes: readonly string[],
    snapshots: readonly Snapshot[],
    captures: readonly Coverage[],
    aligned: Aligned,
  ) {
    this.attempts = attempts;
    this.aligned = aligned;
    const views = new Map<string, NodeView>();
    for (const name of nodes) {
      const snapshot = snapshots.find((s) => s.node === name && s.netns === null) ?? null;
      views.set(name, {
        name,
        snapshot,
        model: snapshot && new KernelModel(snapshot),
        captures: captures.filter((c) => c.node === name),
      });
    }
    this.nodes = views;
  }

  node(name: string): NodeView | null {
    return this.nodes.get(name) ?? null;
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

  /** Whether what passes the interface in the node's own namespace would have been captured. */
  covers(node: string, name: string): boolean {
    return (this.node(node)?.captures ?? []).some(
      (c) => c.netns === null && (c.interfaces === null || c.interfaces.includes(name)),
    );
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
