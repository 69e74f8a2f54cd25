import type { Attempt } from '../../correlate/attempt.js';
import { TextNumbers } from '../../correlate/likeness.js';
import { inFull } from '../../correlate/lone-attempt.js';
import { kubeObjects } from '../../ingest/kube/objects.js';
import { servicesOf } from '../../ingest/kube/services.js';
import type { Endpoint, Finding, Pattern } from '../../model/analysis.js';
import { numberText } from '../../model/texts.js';
import type { DiagnosisContext } from '../context.js';
import { isSlow } from '../loss.js';
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
    if (concerns && !gravest.has(faultOf(finding))) gravest.set(faultOf(finding), finding);
  }
  if (gravest.size === 0) return;
  const facts = new Facts(findings, explained, context);
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

/** Attempts by their places: those that were made, and at once; and all others. */
interface Cases {
  made: number[];
  bad: number[];
}

/** What every fault's patterns need of each attempt, by its place: in arrays of numbers, as of a flood there are very many. */
class Facts {
  readonly attempts: readonly Attempt[];
  readonly #endings: Uint8Array;
  /** The fault that it met; 0 where it met none. */
  readonly #faults: Int32Array;
  /** What it asked for: the number of an address, port and protocol. */
  readonly #asked: Int32Array;
  /** By that number: one for all addresses of a Service. */
  readonly #vips: readonly number[];
  readonly #faultNumbers = new TextNumbers();

