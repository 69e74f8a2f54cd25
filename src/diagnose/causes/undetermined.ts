import { isAnswered } from '../../correlate/answered.js';
import type { Attempt } from '../../correlate/attempt.js';
import { expectsReply } from '../../correlate/expects-reply.js';
import { isOverheardIn } from '../../correlate/overheard.js';
import { RECORD_DROPS, recordingCommand } from '../../ingest/snapshot/files.js';
import type { Verdict } from '../../kernel/verdict.js';
import type { Direction, Evidence, Gap, Outcome, Severity } from '../../model/analysis.js';
import { endpointLabel } from '../../model/endpoint.js';
import type { Sighting } from '../../model/sighting.js';
import { numberText } from '../../model/texts.js';
import { doubtfulDrops } from '../../network/decisive.js';
import { cause } from '../cause.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { isCutShort, isWatchedAfterAsking } from '../cut-short.js';
import type { AskedInVain } from '../drops/asked-in-vain.js';
import { demandOf } from '../drops/demand.js';
import { type KnownOfLoss, tunnelEnds } from '../drops/tunnel-ends.js';
import { vainEvidence, vainGap } from '../drops/unresolved-evidence.js';
import { evidence, otherHost, packetEvidence, QUOTED } from '../evidence.js';
import { faultOf } from '../fault.js';
import { inputVerdicts } from '../input-verdicts.js';
import { nearestDrops } from '../kernel-records.js';
import { farthestOf, type Loss, lastSightings, lossOf } from '../loss.js';
import { nextHopAddress, placeOf, routedDestinations } from '../place.js';
import { captureCommand, captureFilter, filesNamedIn } from '../recording.js';
import { type Symptom, symptomOf } from '../symptom.js';
import { remembered } from '../ways/remembered.js';
import { isUnconfirmed } from '../ways/unconfirmed.js';
import { listedEndpoints } from '../words.js';
import { missedEvidence, ruledOutBySettings, wayEvidence } from './undetermined-alternatives.js';
import { unwatchedEvidence, unwatchedGap } from './unwatched.js';

interface UndeterminedProof {
  /** The captures ended right after. */
  early: boolean;
  /** Nothing says that an answer is owed. */
  unowed: boolean;
  /** The client asked but once: it may have given up. */
  gone: boolean;
  /** It did not ask again, as one would that is there and did not get the reply: what it sent next may be what was lost. */
  unconfirmed: boolean;
  /** Nothing shows that anything failed: the reply was not captured where it would have got back. */
  answered: boolean;
  severity: Severity;
}

/** What failed, and how grave that is. */
const FAILING = {
  'no-reply': 'fault',
  'reply-lost': 'fault',
  unreachable: 'fault',
  refused: 'fault',
  rejected: 'fault',
  unacknowledged: 'info',
  slow: 'info',
} satisfies Partial<Record<Symptom, Severity>>;

