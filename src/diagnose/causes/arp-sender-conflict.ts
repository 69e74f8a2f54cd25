import type { Attempt } from '../../correlate/attempt.js';
import type { NeighbourMessage } from '../../correlate/neighbours/message.js';
import type { Evidence, Fix } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import { announcersOf } from '../../network/announcers.js';
import { Station } from '../../network/station.js';
import { cause, type Suspicion } from '../cause.js';
import type { DiagnosisContext } from '../context.js';
import { evidence, packetEvidence, QUOTED, sysctlEvidence } from '../evidence.js';
import { attemptsText, faultOf } from '../fault.js';
import { lastingCommands } from '../fixes/lasting/commands.js';
import { step } from '../fixes/step.js';
import { isSlow } from '../loss.js';
import { announcer, announcing } from '../neighbours/announce.js';
import { messageEvidence } from '../neighbours/evidence.js';
import { describeMac } from '../neighbours/mac-words.js';
import { misledPacket } from '../neighbours/misled.js';
import { type Owner, ownerOf } from '../neighbours/owner.js';
import { LOSSES_AND_REFUSALS } from '../symptom.js';
import { getsOn } from '../ways/handshake.js';

interface SenderProof {
  packet: Sighting;
  address: string;
  /** Who asks in the address's name, and the last such request before the packet. */
  asking: Owner;
  request: NeighbourMessage;
  /** Whose address it is, and what it said of it; null where its settings alone tell. */
  rightful: Pick<Owner, 'node' | 'interface' | 'mac' | 'station'>;
  claim: NeighbourMessage | null;
}

/**
 * A host sends ARP requests with an address of another's as their sender. RFC 826 has whoever hears one take the
 * sender's MAC for that address, and RFC 5227 section 2.4 calls it a conflict though nobody was answered: requests to
 * the address then go to who asked last. Linux does so under arp_announce 0 for each address that is its own, also
 * where arp_ignore keeps it from answering for it.
 *
 * Against: who asks has the address alone, serves it, or is sent its requests by its owner (direct return).
 */
export const arpSenderConflict = cause<SenderProof>({
  id: 'arp-conflict',
  symptoms: LOSSES_AND_REFUSALS,
  applies: ({ neighbours }) => neighbours.length > 0,
  examine,

  conclude(suspicions, context) {
    const { attempt, proof } = suspicions[0]!;
    const { address, asking, rightful, request, claim } = proof;
    const refused = suspicions.every((s) => s.attempt.outcome === 'refused');
    const count = attemptsText(suspicions);
    return {
      finding: {
        ...faultOf('arp-conflict', suspicions),
        vip: attempt.vip ?? address,
        claimants: [rightful, asking].map(({ node, interface: name, mac }) => ({
          node,
          interface: name,
          mac,
        })),
        summary: `${label(asking)} sends ARP requests with ${address} as their sender, an address that ${label(rightful)} has to answer for: whoever hears one sends what is for ${address} to ${asking.mac} from then on. ${count} to ${address} went there and ${suspicions.length === 1 ? 'was' : 'were'} ${refused ? 'refused' : 'lost'}.`,
        evidence: [
          messageEvidence(request),
          ...(claim ? [messageEvidence(claim)] : []),
          ...suspicions
            .slice(0, QUOTED)
            .map((s) => packetEvidence(s.proof.packet, `, to the MAC ${s.proof.asking.mac}`)),
          ...settingsEvidence(proof, context),
        ],
        fix: fixOf(proof, context),
        alternatives: refused
          ? [{ cause: 'refused', why: 'the refusal came from a host that is not the one meant' }]
          : [],
      },
      gaps: [],
    };
  },
});

function examine(attempt: Attempt, context: DiagnosisContext): Suspicion<SenderProof> | null {
  const packet = misledPacket(attempt);
  const address = attempt.server.address;
  if (!packet || packet.encapsulations.length > 0 || packet.destination.address !== address) return null;
  const request = requestBefore(packet, address, context);
  if (!request) return null;
  const mac = request.senderMac!;
  // Who answers for it as well, or announces it, is a claimant like others.
  const claims = context.neighbours.filter((m) => m.target === address && m.claimedMac !== null);
  if (claims.some((m) => m.claimedMac === mac)) return null;
  const asking = ownerOf(mac, address, [request], context);
  const owner = rightfulOwner(attempt, asking, claims, context);
  if (!owner || serves(asking, address, context) || isHandedOn(attempt, owner.rightful.mac)) return null;
  return {
    attempt,
    confidence: 'probable',
    node: null,
    interface: null,
    aspect: `sender ${address} ${mac}`,
    proof: { packet, address, asking, request, ...owner },
  };
}

