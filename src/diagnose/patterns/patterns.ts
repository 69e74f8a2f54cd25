import type { Finding, Pattern } from '../../model/analysis.js';
import type { DiagnosisContext } from '../context.js';
import type { Case } from './case.js';
import { type Candidate, CLEAR, type Dimension } from './dimension.js';
import { Facts, faultKey } from './facts.js';
import { PodNodes } from './pod-nodes.js';
import { DIMENSIONS } from './registry.js';
import { sampleOf, Wholes } from './sample.js';
import { shownRows } from './words.js';

/** Faults that are looked at, the gravest first: each takes a pass over the VIP's attempts for each dimension. */
const MOST_FINDINGS = 20;
const MOST_PATTERNS = 3;

/** How likely chance may be to do as well: a finding is tried by some 15 dimensions. */
const LOG_UNLIKELY = { given: Math.log(0.01), sought: Math.log(0.001) };

/** A clean split of few attempts is told as one that may be chance: three of each at least. */
const LOG_TENTATIVE = Math.log(0.2);

/**
 * Sets the attempts of each fault against those of the same VIP that were made; its gravest finding gets by what they
 * differ.
 *
 * @param explained by the place of each attempt of the context: the finding that explains it
 */
export function addPatterns(
  findings: readonly Finding[],
  explained: readonly (Finding | undefined)[],
  context: DiagnosisContext,
): void {
  const gravest = new Map<string, Finding>();
  for (const finding of findings) {
    const concerns = finding.severity === 'fault' || (finding.slow ?? 0) > 0;
    if (concerns && !gravest.has(faultKey(finding))) gravest.set(faultKey(finding), finding);
  }
  if (gravest.size === 0) return;
  const facts = new Facts(findings, explained, context);
  const wholes = new Wholes();
  for (const [fault, finding] of [...gravest].slice(0, MOST_FINDINGS)) {
    const patterns = patternsOf(fault, facts, wholes, context);
    if (patterns.length > 0) finding.patterns = patterns;
  }
}

function patternsOf(fault: string, facts: Facts, wholes: Wholes, context: DiagnosisContext): Pattern[] {
  const own = facts.ofFault(fault);
  const all = facts.about(fault, own);
  const sample = sampleOf(all, facts);
  const ofVip = sample.cases.map(
    (i): Case => ({ attempt: wholes.of(facts.attempts[i]!), fate: facts.fateOf(i) }),
  );
  const ofPort = facts.askingAs(own, sample.cases);
  const among = { vip: ofVip, port: ofVip.filter((_, n) => ofPort.has(sample.cases[n]!)) };
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
      sample.note,
    ].join(''),
  }));
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
