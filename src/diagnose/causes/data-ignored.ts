import type { Attempt } from '../../correlate/attempt.js';
import { isDataIgnored } from '../../correlate/leg.js';
import { RECORD_DROPS } from '../../ingest/snapshot/files.js';
import type { Alternative, Evidence, Gap } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import { isSameStation, stationLabel } from '../../model/station.js';
import { numberText } from '../../model/texts.js';
import { type Conclusion, cause, type Suspicion } from '../cause.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { evidence, packetEvidence, QUOTED } from '../evidence.js';
import { faultOf } from '../fault.js';
import { errandOf } from '../fixes/errand.js';
import { captureCommand, captureFilter } from '../recording.js';
import {
  acknowledgmentsOf,
  farthestOf,
  isHalfOpen,
  type Unconcluded,
  unconcluded,
} from '../ways/handshake.js';
import { remembered } from '../ways/remembered.js';
import { repeatedEvidence } from '../ways/unconfirmed.js';
import { seenWhere, witnessEvidence } from '../ways/witnesses.js';
import { listed, listedEndpoints } from '../words.js';
import { fullQueueFix, fullQueueGap, fullQueueText, queueOf } from './full-queue.js';

interface IgnoredProof extends Unconcluded {
  /** The ACK where data was seen behind it, where that is not so at the last place: it was lost between. */
  data: Sighting | null;
  /** Where the packets were seen last: the server's own, or whoever handed them on. */
  station: NodeView | null;
  /** Whether the server is there. */
  isServer: boolean;
}

/**
 * The ACK that ends a handshake, and data behind it, came as far as the SYN did, and the SYN-ACK is sent again all the
 * same, or the data is, in vain. A server that waits for data sends its SYN-ACK again as long as none came (tcp(7),
 * TCP_DEFER_ACCEPT), and not behind it.
 *
 * Proof: the SYN-ACK behind data, or data again and again, and nothing else of the server; its kernel's counter of
 * connections that found the accept queue full, whose ACK is dropped (tcp_v4_syn_recv_sock()), tells why. Without it
 * nothing does. Where data did not come as far as the ACK, its size may be what it is dropped for.
 */
function dataIgnored(id: 'backend-silent' | 'undetermined'): ReturnType<typeof cause> {
  const isFull = id === 'backend-silent';
  return cause<IgnoredProof>({
    id,
    symptoms: ['established'],

    examine(attempt, context) {
      const proof = mayBeIgnored(attempt) ? proofOf(attempt, context) : null;
      if (!proof || (isFull && !isOverflown(proof, context))) return null;
      const { point, direction } = proof.data ?? proof.syn;
      return {
        attempt,
        confidence: isFull ? 'probable' : 'possible',
        node: point.node,
        interface: point.interface,
        aspect: `ignored ${point.netns} ${direction} ${proof.data !== null} ${proof.again !== null}`,
        proof,
      };
    },

    conclude: isFull ? concludeFull : concludeUntold,
  });
}

/** In the order of decision. */
export const FULL_QUEUE_FOR_ACKS = dataIgnored('backend-silent');
export const DATA_IGNORED = dataIgnored('undetermined');

const proofOf = remembered(
  (attempt: Attempt) => attempt,
  (attempt, context): IgnoredProof | null => {
    const found = unconcluded(attempt);
    if (!found?.arrived || !(attempt.dataUnanswered || isDataIgnored(attempt.legs))) return null;
    const { node, netns } = found.syn.point;
    const station = context.node(node, netns) ?? null;
    const isServer = station?.model?.hasAddress(attempt.legs.at(-1)!.server.address) ?? false;
    const acks = acknowledgmentsOf(attempt);
    const borne = farthestOf(seenWhere(acks, attempt, (witness) => witness.data));
    // A capture of several interfaces does not tell by which of them the data left.
    const data = borne && !isSameStation(borne.point, found.syn.point) ? firstAt(borne, acks) : null;
    return { ...found, station, isServer, data };
  },
);

function firstAt({ point }: Sighting, acks: readonly Sighting[]): Sighting {
  return acks.find((ack) => isSameStation(ack.point, point))!;
}

/** Of most connections nothing more is asked. */
function mayBeIgnored(attempt: Attempt): boolean {
  return attempt.dataUnanswered || isHalfOpen(attempt);
}

/** Whether the server's kernel counted at least as many as its clients wait for. */
function isOverflown({ station, isServer, data }: IgnoredProof, context: DiagnosisContext): boolean {
  if (!station || !isServer || data) return false;
  return queueOf(station, waiting(station, context))?.accountsForAll ?? false;
}

/** How many connections a server's clients take as made in vain. */
const waiting = remembered(
  (server: NodeView) => server,
  (server, context) =>
    context.attempts.filter((one) => mayBeIgnored(one) && proofOf(one, context)?.station === server).length,
);

function concludeFull(suspicions: readonly Suspicion<IgnoredProof>[]): Conclusion {
  const { proof, interface: name } = suspicions[0]!;
  const queue = queueOf(proof.station!, suspicions.length)!;
  const backends = [...new Set(suspicions.map(({ attempt }) => attempt.legs.at(-1)!.server))];
  const ports = listed(backends.map(({ port }) => String(port)));
  return {
    finding: {
      ...faultOf('backend-silent', suspicions, proof.station!.netns),
      summary: `${beginningOf(suspicions)}. ${fullQueueText(queue)}`,
      evidence: [...evidenceOf(suspicions), queue.evidence],
      fix: fullQueueFix(queue, ports),
      alternatives: ruledOut(proof),
    },
    gaps: [fullQueueGap(queue, name, backends[0]!.port)],
  };
}

