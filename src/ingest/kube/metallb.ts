/**
 * What MetalLB's objects say: `kubectl get ipaddresspools,l2advertisements,bgpadvertisements,servicel2statuses,
 * servicebgpstatuses,services,nodes,pods,events,configmaps -A -o json`.
 *
 * Fields as of MetalLB 0.16, and pools of the versions before 0.13, which are announced whole and by all nodes.
 */
import { type AddressRange, isInRange, readAddressRange } from './address-range.js';
import { type LabelSelector, selectorsIn, selects } from './label-selector.js';
import { oldPools } from './metallb-config-map.js';
import {
  addressesIn,
  type Fields,
  fields,
  kubeObjects,
  type Labels,
  labelsOf,
  list,
  qualifiedName,
  textOf,
  textsIn,
} from './objects.js';
import { parseYaml } from './yaml.js';

export interface AddressPool {
  name: string;
  ranges: AddressRange[];
  /** False where a service gets an address of it only by asking for the pool. */
  autoAssign: boolean;
  labels: Labels;
}

/** An L2Advertisement or a BGPAdvertisement. */
export interface Advertisement {
  name: string;
  protocol: 'layer2' | 'bgp';
  /** By name, and by the selectors; all pools where both are empty. */
  pools: string[];
  poolSelectors: LabelSelector[];
  /** All nodes where empty. */
  nodeSelectors: LabelSelector[];
  /** All services where empty. */
  serviceSelectors: LabelSelector[];
  /** Layer 2 alone: where it is announced; null for every interface that the speaker listens on. */
  interfaces: string[] | null;
}

/** A service of the type LoadBalancer that has got addresses. */
export interface LoadBalancer {
  /** `NAMESPACE/NAME`. */
  service: string;
  addresses: string[];
  labels: Labels;
}

/** A ServiceL2Status (MetalLB 0.14.4 and later): which node announces a service now. */
export interface L2Status {
  service: string;
  node: string;
  /** Null for every interface that the speaker listens on. */
  interfaces: string[] | null;
}

/** A ServiceBGPStatus (MetalLB 0.15 and later): to whom a node is to announce a service. */
export interface BGPStatus {
  service: string;
  node: string;
  peers: string[];
}

/** The event `nodeAssigned` that a speaker posts on a service whenever it begins to announce it. */
export interface NodeAssigned {
  service: string;
  node: string;
  /** RFC 3339; null where the event has no time. */
  lastSeen: string | null;
}

export interface MetalLB {
  pools: AddressPool[];
  advertisements: Advertisement[];
  loadBalancers: LoadBalancer[];
  statuses: L2Status[];
  bgpStatuses: BGPStatus[];
  /** Of layer 2, the latest of each service. */
  assigned: NodeAssigned[];
  nodeLabels: Map<string, Labels>;
  /** Nodes of pods by the pod's name. */
  podNodes: Map<string, string>;
  /** Regular expressions of interfaces that no speaker listens on; null without the ConfigMap that has them. */
  excluded: string[] | null;
}

/** @param files the parsed `kube/*.json`; objects of other kinds and shapes are passed over */
export function readMetalLB(files: ReadonlyMap<string, unknown>): MetalLB {
  return metallbOf(kubeObjects(files));
}

export function metallbOf(objects: readonly Fields[]): MetalLB {
  const of = (kind: string) => objects.filter((object) => object.kind === kind);
  const old = oldPools(objects);
  const excluded = of('ConfigMap').find((map) => fields(map.metadata).name === 'metallb-excludel2');
  return {
    pools: [
      ...of('IPAddressPool').map(readPool),
      ...old.map(({ name, ranges, autoAssign }) => ({ name, ranges, autoAssign, labels: new Map() })),
    ],
    advertisements: [
      ...of('L2Advertisement').map((object) => readAdvertisement(object, 'layer2')),
      ...of('BGPAdvertisement').map((object) => readAdvertisement(object, 'bgp')),
      ...old.map(({ name, protocol }) => advertisementOfPool(name, protocol)),
    ],
    loadBalancers: of('Service').flatMap(readLoadBalancer),
    statuses: of('ServiceL2Status').flatMap(readStatus),
    bgpStatuses: of('ServiceBGPStatus').flatMap(readBGPStatus),
    assigned: latest(of('Event').flatMap(readAssigned)),
    nodeLabels: new Map(of('Node').map((node) => [String(fields(node.metadata).name), labelsOf(node)])),
    podNodes: new Map(of('Pod').flatMap(readPodNode)),
    excluded: excluded ? readExcluded(textOf(fields(excluded.data)['excludel2.yaml']) ?? '') : null,
  };
}

