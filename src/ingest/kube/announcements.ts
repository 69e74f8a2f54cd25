import type { SpeakerLog } from '../../model/snapshot.js';
import type { Nanoseconds } from '../../model/time.js';
import type { MetalLB } from './metallb.js';

/** A node whose MetalLB speaker answers ARP, or neighbour solicitations, for a service's addresses. */
export interface Announcement {
  /** `NAMESPACE/NAME`. */
  service: string;
  addresses: string[];
  /** Null where the log does not tell whose it is. */
  node: string | null;
  /** Null for every interface that the speaker listens on, or where it is not told (`interfacesKnown`). */
  interfaces: string[] | null;
  /** False where only the L2Advertisements can tell the interfaces. */
  interfacesKnown: boolean;
  /** When it began, as far as that is told. */
  since: Nanoseconds | null;
  /** What tells of it, for a person. */
  source: string;
}

/**
 * Who announces what in layer 2, by all that tells of it: ServiceL2Statuses, the speakers' logs (of each service the
 * last that they say) and, for services without a status, events. Two nodes for one service are both given: which
 * of them is right is for the packets to tell.
 */
export function readAnnouncements(metallb: MetalLB, logs: readonly SpeakerLog[]): Announcement[] {
  const addresses = new Map(metallb.loadBalancers.map((b) => [b.service, b.addresses]));
  const withStatus = new Set(metallb.statuses.map((status) => status.service));
  const told = [
    ...metallb.statuses.map(
      ({ service, node, interfaces }): Announcement => ({
        service,
        addresses: addresses.get(service) ?? [],
        node,
        interfaces,
        interfacesKnown: true,
        since: null,
        source: 'ServiceL2Status',
      }),
    ),
    ...logs.flatMap((log) => announcedIn(log, metallb)),
    ...metallb.assigned
      .filter(({ service }) => !withStatus.has(service))
      .map(
        ({ service, node }): Announcement => ({
          service,
          addresses: addresses.get(service) ?? [],
          node,
          interfaces: null,
          interfacesKnown: false,
          since: null,
          source: 'event nodeAssigned',
        }),
      ),
  ];
  return withoutRepetitions(told);
}

function announcedIn(log: SpeakerLog, metallb: MetalLB): Announcement[] {
  const current = new Map<string, Announcement>();
  for (const event of log.events) {
    if (event.kind === 'withdrawn') current.delete(event.service);
    else if (event.protocol === null || event.protocol === 'layer2') {
      current.set(event.service, {
        service: event.service,
        addresses: event.addresses,
        node: speakerNode(log, metallb),
        interfaces: null,
        interfacesKnown: false,
        since: event.time,
        source: `${log.file}, line ${event.line}`,
      });
    }
  }
  return [...current.values()];
}

/** By the pod's name, which prefixes its lines or is its log's file name, else by what the log itself tells. */
export function speakerNode(log: SpeakerLog, metallb: MetalLB): string | null {
  const stem = log.file.replace(/^.*[/:]/, '').replace(/\.log$/, '');
  return metallb.podNodes.get(log.pod ?? stem) ?? log.node;
}

/** One a service and node: the first, which knows most. */
function withoutRepetitions(told: readonly Announcement[]): Announcement[] {
  const first = new Map<string, Announcement>();
  for (const announcement of told) {
    const { service, node } = announcement;
    const key = `${service} ${node ?? announcement.source}`;
    if (!first.has(key)) first.set(key, announcement);
  }
  return [...first.values()];
}
