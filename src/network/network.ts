import { type Announcement, readAnnouncements } from '../ingest/kube/announcements.js';
import { type MetalLB, readMetalLB } from '../ingest/kube/metallb.js';
import type { Snapshot } from '../model/snapshot.js';
import { Station } from './station.js';

/** What Kubernetes' objects and the speakers' logs say of who announces what, whichever bundle they lie in. */
export interface Speakers {
  metallb: MetalLB;
  announcements: Announcement[];
}

/** All nodes (and pods) that snapshots tell of, for following a packet from one to the next. */
export class Network {
  readonly stations: readonly Station[];

  #speakers: Speakers | null = null;

  constructor(stations: readonly Station[]) {
    this.stations = stations;
  }

  get speakers(): Speakers {
    this.#speakers ??= readSpeakers(this.stations.map((station) => station.snapshot));
    return this.#speakers;
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
    return new Network(this.stations.map((s) => (replace(s) ? new Station(changed) : s)));
  }
}

function readSpeakers(snapshots: readonly Snapshot[]): Speakers {
  const files = new Map(
    snapshots.flatMap(({ node, kube }) =>
      [...kube].map(([name, value]) => [`${node}/${name}`, value] as const),
    ),
  );
  const metallb = readMetalLB(files);
  const logs = snapshots.flatMap((snapshot) => snapshot.speakerLogs ?? []);
  return { metallb, announcements: readAnnouncements(metallb, logs) };
}
