/** How a VIP is made known outside the cluster, and by whom. */
import { isInRange } from '../../ingest/kube/address-range.js';
import type { KubeVip, KubeVipLease } from '../../ingest/kube/kube-vip.js';
import { selects } from '../../ingest/kube/label-selector.js';
import { type Advertisement, advertises, type MetalLB } from '../../ingest/kube/metallb.js';
import type { KubeService } from '../../ingest/kube/services.js';
import type { SpeakerLog } from '../../model/snapshot.js';
import type { Nanoseconds } from '../../model/time.js';
import type { Station } from '../station.js';
import { type Holder, holdersOf, isKeepalived } from './holders.js';
import { type HandOver, logHistory } from './log-history.js';

/** `interface-address`: on a node's interface, and nothing tells who put it there. */
export type Means =
  | 'metallb-l2'
  | 'metallb-bgp'
  | 'kube-vip'
  | 'kube-vip-bgp'
  | 'keepalived'
  | 'node-address'
  | 'interface-address';

/** Those in which nobody has to answer ARP or neighbour solicitations: routers are told the way. */
const ROUTED: ReadonlySet<Means> = new Set(['metallb-bgp', 'kube-vip-bgp']);

export interface VipAnnouncer {
  node: string;
  /** Null for every one, or where it is not told. */
  interface: string | null;
  count: number;
  firstTime: Nanoseconds | null;
  lastTime: Nanoseconds | null;
  current: boolean | null;
}

export interface VipAnnouncements {
  /** None where nothing tells of it. */
  means: Means[];
  /** The pool that has the address; null where no object tells. */
  pool: string | null;
  advertisements: string[];
  announcers: VipAnnouncer[];
  handOvers: HandOver[];
}

export interface Known {
  stations: readonly Station[];
  metallb: MetalLB;
  kubeVip: KubeVip;
  logs: readonly SpeakerLog[];
  nodeAddresses: ReadonlyMap<string, readonly string[]>;
}

/** @param services whose the VIP is; none where it is no Service's */
export function announcementsOf(
  known: Known,
  vip: string,
  services: readonly KubeService[],
): VipAnnouncements {
  const byMetalLB = ofMetalLB(known, vip, services);
  const holders = holdersOf(known.stations, vip);
  const byKubeVip = ofKubeVip(known, vip, services, holders, byMetalLB.means.length > 0);
  const others: Means[] = [];
  if (isNodeAddress(known, vip)) others.push('node-address');
  else if (holders.some(isKeepalived)) others.push('keepalived');
  else if (holders.length > 0 && byKubeVip.means.length === 0) others.push('interface-address');
  const held = others.length === 0 ? [] : holders.map(announcerOfHolder);
  return {
    ...byMetalLB,
    means: [...byMetalLB.means, ...byKubeVip.means, ...others],
    announcers: [...byMetalLB.announcers, ...byKubeVip.announcers, ...held],
  };
}

/** Whether a VIP that is made known so is asked for by ARP or NDP; null where that is not known. */
export function isAskedFor(means: readonly Means[]): boolean | null {
  return means.length === 0 ? null : means.some((one) => !ROUTED.has(one));
}

function ofMetalLB(known: Known, vip: string, services: readonly KubeService[]): VipAnnouncements {
  const { metallb, logs } = known;
  const own = services.filter((service) => isMetalLBs(metallb, service, vip));
  const names = new Set(own.map((service) => service.name));
  const fitting = metallb.advertisements.filter(
    (one) => advertises(metallb, one, vip) && own.some((service) => isFor(one, service)),
  );
  const { announcers: logged, handOvers } = logHistory(logs, metallb, names, vip);
  const statuses = metallb.statuses.filter((status) => names.has(status.service));
  const peers = metallb.bgpStatuses.filter((status) => names.has(status.service));
  const assigned = metallb.assigned.filter((event) => names.has(event.service));
  // What is announced no more tells how it is done only where nothing else does.
  const lasting = [...fitting, ...logged.filter((one) => one.lastWord)];
  const told = (lasting.length > 0 ? lasting : logged).map((one) => one.protocol);
  const layer2 = told.includes('layer2') || statuses.length + assigned.length > 0;
  const bgp = told.includes('bgp') || peers.length > 0;

  const speaking = logged.filter((one) => one.protocol === 'layer2' && one.lastWord);
  const now = statuses.length > 0 ? statuses : speaking.length > 0 ? speaking : assigned;
  const isCurrent = (node: string): boolean | null => {
    if (now.length === 0) return null;
    if (!now.some((one) => one.node === node)) return false;
    // Two that both announce cannot be told apart here: one may have died without a word.
    return new Set(now.map((one) => one.node)).size === 1 || null;
  };
  const nodes = new Set([...logged, ...statuses, ...assigned, ...peers].map((one) => one.node));
  const announcers = [...nodes].map((node): VipAnnouncer => {
    const lines = logged.filter((one) => one.node === node);
    const status = statuses.find((one) => one.node === node);
    const routed =
      peers.some((one) => one.node === node) || lines.some((one) => one.protocol === 'bgp' && one.lastWord);
    return {
      node,
      interface: status?.interfaces?.join(', ') ?? null,
      count: lines.reduce((sum, one) => sum + one.count, 0),
      firstTime: lines.map((one) => one.firstTime).find((time) => time !== null) ?? null,
      lastTime: lines.map((one) => one.lastTime).findLast((time) => time !== null) ?? null,
      // All nodes at once are as BGP would have it.
      current: routed || isCurrent(node),
    };
  });
  return {
    means: [...(layer2 ? ['metallb-l2' as const] : []), ...(bgp ? ['metallb-bgp' as const] : [])],
    pool: poolOf(metallb, vip, own),
    advertisements: fitting.map((one) => one.name),
    announcers,
    handOvers,
  };
}

