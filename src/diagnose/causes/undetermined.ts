import { isAnswered } from '../../correlate/answered.js';
import type { Attempt } from '../../correlate/attempt.js';
import { expectsReply } from '../../correlate/expects-reply.js';
import type { Direction, Outcome, Severity } from '../../model/analysis.js';
import { cause } from '../cause.js';
import { isCutShort, isWatchedAfterAsking } from '../cut-short.js';
import { type Symptom, symptomOf } from '../symptom.js';
import { isUnconfirmed } from '../ways/unconfirmed.js';
import { isGone } from './gone-client.js';
import { isHalfOpen } from './half-open-client.js';
import { concludeUndetermined } from './undetermined-finding.js';
import { lastOf, wayEndOf } from './undetermined-last-seen.js';

export interface UndeterminedProof {
  /** The captures ended right after. */
  early: boolean;
  /** Nothing says that an answer is owed. */
  unowed: boolean;
  /** The client asked but once: it may have given up. */
  gone: boolean;
  /** It did not ask again, as one would that is there and did not get the reply: what it sent next may be what was lost. */
  unconfirmed: boolean;
  /** The client wanted no more than the reply, as it seems: it reset the connection and did not ask again. */
  halfOpen: boolean;
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
    const halfOpen = isHalfOpen(attempt, context);
    const severity = early || unowed || gone || halfOpen ? 'info' : failing;
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
      halfOpen,
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
    a.halfOpen === b.halfOpen &&
    a.answered === b.answered
  );
}
