import type { Attempt } from '../../correlate/attempt.js';
import type { Sighting } from '../../model/sighting.js';
import { cause, type Suspicion } from '../cause.js';
import type { DiagnosisContext } from '../context.js';
import { evidence, packetEvidence, QUOTED } from '../evidence.js';
import { attemptsText, faultOf } from '../fault.js';
import { heirsOf, misledPacket, type Party, partyLabel } from '../neighbours/misled.js';
import { shellWord } from '../shell-word.js';
import { LOSSES_AND_REFUSALS } from '../symptom.js';

interface DuplicateProof {
  packet: Sighting;
  address: string;
  mac: string;
  /** Who got the packet, and who has the address, both with the MAC. */
  got: Party;
  meant: Party;
}

/**
 * Two nodes on one link have one MAC, as machines that were cloned do. A switch passes frames on to where it last
 * learned their destination as a source (IEEE 802.1Q section 8.7), and so to whichever of them sent last.
 *
 * Proof: a request came in at one of them, by the MAC of the other, which alone has the address. Against: who got it
 * has the address or serves it.
 */
export const duplicateMac = cause<DuplicateProof>({
  id: 'not-delivered',
  symptoms: LOSSES_AND_REFUSALS,
  applies: ({ network }) => network.isKnown,
  examine,

  conclude(suspicions) {
    const { attempt, proof } = suspicions[0]!;
    const { address, mac, got, meant } = proof;
    const [a, b] = [partyLabel(got), partyLabel(meant)];
    const count = attemptsText(suspicions);
    return {
      finding: {
        ...faultOf('not-delivered', suspicions),
        vip: attempt.vip ?? address,
        known: `${a} and ${b} have the same MAC`,
        summary: `${a} and ${b} have the same MAC, ${mac}: the switch passes frames on to whichever of them sent last. ${count} to ${address} came in at ${got.node}, which does not have the address, in place of ${meant.node}.`,
        evidence: [
          ...suspicions.slice(0, QUOTED).map((s) => packetEvidence(s.proof.packet)),
          ...[got, meant].map((party) =>
            evidence('address', `${party.interface} has the MAC ${mac}`, { node: party.node }),
          ),
        ],
        fix: {
          summary: `Give ${a} a MAC of its own, and see that whatever set it (the image that the machine was cloned from, netplan, a hypervisor) does not set it again.`,
          commands: [],
          manifests: [],
          risk: `${got.node} is out of reach until its neighbours have heard of the new MAC.`,
          expected: `Not tried: ip -d link show ${shellWord(got.interface ?? '')} then shows another MAC than that of ${b}, and requests reach ${meant.node} alone.`,
        },
        alternatives: [{ cause: 'arp-conflict', why: `one MAC alone answers for ${address}` }],
      },
      gaps: [],
    };
  },
});

function examine(attempt: Attempt, context: DiagnosisContext): Suspicion<DuplicateProof> | null {
  const packet = misledPacket(attempt);
  const address = attempt.server.address;
  if (!packet || packet.encapsulations.length > 0 || packet.destination.address !== address) return null;
  const { node, netns, interface: name } = packet.point;
  const view = context.node(node, netns);
  if (packet.direction !== 'in' || netns !== null || name === null || !view?.model) return null;
  if (view.model.hasAddress(address) || view.model.addressType(address, null).type === 'local') return null;
  if (context.translatesTo(view, address)) return null;
  const mac = packet.etherDestination ?? view.model.link(name)?.mac ?? null;
  const [meant, ...others] = heirsOf(attempt, context);
  if (mac === null || !meant || others.length > 0 || meant.node === node || meant.mac !== mac) return null;
  const got = { mac, node, interface: name };
  return {
    attempt,
    confidence: 'probable',
    node,
    interface: name,
    aspect: `duplicate ${mac}`,
    proof: { packet, address, mac, got, meant },
  };
}
