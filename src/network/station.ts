import { KernelModel } from '../kernel/model.js';
import { PacketPath } from '../kernel/netfilter/packet-path.js';
import type { Snapshot } from '../model/snapshot.js';
import { stationLabel } from '../model/station.js';
import { blindSpots } from './blind-spots.js';

/** One network namespace that a snapshot tells of: a node's own, or a pod's. */
export class Station {
  readonly snapshot: Snapshot;
  /** What of the node is not modelled at all. */
  readonly blindSpots: readonly string[];
  #model: KernelModel | null = null;
  #path: PacketPath | null = null;

  readonly #original: Station | null;

  /** @param original the same before a change of its settings: what the change leaves alone is not prepared again */
  constructor(snapshot: Snapshot, original: Station | null = null) {
    this.snapshot = snapshot;
    this.#original = original;
    this.blindSpots = blindSpots(snapshot);
  }

  get node(): string {
    return this.snapshot.node;
  }

  /** Another network namespace of the node; null for its own. */
  get netns(): string | null {
    return this.snapshot.netns;
  }

  /** `node1`, or `node1/pod` for another namespace of it. */
  get label(): string {
    return stationLabel(this.node, this.netns);
  }

  // Prepared when first asked: a healthy capture of many nodes asks none.
  get model(): KernelModel {
    this.#model ??= new KernelModel(this.snapshot);
    return this.#model;
  }

  get path(): PacketPath {
    this.#path ??= new PacketPath(this.model, this.#original?.path);
    return this.#path;
  }
}
