import type { Attempt } from '../../correlate/attempt.js';
import type { Verdict } from '../../kernel/verdict.js';
import type { Confidence } from '../../model/analysis.js';
import type { DropRecord, MartianRecord } from '../../model/snapshot.js';
import { cause, type Suspicion } from '../cause.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import type { AskedInVain } from '../drops/asked-in-vain.js';
import { demandOf } from '../drops/demand.js';
import { isCrowd, isEachRecorded, timesAt } from '../drops/examine.js';
import { type InputVerdicts, inputVerdicts } from '../input-verdicts.js';
import {
  counterRise,
  isDated,
  matchMartians,
  nearestDrops,
  type PacketWords,
  REVERSE_PATH_COUNTER,
} from '../kernel-records.js';
import { type Loss, lastSightings, lossOf } from '../loss.js';
import { ownMartians } from '../own-martians.js';
import { type Place, placeOf, routedDestinations } from '../place.js';
import { LOSSES_AND_REFUSALS } from '../symptom.js';
import { concludeRpFilter } from './rp-filter-finding.js';

/** What speaks for the reverse-path check having dropped a packet. */
export interface RpFilterProof {
  loss: Loss;
  place: Place & { interface: string };
  node: NodeView;
  source: string;
  /** As the kernel routed it, which NAT may have changed from what was on the wire. */
  destination: string;
  /** The node's own decision by its snapshot; null without one. */
  verdict: Verdict | null;
  martians: MartianRecord[];
  drops: DropRecord[];
  /** The sender could not even resolve this node, which drops its ARP requests likewise; null where it did. */
  blocked: AskedInVain | null;
  /** How far TcpExtIPReversePathFilter rose; null where that was not recorded, and where it tells nothing. */
  counterRise: number | null;
}

/**
 * The kernel takes a packet only if its source could be answered: through the interface that it came in by
 * (strict), or through any (loose). fib_validate_source() of net/ipv4/fib_frontend.c; IPv4 alone has it.
 *
 * Proof: a martian line or the drop reason IP_RPFILTER for the packet; or the packet vanished behind the
 * interface and the node's settings and routes say that it had to. Against: TcpExtIPReversePathFilter did not
 * move, the settings let the packet in, or it was seen farther on.
 */
export const rpFilter = cause<RpFilterProof>({
  id: 'rp-filter',
  symptoms: LOSSES_AND_REFUSALS,
  applies: ({ network }) => network.isKnown,
  examine,
  conclude: concludeRpFilter,
});

function examine(attempt: Attempt, context: DiagnosisContext): Suspicion<RpFilterProof> | null {
  return whereSeenLast(attempt, context) ?? fartherOn(attempt, context);
}

/** At the next routing decision after the place where the packet was seen last. */
function whereSeenLast(attempt: Attempt, context: DiagnosisContext): Suspicion<RpFilterProof> | null {
  const loss = lossOf(attempt);
  if (!loss || loss.last.source.address.includes(':')) return null;
  const place = placeOf(loss, context);
  if (!place) return null;
  const { node } = place;
  // Captured there and not seen: it did not arrive.
  if (!place.seen && context.watches(node, lastSightings(loss))) return null;

  const source = loss.last.source.address;
  // The node's own address as source is a martian in itself, whatever rp_filter says.
  if (node.model?.hasAddress(source)) return null;
  const destinations = routedDestinations(attempt, loss, context);
  // The log's clock is the node's; a capture that was made beside it may have been stamped by another.
  const own = timesAt(loss, node, context);
  const times =
    own.length === 0 ? [] : [...own, ...lastSightings(loss).flatMap((s) => context.aligned(s) ?? [])];
  const packet = { source, destinations, interface: place.interface, times };
  const { martians, match } = matchOwn(attempt, node, packet, context);
  const name = place.interface ?? martians[0]?.interface;
  if (name === undefined) return null;
  const recorded = nearestDrops(node, times);
  const drops = place.seen ? recorded.filter((record) => record.reason === RP_FILTER_REASON) : [];
  const rise = counterRise(node, REVERSE_PATH_COUNTER);
  if (rise === 0) return null;

  const routed = martians[0] ? [martians[0].destination] : destinations;
  const verdicts = inputVerdicts(node, name, attempt, loss, routed, context);
  const settings = underBlindSpots(readVerdicts(verdicts), node, context);
  const contested = recorded.some((record) => MARTIAN_REASONS.has(record.reason));
  const each = drops.length > 0 && isEachRecorded(loss, rpFilterDrops(node), context);
  const crowded = isCrowd(rpFilterDrops(node), context);
  const confidence = judge({ seen: place.seen, settings, match, drops, each, crowded, rise, contested });
  // What the settings demand of every packet, a later one would have met as well.
  const isRecorded = drops.length > 0 || match === 'own' || match === 'near';
  if (confidence === null || (loss.made && !isRecorded)) return null;
  return {
    attempt,
    confidence,
    node: node.name,
    interface: name,
    aspect: loss.role,
    proof: {
      loss,
      place: { ...place, interface: name },
      node,
      source,
      destination: routed[0]!,
      verdict: verdicts.verdicts[0] ?? null,
      martians,
      drops,
      counterRise: rise,
      blocked: null,
    },
  };
}

