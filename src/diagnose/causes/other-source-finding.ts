import { endpointLabel } from '../../model/endpoint.js';
import { stationLabel } from '../../model/station.js';
import type { Conclusion, Suspicion } from '../cause.js';
import { packetEvidence, QUOTED } from '../evidence.js';
import { faultOf } from '../fault.js';
import { lastSightings } from '../loss.js';
import { listed } from '../words.js';
import type { SilenceProof } from './backend-silent.js';

/** Of a UDP server that answers from another of its addresses than the client asked. */
export function concludeOtherSource(suspicions: readonly Suspicion<SilenceProof>[]): Conclusion {
  const { proof } = suspicions[0]!;
  const { node, netns } = proof.loss.last.point;
  const label = stationLabel(node, netns);
  const asked = listed(suspicions.map((s) => endpointLabel(s.proof.loss.last.destination)));
  const answers = suspicions.flatMap(({ attempt }) => attempt.otherSource);
  const sources = listed(answers.map(({ source }) => endpointLabel(source)));
  const by = listed(answers.flatMap(({ point }) => point.interface ?? []));
  const { address } = proof.loss.last.destination;
  const quoted = suspicions
    .slice(0, QUOTED)
    .flatMap(({ attempt, proof: { loss } }) => [
      ...lastSightings(loss).slice(0, 1),
      ...attempt.otherSource.slice(0, 1),
    ]);
  return {
    finding: {
      ...faultOf('backend-silent', suspicions, netns),
      summary: `${label} was asked at ${asked} and answers from ${sources}${by === '' ? '' : `, by ${by}`}: clients wait for an answer from the address that they asked, and do not take this one.`,
      evidence: quoted.map((sighting) => packetEvidence(sighting)),
      fix: {
        summary: `Have the server on ${label} answer from the address that it was asked at: let it listen on ${address} itself and not on all addresses, or switch on its option for hosts with several addresses (programs do it by IP_PKTINFO).`,
        commands: [],
        manifests: [],
        risk: 'The server has to be started again.',
        expected: `The answer carries ${address}, and the client takes it.`,
      },
      alternatives: [
        { cause: 'not-delivered', why: `the request came in on ${label}, and was answered` },
        {
          cause: 'untranslated-reply',
          why: `${label} sent the answer itself: it is no reply that went round a translation`,
        },
      ],
    },
    gaps: [],
  };
}
