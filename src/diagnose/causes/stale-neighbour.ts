import type { Attempt } from '../../correlate/attempt.js';
import type { NeighbourMessage } from '../../correlate/neighbours/message.js';
import { translationsOf } from '../../kernel/translations.js';
import type { Confidence, Evidence, Fix } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import { cause, type Suspicion } from '../cause.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { evidence, packetEvidence, QUOTED } from '../evidence.js';
import { attemptsText, faultOf } from '../fault.js';
import { announcer, announcing } from '../neighbours/announce.js';
import { ownershipOf } from '../neighbours/conflicts.js';
import { messageEvidence, resolutionOf } from '../neighbours/evidence.js';
import { heirsOf, misledPacket, type Party, partyLabel } from '../neighbours/misled.js';
import { ownerOf } from '../neighbours/owner.js';
import { shellWord } from '../shell-word.js';
import { LOSSES_AND_REFUSALS } from '../symptom.js';

interface StaleProof {
  packet: Sighting;
  address: string;
  /** Where the packet went, and to whom it should have gone. */
  old: Party;
  now: Party;
  /** The last that the old owner said, and the first of the new one; null where the settings alone tell. */
  change: { from: NeighbourMessage; to: NeighbourMessage } | null;
  /** The old owner's last claim before the packet, where the settings alone tell of the change. */
  claim: NeighbourMessage | null;
  /** Who has the old owner's MAC for the address: the sender of the packet, where its neighbours are known. */
  holder: { node: NodeView; interface: string; states: readonly string[] } | null;
}

/** What was sent before its sender can have heard of the new owner is no stale entry's. */
const GRACE = 200_000_000n;

/**
 * The address was handed over, and who sends to it still has the old owner's MAC: it missed the announcement, or does
 * not heed unasked ones. RFC 826 leaves entries until they are heard otherwise of; Linux probes a used one after
 * base_reachable_time and delay_first_probe_time, routers often after hours.
 */
export const staleNeighbour = cause<StaleProof>({
  id: 'not-delivered',
  symptoms: LOSSES_AND_REFUSALS,
  // Of all that was lost, hardly anything is where nothing tells who has an address.
  applies: (context) => context.network.isKnown || ownershipOf(context).handOvers.length > 0,

  examine(attempt, context) {
    const packet = misledPacket(attempt);
    if (!packet || packet.encapsulations.length > 0) return null;
    return byAnnouncement(attempt, packet, context) ?? bySettings(attempt, packet, context);
  },

  conclude(suspicions, context) {
    const { attempt, proof } = suspicions[0]!;
    const { address, old, now, change, claim, holder } = proof;
    const count = attemptsText(suspicions);
    const sender = holder ? holder.node.name : 'Who sends them';
    const when = change
      ? `after ${partyLabel(now)} had announced it`
      : `though ${partyLabel(now)} has it now`;
    return {
      finding: {
        ...faultOf('not-delivered', suspicions),
        vip: attempt.vip ?? address,
        known: `${holder ? holder.node.name : 'who sends them'} still sends them to ${partyLabel(old)}, the old owner`,
        summary: `${count} to ${address} still went to ${partyLabel(old)}, which no longer answers for it, ${when}. ${sender} kept the old owner's MAC: that is a stale neighbour entry, not a conflict.`,
        evidence: [
          ...(change ? [messageEvidence(change.from), messageEvidence(change.to)] : []),
          ...(claim ? [messageEvidence(claim)] : []),
          ...suspicions
            .slice(0, QUOTED)
            .map((s) => packetEvidence(s.proof.packet, old.mac === null ? '' : `, to the MAC ${old.mac}`)),
          ...entryEvidence(proof),
        ],
        fix: forget(proof, context),
        alternatives: [
          {
            cause: 'arp-conflict',
            why: `${partyLabel(old)} claimed ${address} no more after ${partyLabel(now)} did`,
          },
        ],
      },
      gaps: holder
        ? []
        : [
            {
              node: null,
              interface: null,
              why: `the neighbour entry for ${address} of the router or client that sends to it was not recorded`,
              capture: `ip -j neigh show ${address}`,
            },
          ],
    };
  },
});

function byAnnouncement(
  attempt: Attempt,
  packet: Sighting,
  context: DiagnosisContext,
): Suspicion<StaleProof> | null {
  const address = packet.destination.address;
  const change = ownershipOf(context).handOvers.find((h) => h.address === address);
  if (!change) return null;
  const [sent, announced] = [context.aligned(packet), context.aligned(change.to)];
  if (sent === null || announced === null || sent < announced + GRACE) return null;
  const old = ownerOf(change.from.claimedMac!, address, [change.from], context);
  const now = ownerOf(change.to.claimedMac!, address, [change.to], context);
  if (!wentTo(packet, old)) return null;
  return suspicion(attempt, 'probable', {
    packet,
    address,
    old,
    now,
    change,
    claim: null,
    holder: holderOf(packet, old.mac, context),
  });
}