  constructor(
    findings: readonly Finding[],
    explained: readonly (Finding | undefined)[],
    context: DiagnosisContext,
  ) {
    const { attempts } = context;
    this.attempts = attempts;
    this.#endings = new Uint8Array(attempts.length);
    this.#faults = new Int32Array(attempts.length);
    this.#asked = new Int32Array(attempts.length);
    const met = new Map(findings.map((finding) => [finding, this.#faultNumbers.of(faultOf(finding)) + 1]));
    const kin = vipsOfOneService(context);
    const vips = new TextNumbers();
    const vipsOfAsked: number[] = [];
    const numbers = new AskedNumbers(({ address }) => vipsOfAsked.push(vips.of(kin.get(address) ?? address)));
    let last: Finding | undefined;
    let number = 0;
    for (let i = 0; i < attempts.length; i++) {
      const attempt = attempts[i]!;
      this.#endings[i] = endingOf(attempt);
      this.#asked[i] = numbers.of(attempt);
      const finding = explained[i];
      // Most met the same as the one before.
      if (finding !== last) {
        last = finding;
        number = (finding && met.get(finding)) ?? 0;
      }
      this.#faults[i] = number;
    }
    this.#vips = vipsOfAsked;
  }

  fateOf(i: number): Case['fate'] {
    return FATES[this.#endings[i]!]!;
  }

  /** The attempts that met a fault. */
  ofFault(fault: string): number[] {
    const wanted = this.#faultNumbers.of(fault) + 1;
    const faults = this.#faults;
    const own: number[] = [];
    for (let i = 0; i < faults.length; i++) if (faults[i] === wanted) own.push(i);
    return own;
  }

  /** Of the same VIPs all attempts that say something about a fault; one that failed for another does not. */
  about(fault: string, own: readonly number[]): Cases {
    const wanted = this.#faultNumbers.of(fault) + 1;
    const [endings, faults, asked] = [this.#endings, this.#faults, this.#asked];
    const ofVip = this.#ofSameVips(own);
    const cases: Cases = { made: [], bad: [] };
    for (let i = 0; i < faults.length; i++) {
      if (ofVip[asked[i]!] !== 1) continue;
      const met = faults[i]!;
      if (endings[i] === MADE) cases.made.push(i);
      else if (met === wanted || (endings[i] === SLOW && met === 0)) cases.bad.push(i);
    }
    return cases;
  }

  /** Those that asked for what some others did, by port and protocol too. */
  askingAs(own: readonly number[], others: readonly number[]): Set<number> {
    const isAsked = new Uint8Array(this.#vips.length);
    for (const i of own) isAsked[this.#asked[i]!] = 1;
    return new Set(others.filter((i) => isAsked[this.#asked[i]!] === 1));
  }

  /** 1 for each number of what is asked of the VIPs that some attempts asked for. */
  #ofSameVips(own: readonly number[]): Uint8Array {
    const vips = new Set<number>();
    for (const i of own) vips.add(this.#vips[this.#asked[i]!]!);
    return Uint8Array.from(this.#vips, (vip) => Number(vips.has(vip)));
  }
}

/** Numbers for what is asked for, from 0 in the order in which it comes. */
class AskedNumbers {
  readonly #texts = new TextNumbers();
  /** Most attempts have their server's end with others in common. */
  readonly #ofTcp = new Map<Endpoint, number>();
  readonly #onNew: (server: Endpoint) => void;

  /** @param onNew told of each that comes for the first time */
  constructor(onNew: (server: Endpoint) => void) {
    this.#onNew = onNew;
  }

  of({ protocol, server }: Attempt): number {
    const known = protocol === 'tcp' ? this.#ofTcp.get(server) : undefined;
    if (known !== undefined) return known;
    const before = this.#texts.count;
    const number = this.#texts.of(`${protocol} ${server.port} ${server.address}`);
    if (this.#texts.count > before) this.#onNew(server);
    if (protocol === 'tcp') this.#ofTcp.set(server, number);
    return number;
  }
}

const FATES: readonly Case['fate'][] = ['made', 'failed', 'slow'];
const [MADE, FAILED, SLOW] = [0, 1, 2];

function endingOf(attempt: Attempt): number {
  if (attempt.outcome !== 'established' && attempt.outcome !== 'reply-unseen') return FAILED;
  return isSlow(attempt) ? SLOW : MADE;
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

interface Sample {
  cases: number[];
  /** Says of how many they are a part; empty where they are all. */
  note: string;
}

/** As many of each kind as are looked at, evenly over time. */
function sampleOf({ made, bad }: Cases, facts: Facts): Sample {
  const some = { made: weighedOf(made, facts), bad: spread(bad) };
  const cases = [...some.made.taken, ...some.bad].sort((a, b) => a - b);
  const all = some.made.total + bad.length;
  return { cases, note: cases.length < all ? sampleNote(some.made, some.bad.length, bad.length) : '' };
}

function spread(all: readonly number[]): readonly number[] {
  if (all.length <= MOST_CASES) return all;
  return Array.from(
    { length: MOST_CASES },
    (_, n) => all[Math.ceil(((n + 1) * all.length) / MOST_CASES) - 1]!,
  );
}

interface Weighed {
  taken: number[];
  /** How many there are, those among them that were only counted. */
  total: number;
}

/** Some may stand for others: each is taken as often as all for which it stands would be, but once at the most. */
function weighedOf(made: readonly number[], facts: Facts): Weighed {
  const weights = made.map((i) => facts.attempts[i]!.standsFor);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const step = Math.max(1, total / MOST_CASES);
  let passed = 0;
  const taken = made.filter((_, n) => {
    const before = passed;
    passed += weights[n]!;
    return Math.floor(passed / step) > Math.floor(before / step);
  });
  return { taken, total };
}

/** The kinds are not in proportion: who reads the numbers as shares would take a fault of few for one of most. */
function sampleNote(made: Weighed, bad: number, allBad: number): string {
  const those = `${numberText(bad)} of ${numberText(allBad)} that met this`;
  const others = `${numberText(made.taken.length)} of ${roughly(made.total)} that did not`;
  return ` (Compared are ${those}, and ${others}; the numbers are no shares of all.)`;
}

/** It is known from those that stand for others. */
function roughly(count: number): string {
  return numberText(count < 1000 ? count : Number(count.toPrecision(2)));
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
