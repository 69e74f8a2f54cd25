import type { Analysis, AnalysisBackend } from '../../model/analysis.js';

/** What Kubernetes calls the addresses of the report. */
export interface AddressNames {
  /** `Service default/web`, `pod default/web-7c9 on node2`; null where it calls it nothing. */
  of(address: string, port?: number | null): string | null;
}

export function addressNames({ services = [] }: Pick<Analysis, 'services'>): AddressNames {
  const fronts = new Map<string, { name: string; ports: ReadonlySet<number> }[]>();
  const pods = new Map<string, AnalysisBackend>();
  for (const { vip, namespace, name, ports, backends } of services) {
    const front = { name: `${namespace}/${name}`, ports: new Set(ports.map((own) => own.port)) };
    fronts.set(vip, [...(fronts.get(vip) ?? []), front]);
    for (const backend of backends) if (backend.pod !== null) pods.set(backend.address, backend);
  }
  return {
    of(address, port = null) {
      const all = fronts.get(address) ?? [];
      const fitting = port === null ? [] : all.filter((front) => front.ports.has(port));
      const named = [...new Set((fitting.length > 0 ? fitting : all).map((front) => front.name))];
      if (named.length > 2) return `${named.length} Services`;
      if (named.length > 0) return `Service${named.length === 1 ? '' : 's'} ${named.join(' and ')}`;
      const backend = pods.get(address);
      return backend ? podText(backend) : null;
    },
  };
}

function podText({ pod, node }: AnalysisBackend): string {
  return `pod ${pod}${node === null ? '' : ` on ${node}`}`;
}

/** `192.168.1.100 (Service default/web)`, or the bare address where it has no name. */
export function namedAddress(address: string, names: AddressNames): string {
  const name = names.of(address);
  return name === null ? address : `${address} (${name})`;
}
