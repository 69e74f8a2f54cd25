import type { Attempt } from '../../correlate/attempt.js';
import { kubeObjects } from '../../ingest/kube/objects.js';
import { podsOf } from '../../ingest/kube/pods.js';
import { servicesOf } from '../../ingest/kube/services.js';
import { parseAddress } from '../../model/address.js';
import { podOf } from '../../network/entry.js';
import type { DiagnosisContext } from '../context.js';
import { backendOf } from './ways.js';

/** Which node each backend runs on, as far as anything tells. */
export class PodNodes {
  readonly #context: DiagnosisContext;
  readonly #named: Map<string, string>;
  /** Nodes as Kubernetes names them. */
  readonly #names: Set<string>;
  readonly #seen: Map<string, string>;
  readonly #found = new Map<string, string | null>();

  /** @param attempts whose packets may tell */
  constructor(context: DiagnosisContext, attempts: readonly Attempt[]) {
    this.#context = context;
    this.#named = namedByObjects(context);
    this.#names = new Set(this.#named.values());
    this.#seen = toldByPackets(context, attempts);
  }

  /** @returns the node's name, or the address of a node that is not known by name; null where nothing tells */
  nodeOf(address: string): string | null {
    let node = this.#found.get(address);
    if (node === undefined) {
      node = this.#bySnapshots(address) ?? this.#named.get(address) ?? this.#seen.get(address) ?? null;
      this.#found.set(address, node);
    }
    return node;
  }

  /** Whether the backend is on a node of the inputs; null where that cannot be told. */
  isOn(address: string, name: string): boolean | null {
    const node = this.nodeOf(address);
    const asked = this.#context.nodes.get(name);
    if (node === null || !asked) return null;
    if (node === name) return true;
    // Kubernetes may know a node by another name than its bundle: two names are two nodes only in one naming.
    if (this.#context.nodes.has(node) || this.#names.has(name)) return false;
    return parseAddress(node) && asked.model ? asked.model.hasAddress(node) : null;
  }

  /** The one namespace that has the address, else the one node that has a device which leads to it. */
  #bySnapshots(address: string): string | null {
    const { network } = this.#context;
    const holders = new Set(network.stations.filter((s) => s.model.hasAddress(address)).map((s) => s.node));
    if (holders.size > 0) return holders.size === 1 ? [...holders][0]! : null;
    return podOf(network, address)?.station.node ?? null;
  }
}

function namedByObjects({ network }: DiagnosisContext): Map<string, string> {
  const objects = network.stations.flatMap(({ snapshot }) => kubeObjects(snapshot.kube));
  const named = new Map<string, string>();
  for (const { addresses, node } of podsOf(objects)) {
    if (node !== null) for (const address of addresses) named.set(address, node);
  }
  for (const { address, node } of servicesOf(objects).flatMap((service) => service.backends)) {
    if (node !== null) named.set(address, node);
  }
  return named;
}

/** A tunnel leads to the node that the backend is on; a capture in the pod's own namespace tells by being there. */
function toldByPackets(context: DiagnosisContext, attempts: readonly Attempt[]): Map<string, string> {
  const homes = new Map<string, string>();
  const farEnds = new Map<string, string>();
  const owners = new Map<string, string>();
  for (const attempt of attempts) {
    const backend = backendOf(attempt)?.address;
    if (backend === undefined) continue;
    for (const { role, sightings } of attempt.traces) {
      if (role !== 'request') continue;
      for (const { encapsulations, direction, point, destination } of sightings) {
        if (destination.address !== backend) continue;
        if (point.netns !== null) homes.set(backend, point.node);
        const farEnd = encapsulations[0]?.destination;
        if (farEnd == null) continue;
        farEnds.set(backend, farEnd);
        if (direction === 'in') owners.set(farEnd, point.node);
      }
    }
  }
  const nodeAt = (address: string) => context.ownerOfAddress(address)?.name ?? owners.get(address) ?? address;
  return new Map([...[...farEnds].map(([backend, end]) => [backend, nodeAt(end)] as const), ...homes]);
}
