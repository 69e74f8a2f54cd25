import type { Alternative, Evidence, Finding, Gap } from '../../model/analysis.js';
import { endpointLabel } from '../../model/endpoint.js';
import { stationLabel } from '../../model/station.js';
import { numberText } from '../../model/texts.js';
import type { Conclusion, Suspicion } from '../cause.js';
import { packetEvidence, QUOTED, sysctlEvidence } from '../evidence.js';
import { faultOf } from '../fault.js';
import { captureCommand, captureFilter, orNeighbours } from '../recording.js';
import { HAD_REPLY } from '../ways/handshake.js';
import { listed, listedEndpoints } from '../words.js';
import type { DisownedProof } from './disowned.js';
import { fullQueueFix, fullQueueGap, fullQueueText, queueOf } from './full-queue.js';

type Suspected = Suspicion<DisownedProof>;

/** The finding for a server whose kernel resets what its accept queue has no room for. */
export function concludeResetQueue(suspicions: readonly Suspected[]): Conclusion {
  const [{ attempt, proof, interface: name }] = suspicions as [Suspected];
  const server = proof.server!;
  const queue = queueOf(server, suspicions.length)!;
  const { port } = attempt.legs.at(-1)!.server;
  return {
    finding: {
      ...headOf('backend-silent', suspicions),
      summary: `${beginningOf(suspicions)}. ${fullQueueText(queue)}`,
      evidence: [
        ...evidenceOf(suspicions),
        queue.evidence,
        sysctlEvidence(server, 'net.ipv4.tcp_abort_on_overflow', ': it resets them for that'),
      ],
      fix: fullQueueFix(queue, String(port)),
    },
    gaps: [fullQueueGap(queue, name, port)],
  };
}

/** The finding for connections that somebody resets who knows nothing of them. */
export function concludeDisowned(suspicions: readonly Suspected[]): Conclusion {
  const known = knownOf(suspicions);
  return {
    finding: {
      ...headOf('undetermined', suspicions),
      summary: `${beginningOf(suspicions)}: ${known}.`,
      evidence: evidenceOf(suspicions),
      fix: null,
      known,
    },
    gaps: [...ownRulesGap(suspicions[0]!), gapOf(suspicions[0]!)],
  };
}

function headOf(cause: 'backend-silent' | 'undetermined', suspicions: readonly Suspected[]) {
  const { ack, reset, moved } = suspicions[0]!.proof;
  const { netns } = cause === 'undetermined' ? (moved?.to ?? ack.point) : reset.point;
  const alternatives: Alternative[] = [
    { cause: 'refused', why: 'a SYN-ACK came back: something listens there' },
    { cause: 'wrong-gateway', why: HAD_REPLY },
  ];
  return { ...faultOf(cause, suspicions, netns), alternatives } satisfies Partial<Finding>;
}

function beginningOf(suspicions: readonly Suspected[]): string {
  const servers = listedEndpoints(suspicions.map((s) => s.attempt.server));
  return `Clients connect, and what they send next is reset by a host that knows of no such connection (${numberText(suspicions.length)} to ${servers})`;
}

/** How it came to be, as far as that is known. */
function knownOf(suspicions: readonly Suspected[]): string {
  const [{ proof }] = suspicions as [Suspected];
  const { reset, stray, moved, server } = proof;
  const label = stationLabel(reset.point.node, reset.point.netns);
  if (moved) {
    const before = stationLabel(moved.from.point.node, moved.from.point.netns);
    return `what follows the handshakes came to ${label}, and their SYNs had gone by ${before}`;
  }
  if (stray) {
    const now = listed(suspicions.flatMap((s) => (s.proof.stray ? endpointLabel(s.proof.stray.source) : [])));
    return `${label} had forgotten them when their clients sent on, and translated that anew: it came to ${now}, as of connections that never began there`;
  }
  if (server)
    return `${label} itself, which had answered the SYNs, resets them: it has forgotten them, never took them in, or a rule of it that no snapshot tells of answers in its place`;
  const seen = reset.direction === 'in' ? 'came in to' : reset.direction === 'out' ? 'left' : 'was seen on';
  return `the reset ${seen} ${label} first`;
}

function evidenceOf(suspicions: readonly Suspected[]): Evidence[] {
  return suspicions
    .slice(0, QUOTED)
    .flatMap(({ attempt, proof: { ack, reset, stray, moved } }) => [
      ...(moved ? [packetEvidence(moved.from)] : []),
      packetEvidence(ack),
      packetEvidence(reset, ', and acknowledges nothing: who sent it has no such connection'),
      ...(stray
        ? [
            packetEvidence(
              stray,
              `, with the same number; the handshake had gone to ${endpointLabel(attempt.legs.at(-1)!.server)} from ${endpointLabel(attempt.legs.at(-1)!.client)}`,
            ),
          ]
        : []),
    ]);
}

/** Of a node on the way that nobody saw the reset come in to: its rules may send it, for what it has forgotten as well. */
function ownRulesGap({ proof: { reset, stray, moved, server } }: Suspected): Gap[] {
  if (reset.direction !== 'out' || stray || moved || server) return [];
  const { node, netns, interface: name } = reset.point;
  const label = stationLabel(node, netns);
  return [
    {
      node,
      interface: netns === null ? name : null,
      why: `whether ${label} sends the reset itself: a rule that rejects with tcp-reset what is INVALID, or NEW and no SYN, resets the connections that ${label} has forgotten; its rules' counters and what it forgets tell, to be run there while it happens`,
      capture: 'nft list ruleset; iptables-save -c; conntrack -C; conntrack -E -e DESTROY -p tcp',
    },
  ];
}

function gapOf({ attempt, proof }: Suspected): Gap {
  const { ack, reset, stray, moved, server } = proof;
  const { node, netns, interface: name } = reset.point;
  const label = stationLabel(node, netns);
  if (moved) {
    const { address } = attempt.server;
    return {
      node: null,
      interface: null,
      why: `who has ${address} when, as whoever sends there was told: record the next router before the nodes, with ARP or neighbour discovery`,
      capture: captureCommand(null, `host ${address} ${orNeighbours(address)}`),
    };
  }
  if (stray)
    return {
      node,
      interface: netns === null ? name : null,
      why: `why ${label} forgets connections: its table is full (its kernel log says so), they are deleted (as by \`conntrack -D\` or -F, which kube-proxy may do as well), or are silent for longer than it keeps them; to be run there while it happens`,
      capture:
        'conntrack -C; sysctl net.netfilter.nf_conntrack_max net.netfilter.nf_conntrack_tcp_timeout_established; dmesg | grep nf_conntrack; conntrack -E -e DESTROY -p tcp',
    };
  if (server)
    return {
      node,
      interface: netns === null ? name : null,
      why: `why the kernel of ${label} resets them: its queue of connections is full (tcp_abort_on_overflow), a SYN cookie did not fit, the program was started anew, or a rule rejects; to be run there`,
      capture:
        'nstat -az TcpExtListenOverflows TcpExtSyncookiesFailed; sysctl net.ipv4.tcp_abort_on_overflow; ss -ltn; nft list ruleset; iptables-save',
    };
  return {
    node: null,
    interface: null,
    why: `whose reset it is${reset.direction === 'out' ? `, if not that of ${label}` : ''}: it was first seen on ${label}; record the next on the way from there to the server, with its firewall rules (one that rejects with tcp-reset sends such resets), and the server itself`,
    capture: captureCommand(null, captureFilter(ack)),
  };
}
