/**
 * MetalLB's speaker in layer 2 mode, which answers ARP and neighbour solicitations from a packet socket: no
 * arp_ignore, arp_filter or rp_filter concerns it. After internal/layer2 of MetalLB 0.16.1, the same since 0.9 but
 * for the excluded interfaces (0.13.10 and later).
 */
import type { Announcement } from '../ingest/kube/announcements.js';
import { selects } from '../ingest/kube/label-selector.js';
import { type Advertisement, advertises, type MetalLB } from '../ingest/kube/metallb.js';
import type { Snapshot } from '../model/snapshot.js';

/** Those of the ConfigMap `metallb-excludel2` as MetalLB's manifests and chart install it. */
const EXCLUDED = [
  '^docker.*',
  '^cbr.*',
  '^dummy.*',
  '^virbr.*',
  '^lxcbr.*',
  '^veth.*',
  '^lo$',
  '^cali.*',
  '^tunl.*',
  '^flannel.*',
  '^kube-ipvs.*',
  '^cni.*',
  '^nodelocaldns.*',
  '^lxc.*',
];

export interface SpeakerInterfaces {
  names: string[];
  /** What had to be assumed. */
  unknown: string[];
}

/**
 * The interfaces on which a node's speaker listens: up, no port of another, not excluded by name, without NOARP;
 * for IPv4 of a broadcast kind, for IPv6 with a link-local address.
 */
export function speakerInterfaces(snapshot: Snapshot, metallb: MetalLB, family: 4 | 6): SpeakerInterfaces {
  const unknown: string[] = [];
  if (!snapshot.links) unknown.push('ip-link.json is missing: no interface is known');
  if (family === 6 && !snapshot.addresses) unknown.push('ip-addr.json is missing: no address is known');
  if (metallb.excluded === null) {
    unknown.push("the ConfigMap metallb-excludel2 is not in kube/: MetalLB's own list is assumed");
  }
  const patterns = (metallb.excluded ?? EXCLUDED).flatMap((text) => {
    const pattern = compile(text);
    if (!pattern)
      unknown.push(`metallb-excludel2 has "${text}", which cannot be read: taken to exclude nothing`);
    return pattern ?? [];
  });
  const linkLocal = new Set(
    snapshot.addresses?.filter((a) => /^fe[89ab]/.test(a.address)).map((a) => a.interface),
  );
  const names = (snapshot.links ?? [])
    .filter(({ name }) => !patterns.some((pattern) => pattern.test(name)))
    .filter(({ flags, master }) => flags.includes('UP') && !flags.includes('NOARP') && master === null)
    .filter(({ name, flags }) => (family === 4 ? flags.includes('BROADCAST') : linkLocal.has(name)))
    .map(({ name }) => name);
  return { names, unknown };
}

/** Go's expressions are JavaScript's, but for inline flags and the like. */
function compile(text: string): RegExp | null {
  try {
    return new RegExp(text);
  } catch {
    return null;
  }
}

/** What a speaker is asked, on which of its node's interfaces. */
export interface SpeakerQuestion {
  snapshot: Snapshot;
  /** As Kubernetes names it. */
  node: string;
  interface: string;
  target: string;
  /** 0.0.0.0 or `::` in a probe. */
  sender: string;
}

export interface SpeakerAnswer {
  answers: boolean;
  /** The interface's own; null where it does not answer, or where ip-link.json does not tell it. */
  mac: string | null;
  why: string;
  unknown: string[];
}

/**
 * Whether a node's speaker answers for an address.
 *
 * @returns null where nothing says that the node announces it
 */
export function speakerAnswer(
  metallb: MetalLB,
  announcements: readonly Announcement[],
  question: SpeakerQuestion,
): SpeakerAnswer | null {
  const { node, target, sender, snapshot } = question;
  const announcement = announcements.find((a) => a.node === node && a.addresses.includes(target));
  if (!announcement) return null;
  const family = target.includes(':') ? 6 : 4;
  const { names, unknown } = speakerInterfaces(snapshot, metallb, family);
  const refuse = (why: string): SpeakerAnswer => ({ answers: false, mac: null, why, unknown });
  const told = `the speaker of ${node} announces ${target} for ${announcement.service} (${announcement.source})`;

  const interfaces = announcement.interfacesKnown
    ? announcement.interfaces
    : advertisedOn(metallb, announcement, node, target, unknown);
  if (snapshot.links && !names.includes(question.interface)) {
    return refuse(`${told}, but listens on ${names.join(', ') || 'no interface'} alone`);
  }
  if (interfaces && !interfaces.includes(question.interface)) {
    return refuse(`${told} on ${interfaces.join(' and ') || 'no interface'} alone`);
  }
  // It asks for a source link-layer address option, which duplicate address detection has not.
  if (sender === '::') return refuse(`${told}, but leaves duplicate address detection unanswered`);
  const mac = snapshot.links?.find((link) => link.name === question.interface)?.mac ?? null;
  return { answers: true, mac, why: told, unknown };
}

/** The interfaces of all L2Advertisements that are for the address, service and node together; null for every one. */
function advertisedOn(
  metallb: MetalLB,
  { service }: Announcement,
  node: string,
  target: string,
  unknown: string[],
): string[] | null {
  const all = metallb.advertisements.filter((advertisement) => advertisement.protocol === 'layer2');
  if (all.length === 0 || metallb.pools.length === 0) {
    unknown.push('L2Advertisements and IPAddressPools are not in kube/: announced on all interfaces');
    return null;
  }
  const fitting = all.filter(
    (advertisement) =>
      advertises(metallb, advertisement, target) &&
      isForService(metallb, advertisement, service) &&
      isForNode(metallb, advertisement, node, unknown),
  );
  if (fitting.length === 0) {
    unknown.push(`no L2Advertisement is for ${target} on ${node}: announced on all interfaces`);
    return null;
  }
  if (fitting.some(({ interfaces }) => interfaces === null)) return null;
  return [...new Set(fitting.flatMap(({ interfaces }) => interfaces!))];
}

function isForService(metallb: MetalLB, { serviceSelectors }: Advertisement, service: string): boolean {
  if (serviceSelectors.length === 0) return true;
  const labels = metallb.loadBalancers.find((balancer) => balancer.service === service)?.labels ?? new Map();
  return serviceSelectors.some((selector) => selects(selector, labels));
}

function isForNode(
  metallb: MetalLB,
  { name, nodeSelectors }: Advertisement,
  node: string,
  unknown: string[],
): boolean {
  if (nodeSelectors.length === 0) return true;
  const labels = metallb.nodeLabels.get(node);
  if (!labels) {
    unknown.push(`the labels of ${node} are not in kube/: taken to fit the L2Advertisement ${name}`);
    return true;
  }
  return nodeSelectors.some((selector) => selects(selector, labels));
}
