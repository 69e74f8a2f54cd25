import { RECORD_DROPS } from '../../ingest/snapshot/files.js';
import type { Alternative, Evidence, Gap } from '../../model/analysis.js';
import { stationLabel } from '../../model/station.js';
import { numberText } from '../../model/texts.js';
import type { Conclusion, Suspicion } from '../cause.js';
import type { DiagnosisContext } from '../context.js';
import { packetEvidence, QUOTED } from '../evidence.js';
import { faultOf } from '../fault.js';
import { captureCommand, captureFilter } from '../recording.js';
import { HAD_REPLY } from '../ways/handshake.js';
import { narrowEvidence } from '../ways/narrow-links.js';
import { repeatedEvidence } from '../ways/unconfirmed.js';
import { witnessEvidence } from '../ways/witnesses.js';
import { listed, listedEndpoints } from '../words.js';
import type { IgnoredProof } from './data-ignored.js';
import { fullQueueFix, fullQueueGap, fullQueueText, queueOf } from './full-queue.js';

/** The finding for a server whose accept queue was full when ACKs came. */
export function concludeFullQueue(suspicions: readonly Suspicion<IgnoredProof>[]): Conclusion {
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

/** The finding for what came to the server, or towards it, in vain, where nothing tells why. */
export function concludeIgnored(
  suspicions: readonly Suspicion<IgnoredProof>[],
  context: DiagnosisContext,
): Conclusion {
  const [{ attempt, proof }] = suspicions as [Suspicion<IgnoredProof>];
  return {
    finding: {
      ...faultOf('undetermined', suspicions, (proof.data ?? proof.syn).point.netns),
      summary: `${beginningOf(suspicions)}; what was captured does not tell why.`,
      evidence: [
        ...evidenceOf(suspicions),
        ...(proof.isServer && !proof.data ? [] : narrowEvidence(attempt, 'request', context)),
      ],
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
  // A capture of several interfaces does not tell by which of them data left.
  const arrived = `their ACK ${way} ${label} as their SYN had, data behind it was seen there`;
  if (again)
    return `Clients take connections as made that their server does not ${many}: ${arrived}, and the SYN-ACK is sent again as if neither had come`;
  return `Clients connect, and send their first data again and again ${many}: ${arrived}, and nothing comes back behind the SYN-ACK`;
}

function evidenceOf(suspicions: readonly Suspicion<IgnoredProof>[]): Evidence[] {
  const [{ attempt, proof }] = suspicions as [Suspicion<IgnoredProof>];
  const remark = proof.data
    ? ', and data behind it, again and again'
    : ', as the SYN had; data behind it was seen there';
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

function ruledOut({ isServer }: IgnoredProof): Alternative[] {
  return [
    { cause: 'wrong-gateway', why: HAD_REPLY },
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
  const why = `the ACK and data were seen on ${label}: record the next on their way, the server's own network namespace in the end`;
  return { node, interface: null, why, capture: captureCommand(null, captureFilter(syn)) };
}
