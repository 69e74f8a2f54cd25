import type { ComparedFinding, ComparedService, Comparison } from '../../model/comparison.js';
import { numberText } from '../../model/texts.js';
import { isUnfollowed } from '../terminal/inputs.js';
import { counted } from '../terminal/words.js';
import type { Side } from './side.js';
import { findingName, successText } from './words.js';

type Judgement = Pick<Comparison, 'verdict' | 'summary'>;

/** Of the connections to one service, no more may fail for no cause that is known. */
const MOST_UNEXPLAINED = 0.1;
/** By so much the share of connections that are made has to fall to be called worse. */
const MUCH_WORSE = 0.1;
/** More are found below the verdict. */
const MOST_NAMED = 3;

/** The verdict, and in one sentence why. */
export function judge(
  findings: readonly ComparedFinding[],
  services: readonly ComparedService[],
  before: Side,
  after: Side,
): Judgement {
  // A prediction has no faults: what it foretells are risks.
  const grave = before.isPrediction ? 'risk' : 'fault';
  const was = findings.filter((finding) => finding.before?.severity === grave);
  const is = findings.filter((finding) => finding.after?.severity === grave);
  const concerned = servicesConcerned(services, [...was, ...is]);
  if (is.length > 0) return stillAtFault(is, was, concerned);
  const open = doubtOf(was, concerned, before, after);
  if (open !== null) return { verdict: 'cannot-tell', summary: `cannot tell: ${open}` };
  const shares = concerned.map(successText);
  if (was.length === 0) {
    const summary = `no fault, neither before nor after: ${shares.join('; ')}`;
    return { verdict: 'no-fault', summary };
  }
  const are = was.length === 1 ? 'is' : 'are';
  return { verdict: 'fixed', summary: `fixed: ${named(was)} ${are} gone; ${shares.join('; ')}` };
}

function stillAtFault(
  is: readonly ComparedFinding[],
  was: readonly ComparedFinding[],
  concerned: readonly ComparedService[],
): Judgement {
  const ill = new Set(was.map((finding) => finding.service));
  const fresh = is.filter((finding) => !was.includes(finding));
  const stays = is.filter((finding) => was.includes(finding));
  const isWorse = fresh.some((finding) => !ill.has(finding.service)) || concerned.some(isMuchWorse);
  const parts = [
    ...(stays.length > 0 ? [`${named(stays)} ${stays.length === 1 ? 'is' : 'are'} still there`] : []),
    ...(fresh.length > 0 ? [`${named(fresh)} ${fresh.length === 1 ? 'is' : 'are'} new`] : []),
    ...concerned.map(successText),
  ];
  const [verdict, word] = isWorse ? (['worse', 'worse'] as const) : (['not-fixed', 'not fixed'] as const);
  return { verdict, summary: `${word}: ${parts.join('; ')}` };
}

/** Why it cannot be said that all is well now, though no fault is left; null where it can. */
function doubtOf(
  was: readonly ComparedFinding[],
  concerned: readonly ComparedService[],
  before: Side,
  after: Side,
): string | null {
  const reasons: string[] = [];
  const silent = concerned.filter((service) => service.after.all === 0);
  if (concerned.length === 0)
    return after.isPrediction ? 'no way is foretold' : 'no connection began in the captures';
  const of = (some: readonly ComparedService[]) =>
    [...new Set(some.map((s) => s.address ?? 'other addresses'))].join(', ');
  if (silent.length > 0) {
    reasons.push(
      after.isPrediction
        ? `no way to ${of(silent)} is foretold after`
        : `nothing of ${of(silent)} was captured after`,
    );
  }
  const said = new Set(silent.map((service) => service.address));
  for (const finding of was) {
    if (finding.change !== 'not-seen' || said.has(finding.service)) continue;
    reasons.push(`${findingName(finding)} is not seen, but ${finding.why}`);
  }
  if (after.analysis.inputs.some(isUnfollowed))
    reasons.push('not all connections captured after were followed');
  for (const service of concerned) {
    const { made, all } = service.after;
    if (all > 0 && all - made > all * MOST_UNEXPLAINED) {
      const kind = before.isPrediction ? 'way' : 'connection';
      reasons.push(
        `no fault is left, yet only ${numberText(made)} of ${counted(all, kind)} to ${of([service])} succeed`,
      );
    }
  }
  const unsure = concerned.filter(({ address, protocol }) => after.isUnsure(address, protocol));
  if (unsure.length > 0)
    reasons.push(
      `whether the replies of ${of(unsure)} got back was not captured: none was seen where its request had come in`,
    );
  return reasons.length === 0 ? null : reasons.join('; ');
}

function isMuchWorse({ before, after }: ComparedService): boolean {
  if (before.all === 0 || after.all === 0) return false;
  return after.made / after.all < before.made / before.all - MUCH_WORSE;
}

/** Those of the faults; all, where there is none, or none that is of one service. */
function servicesConcerned(
  services: readonly ComparedService[],
  faults: readonly ComparedFinding[],
): ComparedService[] {
  const own = new Set(faults.map((finding) => finding.service));
  const concerned = services.filter(({ address }) => own.has(address));
  return concerned.length > 0
    ? concerned
    : services.filter((service) => service.before.all + service.after.all > 0);
}

function named(findings: readonly ComparedFinding[]): string {
  const names = [...new Set(findings.map(findingName))];
  const more = names.length - MOST_NAMED;
  const shown = names.slice(0, MOST_NAMED).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}