function concludeUntold(
  suspicions: readonly Suspicion<IgnoredProof>[],
  context: DiagnosisContext,
): Conclusion {
  const [{ attempt, proof }] = suspicions as [Suspicion<IgnoredProof>];
  return {
    finding: {
      ...faultOf('undetermined', suspicions, (proof.data ?? proof.syn).point.netns),
      summary: `${beginningOf(suspicions)}; what was captured does not tell why.`,
      evidence: [...evidenceOf(suspicions), ...(proof.data ? narrowEvidence(attempt, context) : [])],
      fix: null,
      alternatives: ruledOut(proof),
    },
    gaps: [gapOf(proof)],
  };
}

function beginningOf(suspicions: readonly Suspicion<IgnoredProof>[]): string {
  const { syn, again, data } = suspicions[0]!.proof;
  const servers = listedEndpoints(suspicions.map((s) => s.attempt.server));
  const label = stationLabel(syn.point.node, syn.point.netns);
  const way = syn.direction === 'out' ? 'left' : 'came to';
  const many = `(${numberText(suspicions.length)} to ${servers})`;
  if (data)
    return `Clients connect, and send their first data again and again ${many}: their ACK ${way} ${label} as their SYN had, and the data did not, which was last seen on ${stationLabel(data.point.node, data.point.netns)}`;
  const began = `Clients take connections as made that their server does not ${many}`;
  const then = again
    ? 'the SYN-ACK is sent again as if they had not'
    : 'nothing comes back behind the SYN-ACK';
  return `${began}: their ACK and data ${way} ${label} as their SYN had, and ${then}`;
}

function evidenceOf(suspicions: readonly Suspicion<IgnoredProof>[]): Evidence[] {
  const [{ attempt, proof }] = suspicions as [Suspicion<IgnoredProof>];
  const remark = proof.data
    ? ', and data behind it, again and again'
    : ', as the SYN had, and data behind it';
  return [
    ...suspicions
      .slice(0, QUOTED)
      .flatMap(({ proof: { ack, data, again } }) => [
        packetEvidence(data ?? ack, remark),
        ...(data ? [packetEvidence(ack, ', as the SYN had, and no data behind it')] : []),
        ...(again && !data ? [packetEvidence(again, ' again, behind the data')] : []),
      ]),
    ...(proof.again ? [repeatedEvidence(attempt, proof.syn.point.node)] : witnessEvidence(attempt)),
  ];
}

/** Links that take smaller packets than the one before, on the way that the settings have the requests go. */
function narrowEvidence(attempt: Attempt, context: DiagnosisContext): Evidence[] {
  const [trip] = context.network.isKnown ? errandOf(attempt, context, false).walk(context.network) : [];
  return (trip?.request.legs ?? []).flatMap(({ station, interface: input, hop }) => {
    const mtu = (name: string | undefined | null) =>
      station.snapshot.links?.find((l) => l.name === name)?.mtu;
    const [into, out] = [mtu(input), mtu(hop?.dev)];
    if (!into || !out || out >= into) return [];
    const text = `${hop!.dev} of ${station.label} takes packets of ${out} octets (its MTU), and ${input}, by which requests come in, of ${into}: a larger one is answered by an ICMP error, if that gets back`;
    return [evidence('model', text, { node: station.node })];
  });
}

function ruledOut({ isServer }: IgnoredProof): Alternative[] {
  return [
    { cause: 'wrong-gateway', why: 'the client had the SYN-ACK: it answered it with its ACK' },
    ...(isServer
      ? [{ cause: 'stateful-gateway', why: 'the ACK was captured where the server is' } as const]
      : []),
  ];
}

function gapOf({ syn, isServer, data }: IgnoredProof): Gap {
  const { node, netns, interface: name } = syn.point;
  const label = stationLabel(node, netns);
  if (data) {
    const before = stationLabel(data.point.node, data.point.netns);
    const why = `data was seen on ${before}, and not on ${label}, where the ACK was: a way that takes no packet of its size (an MTU, with the ICMP error that would say so lost), or a rule; ask the way for it with pings that may not be fragmented, and take less and less off the size`;
    const capture = `ping -M do -c 3 -s 1472 ${syn.destination.address}; tracepath -n ${syn.destination.address}`;
    return { node: data.point.node, interface: null, why, capture };
  }
  if (isServer)
    return {
      node,
      interface: netns === null ? name : null,
      why: `what the kernel of ${label} does with the ACKs: its drop reasons tell, or its counters of a full accept queue; to be run there`,
      capture: `${RECORD_DROPS}; nstat -az TcpExtListenOverflows TcpExtListenDrops; ss -ltn`,
    };
  const why = `the ACK and data left ${label}, or came to it, as the SYN had: record the next on their way, the server's own network namespace in the end`;
  return { node, interface: null, why, capture: captureCommand(null, captureFilter(syn)) };
}
