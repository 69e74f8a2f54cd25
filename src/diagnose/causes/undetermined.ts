import type { Attempt } from '../../correlate/attempt.js';
import type { Direction, Outcome, Severity } from '../../model/analysis.js';
import { cause } from '../cause.js';
import { type Symptom, symptomOf } from '../symptom.js';
import { type Circumstance, circumstancesOf } from './undetermined-circumstances.js';
import { concludeUndetermined } from './undetermined-finding.js';
import { lastOf, wayEndOf } from './undetermined-last-seen.js';

export interface UndeterminedProof {
  circumstances: readonly Circumstance[];
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
    const { outcome, protocol } = attempt;
    const end = wayEndOf(attempt);
    const last = lastOf(attempt, end);
    const circumstances = circumstancesOf(attempt, context);
    const isHarmless = circumstances.some((circumstance) => circumstance.isHarmless);
    const severity = isHarmless ? 'info' : FAILING[symptomOf(attempt) as keyof typeof FAILING];
    const overheard = end?.trace.overheard ?? false;
    const direction = overheard ? null : last?.direction;
    const kind = likeLast({ outcome, protocol, direction, overheard, circumstances, severity });
    return {
      attempt,
      confidence: 'possible',
      node: last?.point.node ?? null,
      interface: last?.point.interface ?? null,
      aspect: kind.aspect,
      proof: kind.proof,
    };
  },

  conclude: concludeUndetermined,
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
  if (lastKind === null || !isSameKind(lastKind.proof, kind))
    lastKind = { proof: kind, aspect: aspectOf(kind) };
  return lastKind;
}

function isSameKind(a: Kind, b: Kind): boolean {
  return (
    a.outcome === b.outcome &&
    a.protocol === b.protocol &&
    a.direction === b.direction &&
    a.overheard === b.overheard &&
    a.severity === b.severity &&
    a.circumstances.length === b.circumstances.length &&
    a.circumstances.every((circumstance, i) => circumstance === b.circumstances[i])
  );
}

function aspectOf({ outcome, protocol, direction, overheard, circumstances, severity }: Kind): string {
  const names = circumstances.map(({ name }) => name);
  return [outcome, protocol, direction, overheard, severity, ...names].join(' ');
}
