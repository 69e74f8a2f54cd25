import type { KubePod } from '../../ingest/kube/pods.js';
import type { KubeService } from '../../ingest/kube/services.js';

/** What Kubernetes calls addresses. */
export class Names {
  readonly #services = new Map<string, KubeService[]>();
  /** Null where several pods claim the address. */
  readonly #pods = new Map<string, string | null>();
  readonly #nodes = new Map<string, string>();

  constructor(
    services: readonly KubeService[],
    pods: readonly KubePod[],
    nodeAddresses: ReadonlyMap<string, readonly string[]>,
  ) {
    for (const [node, addresses] of nodeAddresses) {
      for (const address of addresses) this.#nodes.set(address, node);
    }
    for (const service of services) {
      for (const address of [...service.vips, ...service.clusterIPs]) {
        this.#services.set(address, [...(this.#services.get(address) ?? []), service]);
      }
      for (const { address, pod } of service.backends) if (pod !== null) this.#addPod(address, pod);
    }
    for (const { name, addresses } of pods) {
      for (const address of addresses) this.#addPod(address, name);
    }
  }

  #addPod(address: string, pod: string): void {
    // A pod in its node's network namespace has the node's address, and so may many.
    if (this.#nodes.has(address)) return;
    const other = this.#pods.get(address);
    this.#pods.set(address, other === undefined || other === pod ? pod : null);
  }

  of(address: string, port: number | null): string | null {
    const services = this.#servicesAt(address, port);
    if (services.length === 1) return `Service ${services[0]}`;
    if (services.length === 2) return `Services ${services.join(' and ')}`;
    if (services.length > 2) return `${services.length} Services`;
    const pod = this.#pods.get(address);
    if (pod) return `pod ${pod}`;
    const node = this.#nodes.get(address);
    return node === undefined ? null : `node ${node}`;
  }

  #servicesAt(address: string, port: number | null): string[] {
    const all = this.#services.get(address) ?? [];
    const fitting =
      port === null ? [] : all.filter((service) => service.ports.some((own) => own.port === port));
    return (fitting.length > 0 ? fitting : all).map((service) => service.name);
  }
}
