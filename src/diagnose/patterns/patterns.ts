import type { Attempt } from '../../correlate/attempt.js';
import { inFull } from '../../correlate/lone-attempt.js';
import { kubeObjects } from '../../ingest/kube/objects.js';
import { servicesOf } from '../../ingest/kube/services.js';
import type { Finding, Pattern } from '../../model/analysis.js';
import type { DiagnosisContext } from '../context.js';
import { isSlow } from '../loss.js';
import { ServerPorts } from '../server-ports.js';
import type { Case } from './case.js';
import { type Candidate, CLEAR, type Dimension } from './dimension.js';
import { PodNodes } from './pod-nodes.js';
import { DIMENSIONS } from './registry.js';
import { shownRows } from './words.js';

/** Faults that are looked at, the gravest first: each takes a pass over the VIP's attempts for each dimension. */
const MOST_FINDINGS = 20;
const MOST_PATTERNS = 3;

/** Attempts of a kind (failed, made) that are looked at: more take longer, and tell no more. */
const MOST_CASES = 250;

/** How likely chance may be to do as well: a finding is tried by some 15 dimensions. */
const LOG_UNLIKELY = { given: Math.log(0.01), sought: Math.log(0.001) };

/** A clean split of few attempts is told as one that may be chance: three of each at least. */
const LOG_TENTATIVE = Math.log(0.2);

/** Sets the attempts of each fault against those of the same VIP that were made; its gravest finding gets by what they differ. */
export function addPatterns(findings: readonly Finding[], context: DiagnosisContext): void {
  const gravest = new Map<string, Finding>();
  for (const finding of findings) {
    const concerns = finding.severity === 'fault' || (finding.slow ?? 0) > 0;
    if (concerns && !gravest.has(faultOf(finding))) gravest.set(faultOf(finding), finding);
  }
  if (gravest.size === 0) return;
  const facts = factsOf(findings, context);
  const wholes = new Wholes();
  for (const [fault, finding] of [...gravest].slice(0, MOST_FINDINGS)) {
    const patterns = patternsOf(fault, facts, wholes, context);
    if (patterns.length > 0) finding.patterns = patterns;
  }
}

/** Findings of one cause and place are one fault, that some connections get over and others do not. */
function faultOf({ cause, node, netns, interface: name, vip }: Finding): string {
  return [cause, node, netns, name, vip].join('\n');
}

/** What every fault's patterns need of an attempt. */
interface Fact {
  attempt: Attempt;
  /** One for all addresses of a Service. */
  vip: string;
  /** The fault that it met; absent where it met none. */
  fault: string | undefined;
  ending: Case['fate'];
}

function factsOf(findings: readonly Finding[], context: DiagnosisContext): Fact[] {
  const met = faultsMet(findings, context.attempts);
  const kin = vipsOfOneService(context);
  return context.attempts.map((attempt, i) => ({
    attempt,
    vip: kin.get(attempt.server.address) ?? attempt.server.address,
    fault: met[i],
    ending: endingOf(attempt),
  }));
}

/**
 * The fault that each attempt met, undefined for none. A finding names its attempts in the order of all, so that they
 * are found side by side: an index of a million names took longer than all else.
 */
function faultsMet(findings: readonly Finding[], attempts: readonly Attempt[]): (string | undefined)[] {
  /** Of each finding, by the name that comes next in it. */
  const expected = new Map<string, { fault: string; names: Iterator<string> }>();
  const expect = (fault: string, names: Iterator<string>) => {
    const { value, done } = names.next();
    if (!done) expected.set(value, { fault, names });
  };
  for (const finding of findings) expect(faultOf(finding), finding.attempts.values());
  return attempts.map(({ id }) => {
    const found = expected.get(id);
    if (!found) return undefined;
    expected.delete(id);
    expect(found.fault, found.names);
    return found.fault;
  });
}

/** Attempts in full, each read but once: those that were made are set against every fault. */
class Wholes {
  readonly #known = new Map<Attempt, Attempt>();

  of(attempt: Attempt): Attempt {
    let whole = this.#known.get(attempt);
    if (!whole) {
      whole = inFull(attempt);
      this.#known.set(attempt, whole);
    }
    return whole;
  }
}

