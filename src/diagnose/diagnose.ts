import type { Finding, Gap } from '../model/analysis.js';
import type { Cause, Suspicion } from './cause.js';
import { CONFIDENCE_ORDER } from './confidence.js';
import type { DiagnosisContext } from './context.js';
import { addPatterns } from './patterns/patterns.js';
import { CAUSE_REGISTRY } from './registry.js';
import { withoutScans } from './scan.js';
import { withSlow } from './slow.js';

export interface Diagnosis {
  findings: Finding[];
  gaps: Gap[];
}

/** Why attempts failed: each is explained by the first cause in the registry that can. */
export function diagnose(context: DiagnosisContext, registry = CAUSE_REGISTRY): Diagnosis {
  const groups = new Groups();
  for (const attempt of context.attempts) {
    for (const cause of registry) {
      const suspicion = cause.examine(attempt, context);
      if (!suspicion) continue;
      groups.add(cause, suspicion);
      break;
    }
  }
  const findings: Omit<Finding, 'id'>[] = [];
  const gaps: Gap[] = [];
  for (const { cause, suspicions } of groups.all) {
    const conclusion = cause.conclude(suspicions, context);
    const attempts = suspicions.map((suspicion) => suspicion.attempt);
    const finding = withSlow(conclusion.finding, attempts);
    findings.push(withoutScans(finding, attempts, context.attempts));
    gaps.push(...conclusion.gaps);
  }
  for (const cause of registry) {
    const own = groups.all.filter((group) => group.cause === cause);
    const surveyed = cause.survey?.(
      own.flatMap((group) => group.suspicions),
      context,
    );
    for (const conclusion of surveyed ?? []) {
      findings.push(conclusion.finding);
      gaps.push(...conclusion.gaps);
    }
  }
  // The gravest first, then the surest, then what hit most.
  findings.sort(
    (a, b) =>
      SEVERITY_ORDER[a.severity] - SEVERITY_ORDER[b.severity] ||
      CONFIDENCE_ORDER[a.confidence] - CONFIDENCE_ORDER[b.confidence] ||
      b.attempts.length - a.attempts.length,
  );
  const identified = findings.map((finding, i): Finding => ({ id: `f${i + 1}`, ...finding }));
  addPatterns(identified, context);
  return { findings: identified, gaps };
}

const SEVERITY_ORDER = { fault: 0, risk: 1, info: 2 };

/** What becomes one finding. */
interface Group {
  cause: Cause;
  suspicions: Suspicion<unknown>[];
}

class Groups {
  /** In the order of their first suspicions. */
  readonly all: Group[] = [];
  readonly #byAspect = new Map<string, Group[]>();

  add(cause: Cause, suspicion: Suspicion<unknown>): void {
    const { aspect } = suspicion;
    const alike = this.#byAspect.get(aspect) ?? [];
    for (const group of alike) {
      if (group.cause.id === cause.id && areOfOnePlace(group.suspicions[0]!, suspicion)) {
        // One text for all of them, of a flood too.
        suspicion.aspect = group.suspicions[0]!.aspect;
        group.suspicions.push(suspicion);
        return;
      }
    }
    const group = { cause, suspicions: [suspicion] };
    this.all.push(group);
    alike.push(group);
    this.#byAspect.set(aspect, alike);
  }
}

/** Where no VIP is known, servers are not told apart: a scan would make a finding of each. */
function areOfOnePlace(a: Suspicion<unknown>, b: Suspicion<unknown>): boolean {
  return a.node === b.node && a.interface === b.interface && a.attempt.vip === b.attempt.vip;
}