/** Failed, and no cause explains it: what is known, and what to capture next. */
export const undetermined = cause<UndeterminedProof>({
  id: 'undetermined',
  symptoms: Object.keys(FAILING) as Symptom[],

  examine(attempt, context) {
    const failing = FAILING[symptomOf(attempt) as keyof typeof FAILING];
    const { outcome, protocol } = attempt;
    const end = wayEndOf(attempt);
    const last = lastOf(attempt, end);
    const silent = outcome === 'no-reply' || outcome === 'unacknowledged';
    const early = silent && isCutShort(attempt, context);
    const unowed = outcome === 'no-reply' && !expectsReply(attempt, context.attempts);
    const gone = isGone(attempt, context);
    const unconfirmed =
      outcome === 'reply-lost' && isUnconfirmed(attempt, context) && isWatchedAfterAsking(attempt, context);
    const answered = isAnswered(attempt);
    const severity = early || unowed || gone ? 'info' : failing;
    const overheard = end?.trace.overheard ?? false;
    const direction = overheard ? null : last?.direction;
    const kind = likeLast({
      outcome,
      protocol,
      direction,
      early,
      overheard,
      unowed,
      gone,
      unconfirmed,
      answered,
      severity,
    });
    return {
      attempt,
      confidence: 'possible',
      node: last?.point.node ?? null,
      interface: last?.point.interface ?? null,
      aspect: kind.aspect,
      proof: kind.proof,
    };
  },

  conclude(suspicions, context) {
    const { attempt, proof } = suspicions[0]!;
    const { severity, answered } = proof;
    const last = lastOf(attempt);
    const verdict = verdictOf(attempt, context);
    const where = last ? `, ${answered ? 'each reply ' : ''}${seenLast(last)}` : '';
    const known = knownOf(attempt, context);
    const silent = proof.unconfirmed && !proof.gone && !known;
    return {
      finding: {
        ...faultOf('undetermined', suspicions),
        severity,
        summary: `${answered ? ANSWERED : silent ? SILENT : WORDS[attempt.outcome]} (${numberText(suspicions.length)} to ${listedEndpoints(suspicions.map((s) => s.attempt.server))})${where}; ${known ? known.words : answered ? UNSEEN : silent ? EITHER : 'what was captured does not tell why'}.${proof.early ? EARLY : ''}${proof.gone ? GONE : ''}${proof.unowed ? UNOWED : ''}`,
        evidence: [
          ...suspicions
            .slice(0, QUOTED)
            .flatMap((s) => lastOf(s.attempt) ?? [])
            .map((s) => packetEvidence(s)),
          ...overheardEvidence(attempt),
          ...icmpEvidence(attempt),
          ...(known?.evidence ?? []),
          ...doubtedEvidence(attempt, context),
          ...modelEvidence(verdict, last),
          ...wayEvidence(attempt, context),
          ...missedEvidence(attempt, context),
          ...unwatchedEvidence(wayEndOf(attempt), context),
        ],
        fix: null,
        ...(known && { known: known.words }),
        alternatives: ruledOutBySettings(attempt, context),
      },
      gaps:
        severity !== 'fault' && !answered
          ? isOpen(attempt, context)
            ? [clientGap(attempt)]
            : []
          : known
            ? [known.gap]
            : [...(silent ? [clientGap(attempt)] : []), ...gapsOf(attempt, last, verdict, context)],
    };
  },
});

/** What an attempt has in common with the others of its finding. */
interface Kind extends UndeterminedProof {
  outcome: Outcome;
  protocol: Attempt['protocol'];
  direction: Direction | undefined;
  /** Only those saw it whom it did not pass. */
  overheard: boolean;
}

/** Of a flood, most are of the kind of the one before: nothing is made anew for them. */
let lastKind: { proof: Kind; aspect: string } | null = null;

function likeLast(kind: Kind): { proof: Kind; aspect: string } {
  if (lastKind === null || !isSameKind(lastKind.proof, kind)) {
    lastKind = { proof: kind, aspect: Object.values(kind).join(' ') };
  }
  return lastKind;
}

function isSameKind(a: Kind, b: Kind): boolean {
  return (
    a.outcome === b.outcome &&
    a.protocol === b.protocol &&
    a.direction === b.direction &&
    a.early === b.early &&
    a.overheard === b.overheard &&
    a.unowed === b.unowed &&
    a.gone === b.gone &&
    a.unconfirmed === b.unconfirmed &&
    a.answered === b.answered
  );
}

/** Where what was lost was seen last, or else what answered. */
function lastOf(attempt: Attempt, end = wayEndOf(attempt)): Sighting | null {
  return end?.last ?? attempt.others[0] ?? attempt.traces.at(-1)?.sightings.at(-1) ?? null;
}

/** What was lost, or the reply of which it is not known. */
function wayEndOf(attempt: Attempt): Loss | null {
  return isAnswered(attempt) ? farthestOf(attempt, 'reply') : lossOf(attempt);
}

const WORDS: Partial<Record<Attempt['outcome'], string>> = {
  established: 'Packets of connections that were made in the end were lost',
  'no-reply': 'No reply was seen to connection attempts',
  'reply-lost': 'The reply to connection attempts was sent and did not get back',
  unreachable: 'An ICMP error answered connection attempts',
  refused: 'An ICMP port unreachable, of another host than the server, answered connection attempts',
  rejected:
    'The client answered the reply to its own connection attempts with a reset, as to one that it did not ask for',
  unacknowledged: 'The capture shows a reply to connection attempts and then nothing more of the client',
};

