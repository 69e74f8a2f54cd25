/** What `kubectl get services,endpointslices -A -o json` says of VIPs and the pods behind them. */
import { canonicalAddress } from '../../model/address.js';

export interface KubeService {
  /** `NAMESPACE/NAME`. */
  name: string;
  /** Load-balancer and external addresses. */
  vips: string[];
  externalTrafficPolicy: string | null;
  /** Protocols in lower case. */
  ports: { protocol: string; port: number }[];
  backends: string[];
}

/**
 * The Services that have an address of their own outside the cluster.
 *
 * @param files the parsed `kube/*.json`; objects of other kinds and shapes are passed over
 */
export function readServices(files: ReadonlyMap<string, unknown>): KubeService[] {
  const objects = [...files.values()].flatMap(objectsOf);
  const backends = new Map<string, string[]>();
  for (const object of objects) {
    if (object.kind !== 'EndpointSlice') continue;
    const metadata = fields(object.metadata);
    const name = `${metadata.namespace}/${fields(metadata.labels)['kubernetes.io/service-name']}`;
    const addresses = list(object.endpoints).flatMap((endpoint) => addressesIn(fields(endpoint).addresses));
    backends.set(name, [...(backends.get(name) ?? []), ...addresses]);
  }
  const services: KubeService[] = [];
  for (const object of objects) {
    if (object.kind !== 'Service') continue;
    const [metadata, spec] = [fields(object.metadata), fields(object.spec)];
    const ingress = list(fields(fields(object.status).loadBalancer).ingress).map((entry) => fields(entry).ip);
    const vips = [...addressesIn(ingress), ...addressesIn(spec.externalIPs)];
    if (vips.length === 0) continue;
    const name = `${metadata.namespace}/${metadata.name}`;
    const policy = spec.externalTrafficPolicy;
    services.push({
      name,
      vips,
      externalTrafficPolicy: typeof policy === 'string' ? policy : null,
      ports: list(spec.ports).flatMap((entry) => portOf(fields(entry))),
      backends: backends.get(name) ?? [],
    });
  }
  return services;
}

/** TCP is the default of the API. */
function portOf({ protocol = 'TCP', port }: Fields): { protocol: string; port: number }[] {
  if (typeof protocol !== 'string' || typeof port !== 'number') return [];
  return [{ protocol: protocol.toLowerCase(), port }];
}

type Fields = Readonly<Record<string, unknown>>;

/** An object, a `List`, or a list by kind (`ServiceList`), whose items name no kind of their own. */
function objectsOf(value: unknown): Fields[] {
  const object = fields(value);
  if (!Array.isArray(object.items)) return [object];
  const kind = typeof object.kind === 'string' ? object.kind.replace(/List$/, '') : undefined;
  return object.items.map((item) => ({ kind, ...fields(item) }));
}

function fields(value: unknown): Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Fields) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The canonical texts of what is an address in a list. */
function addressesIn(value: unknown): string[] {
  return list(value).flatMap((text) => {
    const address = typeof text === 'string' ? canonicalAddress(text) : null;
    return address === null ? [] : [address];
  });
}