/** The last request before the packet that gave the address as its sender, of the MAC that the packet went to. */
function requestBefore(
  packet: Sighting,
  address: string,
  context: DiagnosisContext,
): NeighbourMessage | null {
  const sent = context.aligned(packet);
  const { node, netns, interface: name } = packet.point;
  const model = context.node(node, netns)?.model ?? null;
  const reached = (mac: string) =>
    packet.etherDestination !== null
      ? packet.etherDestination === mac
      : packet.direction === 'in' && name !== null && model?.link(name)?.mac === mac;
  return (
    context.neighbours.findLast((m) => {
      if (m.protocol !== 'arp' || m.kind !== 'request' || m.sender !== address) return false;
      const at = context.aligned(m);
      return m.senderMac !== null && reached(m.senderMac) && sent !== null && at !== null && at <= sent;
    }) ?? null
  );
}

/** By what was said of the address, else by the nodes' settings; null where another may have it as well. */
function rightfulOwner(
  { server: { address }, client }: Attempt,
  asking: Owner,
  claims: readonly NeighbourMessage[],
  context: DiagnosisContext,
): Pick<SenderProof, 'rightful' | 'claim'> | null {
  const announcers = announcersOf(context.network, address, client.address);
  if (announcers.some(({ station }) => station.node === asking.node)) return null;
  const macs = new Set(claims.map((m) => m.claimedMac!));
  if (macs.size > 1) return null;
  const [mac] = macs;
  if (mac !== undefined) {
    return { rightful: ownerOf(mac, address, claims, context), claim: claims.at(-1)! };
  }
  const [only] = announcers;
  if (!only || announcers.length > 1 || only.mac === null) return null;
  const { station, interface: name } = only;
  return { rightful: { mac: only.mac, node: station.node, interface: name, station }, claim: null };
}

/** Whether what reaches it is served there: by its rules, or as a connection shows. */
function serves({ mac, node }: Owner, address: string, context: DiagnosisContext): boolean {
  const view = node === null ? null : context.node(node);
  if (view && context.translatesTo(view, address)) return true;
  return context.attempts.some(
    (attempt) =>
      getsOn(attempt) &&
      !isSlow(attempt) &&
      attempt.server.address === address &&
      isSentTo(attempt, mac, node),
  );
}

function isSentTo({ traces }: Attempt, mac: string, node: string | null): boolean {
  return traces.some(
    ({ role, sightings }) =>
      role === 'request' &&
      sightings.some((s) => s.etherDestination === mac || (s.direction === 'in' && s.point.node === node)),
  );
}

/** As by a director to a server that returns directly, or by a proxy: the owner itself sent it there. */
function isHandedOn({ traces }: Attempt, mac: string): boolean {
  return traces.some(
    ({ role, sightings }) => role === 'request' && sightings.some((s) => s.etherSource === mac),
  );
}

function label({ node, interface: name, mac }: SenderProof['rightful']): string {
  if (node === null) return `${mac} (${describeMac(mac)})`;
  return name === null ? node : `${node} (${name})`;
}

function settingsEvidence({ asking, address }: SenderProof, context: DiagnosisContext): Evidence[] {
  const { node, interface: name, station } = asking;
  const view = node === null ? null : context.node(node, station?.netns ?? null);
  if (!view || !station || name === null) return [];
  const held = (station.snapshot.addresses ?? []).filter((own) => own.address === address);
  return [
    ...held.map((own) =>
      evidence('address', `${address}/${own.prefixLength} is on ${own.interface}`, { node }),
    ),
    ...['all', name].map((device) =>
      sysctlEvidence(view, `net.ipv4.conf.${device.replaceAll('.', '/')}.arp_announce`),
    ),
  ];
}

const STRICT = 'sysctl -w net.ipv4.conf.all.arp_announce=2';

function fixOf({ asking, address, request, rightful }: SenderProof, context: DiagnosisContext): Fix {
  const { station, interface: name } = asking;
  const again = announcing(rightful, address, context);
  const byWhat = announcer(again, address);
  const resolution = { interface: name ?? '', target: request.target, packetSource: address };
  if (station && name !== null && station.model.asksAs(resolution).sender === address) {
    const strict = step(station, STRICT);
    const { sender } = new Station(strict.apply(station.snapshot)).model.asksAs(resolution);
    if (sender !== address) {
      return {
        summary: `Let ${station.label} ask by ARP in the name of its interface's own address alone (arp_announce=2; strictARP: true sets it for kube-proxy, with arp_ignore=1), then have ${label(rightful)} announce ${address} again${byWhat}.`,
        commands: [
          { node: strict.node, command: strict.command, persists: false },
          ...lastingCommands([strict], context.network),
          ...again,
        ],
        manifests: [],
        risk: 'None that is known: neighbours learn the address of the interface in place of the other.',
        expected: `Tried in the model of the node's settings: ${station.label} then asks for ${request.target} as ${sender}.`,
      };
    }
  }
  return {
    summary: `Find what on ${label(asking)} asks in the name of ${address} and stop it, then have ${label(rightful)} announce the address again${byWhat}.`,
    commands: again,
    manifests: [],
    risk: 'None: the address is announced by who has it.',
    expected: 'Not tried: what asks so is not in the snapshots.',
  };
}