/** An external IP is nobody's to announce, and kube-vip has a class of its own. */
function isMetalLBs(metallb: MetalLB, { name, loadBalancerClass }: KubeService, vip: string): boolean {
  if (loadBalancerClass?.startsWith('kube-vip.io/')) return false;
  return metallb.loadBalancers.some((one) => one.service === name && one.addresses.includes(vip));
}

function isFor({ serviceSelectors }: Advertisement, { labels }: KubeService): boolean {
  return serviceSelectors.length === 0 || serviceSelectors.some((selector) => selects(selector, labels));
}

const ALLOCATED = ['metallb.io/ip-allocated-from-pool', 'metallb.universe.tf/ip-allocated-from-pool'];
const ASKED = ['metallb.io/address-pool', 'metallb.universe.tf/address-pool'];

function poolOf(metallb: MetalLB, vip: string, services: readonly KubeService[]): string | null {
  const annotated = (keys: readonly string[]) =>
    services.flatMap(({ annotations }) => keys.flatMap((key) => annotations.get(key) ?? []))[0];
  const having = metallb.pools.find((pool) => pool.ranges.some((range) => isInRange(range, vip)));
  return annotated(ALLOCATED) ?? having?.name ?? annotated(ASKED) ?? null;
}

function ofKubeVip(
  { kubeVip }: Known,
  vip: string,
  services: readonly KubeService[],
  holders: readonly Holder[],
  others: boolean,
): Pick<VipAnnouncements, 'means' | 'announcers'> {
  const leases = services.flatMap((service) => kubeVip.leases.get(leaseName(service)) ?? []);
  const controls = kubeVip.controlPlane.includes(vip);
  const claimed = services.some(({ loadBalancerClass, annotations }) =>
    [loadBalancerClass ?? '', ...annotations.keys()].some((text) => KUBE_VIPS.test(text)),
  );
  const common = kubeVip.services === true && services.length > 0 && !others;
  if (leases.length === 0 && !controls && !claimed && !common) return { means: [], announcers: [] };
  if (kubeVip.routed) return { means: ['kube-vip-bgp'], announcers: [] };

  const shared = kubeVip.leases.get(`kube-system/${controls ? 'plndr-cp-lock' : 'plndr-svcs-lock'}`);
  const held = leases.length > 0 || !shared ? leases : [shared];
  const hosts = services.flatMap(({ annotations }) => annotations.get('kube-vip.io/vipHost') ?? []);
  const byNode = new Map<string, VipAnnouncer>();
  for (const lease of held) byNode.set(lease.holder, announcerOfLease(lease, kubeVip.interface));
  // What an address shows is surer than a lease, which outlives its holder.
  for (const holder of holders)
    byNode.set(holder.node, { ...byNode.get(holder.node), ...announcerOfHolder(holder) });
  if (byNode.size === 0)
    for (const node of hosts) byNode.set(node, { ...NEVER, node, interface: kubeVip.interface });
  return { means: ['kube-vip'], announcers: [...byNode.values()] };
}

/** Its class, or an annotation that says where the address is, or which it is to be. */
const KUBE_VIPS = /^kube-vip\.io\/(?:kube-vip-class|vipHost|loadbalancerIPs|hwaddr)$/;

function leaseName({ name, annotations }: KubeService): string {
  const [namespace, own] = name.split('/');
  return `${namespace}/${annotations.get('kube-vip.io/leaseName') ?? `kubevip-${own}`}`;
}

const NEVER = { count: 0, firstTime: null, lastTime: null, current: true } as const;

function announcerOfLease({ holder, since, renewed }: KubeVipLease, name: string | null): VipAnnouncer {
  return { node: holder, interface: name, count: 0, firstTime: since, lastTime: renewed, current: true };
}

function announcerOfHolder({ node, interface: name }: Holder): VipAnnouncer {
  return { ...NEVER, node, interface: name };
}

function isNodeAddress({ nodeAddresses }: Known, vip: string): boolean {
  return [...nodeAddresses.values()].some((addresses) => addresses.includes(vip));
}
