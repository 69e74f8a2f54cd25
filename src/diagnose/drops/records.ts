/** What the kernel itself leaves behind of each kind of drop, as seen on Linux 6.18. */
import type { Attempt } from '../../correlate/attempt.js';
import type { CauseId } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import type { DropRecord } from '../../model/snapshot.js';
import type { Nanoseconds } from '../../model/time.js';
import type { Drop } from '../../network/journey.js';
import type { Station } from '../../network/station.js';
import { isAt, type NodeView } from '../context.js';
import { counterRise, nearestDrops } from '../kernel-records.js';

/** Reasons that each name one kind of drop. */
const REASON_OF: Readonly<Partial<Record<string, CauseId>>> = {
  NETFILTER_DROP: 'filtered',
  IP_INADDRERRORS: 'forwarding-off',
  IP_INNOROUTES: 'no-route',
  IP_RPFILTER: 'rp-filter',
  // Martian addresses: no cause of their own.
  IP_LOCAL_SOURCE: 'undetermined',
  IP_INVALID_SOURCE: 'undetermined',
  IP_INVALID_DEST: 'undetermined',
  IP_LOCALNET: 'undetermined',
};

/**
 * ip_error() gives a reason to two of its errors alone: blackhole, prohibit and unreachable routes of IPv4 end there
 * without one. dst_discard() is IPv6's blackhole.
 */
const ROUTE_ERRORS = new Set([
  'ip_error',
  'dst_discard',
  'dst_discard_out',
  'ip6_pkt_prohibit',
  'ip6_pkt_discard',
]);

const ETHERTYPE: Record<4 | 6, number> = { 4: 0x0800, 6: 0x86dd };

/** Whether a record may be of a packet of the family. */
export function isOfFamily({ protocol }: DropRecord, family: 4 | 6): boolean {
  return protocol === null || protocol === ETHERTYPE[family];
}

/** The cause that a record names; null where it may be of anything. */
export function causeOfRecord({ reason, location }: DropRecord): CauseId | null {
  const named = REASON_OF[reason];
  if (named) return named;
  return reason === 'NOT_SPECIFIED' && location !== null && ROUTE_ERRORS.has(location) ? 'no-route' : null;
}

/**
 * The records that lie nearest to the times at which a packet was lost, of those that name a cause.
 *
 * @param times by the node's clock
 * @param only of this one
 */
export function recordsNear(
  node: NodeView,
  times: readonly Nanoseconds[],
  family: 4 | 6,
  only: CauseId | null = null,
): DropRecord[] {
  return nearestDrops(node, times, (record) => {
    if (!isOfFamily(record, family)) return false;
    const named = causeOfRecord(record);
    return only === null ? named !== null : named === only;
  });
}

export interface CounterRise {
  name: string;
  /** Null where it was not read before and after. */
  rise: number | null;
}

interface DroppedPacket {
  family: 4 | 6;
  protocol: string;
  /** Whether it had come in; else the node itself was sending it. */
  input: boolean;
  /** Whether it is the tunnel packet around it. */
  carrier: boolean;
}

/**
 * The counter that moves with every such drop (ip_error(), ip6_forward(), ip6_pkt_drop(), __ip_queue_xmit(),
 * inet_csk_route_req(), udp_sendmsg()); null where none does.
 */
export function counterOf(drop: Drop, packet: DroppedPacket, node: NodeView): CounterRise | null {
  const name = counterName(drop, packet);
  return name === null ? null : { name, rise: counterRise(node, name) };
}

function counterName(drop: Drop, { family, protocol, input, carrier }: DroppedPacket): string | null {
  if (drop.by !== 'routing') return null;
  switch (drop.verdict.verdict) {
    case 'forwarding-off':
      return family === 4 ? 'IpInAddrErrors' : 'Ip6InAddrErrors';
    case 'no-route':
      if (input) return family === 4 ? 'IpExtInNoRoutes' : 'Ip6InNoRoutes';
      // icmp_reply() and vxlan_xmit_one() ask for an IPv4 route and count nothing; IPv6 counts where it looks it up.
      if (family === 4 && (protocol === 'icmp' || carrier)) return null;
      return family === 4 ? 'IpOutNoRoutes' : 'Ip6OutNoRoutes';
    case 'prohibit':
    case 'unreachable':
    case 'blackhole':
      // TCP counts an own IPv4 packet whatever the error is; UDP and IPv6 do for want of a route alone.
      return !input && !carrier && family === 4 && protocol === 'tcp' ? 'IpOutNoRoutes' : null;
    default:
      return null;
  }
}

/** ICMP errors that a node sends for want of a route: RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3.1. */
const NO_ROUTE_CODES: Record<4 | 6, ReadonlySet<number>> = {
  // Net, host unreachable; net, host, communication prohibited.
  4: new Set([0, 1, 9, 10, 13]),
  // No route, prohibited, address unreachable, failed policy, reject route.
  6: new Set([0, 1, 3, 5, 6]),
};

const UNREACHABLE: Record<4 | 6, number> = { 4: 3, 6: 1 };

/** The ICMP errors with which the node itself said that it dropped the packet so. */
export function icmpOf(attempt: Attempt, drop: Drop, station: Station, isRequest: boolean): Sighting[] {
  return attempt.others.filter(
    ({ icmp, fromClient }) =>
      icmp !== null &&
      fromClient === isRequest &&
      icmp.type === UNREACHABLE[icmp.version] &&
      station.model.hasAddress(icmp.from) &&
      fits(drop, icmp),
  );
}

function fits(drop: Drop, { version, code }: NonNullable<Sighting['icmp']>): boolean {
  if (drop.by === 'netfilter') return drop.answer?.startsWith('icmp') ?? false;
  return (
    drop.by === 'routing' && drop.verdict.verdict !== 'forwarding-off' && NO_ROUTE_CODES[version].has(code)
  );
}

/** The RSTs with which a rule answered in the place of the server: they left the node, and came from nowhere. */
export function resetsOf(attempt: Attempt, drop: Drop, node: NodeView): Sighting[] {
  return drop.by === 'netfilter' && drop.answer === 'tcp-reset' ? resetsMadeAt(attempt, node) : [];
}

/** The RSTs to the client that left the node, and came into it from nowhere. */
export function resetsMadeAt(attempt: Attempt, node: NodeView): Sighting[] {
  const resets = attempt.others.filter((s) => s.kind === 'rst' && !s.fromClient);
  const here = resets.filter(({ point }) => isAt(point, node));
  return here.every((s) => s.direction === 'out') ? here : [];
}
