import type { Attempt } from '../../correlate/attempt.js';
import { RECORD_DROPS, recordingCommand } from '../../ingest/snapshot/files.js';
import type { Verdict } from '../../kernel/verdict.js';
import type { Gap } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import { stationLabel } from '../../model/station.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { demandOf } from '../drops/demand.js';
import { otherHost, QUOTED } from '../evidence.js';
import { nearestDrops } from '../kernel-records.js';
import { type Loss, lastSightings } from '../loss.js';
import { nextHopAddress, type Place, placeOf } from '../place.js';
import { captureCommand, captureFilter, collectCommand, filesNamedIn, recordRules } from '../recording.js';
import { devicesWithXdp, xdpGap } from '../xdp.js';
import { wayEndOf } from './undetermined-last-seen.js';
import { unwatchedGap } from './unwatched.js';

/** What would tell: the next node where none was captured there, else what the last node did not say. */
export function gapsOf(
  attempt: Attempt,
  last: Sighting | null,
  verdict: Verdict | null,
  context: DiagnosisContext,
): Gap[] {
  const loss = wayEndOf(attempt);
  if (!last) return [];
  if (!loss) {
    if (last.kind === 'rst' && last.direction === 'out' && last.source.address !== attempt.client.address)
      return [answererGap(last)];
    const why = `the reply came back to ${attempt.client.address} and was not taken for one; its own node would show with which addresses`;
    const { port } = attempt.client;
    const own = port === null ? 'icmp or icmp6' : `${attempt.protocol} port ${port}`;
    const filter = `host ${attempt.server.address} or ${own}`;
    return [
      { node: null, interface: null, why, capture: `tcpdump -i any -n -s 128 -w client.pcap '${filter}'` },
    ];
  }
  const here = context.node(last.point.node, last.point.netns);
  const place = placeOf(loss, context);
  const filter = captureFilter(last);
  if (loss.trace.overheard) {
    const name = last.point.interface === null ? '' : ` by ${last.point.interface}`;
    const why = `${last.point.node} only overheard the packet${name}, in a frame for ${otherHost(last.etherDestination)}: what became of it shows at the host that it was for, and by the neighbour entry of who sent it`;
    return [{ node: null, interface: null, why, capture: captureCommand(null, filter) }];
  }
  if (last.direction === 'out' && (!place || place.node.captures.length === 0)) {
    return [nextGap(last, place, here)];
  }
  const unwatched = unwatchedGap(loss, context);
  if (unwatched) return [unwatched];
  if (last.direction === 'out' && place) {
    const why = `the packet left ${last.point.node}${last.point.interface === null ? '' : ` by ${last.point.interface}`} towards ${place.node.name}, whose captures do not show it: it was lost between the two, or their filter hides it`;
    const { snapshot } = place.node;
    const xdp = snapshot && place.interface !== null ? devicesWithXdp(snapshot, place.interface) : [];
    const label = place.node.name;
    const at = { node: place.node.name, interface: place.interface };
    return [
      { ...at, why, capture: captureCommand(place.interface, filter) },
      ...xdp.map((device) => xdpGap({ snapshot: snapshot!, label }, device)),
    ];
  }
  const got = `the packet got to ${labelOf(last, here)}`;
  const at = { node: last.point.node, interface: last.point.interface };
  const way = verdict?.verdict === 'forward' ? verdict.dev : null;
  if (here && way !== null && !context.covers(here, way, lastSightings(loss))) {
    const why = `${got}, whose routes send it on by ${way}, where nothing was captured`;
    return [{ ...at, interface: way, why, capture: captureCommand(way, filter) }];
  }
  const reasons = here ? dropReasons(here, loss) : [];
  const doubts = here ? doubtsAt(here, attempt, context) : [];
  const missing = here ? [...new Set([...missingFiles(here, last), ...doubtedFiles(attempt, context)])] : [];
  const why =
    reasons.length > 0
      ? `${got} and no farther; the kernel dropped packets at these times for ${reasons.join(', ')}`
      : verdict && verdict.verdict !== 'forward' && verdict.verdict !== 'local'
        ? `${got} and no farther; by its routes and settings it ends there: ${verdict.why}`
        : missing.length > 0
          ? `${got} and no farther; without ${missing.join(', ')} its decision cannot be told`
          : doubts.length > 0
            ? `${got} and no farther; what becomes of it there cannot be told: ${doubts.join('; ')}`
            : `${got} and no farther, and its routes and settings do not say why; its kernel's drop reasons would`;
  if (reasons.length === 0 && missing.length > 0) return [{ ...at, why, capture: recordingCommand(missing) }];
  return [{ ...at, why, capture: here?.snapshot?.drops && here.snapshot.clock ? null : RECORD_DROPS }];
}

