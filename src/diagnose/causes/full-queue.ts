/**
 * A server whose program does not accept what its kernel has set up for it: tcp_conn_request() drops each further SYN
 * then, without a word, whatever tcp_syncookies says, and tcp_v4_syn_recv_sock() the ACKs of those that it has answered.
 */
import type { Evidence, Fix, Gap } from '../../model/analysis.js';
import { stationLabel } from '../../model/station.js';
import { numberText } from '../../model/texts.js';
import type { Suspicion } from '../cause.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { counterRise } from '../kernel-records.js';
import type { SilenceProof } from './backend-silent.js';
import { counterEvidence, deliveredRequests } from './delivered-requests.js';

const OVERFLOWS = 'TcpExtListenOverflows';
const DROPS = 'TcpExtListenDrops';

export interface FullQueue {
  /** The network namespace that the server is in, whose counters these are. */
  server: NodeView;
  overflows: number;
  /** Whether there were as many as requests were lost: they count for all sockets there, and for no one of them. */
  accountsForAll: boolean;
  evidence: Evidence;
}

/** @returns null where no queue overflowed, or the server's own counters are not known */
export function fullQueueOf(
  suspicions: readonly Suspicion<SilenceProof>[],
  context: DiagnosisContext,
): FullQueue | null {
  const delivered = deliveredRequests(suspicions, 'tcp', context);
  return delivered && queueOf(delivered.server, delivered.lost);
}

/** The same of a server to which as many packets came in vain. */
export function queueOf(server: NodeView, lost: number): FullQueue | null {
  const overflows = counterRise(server, OVERFLOWS);
  if (overflows === null || overflows <= 0) return null;
  const accountsForAll = overflows >= lost;
  const drops = counterRise(server, DROPS);
  const label = stationLabel(server.name, server.netns);
  const text = `${OVERFLOWS} rose by ${numberText(overflows)}${drops === null ? '' : `, ${DROPS} by ${numberText(drops)},`} while capturing: ${label} dropped requests of connections, or the ACKs behind them, for a full accept queue${accountsForAll ? '' : `, but fewer than the ${numberText(lost)} that were not answered`}; they count for all that listens there`;
  return { server, overflows, accountsForAll, evidence: counterEvidence(server, text) };
}

/** What it tells, as a sentence. */
export function fullQueueText({ overflows }: FullQueue): string {
  return `Its kernel dropped ${numberText(overflows)} requests meanwhile for a full accept queue, or the ACKs behind them: most likely the program there does not accept its connections, or too slowly.`;
}

/**
 * What is to be done is up to the program, and its own kernel tells how far it is behind.
 *
 * @param ports of the server, in words
 */
export function fullQueueFix({ server }: FullQueue, ports: string): Fix {
  const most = server.snapshot?.sysctl?.get('net.core.somaxconn');
  const bound =
    most === undefined
      ? 'net.core.somaxconn, which bounds it'
      : `net.core.somaxconn, which bounds it (${most})`;
  return {
    summary: `Find out why the program that listens on port ${ports} in ${stationLabel(server.name, server.netns)} does not accept its connections, or too slowly: hung, too few workers, no file descriptors left. \`ss -ltn\` there shows its queue (Recv-Q) against its backlog (Send-Q). Where they come in bursts alone, give its listen() a greater backlog, and raise ${bound}.`,
    commands: [],
    manifests: [],
    risk: 'A greater queue only puts off what the program never accepts. It is made by listen(): the program has to be started again.',
    expected: `${OVERFLOWS} rises no more, and each SYN is answered.`,
  };
}

/** Whose queue it is, and whether it still is full. */
export function fullQueueGap(
  { server: { name: node, netns } }: FullQueue,
  name: string | null,
  port: number | null,
): Gap {
  return {
    node,
    interface: netns === null ? name : null,
    why: `the counters are those of all that listens in ${stationLabel(node, netns)}; its sockets tell whose queue is full (Recv-Q above Send-Q), and what its program does; to be run there`,
    capture: `ss -ltnp 'sport = :${port}'; nstat -az ${OVERFLOWS} ${DROPS}`,
  };
}
