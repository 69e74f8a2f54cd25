/** The pods behind Services, from EndpointSlices and from the Endpoints of before them. */
import { canonicalAddress } from '../../model/address.js';
import { addressesIn, type Fields, fields, labelsOf, list, qualifiedName, textOf } from './objects.js';

export interface KubeBackend {
  address: string;
  port: number | null;
  /** Of the Service's port; null where it has none. */
  portName: string | null;
  /** In lower case. */
  protocol: string;
  /** `NAMESPACE/NAME`; null where the objects do not name it. */
  pod: string | null;
  node: string | null;
  ready: boolean;
}

/** @returns the backends by `NAMESPACE/NAME` of the Service, one an address and port; of slices where there are any */
export function readBackends(objects: readonly Fields[]): Map<string, KubeBackend[]> {
  const old = collect(objects, 'Endpoints', qualifiedName, ofEndpoints);
  const slices = collect(objects, 'EndpointSlice', serviceOfSlice, ofSlice);
  return new Map([...old, ...slices]);
}

function collect(
  objects: readonly Fields[],
  kind: string,
  serviceOf: (object: Fields) => string | null,
  read: (object: Fields) => KubeBackend[],
): Map<string, KubeBackend[]> {
  const found = new Map<string, Map<string, KubeBackend>>();
  for (const object of objects) {
    const service = object.kind === kind ? serviceOf(object) : null;
    if (service === null) continue;
    const backends = found.get(service) ?? new Map<string, KubeBackend>();
    found.set(service, backends);
    for (const backend of read(object)) {
      const key = `${backend.protocol} ${backend.address} ${backend.port}`;
      // A backend may be in two slices while it moves from one to the other.
      if (!backends.get(key)?.ready) backends.set(key, backend);
    }
  }
  return new Map([...found].map(([service, backends]) => [service, [...backends.values()]]));
}

/** By its label; one that somebody made by hand may have an owner alone. */
function serviceOfSlice(object: Fields): string | null {
  const metadata = fields(object.metadata);
  const owner = list(metadata.ownerReferences).find((reference) => fields(reference).kind === 'Service');
  const name = labelsOf(object).get('kubernetes.io/service-name') ?? textOf(fields(owner).name);
  return name === null ? null : `${metadata.namespace}/${name}`;
}

interface Port {
  port: number | null;
  portName: string | null;
  protocol: string;
}

/** A slice without ports (of a headless Service, say) has its addresses still. */
function portsOf(value: unknown): Port[] {
  const ports = list(value).map((item): Port => {
    const { port, name, protocol } = fields(item);
    return {
      port: typeof port === 'number' ? port : null,
      portName: textOf(name) || null,
      protocol: (textOf(protocol) ?? 'TCP').toLowerCase(),
    };
  });
  return ports.length > 0 ? ports : [{ port: null, portName: null, protocol: 'tcp' }];
}

function ofSlice(slice: Fields): KubeBackend[] {
  const ports = portsOf(slice.ports);
  return list(slice.endpoints).flatMap((item) => {
    const endpoint = fields(item);
    // Not said is ready (discovery.k8s.io/v1, EndpointConditions).
    const ready = fields(endpoint.conditions).ready !== false;
    const node = textOf(endpoint.nodeName) ?? textOf(fields(endpoint.topology)['kubernetes.io/hostname']);
    const pod = podOf(endpoint.targetRef);
    return addressesIn(endpoint.addresses).flatMap((address) =>
      ports.map((port) => ({ address, ...port, pod, node, ready })),
    );
  });
}

function ofEndpoints(endpoints: Fields): KubeBackend[] {
  return list(endpoints.subsets).flatMap((item) => {
    const subset = fields(item);
    const ports = portsOf(subset.ports);
    const read = (entries: unknown, ready: boolean) =>
      list(entries).flatMap((entry) => {
        const { ip, nodeName, targetRef } = fields(entry);
        const address = canonicalAddress(textOf(ip) ?? '');
        if (address === null) return [];
        const [node, pod] = [textOf(nodeName), podOf(targetRef)];
        return ports.map((port) => ({ address, ...port, pod, node, ready }));
      });
    return [...read(subset.addresses, true), ...read(subset.notReadyAddresses, false)];
  });
}

function podOf(reference: unknown): string | null {
  const { kind, name, namespace } = fields(reference);
  return kind === 'Pod' && typeof name === 'string' ? `${namespace}/${name}` : null;
}
