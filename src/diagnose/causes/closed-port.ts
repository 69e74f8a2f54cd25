/** A UDP port on which nothing listens, whose host's ICMP errors do not tell of it: a rule drops them, or their rate is limited. */
import type { Evidence } from '../../model/analysis.js';
import { stationLabel } from '../../model/station.js';
import { numberText } from '../../model/texts.js';
import type { Suspicion } from '../cause.js';
import type { DiagnosisContext } from '../context.js';
import { counterRise } from '../kernel-records.js';
import type { SilenceProof } from './backend-silent.js';
import { counterEvidence, deliveredRequests } from './delivered-requests.js';

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
  const delivered = deliveredRequests(suspicions, 'udp', context);
  if (!delivered) return null;
  const { server, lost } = delivered;
  const isIPv6 = suspicions[0]!.proof.loss.last.destination.address.includes(':');
  const counter = isIPv6 ? 'Udp6NoPorts' : 'UdpNoPorts';
  const datagrams = counterRise(server, counter);
  if (datagrams === null || datagrams < lost) return null;
  const text = `${counter} rose by ${numberText(datagrams)} while capturing: ${stationLabel(server.name, server.netns)} had datagrams for ports on which nothing listens; they count for all its ports`;
  return { datagrams, evidence: counterEvidence(server, text) };
}