/** A node answered itself, in the place of one of the ends. */
function answererGap({ point, fromClient, source }: Sighting): Gap {
  const inner = point.netns === null ? '' : `; to be run in the network namespace ${point.netns}`;
  const label = stationLabel(point.node, point.netns);
  const at = { node: point.node, interface: point.netns === null ? point.interface : null };
  const rules = recordRules(source.address);
  if (fromClient) {
    const why = `whether ${label} tracks the connection, and what takes its entry away, its conntrack events and its rules would tell${inner}`;
    return { ...at, why, capture: `${rules}; conntrack -E -p tcp` };
  }
  const why = `the reset comes from ${label} itself, in the server's place: which of its rules sends it, their counters tell, read before an attempt and after it${inner}`;
  return { ...at, why, capture: rules };
}

/** Where it was sent to, nothing was captured. */
function nextGap(last: Sighting, place: Place | null, here: NodeView | null): Gap {
  const next = place?.node.name ?? null;
  const target = next ?? nextName(last, here) ?? behind(last, here);
  const towards = target === null ? '' : ` towards ${target}`;
  const filter = captureFilter(last);
  const at = { node: next, interface: place?.interface ?? null };
  const why = `the packet left ${last.point.node}${towards}, where nothing was captured`;
  // The far end of a tunnel is a node; a next hop may be a router of another kind, or a host outside.
  const host = place === null ? (last.encapsulations[0]?.destination ?? null) : next;
  if (host === null || place?.node.snapshot || (place && place.node.netns !== null))
    return { ...at, why, capture: captureCommand(null, filter) };
  return {
    ...at,
    why: `${why}, and nothing is known of its settings; this records both`,
    capture: collectCommand(host, next, filter),
  };
}

/** What would tell a lost reply from a lost ACK: the client's side of the first capture of its SYN. */
export function clientGap({ client, traces }: Attempt): Gap {
  const first = traces.find((trace) => trace.role === 'request')?.sightings[0];
  const before = first ? `; none was seen on ${first.point.node}, where its SYN was seen first` : '';
  return {
    node: null,
    interface: null,
    why: `whether ${client.address} got the reply, and where its ACK was lost, a capture at the client or at its router would show${before}`,
    capture: `tcpdump -i any -n -s 128 -w client.pcap 'host ${client.address} and tcp'`,
  };
}

function labelOf({ point }: Sighting, here: NodeView | null): string {
  const inner = here?.netns ?? point.netns;
  return inner === null ? point.node : `the network namespace ${inner} of ${point.node}`;
}

/** The reasons of the drop records that fit the times at which the packets were lost. */
function dropReasons(node: NodeView, loss: Loss): string[] {
  const times = lastSightings(loss).flatMap((s) => (s.time === null ? [] : [s.time]));
  const near = new Set(nearestDrops(node, times).map((record) => record.reason));
  const inOrder = new Set((node.snapshot?.drops?.records ?? []).map((record) => record.reason));
  return [...inOrder].filter((reason) => near.has(reason));
}

/** A namespace of the node's own, as of a pod, where that is what the interface leads to. */
function behind({ point }: Sighting, here: NodeView | null): string | null {
  const link = here?.snapshot?.links?.find((l) => l.name === point.interface);
  return link?.kind === 'veth' ? `the namespace behind ${point.interface}` : null;
}

function nextName(last: Sighting, here: NodeView | null): string | null {
  const outer = last.encapsulations[0]?.destination;
  if (outer != null) return outer;
  const hop = here && nextHopAddress(last, here);
  if (last.etherDestination === null) return hop;
  const neighbour = here?.snapshot?.neighbours?.find((n) => n.mac === last.etherDestination)?.address;
  return `${neighbour ?? hop ?? 'the host'} (${last.etherDestination})`;
}

function missingFiles({ snapshot }: NodeView, { source }: Sighting): string[] {
  const isIPv6 = source.address.includes(':');
  const wanted: [string, unknown][] = [
    ['sysctl.txt', snapshot?.sysctl],
    isIPv6 ? ['ip-route6.json', snapshot?.routes6] : ['ip-route.json', snapshot?.routes4],
    isIPv6 ? ['ip-rule6.json', snapshot?.rules6] : ['ip-rule.json', snapshot?.rules4],
    ['ip-addr.json', snapshot?.addresses],
    ['ip-link.json', snapshot?.links],
  ];
  return wanted.filter(([, value]) => value == null).map(([name]) => name);
}

/** What is assumed of a node beyond what its files say. */
function doubtsAt({ name, netns }: NodeView, attempt: Attempt, context: DiagnosisContext): string[] {
  const mark = `${stationLabel(name, netns)}: `;
  const doubts = demandOf(attempt, context)?.doubts ?? [];
  return doubts.flatMap((line) => (line.startsWith(mark) ? [line.slice(mark.length)] : [])).slice(0, QUOTED);
}

/** Files without which it is not known what the nodes on the way would do. */
function doubtedFiles(attempt: Attempt, context: DiagnosisContext): string[] {
  return filesNamedIn(demandOf(attempt, context)?.doubts ?? []);
}
