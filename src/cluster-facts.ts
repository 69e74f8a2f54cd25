import type { KubeBackend } from './ingest/kube/endpoints.js';
import type { KubeService } from './ingest/kube/services.js';
import { familyOf } from './model/address.js';
import type { AnalysisBackend, AnalysisCluster, AnalysisService } from './model/analysis.js';
import { formatTime } from './model/time.js';
import type { Cluster } from './network/cluster/cluster.js';

/** What the result says of Kubernetes; nothing where no object, log or trace of it is among the inputs. */
export function clusterFacts(cluster: Cluster): { services?: AnalysisService[]; cluster?: AnalysisCluster } {
  const { mode, strictARP } = cluster.kubeProxy;
  return {
    ...(cluster.isKnown && { services: cluster.services.flatMap((service) => servicesOf(service, cluster)) }),
    ...((cluster.isKnown || mode !== null) && { cluster: { kubeProxyMode: mode, strictARP } }),
  };
}

/** One a VIP of the Service's. */
function servicesOf(service: KubeService, cluster: Cluster): AnalysisService[] {
  const slash = service.name.indexOf('/');
  return service.vips.map((vip): AnalysisService => {
    const { means, pool, advertisements, announcers, handOvers } = cluster.announcements(vip);
    return {
      vip,
      namespace: service.name.slice(0, slash),
      name: service.name.slice(slash + 1),
      ports: service.ports,
      externalTrafficPolicy: service.externalTrafficPolicy,
      backends: backendsFor(vip, service.backends),
      announcedBy: means.length === 0 ? null : means.join(', '),
      pool,
      advertisements,
      announcers: announcers.map(({ firstTime, lastTime, ...announcer }) => ({
        ...announcer,
        firstTime: firstTime === null ? null : formatTime(firstTime),
        lastTime: lastTime === null ? null : formatTime(lastTime),
      })),
      ...(handOvers.length > 0 && {
        handOvers: handOvers.map(({ time, from, to }) => ({ time: formatTime(time), from, to })),
      }),
    };
  });
}

/** A Service of both IP versions has backends of both; requests to a VIP go to those of its own. */
function backendsFor(vip: string, backends: readonly KubeBackend[]): AnalysisBackend[] {
  return backends
    .filter((backend) => familyOf(backend.address) === familyOf(vip))
    .map(({ address, port, pod, node, ready }) => ({ address, port, pod, node, ready }));
}