/** At a node that the packet, or its unseen answer, comes to by the settings of the nodes before. */
function fartherOn(attempt: Attempt, context: DiagnosisContext): Suspicion<RpFilterProof> | null {
  const demand = demandOf(attempt, context);
  const drop = demand?.drop;
  if (drop?.cause !== 'rp-filter' || drop.drop.by !== 'routing' || drop.interface === null) return null;
  const { loss } = demand!.courses;
  const node = context.node(drop.station.node, drop.station.netns)!;
  const judged = placeOf(loss, context);
  if (loss.made || (judged?.node === node && judged.interface === drop.interface)) return null;
  const { packet } = drop.leg.passage;
  const [source, destination] = [packet.source.text, packet.destination.text];
  const times = timesAt(loss, node, context);
  const place = { node, interface: drop.interface, seen: drop.seen };
  const { blocked } = drop.course;
  const words = { source, interface: place.interface, times };
  const martians = blocked
    ? matchMartians(node, { ...words, destinations: [blocked.address] }, 'arp')
    : matchMartians(node, { ...words, destinations: [destination] });
  const recorded = nearestDrops(node, times);
  const drops = drop.seen ? recorded.filter((record) => record.reason === RP_FILTER_REASON) : [];
  // ARP requests that fail the check are not counted.
  const rise = blocked ? null : counterRise(node, REVERSE_PATH_COUNTER);
  const contested = recorded.some((record) => MARTIAN_REASONS.has(record.reason));
  const settings = drop.doubts.length === 0 ? 'drops' : 'may-drop';
  const each = drops.length > 0 && isEachRecorded(loss, rpFilterDrops(node), context);
  const crowded = isCrowd(rpFilterDrops(node), context);
  // That the neighbour is silent shows that it dropped what asked for it.
  const seen = drop.seen || blocked !== null;
  const confidence =
    rise === 0
      ? null
      : judge({ seen, settings, match: looseMatch(martians), drops, each, crowded, rise, contested });
  if (confidence === null) return null;
  const { verdict } = drop.drop;
  const proof = {
    loss: { ...loss, role: drop.role },
    place,
    node,
    source,
    destination,
    verdict,
    martians,
    drops,
    blocked,
  };
  return {
    attempt,
    confidence,
    node: node.name,
    interface: place.interface,
    aspect: drop.role,
    proof: { ...proof, counterRise: rise },
  };
}

const RP_FILTER_REASON = 'IP_RPFILTER';

/**
 * What martian lines say of an attempt: some are its packets' own; some are of one of several packets at a time; some
 * are near in time, and whose cannot be told; some name its addresses, and nothing dates them; or there are none (null).
 */
type LogMatch = 'own' | 'shared' | 'near' | 'undated' | null;

interface Matched {
  martians: MartianRecord[];
  match: LogMatch;
}

