/** What `kubectl get services,endpointslices -A -o json` says of VIPs and the pods behind them. */
import { canonicalAddress } from '../../model/address.js';

interface KubeObject {
  kind?: string;
  metadata?: { name?: string; namespace?: string; labels?: Record<string, string> };
  spec?: { type?: string; externalIPs?: string[]; externalTrafficPolicy?: string };
  status?: { loadBalancer?: { ingress?: { ip?: string }[] } };
  endpoints?: { addresses?: string[] }[];
  items?: KubeObject[];
}

export interface KubeService {
  /** `NAMESPACE/NAME`. */
  name: string;
  /** Load-balancer and external addresses. */
  vips: string[];
  externalTrafficPolicy: string | null;
  backends: string[];
}

/**
 * The Services that have an address of their own outside the cluster.
 *
 * @param files the parsed `kube/*.json`; objects of other kinds are passed over
 */
export function readServices(files: ReadonlyMap<string, unknown>): KubeService[] {
  const objects = [...files.values()].flatMap(objectsOf);
  const backends = new Map<string, string[]>();
  for (const object of objects) {
    if (object.kind !== 'EndpointSlice') continue;
    const service = object.metadata?.labels?.['kubernetes.io/service-name'];
    const name = `${object.metadata?.namespace}/${service}`;
    const addresses = (object.endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? []);
    backends.set(name, [...(backends.get(name) ?? []), ...addresses.map(canonical)]);
  }
  const services: KubeService[] = [];
  for (const object of objects) {
    if (object.kind !== 'Service') continue;
    const ingress = (object.status?.loadBalancer?.ingress ?? []).map((entry) => entry.ip);
    const vips = [...ingress, ...(object.spec?.externalIPs ?? [])].filter((ip) => ip !== undefined);
    if (vips.length === 0) continue;
    const name = `${object.metadata?.namespace}/${object.metadata?.name}`;
    services.push({
      name,
      vips: vips.map(canonical),
      externalTrafficPolicy: object.spec?.externalTrafficPolicy ?? null,
      backends: backends.get(name) ?? [],
    });
  }
  return services;
}

/** An object, a `List`, or a list by kind (`ServiceList`), whose items name no kind of their own. */
function objectsOf(value: unknown): KubeObject[] {
  if (value === null || typeof value !== 'object') return [];
  const object = value as KubeObject;
  if (!Array.isArray(object.items)) return [object];
  const kind = object.kind?.endsWith('List') ? object.kind.slice(0, -'List'.length) : undefined;
  return object.items.map((item) => ({ ...item, kind: item.kind ?? kind }) as KubeObject);
}

function canonical(address: string): string {
  return canonicalAddress(address) ?? address;
}