function patternsOf(
  fault: string,
  facts: readonly Fact[],
  wholes: Wholes,
  context: DiagnosisContext,
): Pattern[] {
  const own = facts.filter((fact) => fact.fault === fault);
  const vips = new Set(own.map(({ vip }) => vip));
  const ports = new ServerPorts(own.map(({ attempt }) => attempt));
  const all = facts.filter((fact) => counts(fact, fault) && vips.has(fact.vip));
  const ofVip = sampleOf(all).map(
    ({ attempt, ending }): Case => ({ attempt: wholes.of(attempt), fate: ending }),
  );
  const isSample = context.isSample || ofVip.length < all.length;
  const among = { vip: ofVip, port: ofVip.filter(({ attempt }) => ports.has(attempt)) };
  const setting = {
    context,
    nodes: new PodNodes(
      context,
      among.port.map(({ attempt }) => attempt),
    ),
  };
  const found: Ranked[] = [];
  for (const dimension of DIMENSIONS) {
    if (dimension.family === 'try' && found.length > 0) continue;
    const candidates = dimension.candidates(among[dimension.among], setting);
    for (const candidate of candidates) {
      const certain = candidate.logChance <= LOG_UNLIKELY[dimension.values];
      if (certain ? candidate.clarity >= CLEAR : isTentative(candidate, dimension)) {
        found.push({ dimension, candidate, certain });
      }
    }
  }
  return clearest(found).map(({ candidate, certain }) => ({
    by: candidate.by,
    rows: shownRows(candidate.rows),
    summary: [
      candidate.summary,
      certain ? '' : ' So few connections may fall so by chance.',
      isSample ? ` (Counted in a sample of ${ofVip.length} connections.)` : '',
    ].join(''),
  }));
}

/** As many of each kind as are looked at, evenly over time. */
function sampleOf(facts: readonly Fact[]): readonly Fact[] {
  const isMade = ({ ending }: Fact) => ending === 'made';
  const made = facts.filter(isMade).length;
  const steps = { made: made / MOST_CASES, bad: (facts.length - made) / MOST_CASES };
  if (steps.made <= 1 && steps.bad <= 1) return facts;
  const seen = { made: 0, bad: 0 };
  return facts.filter((one) => {
    const kind = isMade(one) ? 'made' : 'bad';
    const n = seen[kind]++;
    const step = steps[kind];
    return step <= 1 || Math.floor((n + 1) / step) > Math.floor(n / step);
  });
}

function endingOf(attempt: Attempt): Case['fate'] {
  if (attempt.outcome !== 'established' && attempt.outcome !== 'reply-unseen') return 'failed';
  return isSlow(attempt) ? 'slow' : 'made';
}

/** Whether an attempt says something about a fault; one that failed for another does not. */
function counts({ ending, fault }: Fact, about: string): boolean {
  if (ending === 'made') return true;
  return fault === about || (ending === 'slow' && fault === undefined);
}

interface Ranked {
  dimension: Dimension;
  candidate: Candidate;
  certain: boolean;
}

function isTentative({ clarity, logChance }: Candidate, { values }: Dimension): boolean {
  return values === 'given' && clarity > 1 - 1e-9 && logChance <= LOG_TENTATIVE;
}

/** Of each family the clearest; of those, the clearest three. What may be chance comes after all that hardly is. */
function clearest(found: readonly Ranked[]): Ranked[] {
  const families = new Set<string>();
  return [...found]
    .sort((a, b) => Number(b.certain) - Number(a.certain) || differenceOf(b, a))
    .filter(({ dimension: { family } }) => !families.has(family) && families.add(family))
    .slice(0, MOST_PATTERNS);
}

/** Rounding must not decide between two that are as clear: then the order of the registry does. */
function differenceOf(a: Ranked, b: Ranked): number {
  const difference = a.candidate.clarity - b.candidate.clarity;
  return Math.abs(difference) < 1e-9 ? 0 : difference;
}

/** The VIPs of Services that have one of each IP version, by address: they stand for one another. */
function vipsOfOneService({ network }: DiagnosisContext): Map<string, string> {
  const objects = network.stations.flatMap(({ snapshot }) => kubeObjects(snapshot.kube));
  return new Map(
    servicesOf(objects)
      .filter(({ vips }) => vips.length > 1)
      .flatMap(({ vips }) => vips.map((vip): [string, string] => [vip, vips[0]!])),
  );
}
