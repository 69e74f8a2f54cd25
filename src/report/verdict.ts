import {
  type Analysis,
  type Finding,
  OUTCOMES,
  type Outcome,
  type PacketRole,
  type PredictedWay,
  type Severity,
} from '../model/analysis.js';
import type { Fate } from '../model/fate.js';
import { numberText } from '../model/texts.js';
import { listedOf } from './shown-attempts.js';
import { headline } from './terminal/causes.js';
import { affectedText, exemplar } from './terminal/finding.js';
import { isIncomplete, isUnfollowed } from './terminal/inputs.js';
import { addressNames, namedAddress } from './terminal/names.js';
import { adviceWithoutFix } from './terminal/remedy.js';
import {
  causeText,
  counted,
  cutOffArchives,
  isLate,
  lostPackets,
  outcomesText,
  serversText,
  slowCount,
  soleServer,
} from './terminal/words.js';

/** One statement of the verdict. */
export interface VerdictItem {
  kind: 'fault' | 'risk' | 'ok' | 'unclear' | 'caution';
  /** `rp-filter (confirmed)`; null where it is of no finding. */
  cause: string | null;
  /** What is the matter, in a sentence. */
  what: string;
  /** `3 of 5 connections failed.`; empty where that is not told. */
  consequence: string;
  /** What to do, in a sentence, or why no fix is proposed; null where nothing is to be done. */
  fix: string | null;
  /** What it is of; null where it is of the whole. */
  finding: Finding | null;
}

/** These are no failures: the connection was made, by what the captures show or by what it led to. */
const FINE: Outcome[] = ['established', 'reply-unseen', 'midstream'];

/** What is broken, where and why, the gravest first, or that nothing is; then what makes it doubtful. What is told of others than was asked for says so before all. */
export function verdictItems(analysis: Analysis): VerdictItem[] {
  const { findings } = analysis;
  const faults = findings.filter((finding) => finding.severity === 'fault');
  const risks = findings.filter((finding) => finding.severity === 'risk');
  const isFaulty = faults.length > 0;
  return [
    ...unseenVips(analysis),
    ...(isFaulty ? faults.map((finding) => findingItem(finding, 'fault', analysis)) : noFault(analysis)),
    ...risks.map((finding) => findingItem(finding, 'risk', analysis)),
    ...cautions(analysis),
  ];
}

/** The item as one paragraph. */
export function verdictText({ cause, what, consequence }: VerdictItem): string {
  return `${cause === null ? '' : `${cause}: `}${what}${consequence === '' ? '' : ` ${consequence}`}`;
}

function findingItem(finding: Finding, kind: 'fault' | 'risk', analysis: Analysis): VerdictItem {
  const { predictions } = analysis;
  return {
    kind,
    cause: causeText(finding),
    what: `${predictions ? foretold(finding, analysis) : seen(finding, analysis)}.`,
    consequence: predictions ? '' : consequence(finding, analysis),
    fix: finding.fix?.summary ?? (kind === 'fault' ? adviceWithoutFix(finding) : null),
    finding,
  };
}

function ofTheWhole(kind: VerdictItem['kind'], what: string): VerdictItem {
  return { kind, cause: null, what, consequence: '', fix: null, finding: null };
}

const CONSEQUENCE: Record<Severity, string> = { fault: 'failed', risk: 'affected', info: 'affected' };

/** `3 of 5 connections failed`, and of those that were made in the end that they were slow. */
function consequence(finding: Finding, analysis: Analysis): string {
  const affected = affectedText(finding, analysis);
  const { slow = 0, attempts } = finding;
  if (affected === null) return '';
  if (slow === 0) return `${affected} ${CONSEQUENCE[finding.severity]}.`;
  if (isLate(finding)) return `${affected} ${slow === 1 ? 'was' : 'were'} slow: late, not lost.`;
  return `${affected} affected: ${numberText(attempts.length - slow)} failed, ${numberText(slow)} slow.`;
}

function seen(finding: Finding, analysis: Analysis): string {
  const attempt = exemplar(finding, analysis);
  return headline(finding, {
    role: attempt && lostPackets(finding, attempt),
    outcome: attempt?.outcome ?? null,
    askedOnce: attempt?.protocol === 'tcp' && attempt.tries === 1,
    service: serviceText(finding, analysis),
  });
}

