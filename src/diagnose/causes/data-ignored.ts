import type { Attempt } from '../../correlate/attempt.js';
import { isDataIgnored } from '../../correlate/leg.js';
import { RECORD_DROPS } from '../../ingest/snapshot/files.js';
import type { Alternative, Evidence, Gap } from '../../model/analysis.js';
import { stationLabel } from '../../model/station.js';
import { numberText } from '../../model/texts.js';
import { type Conclusion, cause, type Suspicion } from '../cause.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { packetEvidence, QUOTED } from '../evidence.js';
import { faultOf } from '../fault.js';
import { captureCommand, captureFilter } from '../recording.js';
import { isHalfOpen, type Unconcluded, unconcluded } from '../ways/handshake.js';
import { remembered } from '../ways/remembered.js';
import { repeatedEvidence } from '../ways/unconfirmed.js';
import { listed, listedEndpoints } from '../words.js';
import { fullQueueFix, fullQueueGap, fullQueueText, queueOf } from './full-queue.js';

interface IgnoredProof extends Unconcluded {
  /** Where the packets were seen last: the server's own, or whoever handed them on. */
  station: NodeView | null;
  /** Whether the server is there. */
  isServer: boolean;
}

/**
 * The ACK that ends a handshake, and data behind it, came as far as the SYN did, and the SYN-ACK is sent again all the
 * same. A server that waits for data does that as long as none came (tcp(7), TCP_DEFER_ACCEPT), and not behind it.
 *
 * Proof: the SYN-ACK behind data, and nothing else of the server; its kernel's counter of connections that found the
 * accept queue full, whose ACK is dropped (tcp_v4_syn_recv_sock()), tells why. Without it nothing does.
 */
function dataIgnored(id: 'backend-silent' | 'undetermined'): ReturnType<typeof cause> {
  const isFull = id === 'backend-silent';
  return cause<IgnoredProof>({
    id,
    symptoms: ['established'],

    examine(attempt, context) {
      const proof = isHalfOpen(attempt) ? proofOf(attempt, context) : null;
      if (!proof || (isFull && !isOverflown(proof, context))) return null;
      const { point } = proof.syn;
      return {
        attempt,
        confidence: isFull ? 'probable' : 'possible',
        node: point.node,
        interface: point.interface,
        aspect: `ignored ${point.netns} ${proof.syn.direction}`,
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
    if (!found?.arrived || !isDataIgnored(attempt.legs)) return null;
    const { node, netns } = found.syn.point;
    const station = context.node(node, netns) ?? null;
    const isServer = station?.model?.hasAddress(attempt.legs.at(-1)!.server.address) ?? false;
    return { ...found, station, isServer };
  },
);

/** Whether the server's kernel counted at least as many as its clients wait for. */
function isOverflown({ station, isServer }: IgnoredProof, context: DiagnosisContext): boolean {
  if (!station || !isServer) return false;
  return queueOf(station, waiting(station, context))?.accountsForAll ?? false;
}

/** How many connections a server's clients take as made in vain. */
const waiting = remembered(
  (server: NodeView) => server,
  (server, context) =>
    context.attempts.filter((one) => isHalfOpen(one) && proofOf(one, context)?.station === server).length,
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

function concludeUntold(suspicions: readonly Suspicion<IgnoredProof>[]): Conclusion {
  const { proof } = suspicions[0]!;
  return {
    finding: {
      ...faultOf('undetermined', suspicions, proof.syn.point.netns),
      summary: `${beginningOf(suspicions)}; what was captured does not tell why.`,
      evidence: evidenceOf(suspicions),
      fix: null,
      alternatives: ruledOut(proof),
    },
    gaps: [gapOf(proof)],
  };
}

function beginningOf(suspicions: readonly Suspicion<IgnoredProof>[]): string {
  const { syn } = suspicions[0]!.proof;
  const servers = listedEndpoints(suspicions.map((s) => s.attempt.server));
  const label = stationLabel(syn.point.node, syn.point.netns);
  const way = syn.direction === 'out' ? 'left' : 'came to';
  return `Clients take connections as made that their server does not (${numberText(suspicions.length)} to ${servers}): their ACK and data ${way} ${label} as their SYN had, and the SYN-ACK is sent again as if they had not`;
}

function evidenceOf(suspicions: readonly Suspicion<IgnoredProof>[]): Evidence[] {
  const [{ attempt, proof }] = suspicions as [Suspicion<IgnoredProof>];
  return [
    ...suspicions
      .slice(0, QUOTED)
      .flatMap((s) => [
        packetEvidence(s.proof.ack, ', as the SYN had, and data behind it'),
        packetEvidence(s.proof.again, ' again, behind the data'),
      ]),
    repeatedEvidence(attempt, proof.syn.point.node),
  ];
}

function ruledOut({ isServer }: IgnoredProof): Alternative[] {
  return [
    { cause: 'wrong-gateway', why: 'the client had the SYN-ACK: it answered it with its ACK' },
    ...(isServer
      ? [{ cause: 'stateful-gateway', why: 'the ACK was captured where the server is' } as const]
      : []),
  ];
}

function gapOf({ syn, isServer }: IgnoredProof): Gap {
  const { node, netns, interface: name } = syn.point;
  const label = stationLabel(node, netns);
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