const ANSWERED = 'Requests were answered and not sent again';

const UNSEEN =
  'that is not where the request had come in, and nothing acknowledges such a reply: whether it got to the client was not captured';

const SILENT =
  'The reply to connection attempts was sent, and sent again for want of an ACK, though no client asked again';

const EITHER =
  'what was captured does not tell whether it got back: a client that got it, and whose ACK was lost, would not ask again, nor would one that gave up within a second';

const EARLY = ' The captures end right after: a reply may have come.';

const UNOWED = ' Nothing shows that an answer is due there.';

const GONE =
  ' No client asked again, though the reply was sent again: it is gone, or it got the reply and what it answered was lost; other connections to the same server are made.';

/** More of them are no accident. */
const MOST_GONE = 2;

/** One of a few whose client never asked again for what was answered, where the server's other clients are served. */
function isGone({ protocol, outcome, server }: Attempt, context: DiagnosisContext): boolean {
  if (protocol !== 'tcp' || outcome !== 'reply-lost') return false;
  const { isServing, lost, isRepeated } = recordsOf(null, context).get(endpointLabel(server))!;
  return isServing && lost <= MOST_GONE && !isRepeated;
}

interface ServerRecord {
  isServing: boolean;
  /** Attempts whose reply was lost, and whether a client of one asked again. */
  lost: number;
  isRepeated: boolean;
}

/** By server. */
const recordsOf = remembered(
  () => null,
  (_: null, { attempts }): ReadonlyMap<string, ServerRecord> => {
    const records = new Map<string, ServerRecord>();
    for (const { outcome, server, tries } of attempts) {
      const key = endpointLabel(server);
      const record = records.get(key) ?? { isServing: false, lost: 0, isRepeated: false };
      records.set(key, record);
      if (outcome === 'established') record.isServing = true;
      if (outcome !== 'reply-lost') continue;
      record.lost++;
      if (tries !== 1) record.isRepeated = true;
    }
    return records;
  },
);

function seenLast(last: Sighting): string {
  const way = last.forOther
    ? 'overheard'
    : last.direction === 'in'
      ? 'on its way in'
      : last.direction === 'out'
        ? 'on its way out'
        : 'seen';
  const name = last.point.interface === null ? '' : ` by ${last.point.interface}`;
  return last.kind === 'rst' || last.kind === 'icmp-error'
    ? `first answered on ${last.point.node}`
    : `last ${way}${name} on ${last.point.node}`;
}

/** What is known of the loss, though no cause is. */
function knownOf(attempt: Attempt, context: DiagnosisContext): KnownOfLoss | null {
  const blocked = blockedReply(attempt, context);
  if (!blocked) return tunnelEnds(attempt, context);
  return { words: vainWords(blocked), evidence: [vainEvidence(blocked)], gap: vainGap(blocked) };
}

/** By the settings the request arrives, and the next hop of its reply was asked for in vain. */
function blockedReply(attempt: Attempt, context: DiagnosisContext): AskedInVain | null {
  const replies = demandOf(attempt, context)?.courses.replies ?? [];
  return replies.find(({ missedAt, blocked }) => missedAt === null && blocked !== null)?.blocked ?? null;
}

/** Rules on its known way that may have dropped the request, by what no snapshot tells. */
function doubtedEvidence(attempt: Attempt, context: DiagnosisContext): Evidence[] {
  const requests = demandOf(attempt, context)?.courses.requests ?? [];
  const lines = new Set(requests.flatMap(({ journey }) => doubtfulDrops(journey)));
  return [...lines].slice(0, QUOTED).map((line) => evidence('rule', `it may have been dropped: ${line}`));
}

function vainWords({ stop, address }: AskedInVain): string {
  const what = address.includes(':') ? 'neighbour solicitations' : 'ARP requests';
  return `by its routes ${stop.station.label} sends its reply by ${stop.interface} to ${address}, and nobody answers its ${what} for that address`;
}