/** The VIP, or the servers that its clients asked for. */
function serviceText(finding: Finding, analysis: Analysis): string {
  if (finding.vip !== null) return namedAddress(finding.vip, addressNames(analysis));
  const attempts = [...listedOf(finding, analysis.attempts)];
  return serversText(attempts, attempts.length === finding.attempts.length) ?? 'the service';
}

/** What is lost of a way that ends so. */
const LOST: Partial<Record<Fate, PacketRole>> = {
  'lost-reply': 'reply',
  'lost-client-ack': 'client-ack',
  'lost-server-ack': 'server-ack',
};

/** Nobody has met it yet: it is what the settings make of it. */
function foretold(finding: Finding, analysis: Analysis): string {
  const { predictions } = analysis;
  const ways = (predictions ?? []).flatMap((prediction) => prediction.ways);
  const way = ways.find((w) => w.finding === finding.id);
  const role = (way && LOST[way.fate]) ?? 'request';
  const lost = ways.filter((w) => w.finding === finding.id).length;
  const share = lost === 0 ? '' : ` (${numberText(lost)} of ${counted(ways.length, 'way')})`;
  return `${analysis.supposed ? 'with what is supposed' : 'as configured'}, ${headline(finding, { role, outcome: null, isForetold: true, service: serviceText(finding, analysis) })}${share}`;
}

function noFault(analysis: Analysis): VerdictItem[] {
  if (analysis.predictions) return predictionVerdict(analysis);
  const outcomes = sumOutcomes(analysis);
  const all = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  const isWhole = !analysis.inputs.some(isUnfollowed);
  if (all === 0) {
    const packets = analysis.inputs.reduce((sum, input) => sum + input.packets, 0);
    const read = `${counted(packets, 'packet')} in ${counted(analysis.inputs.length, 'file')} were read`;
    const none = isWhole ? 'there is no connection attempt in the captures' : 'no connection was followed';
    return [ofTheWhole('unclear', `Nothing to judge: ${none} (${read}).`)];
  }
  const answered = analysis.totals.reduce((sum, total) => sum + (total.answered ?? 0), 0);
  const services = new Set(
    analysis.totals.map((total) =>
      total.vip === null ? soleServer(total, analysis) : namedAddress(total.vip, addressNames(analysis)),
    ),
  );
  const [service] = services;
  const to = services.size === 1 && service ? ` to ${service}` : '';
  const made = outcomes.established + answered;
  const how =
    answered === 0 ? 'established' : outcomes.established === 0 ? 'answered' : 'established or answered';
  const count = `${numberText(made)} of ${counted(all, 'connection')}${to} were ${how}`;
  const others = { ...outcomes, unacknowledged: outcomes.unacknowledged - answered };
  const rest = outcomesText(others, ['established']);
  const slow = slowCount(analysis.totals);
  const late = slow === 0 ? '' : ` ${numberText(slow)} of them only after lost packets.`;
  const unseen = answered === 0 ? '' : ` ${unseenReplies(answered, analysis)}`;
  const details = `${late}${unseen}${rest === '' ? '' : ` The others: ${rest}.`}`;
  const isWell = isFine(others);
  const found = !isWell
    ? 'No fault could be proved, yet only'
    : isWhole
      ? 'No fault found:'
      : 'No fault found, but not all connections were followed: of those that were,';
  // Where of no connection it is known that its reply got back, it may be that none does.
  const isKnown = answered === 0 || outcomes.established > 0;
  return [ofTheWhole(isWell && isWhole && isKnown ? 'ok' : 'unclear', `${found} ${count}.${details}`)];
}

/** Asymmetric routing is no fault; what cannot be known behind it has to be said. */
function unseenReplies(answered: number, { gaps }: Analysis): string {
  const replies =
    answered === 1
      ? 'One reply was not seen where its request had come in: whether it'
      : `${numberText(answered)} replies were not seen where their requests had come in: whether they`;
  return `${replies} got back was not captured${gaps.length === 0 ? '' : ' (see Capture next)'}.`;
}

