import { type KubeProxyConfiguration, kubeProxyOf } from '../../ingest/kube/kube-proxy.js';
import { kubeVipOf } from '../../ingest/kube/kube-vip.js';
import type { MetalLB } from '../../ingest/kube/metallb.js';
import { kubeObjects } from '../../ingest/kube/objects.js';
import { nodeAddressesOf, podsOf } from '../../ingest/kube/pods.js';
import { type KubeService, servicesOf } from '../../ingest/kube/services.js';
import type { Station } from '../station.js';
import {
  announcementsOf,
  isAskedFor,
  type Known,
  type Means,
  type VipAnnouncements,
} from './announcements.js';
import { kubeFiles } from './files.js';
import { kubeProxyModeOf } from './kube-proxy-mode.js';
import { Names } from './names.js';

/** What Kubernetes' objects, the speakers' logs and the nodes' own traces say of the cluster. Read-only. */
export class Cluster {
  /** Whether there is any object or speaker's log among the inputs. */
  readonly isKnown: boolean;
  /** All Services, those within the cluster alone too. */
  readonly services: readonly KubeService[];
  readonly kubeProxy: { mode: string | null; strictARP: boolean | null };
  readonly #known: Known;
  readonly #names: Names;
  readonly #announcements = new Map<string, VipAnnouncements>();

  constructor(stations: readonly Station[], metallb: MetalLB) {
    const snapshots = stations.map((station) => station.snapshot);
    const objects = kubeObjects(kubeFiles(snapshots));
    const logs = snapshots.flatMap((snapshot) => snapshot.speakerLogs ?? []);
    const nodeAddresses = nodeAddressesOf(objects);
    this.isKnown = objects.length + logs.length > 0;
    this.services = servicesOf(objects);
    const configured: KubeProxyConfiguration | null = kubeProxyOf(objects);
    this.kubeProxy = configured ?? { mode: kubeProxyModeOf(snapshots), strictARP: null };
    this.#known = { stations, metallb, kubeVip: kubeVipOf(objects), logs, nodeAddresses };
    this.#names = new Names(this.services, podsOf(objects), nodeAddresses);
  }

  /** The Services that have the address outside the cluster; several where they share it. */
  servicesAt(vip: string): readonly KubeService[] {
    return this.services.filter((service) => service.vips.includes(vip));
  }

  /** How a VIP is made known outside the cluster, and by whom; asked for any address. */
  announcements(vip: string): VipAnnouncements {
    let found = this.#announcements.get(vip);
    if (!found) {
      found = announcementsOf(this.#known, vip, this.servicesAt(vip));
      this.#announcements.set(vip, found);
    }
    return found;
  }

  /** How a VIP is made known: `metallb-l2`, `metallb-bgp`, `kube-vip`, `keepalived`, …; none where nothing tells. */
  announcedBy(vip: string): readonly Means[] {
    return this.announcements(vip).means;
  }

  /**
   * Whether routers and clients find the VIP by ARP or NDP. False for one announced by BGP alone, whose ARP is no
   * matter; null where nothing tells.
   */
  isAskedFor(vip: string): boolean | null {
    return isAskedFor(this.announcedBy(vip));
  }

  /**
   * What Kubernetes calls an address: `Service default/web`, `pod default/web-7c9`, `node node1`; null where no
   * object tells, or where several of one kind claim it.
   *
   * @param port of the Service's, where several Services share the address
   */
  nameOf(address: string, port: number | null = null): string | null {
    return this.#names.of(address, port);
  }
}