function readPool(object: Fields): AddressPool {
  const spec = fields(object.spec);
  return {
    name: String(fields(object.metadata).name),
    ranges: textsIn(spec.addresses).flatMap((text) => readAddressRange(text) ?? []),
    autoAssign: spec.autoAssign !== false,
    labels: labelsOf(object),
  };
}

function readAdvertisement(object: Fields, protocol: Advertisement['protocol']): Advertisement {
  const spec = fields(object.spec);
  const interfaces = textsIn(spec.interfaces);
  return {
    name: String(fields(object.metadata).name),
    protocol,
    pools: textsIn(spec.ipAddressPools),
    poolSelectors: selectorsIn(spec.ipAddressPoolSelectors),
    nodeSelectors: selectorsIn(spec.nodeSelectors),
    serviceSelectors: selectorsIn(spec.serviceSelectors),
    interfaces: interfaces.length === 0 ? null : interfaces,
  };
}

/** What a pool of before 0.13 comes to: it is announced by its own protocol, everywhere. */
function advertisementOfPool(name: string, protocol: Advertisement['protocol']): Advertisement {
  const everything = { poolSelectors: [], nodeSelectors: [], serviceSelectors: [], interfaces: null };
  return { name, protocol, pools: [name], ...everything };
}

function readLoadBalancer(object: Fields): LoadBalancer[] {
  if (fields(object.spec).type !== 'LoadBalancer') return [];
  const ingress = list(fields(fields(object.status).loadBalancer).ingress);
  const addresses = addressesIn(ingress.map((entry) => fields(entry).ip));
  return addresses.length === 0
    ? []
    : [{ service: qualifiedName(object), addresses, labels: labelsOf(object) }];
}

function readStatus(object: Fields): L2Status[] {
  const status = fields(object.status);
  const [node, name] = [textOf(status.node), textOf(status.serviceName)];
  if (node === null || name === null) return [];
  const interfaces = list(status.interfaces).flatMap((entry) => textOf(fields(entry).name) ?? []);
  return [
    {
      service: `${status.serviceNamespace}/${name}`,
      node,
      interfaces: interfaces.length === 0 ? null : interfaces,
    },
  ];
}

function readBGPStatus(object: Fields): BGPStatus[] {
  const status = fields(object.status);
  const [node, name] = [textOf(status.node), textOf(status.serviceName)];
  if (node === null || name === null) return [];
  return [{ service: `${status.serviceNamespace}/${name}`, node, peers: textsIn(status.peers) }];
}

/** The protocol is named since 0.13; a pool had one before. */
const ASSIGNED = /^announcing from node "([^"]+)"(?: with protocol "([^"]+)")?/;

function readAssigned(object: Fields): NodeAssigned[] {
  if (object.reason !== 'nodeAssigned') return [];
  const [, node, protocol = 'layer2'] = ASSIGNED.exec(textOf(object.message) ?? '') ?? [];
  if (node === undefined || protocol !== 'layer2') return [];
  const { namespace, name } = fields(object.involvedObject);
  const lastSeen = textOf(object.lastTimestamp) ?? textOf(object.eventTime);
  return [{ service: `${namespace}/${name}`, node, lastSeen }];
}

/** The API server writes times in UTC and of one length, so that they compare as texts. */
function latest(events: readonly NodeAssigned[]): NodeAssigned[] {
  const byService = new Map<string, NodeAssigned>();
  for (const event of events) {
    const other = byService.get(event.service);
    if (!other || (event.lastSeen ?? '') > (other.lastSeen ?? '')) byService.set(event.service, event);
  }
  return [...byService.values()];
}

function readPodNode(object: Fields): [string, string][] {
  const node = textOf(fields(object.spec).nodeName);
  return node === null ? [] : [[String(fields(object.metadata).name), node]];
}

function readExcluded(yaml: string): string[] {
  return textsIn(fields(parseYaml(yaml)).announcedInterfacesToExclude);
}

/** Whether the advertisement is of the pools that have the address. */
export function advertises(metallb: MetalLB, advertisement: Advertisement, address: string): boolean {
  const { pools, poolSelectors } = advertisement;
  return metallb.pools
    .filter((pool) => pool.ranges.some((range) => isInRange(range, address)))
    .some(
      (pool) =>
        (pools.length === 0 && poolSelectors.length === 0) ||
        pools.includes(pool.name) ||
        poolSelectors.some((selector) => selects(selector, pool.labels)),
    );
}