function wentTo({ etherDestination, direction, forOther, point }: Sighting, { mac, node }: Party): boolean {
  if (etherDestination !== null) return etherDestination === mac;
  return direction === 'in' && !forOther && node !== null && point.node === node;
}

/** No announcement was captured: who got the packet has the address no more, and another node has it. */
function bySettings(
  attempt: Attempt,
  packet: Sighting,
  context: DiagnosisContext,
): Suspicion<StaleProof> | null {
  if (!context.network.isKnown) return null;
  const address = packet.destination.address;
  const got = packet.etherDestination === null ? null : context.ownerOfMac(packet.etherDestination);
  const node =
    got ??
    (packet.direction === 'in' && !packet.forOther
      ? context.node(packet.point.node, packet.point.netns)
      : null);
  const station = node && context.network.station(node.name, node.netns);
  if (!node || !station?.snapshot.addresses || station.model.hasAddress(address)) return null;
  if (context.translatesTo(node, address) || station.model.addressType(address, null).type === 'local')
    return null;
  const heirs = heirsOf(attempt, context);
  const [heir] = heirs;
  if (!heir || heirs.length > 1 || heir.node === node.name) return null;
  const name =
    packet.direction === 'in' ? packet.point.interface : station.model.ownerOfMac(packet.etherDestination!);
  const mac = packet.etherDestination ?? (name === null ? null : (station.model.link(name)?.mac ?? null));
  const holder = mac === null ? null : holderOf(packet, mac, context);
  // That another's rules would serve it says nothing of who answers for it, unless this one served it before.
  if (!holder && heir.mac === null && !hasServed(node, address, context)) return null;
  // Two nodes with one MAC: the entry is right.
  if (mac !== null && heir.mac === mac) return null;
  const claim = mac === null ? null : claimBefore(packet, mac, context);
  // A router between may have got it to pass on: only an entry for the address itself tells otherwise, or that the
  // old owner had told all others that it has it, and serves it no more.
  if (!holder && (!claim || translationsOf(station.snapshot, address).size > 0)) return null;
  const old = { mac, node: node.name, interface: name };
  return suspicion(attempt, 'possible', { packet, address, old, now: heir, change: null, claim, holder });
}

/** Whether connections to the address were made by way of the node. */
function hasServed({ name }: NodeView, address: string, { attempts }: DiagnosisContext): boolean {
  return attempts.some(
    ({ outcome, server, traces }) =>
      outcome === 'established' &&
      server.address === address &&
      traces.some(({ sightings }) => sightings.some(({ point }) => point.node === name)),
  );
}

/** The last time before the packet that the MAC claimed its destination. */
function claimBefore(
  packet: Sighting,
  mac: string,
  { neighbours, aligned }: DiagnosisContext,
): NeighbourMessage | null {
  const sent = aligned(packet);
  const claims = neighbours.filter((m) => m.target === packet.destination.address && m.claimedMac === mac);
  return (
    claims.findLast((claim) => {
      const at = aligned(claim);
      return sent !== null && at !== null && at < sent;
    }) ?? null
  );
}

function suspicion(attempt: Attempt, confidence: Confidence, proof: StaleProof): Suspicion<StaleProof> {
  const { node, interface: name } = proof.packet.point;
  return { attempt, confidence, node, interface: name, aspect: `stale ${proof.address}`, proof };
}

/** The node whose neighbour entry for the address is the old owner's MAC. */
function holderOf(
  { destination }: Sighting,
  mac: string | null,
  { nodes }: DiagnosisContext,
): StaleProof['holder'] {
  for (const node of nodes.values()) {
    const entry = node.snapshot?.neighbours?.find((n) => n.address === destination.address && n.mac === mac);
    if (entry) return { node, interface: entry.interface, states: entry.states };
  }
  return null;
}

function entryEvidence({ holder, address, old }: StaleProof): Evidence[] {
  if (!holder) return [];
  const text = `${address} dev ${holder.interface} lladdr ${old.mac}, in the neighbours of ${holder.node.name}`;
  return [evidence('neighbour', text, { node: holder.node.name })];
}

function forget({ holder, address, now }: StaleProof, context: DiagnosisContext): Fix {
  const again = announcing(now, address, context);
  // `ip neigh flush` leaves permanent entries alone.
  const forgotten = holder
    ? [
        {
          node: holder.node.name,
          command: `ip neigh del ${address} dev ${shellWord(holder.interface)}`,
          persists: false,
        },
      ]
    : [];
  const isPermanent = holder?.states.includes('PERMANENT') ?? false;
  return {
    summary: isPermanent
      ? `Have the permanent entry for ${address}, which heeds no announcement, forgotten where it is kept, and take it from the configuration that sets it.`
      : `Have the entry for ${address} forgotten where it is kept, or have ${partyLabel(now)} announce the address again${announcer(again, address)}.`,
    commands: [...(isPermanent ? [] : again), ...forgotten],
    manifests: [],
    risk: 'None: the address is asked for anew.',
    expected: `The next request is asked for by ${resolutionOf(address)}, and goes to ${partyLabel(now)}.`,
  };
}