/** Nothing where risks were found: they stand for themselves. */
function predictionVerdict({ predictions, findings }: Analysis): VerdictItem[] {
  const ways = (predictions ?? []).flatMap((prediction) => prediction.ways);
  if (findings.some((finding) => finding.severity === 'risk')) return [];
  // Where each place that requests may come in at is answered, it does not matter which it is.
  const isOpen = ({ fate, unknown, assumesEntry }: PredictedWay) =>
    fate !== 'answered' || (unknown.length > 0 && !assumesEntry);
  const open = ways.filter(isOpen).length;
  const all = counted(ways.length, 'way');
  if (ways.length === 0)
    return [ofTheWhole('unclear', 'Nothing to foretell: no node is known to take requests for the VIP.')];
  if (open > 0)
    return [
      ofTheWhole(
        'unclear',
        `No risk found, yet of ${numberText(open)} of ${all} not all is known (see Ways).`,
      ),
    ];
  const lead = ways.length === 1 ? `${all} leads` : `all ${all} lead`;
  const assumed = ways.some((way) => way.unknown.length > 0)
    ? ' and requests come in where they are assumed to (see Ways)'
    : '';
  return [
    ofTheWhole(
      'ok',
      `No risk found: by the nodes' routes, rules and settings, ${lead} to a reply, if the backend listens${assumed}.`,
    ),
  ];
}

/** How many ended how, over all VIPs and protocols. */
function sumOutcomes({ totals }: Analysis): Record<Outcome, number> {
  const sums = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  for (const total of totals) {
    for (const outcome of OUTCOMES) sums[outcome] += total.outcomes[outcome];
  }
  return sums;
}

/** Of archives that end early, what the findings had to do without. */
function cutArchives(gaps: Analysis['gaps']): string[] {
  return cutOffArchives(gaps).map(
    (archive) => `${archive} is cut off (see Capture next): what came after that might tell otherwise.`,
  );
}

/** Whether none failed. */
function isFine(outcomes: Record<Outcome, number>): boolean {
  return OUTCOMES.every((outcome) => outcomes[outcome] === 0 || FINE.includes(outcome));
}

const REDACTED =
  'This report is redacted: other addresses, MACs and names stand for those that there were, in commands and files too.';

/** VIPs that were asked for by name, of which nothing was captured. */
function unseenVips({ vips, totals }: Analysis): VerdictItem[] {
  const unseen = vips
    .filter(({ address, source }) => source === 'flag' && !totals.some(({ vip }) => vip === address))
    .map(({ address }) => address);
  // Where there is nothing at all, that is said.
  if (unseen.length === 0 || totals.length === 0) return [];
  const isOfOthers = totals.every(({ vip }) => vip === null);
  const others = isOfOthers ? ' All that follows is of other connections.' : '';
  const what = `No connection to ${unseen.join(' or ')} was captured: is the address right, and did these nodes see it?${others}`;
  return [ofTheWhole(isOfOthers ? 'unclear' : 'caution', what)];
}

/** Silence in a damaged or lossy capture proves nothing: that has to be known before the rest is read. */
function cautions({ inputs, gaps, redacted, supposed = [] }: Analysis): VerdictItem[] {
  const of = (count: number) => `${numberText(count)} of ${counted(inputs.length, 'capture file')}`;
  const incomplete = inputs.filter(isIncomplete).length;
  const unfollowed = inputs.filter(isUnfollowed).length;
  const texts: string[] = [];
  if (unfollowed > 0) {
    texts.push(
      `In ${of(unfollowed)}, not all connections were followed (see Inputs): the others may tell something else.`,
    );
  }
  if (incomplete > 0) {
    texts.push(
      `${of(incomplete)} ${incomplete === 1 ? 'is' : 'are'} incomplete (see Inputs): what is not seen there may have been there.`,
    );
  }
  texts.push(...cutArchives(gaps));
  for (const change of supposed)
    texts.push(`Nobody has made this change, which is supposed here: ${change}.`);
  if (redacted) texts.push(REDACTED);
  return texts.map((text) => ofTheWhole('caution', text));
}
