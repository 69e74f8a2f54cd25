import type { AnalysisAttempt, Finding } from '../../model/analysis.js';
import { numberText } from '../../model/texts.js';
import { isAnswered } from '../answered.js';
import { counted, nodeText, placeText } from '../terminal/words.js';
import type { Side } from './side.js';

/** What may be chance in more than one case of twenty is no proof. */
const CHANCE = 0.05;

/**
 * Whether a finding that the later analysis does not have would be there if it still were: its node was captured, and
 * connections were made that would have met it, more of them than chance explains.
 */
export interface Absence {
  isGone: boolean;
  why: string;
}

export function judgeAbsence(finding: Finding, before: Side, after: Side): Absence {
  const service = before.serviceOf(finding);
  const failed = before.attemptsOf(finding);
  const protocols = new Set(failed.map((attempt) => attempt.protocol));
  const name = service ?? 'the service';
  const now = after.successOf(service, protocols);
  if (after.isPrediction) return foretold(now.all, name);
  const unwatched = nodesOf(finding).filter((node) => before.captured(node) && !after.captured(node));
  if (unwatched.length > 0) {
    const were = unwatched.length === 1 ? 'was' : 'were';
    return notSeen(`${unwatched.join(' and ')} ${were} not captured afterwards`);
  }
  if (now.all === 0) return notSeen(`nothing of ${name} was captured afterwards`);
  if (finding.attempts.length === 0) return gone(`${name} was asked for, and nothing shows it any more`);
  if (now.made === 0) return notSeen(`no connection to ${name} was seen to be made afterwards`);
  const made = after.madeTo(service);
  if (after.listsAll) {
    const unlike = unlikeReason(finding, failed, made);
    if (unlike !== null) return notSeen(unlike);
  }
  // Of those that nothing acknowledges, more cannot be said.
  const verb = made.length > 0 && made.every(isAnswered) ? 'answered' : 'made';
  const place = placeText(nodeText(finding), finding.interface);
  const passed = made.filter((attempt) => passes(attempt, finding)).length;
  if (finding.node !== null && passed > 0 && before.listsAll) {
    const passedBefore = before.madeTo(service).filter((attempt) => passes(attempt, finding)).length;
    const share = finding.attempts.length / (finding.attempts.length + passedBefore);
    const many = `${counted(passed, 'connection')} passed ${place} and ${passed === 1 ? 'was' : 'were'} ${verb}`;
    if (isTold(share, passed)) return gone(many);
  }
  const then = before.successOf(service, protocols);
  const share = Math.min(1, finding.attempts.length / Math.max(1, then.all));
  if (isTold(share, now.made))
    return gone(`${counted(now.made, 'connection')} to ${name} ${now.made === 1 ? 'was' : 'were'} ${verb}`);
  const were = now.made === 1 ? 'was' : 'were';
  return notSeen(
    `${counted(now.made, 'connection')} to ${name} ${were} ${verb}, which may be chance: before, ${numberText(finding.attempts.length)} of ${numberText(then.all)} met it`,
  );
}

/** Whether so many that were made one after the other are more than chance, if `share` of all fail. */
function isTold(share: number, made: number): boolean {
  return (1 - share) ** made <= CHANCE;
}

function foretold(ways: number, name: string): Absence {
  return ways === 0
    ? notSeen(`no way to ${name} is foretold any more`)
    : gone(`no way to ${name} meets it any more, by the nodes' settings`);
}

/** Where those that were made differ from those that failed in what the failing may depend on. */
function unlikeReason(
  { patterns = [] }: Finding,
  failed: readonly AnalysisAttempt[],
  made: readonly AnalysisAttempt[],
): string | null {
  if (failed.length === 0) return null;
  const ports = new Set(failed.map((attempt) => attempt.server.port));
  if (!made.some((attempt) => ports.has(attempt.server.port))) {
    return `no connection to port ${[...ports].join(' or ')} was made afterwards`;
  }
  const clients = new Set(failed.map((attempt) => attempt.client.address));
  const depends = patterns.some((pattern) => pattern.by === 'client');
  return depends && !made.some((attempt) => clients.has(attempt.client.address))
    ? 'none of the clients that failed before was seen afterwards'
    : null;
}

function passes({ path }: AnalysisAttempt, finding: Finding): boolean {
  const node = nodeText(finding);
  return path.some(
    (step) => nodeText(step) === node && (finding.interface === null || step.interface === finding.interface),
  );
}

function nodesOf({ node, claimants }: Finding): string[] {
  return [...new Set([node, ...claimants.map((claimant) => claimant.node)])].filter((name) => name !== null);
}

function gone(why: string): Absence {
  return { isGone: true, why };
}

function notSeen(why: string): Absence {
  return { isGone: false, why };
}