/** What would tell: the next node where none was captured there, else what the last node did not say. */
function gapsOf(
  attempt: Attempt,
  last: Sighting | null,
  verdict: Verdict | null,
  context: DiagnosisContext,
): Gap[] {
  const loss = wayEndOf(attempt);
  if (!last) return [];
  if (!loss) {
    const why = `the reply came back to ${attempt.client.address} and was not taken for one; its own node would show with which addresses`;
    const { port } = attempt.client;
    const own = port === null ? 'icmp or icmp6' : `${attempt.protocol} port ${port}`;
    const filter = `host ${attempt.server.address} or ${own}`;
    return [
      { node: null, interface: null, why, capture: `tcpdump -i any -n -s 128 -w client.pcap '${filter}'` },
    ];
  }
  const here = context.node(last.point.node, last.point.netns);
  const place = placeOf(loss, context);
  const filter = captureFilter(last);
  if (loss.trace.overheard) {
    const name = last.point.interface === null ? '' : ` by ${last.point.interface}`;
    const why = `${last.point.node} only overheard the packet${name}, in a frame for ${otherHost(last.etherDestination)}: what became of it shows at the host that it was for, and by the neighbour entry of who sent it`;
    return [{ node: null, interface: null, why, capture: captureCommand(null, filter) }];
  }
  if (last.direction === 'out' && (!place || place.node.captures.length === 0)) {
    const next = place?.node.name ?? null;
    const target = next ?? nextName(last, here) ?? behind(last, here);
    return [
      {
        node: next,
        interface: place?.interface ?? null,
        why: `the packet left ${last.point.node}${target === null ? '' : ` towards ${target}`}, where nothing was captured`,
        capture: captureCommand(null, filter),
      },
    ];
  }
  const unwatched = unwatchedGap(loss, context);
  if (unwatched) return [unwatched];
  if (last.direction === 'out' && place) {
    const why = `the packet left ${last.point.node}${last.point.interface === null ? '' : ` by ${last.point.interface}`} towards ${place.node.name}, whose captures do not show it: it was lost between the two, or their filter hides it`;
    const at = { node: place.node.name, interface: place.interface };
    return [{ ...at, why, capture: captureCommand(place.interface, filter) }];
  }
  const got = `the packet got to ${labelOf(last, here)}`;
  const at = { node: last.point.node, interface: last.point.interface };
  const way = verdict?.verdict === 'forward' ? verdict.dev : null;
  if (here && way !== null && !context.covers(here, way, lastSightings(loss))) {
    const why = `${got}, whose routes send it on by ${way}, where nothing was captured`;
    return [{ ...at, interface: way, why, capture: captureCommand(way, filter) }];
  }
  const reasons = here ? dropReasons(here, loss) : [];
  const missing = here ? [...new Set([...missingFiles(here, last), ...doubtedFiles(attempt, context)])] : [];
  const why =
    reasons.length > 0
      ? `${got} and no farther; the kernel dropped packets at these times for ${reasons.join(', ')}`
      : verdict && verdict.verdict !== 'forward' && verdict.verdict !== 'local'
        ? `${got} and no farther; by its routes and settings it ends there: ${verdict.why}`
        : missing.length > 0
          ? `${got} and no farther; without ${missing.join(', ')} its decision cannot be told`
          : `${got} and no farther, and its routes and settings do not say why; its kernel's drop reasons would`;
  if (reasons.length === 0 && missing.length > 0) return [{ ...at, why, capture: recordingCommand(missing) }];
  return [{ ...at, why, capture: here?.snapshot?.drops && here.snapshot.clock ? null : RECORD_DROPS }];
}

/** Whether it was answered, and the capture went on, and nothing tells whether its client ever had the answer. */
function isOpen(attempt: Attempt, context: DiagnosisContext): boolean {
  return attempt.outcome === 'unacknowledged' && attempt.protocol === 'tcp' && !isCutShort(attempt, context);
}

/** What would tell a lost reply from a lost ACK: the client's side of the first capture of its SYN. */
function clientGap({ client, traces }: Attempt): Gap {
  const first = traces.find((trace) => trace.role === 'request')?.sightings[0];
  const before = first ? `; none was seen on ${first.point.node}, where its SYN was seen first` : '';
  return {
    node: null,
    interface: null,
    why: `whether ${client.address} got the reply, and where its ACK was lost, a capture at the client or at its router would show${before}`,
    capture: `tcpdump -i any -n -s 128 -w client.pcap 'host ${client.address} and tcp'`,
  };
}

