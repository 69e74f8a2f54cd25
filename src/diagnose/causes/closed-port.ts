/** A UDP port on which nothing listens, whose host's ICMP errors do not tell of it: a rule drops them, or their rate is limited. */
import type { Evidence } from '../../model/analysis.js';
import { stationLabel } from '../../model/station.js';
import { numberText } from '../../model/texts.js';
import type { Suspicion } from '../cause.js';
import type { DiagnosisContext } from '../context.js';
import { evidence } from '../evidence.js';
import { counterRise } from '../kernel-records.js';
import { lastSightings } from '../loss.js';
import type { SilenceProof } from './backend-silent.js';

export interface ClosedPort {
  /** How many datagrams its host had for ports on which nothing listens; they count for all its ports. */
  datagrams: number;
  evidence: Evidence;
}

/** @returns null where the host's own counter is not known, or did not rise by as many as were lost */
export function closedPortOf(
  suspicions: readonly Suspicion<SilenceProof>[],
  context: DiagnosisContext,
): ClosedPort | null {
  const [{ attempt, proof }] = suspicions as [Suspicion<SilenceProof>];
  const end = proof.journey?.end;
  if (attempt.protocol !== 'udp' || end?.kind !== 'delivered') return null;
  const { node, netns } = end.station;
  const server = context.node(node, netns);
  const counter = proof.loss.last.destination.address.includes(':') ? 'Udp6NoPorts' : 'UdpNoPorts';
  const datagrams = server ? counterRise(server, counter) : null;
  const lost = suspicions.reduce((sum, s) => sum + lastSightings(s.proof.loss).length, 0);
  if (!server || datagrams === null || datagrams < lost) return null;
  const text = `${counter} rose by ${numberText(datagrams)} while capturing: ${stationLabel(node, netns)} had datagrams for ports on which nothing listens; they count for all its ports`;
  const file = server.snapshot?.countersAfter?.file ?? null;
  return { datagrams, evidence: evidence('counter', text, { node, file }) };
}
