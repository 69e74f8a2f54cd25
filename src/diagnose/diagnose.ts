import type { Attempt } from '../correlate/attempt.js';
import type { CauseId, Finding, Gap } from '../model/analysis.js';
import { entryOf } from '../model/nested-maps.js';
import type { Cause, Suspicion } from './cause.js';
import { CONFIDENCE_ORDER } from './confidence.js';
import type { DiagnosisContext } from './context.js';
import { withUndo } from './fixes/undo.js';
import { unansweredGaps } from './neighbours/unanswered.js';
import { addPatterns } from './patterns/patterns.js';
import { CAUSE_REGISTRY } from './registry.js';
import { isScan, withoutScans } from './scan.js';
import { withSlow } from './slow.js';
import { type Symptom, symptomOf } from './symptom.js';

export interface Diagnosis {
  findings: Finding[];
  gaps: Gap[];
  /** By the place of each attempt of the context: the finding that explains it; undefined where none does. */
  explained: readonly (Finding | undefined)[];
}

/** Why attempts failed: each is explained by the first cause in the registry that can. */
export function diagnose(context: DiagnosisContext, registry = CAUSE_REGISTRY): Diagnosis {
  const groups = new Groups();
  const candidates = new Candidates(registry, context);
  const groupOf = context.attempts.map((attempt): Group | undefined => {
    for (const cause of candidates.of(attempt)) {
      const suspicion = cause.examine(attempt, context);
      if (suspicion) return groups.add(cause, suspicion);
    }
    return undefined;
  });
  const findings: { finding: Omit<Finding, 'id'>; group: Group | null }[] = [];
  const gaps: Gap[] = [];
  const joined = joinScans(groups.all, context.attempts);
  for (const group of joined.keys()) {
    const { cause, suspicions } = group;
    const conclusion = cause.conclude(suspicions, context);
    const attempts = suspicions.map((suspicion) => suspicion.attempt);
    const finding = withSlow(conclusion.finding, attempts);
    const judged = withoutScans(finding, attempts, context.attempts);
    findings.push({ finding: judged, group });
    // What a scan did not find out is nobody's loss: there is nothing to capture next.
    if (judged === finding) gaps.push(...conclusion.gaps);
  }
  for (const cause of registry) {
    const own = groups.all.filter((group) => group.cause === cause);
    const surveyed = cause.survey?.(
      own.flatMap((group) => group.suspicions),
      context,
    );
    for (const { finding, gaps: lacking } of surveyed ?? []) {
      findings.push({ finding, group: null });
      gaps.push(...lacking);
    }
  }
  gaps.push(...unansweredGaps(context));
  // The gravest first, then the surest, then what hit most.
  findings.sort(
    ({ finding: a }, { finding: b }) =>
      SEVERITY_ORDER[a.severity] - SEVERITY_ORDER[b.severity] ||
      CONFIDENCE_ORDER[a.confidence] - CONFIDENCE_ORDER[b.confidence] ||
      b.attempts.length - a.attempts.length,
  );
  const ofGroup = new Map<Group, Finding>();
  const identified = findings.map(({ finding, group }, i): Finding => {
    const named = { id: `f${i + 1}`, ...withUndo(finding, context.network) };
    for (const one of (group && joined.get(group)) ?? []) ofGroup.set(one, named);
    return named;
  });
  const explained = groupOf.map((group) => group && ofGroup.get(group));
  addPatterns(identified, explained, context);
  return { findings: identified, gaps, explained };
}

const SEVERITY_ORDER = { fault: 0, risk: 1, info: 2 };

/** The causes that may explain an attempt, in the order of the registry: of a flood, most are none for any. */
class Candidates {
  readonly #applying: readonly Cause[];
  readonly #bySymptom = new Map<Symptom, readonly Cause[]>();

  constructor(registry: readonly Cause[], context: DiagnosisContext) {
    this.#applying = registry.filter(({ applies }) => applies?.(context) !== false);
  }

  of(attempt: Attempt): readonly Cause[] {
    const symptom = symptomOf(attempt);
    let causes = this.#bySymptom.get(symptom);
    if (!causes) {
      causes = this.#applying.filter(({ symptoms }) => symptoms.includes(symptom));
      this.#bySymptom.set(symptom, causes);
    }
    return causes;
  }
}

/** What becomes one finding. */
interface Group {
  cause: Cause;
  suspicions: Suspicion<unknown>[];
}

class Groups {
  /** In the order of their first suspicions. */
  readonly all: Group[] = [];
  /** By cause, aspect (and service), node, interface and VIP. Servers are not told apart: a scan would make a finding of each. */
  readonly #groups: Map<CauseId, Map<string, Map<string | null, Map<string | null, ByVip>>>> = new Map();

  /** @returns the one that it is of now */
  add(cause: Cause, suspicion: Suspicion<unknown>): Group {
    const { aspect, service, node, interface: name, attempt } = suspicion;
    const kind = service === undefined ? aspect : `${aspect} ${service}`;
    const ofPlace = entryOf(entryOf(entryOf(entryOf(this.#groups, cause.id), kind), node), name);
    const known = ofPlace.get(attempt.vip);
    if (known) {
      // One text for all of them, of a flood too.
      suspicion.aspect = known.suspicions[0]!.aspect;
      known.suspicions.push(suspicion);
      return known;
    }
    const group = { cause, suspicions: [suspicion] };
    this.all.push(group);
    ofPlace.set(attempt.vip, group);
    return group;
  }
}

/** Of each group that becomes a finding, the groups that it stands for: what one scan met at one place is one. */
function joinScans(all: readonly Group[], attempts: readonly Attempt[]): Map<Group, Group[]> {
  const joined = new Map<Group, Group[]>();
  const scans = new Map<string, Group>();
  for (const group of all) {
    const { cause, suspicions } = group;
    const { service, aspect, confidence, node, interface: name, attempt } = suspicions[0]!;
    const own = suspicions.map((suspicion) => suspicion.attempt);
    const isOfScan = service !== undefined && isScan(cause.id, own, attempts);
    const key = JSON.stringify([cause.id, aspect, confidence, node, name, attempt.vip]);
    const first = isOfScan ? scans.get(key) : undefined;
    if (!first) {
      if (isOfScan) scans.set(key, group);
      joined.set(group, [group]);
      continue;
    }
    for (const suspicion of suspicions) first.suspicions.push(suspicion);
    joined.get(first)!.push(group);
  }
  return joined;
}

type ByVip = Map<string | null, Group>;