function labelOf({ point }: Sighting, here: NodeView | null): string {
  const inner = here?.netns ?? point.netns;
  return inner === null ? point.node : `the network namespace ${inner} of ${point.node}`;
}

/** The reasons of the drop records that fit the times at which the packets were lost. */
function dropReasons(node: NodeView, loss: Loss): string[] {
  const times = lastSightings(loss).flatMap((s) => (s.time === null ? [] : [s.time]));
  const near = new Set(nearestDrops(node, times).map((record) => record.reason));
  const inOrder = new Set((node.snapshot?.drops?.records ?? []).map((record) => record.reason));
  return [...inOrder].filter((reason) => near.has(reason));
}

/** Who only overheard what is lost: what they tell is to which MAC it was sent. */
function overheardEvidence(attempt: Attempt): Evidence[] {
  const trace = wayEndOf(attempt)?.trace;
  if (!trace?.seen) return [];
  return trace.seen
    .filter((s) => isOverheardIn(trace, s))
    .slice(0, QUOTED)
    .map((s) => packetEvidence(s));
}

/** The ICMP errors that answered, and who sent them. */
function icmpEvidence(attempt: Attempt): Evidence[] {
  return attempt.others
    .filter((s) => s.kind === 'icmp-error')
    .slice(0, QUOTED)
    .map((s) => packetEvidence(s, ` (from ${s.icmp!.from}, type ${s.icmp!.type}, code ${s.icmp!.code})`));
}

/** What the node's own routes and settings would have done with the packet where it was seen last. */
function verdictOf(attempt: Attempt, context: DiagnosisContext): Verdict | null {
  const loss = wayEndOf(attempt);
  const place = loss && placeOf(loss, context);
  if (!loss || !place?.seen || !place.node.model || place.interface === null) return null;
  // What the node sends itself was routed when it was sent.
  if (place.interface === 'lo') return null;
  const [destination] = routedDestinations(attempt, loss, context);
  const asked = inputVerdicts(place.node, place.interface, attempt, loss, [destination!], context);
  const [first, ...others] = asked.verdicts;
  // Of a packet whose mark is not known, or that is picked one of several ways, nothing certain can be told.
  if (!first || asked.guessed || others.some(({ verdict }) => verdict !== first.verdict)) return null;
  return first;
}

function modelEvidence(verdict: Verdict | null, last: Sighting | null): Evidence[] {
  if (!verdict || !last) return [];
  const { node } = last.point;
  return [
    evidence('model', `by the routes and settings of ${node}: ${verdict.verdict}; ${verdict.why}`, { node }),
  ];
}

/** A namespace of the node's own, as of a pod, where that is what the interface leads to. */
function behind({ point }: Sighting, here: NodeView | null): string | null {
  const link = here?.snapshot?.links?.find((l) => l.name === point.interface);
  return link?.kind === 'veth' ? `the namespace behind ${point.interface}` : null;
}

function nextName(last: Sighting, here: NodeView | null): string | null {
  const outer = last.encapsulations[0]?.destination;
  if (outer != null) return outer;
  const hop = here && nextHopAddress(last, here);
  if (last.etherDestination === null) return hop;
  const neighbour = here?.snapshot?.neighbours?.find((n) => n.mac === last.etherDestination)?.address;
  return `${neighbour ?? hop ?? 'the host'} (${last.etherDestination})`;
}

function missingFiles({ snapshot }: NodeView, { source }: Sighting): string[] {
  const isIPv6 = source.address.includes(':');
  const wanted: [string, unknown][] = [
    ['sysctl.txt', snapshot?.sysctl],
    isIPv6 ? ['ip-route6.json', snapshot?.routes6] : ['ip-route.json', snapshot?.routes4],
    isIPv6 ? ['ip-rule6.json', snapshot?.rules6] : ['ip-rule.json', snapshot?.rules4],
    ['ip-addr.json', snapshot?.addresses],
    ['ip-link.json', snapshot?.links],
  ];
  return wanted.filter(([, value]) => value == null).map(([name]) => name);
}

/** Files without which it is not known what the nodes on the way would do. */
function doubtedFiles(attempt: Attempt, context: DiagnosisContext): string[] {
  return filesNamedIn(demandOf(attempt, context)?.doubts ?? []);
}
