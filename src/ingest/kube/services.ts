/** What `kubectl get services,endpointslices,endpoints -A -o json` says of VIPs and the pods behind them. */
import { type KubeBackend, readBackends } from './endpoints.js';
import {
  addressesIn,
  annotationsOf,
  type Fields,
  fields,
  kubeObjects,
  type Labels,
  labelsOf,
  list,
  qualifiedName,
  textOf,
} from './objects.js';

export interface KubePort {
  /** In lower case. */
  protocol: string;
  port: number;
  name: string | null;
}

export interface KubeService {
  /** `NAMESPACE/NAME`. */
  name: string;
  /** Load-balancer and external addresses; those asked for, where none was given yet. */
  vips: string[];
  /** Addresses within the cluster. */
  clusterIPs: string[];
  externalTrafficPolicy: string | null;
  ports: KubePort[];
  backends: KubeBackend[];
  labels: Labels;
  annotations: Labels;
  loadBalancerClass: string | null;
}

/**
 * The Services that have an address of their own outside the cluster.
 *
 * @param files the parsed `kube/*.json`; objects of other kinds and shapes are passed over
 */
export function readServices(files: ReadonlyMap<string, unknown>): KubeService[] {
  return servicesOf(kubeObjects(files)).filter((service) => service.vips.length > 0);
}

/** All Services among the objects, those within the cluster alone too. */
export function servicesOf(objects: readonly Fields[]): KubeService[] {
  const backends = readBackends(objects);
  return objects
    .filter((object) => object.kind === 'Service')
    .map((object): KubeService => {
      const spec = fields(object.spec);
      const name = qualifiedName(object);
      return {
        name,
        vips: [...new Set(vipsOf(object))],
        clusterIPs: [...new Set(addressesIn([spec.clusterIP, ...list(spec.clusterIPs)]))],
        externalTrafficPolicy: textOf(spec.externalTrafficPolicy),
        ports: list(spec.ports).flatMap((entry) => portOf(fields(entry))),
        backends: backends.get(name) ?? [],
        labels: labelsOf(object),
        annotations: annotationsOf(object),
        loadBalancerClass: textOf(spec.loadBalancerClass),
      };
    });
}

/** Addresses that a load balancer is asked for, comma-separated. */
const REQUESTS = [
  'metallb.io/loadBalancerIPs',
  'metallb.universe.tf/loadBalancerIPs',
  'kube-vip.io/loadbalancerIPs',
];

function vipsOf(object: Fields): string[] {
  const spec = fields(object.spec);
  const external = addressesIn(spec.externalIPs);
  const ingress = list(fields(fields(object.status).loadBalancer).ingress).map((entry) => fields(entry).ip);
  const given = addressesIn(ingress);
  if (given.length > 0 || spec.type !== 'LoadBalancer') return [...given, ...external];
  const annotations = annotationsOf(object);
  const asked = REQUESTS.flatMap((key) => annotations.get(key)?.split(',') ?? []);
  return [...addressesIn([spec.loadBalancerIP, ...asked]), ...external];
}

/** TCP is the default of the API. */
function portOf({ protocol = 'TCP', port, name }: Fields): KubePort[] {
  if (typeof protocol !== 'string' || typeof port !== 'number') return [];
  return [{ protocol: protocol.toLowerCase(), port, name: textOf(name) || null }];
}
