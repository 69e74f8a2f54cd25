import { type Announcement, readAnnouncements } from '../ingest/kube/announcements.js';
import { type MetalLB, metallbOf } from '../ingest/kube/metallb.js';
import { kubeObjects } from '../ingest/kube/objects.js';
import type { Snapshot } from '../model/snapshot.js';
import { Cluster } from './cluster/cluster.js';
import { kubeFiles } from './cluster/files.js';
import { Station } from './station.js';

/** What Kubernetes' objects and the speakers' logs say of who announces what, whichever bundle they lie in. */
export interface Speakers {
  metallb: MetalLB;
  announcements: Announcement[];
}

/** All nodes (and pods) that snapshots tell of, for following a packet from one to the next. */
export class Network {
  readonly stations: readonly Station[];

  /** The network that this one differs from in a node's settings, which are nothing to Kubernetes. */
  readonly #original: Network | null;
  #speakers: Speakers | null = null;
  #cluster: Cluster | null = null;

  constructor(stations: readonly Station[], original: Network | null = null) {
    this.stations = stations;
    this.#original = original;
  }

  /** Whether anything is known of any node; else nothing can be said of what a node did to a packet. */
  get isKnown(): boolean {
    return this.stations.length > 0;
  }

  get speakers(): Speakers {
    this.#speakers ??=
      this.#original?.speakers ?? readSpeakers(this.stations.map((station) => station.snapshot));
    return this.#speakers;
  }

  /** What Kubernetes' objects say of the cluster; of nothing where there are none. */
  get cluster(): Cluster {
    this.#cluster ??= this.#original?.cluster ?? new Cluster(this.stations, this.speakers.metallb);
    return this.#cluster;
  }

  static of(snapshots: readonly Snapshot[]): Network {
    return new Network(snapshots.map((snapshot) => new Station(snapshot)));
  }

  /** The node's own namespace, or another of its; null where no snapshot tells of it. */
  station(node: string, netns: string | null = null): Station | null {
    return this.stations.find((s) => s.node === node && s.netns === netns) ?? null;
  }

  /** A copy with one snapshot in the place of another; the other nodes stay as they are prepared. */
  with(changed: Snapshot): Network {
    const replace = (s: Station) => s.node === changed.node && s.netns === changed.netns;
    return new Network(
      this.stations.map((s) => (replace(s) ? new Station(changed, s) : s)),
      this,
    );
  }
}

function readSpeakers(snapshots: readonly Snapshot[]): Speakers {
  const metallb = metallbOf(kubeObjects(kubeFiles(snapshots)));
  const logs = snapshots.flatMap((snapshot) => snapshot.speakerLogs ?? []);
  return { metallb, announcements: readAnnouncements(metallb, logs) };
}