/** The lines that are about the attempt, as far as that can be told. */
function matchOwn(attempt: Attempt, node: NodeView, packet: PacketWords, context: DiagnosisContext): Matched {
  const lines = matchMartians(node, packet);
  const told =
    packet.interface === null || packet.times.length === 0
      ? null
      : ownMartians(attempt, node, packet.interface, context);
  if (!told) return { martians: lines, match: looseMatch(lines) };
  const undated = lines.filter((line) => !isDated(line));
  if (told.own.length > 0) return { martians: [...told.own, ...undated], match: 'own' };
  if (told.shared.length > 0) return { martians: [...told.shared, ...undated], match: 'shared' };
  return { martians: undated, match: looseMatch(undated) };
}

function looseMatch(lines: readonly MartianRecord[]): LogMatch {
  return lines.some(isDated) ? 'near' : lines.length > 0 ? 'undated' : null;
}

function rpFilterDrops({ snapshot }: NodeView): DropRecord[] {
  return (snapshot?.drops?.records ?? []).filter((record) => record.reason === RP_FILTER_REASON);
}

/** The drops that a martian line is written for as well, where the address is wrong in itself. */
const MARTIAN_REASONS = new Set(['IP_LOCAL_SOURCE', 'IP_INVALID_SOURCE', 'IP_LOCALNET']);

/** What the snapshot says: the check must drop, may drop (something is not known), lets pass, or nothing. */
type Settings = 'drops' | 'may-drop' | 'accepts' | 'unknown';

function readVerdicts({ verdicts, guessed }: InputVerdicts): Settings {
  const dropping = verdicts.filter((verdict) => verdict.verdict === 'rp-filter');
  const certain = !guessed && verdicts.every((verdict) => verdict.unknown.length === 0);
  if (verdicts.length === 0) return 'unknown';
  if (dropping.length === verdicts.length) return certain ? 'drops' : 'may-drop';
  if (dropping.length > 0) return 'may-drop';
  return certain ? 'accepts' : 'unknown';
}

/** A program that may take the packet before the kernel's own routing does leaves it open that the check is come to. */
function underBlindSpots(settings: Settings, node: NodeView, { network }: DiagnosisContext): Settings {
  const blindSpots = network.station(node.name, node.netns)?.blindSpots ?? [];
  return settings === 'drops' && blindSpots.length > 0 ? 'may-drop' : settings;
}

interface Signs {
  seen: boolean;
  settings: Settings;
  match: LogMatch;
  drops: readonly DropRecord[];
  /** Each lost packet has a record right at its time, and there are few others: they are not some other traffic's. */
  each: boolean;
  /** Most of the node's records are of other traffic, which raised the counter as well. */
  crowded: boolean;
  rise: number | null;
  /** The kernel recorded another reason for a martian line at the time. */
  contested: boolean;
}

function judge({ seen, settings, match, drops, each, crowded, rise, contested }: Signs): Confidence | null {
  const logged = match === 'own' || match === 'near';
  if (settings === 'accepts') {
    // A drop record names no address: beside settings that let the packet in, it is another packet's. A martian line of
    // the packet's own is not; with the counter risen as well, the settings were changed after the fact.
    if (!logged || rise === null || contested) return null;
    return match === 'own' ? 'confirmed' : 'possible';
  }
  if (contested && drops.length === 0) return null;
  if (settings === 'drops' || settings === 'may-drop') {
    // A line that cannot be dated may be older than the capture: it is matched to no packet.
    if (logged || each) return 'confirmed';
    // One of several packets that the settings say must all be dropped.
    if (match === 'shared' && settings === 'drops') return 'confirmed';
    if (drops.length > 0) return settings === 'drops' ? 'confirmed' : 'possible';
    if (!seen) return settings === 'drops' || match !== null ? 'possible' : null;
    return settings === 'drops' ? 'probable' : 'possible';
  }
  // The settings are not known.
  if (logged) return 'confirmed';
  if (each) return contested ? 'possible' : 'confirmed';
  if (crowded) return null;
  return seen && (match !== null || rise !== null) ? 'possible' : null;
}
