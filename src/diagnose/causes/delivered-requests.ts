/** Requests that were delivered to a server, and what its kernel's counters say of them: they count for all that listens there. */
import type { Evidence } from '../../model/analysis.js';
import type { Suspicion } from '../cause.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { evidence } from '../evidence.js';
import { lastSightings } from '../loss.js';
import type { SilenceProof } from './backend-silent.js';

export interface Delivered {
  /** The network namespace that the server is in, whose counters these are. */
  server: NodeView;
  /** How many requests were not answered. */
  lost: number;
}

/** @returns null for requests of another protocol, or where they are not known to have been delivered */
export function deliveredRequests(
  suspicions: readonly Suspicion<SilenceProof>[],
  protocol: 'tcp' | 'udp',
  context: DiagnosisContext,
): Delivered | null {
  const [{ attempt, proof }] = suspicions as [Suspicion<SilenceProof>];
  const end = proof.journey?.end;
  if (attempt.protocol !== protocol || end?.kind !== 'delivered') return null;
  const server = context.node(end.station.node, end.station.netns);
  const lost = suspicions.reduce((sum, s) => sum + lastSightings(s.proof.loss).length, 0);
  return server && { server, lost };
}

/** @param text what rose, by how much, and what that means */
export function counterEvidence({ name, snapshot }: NodeView, text: string): Evidence {
  return evidence('counter', text, { node: name, file: snapshot?.countersAfter?.file ?? null });
}
