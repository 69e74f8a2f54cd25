/** What is peculiar about attempts that no cause explains: whether that may be a fault, and how it is told. */
import { isAnswered } from '../../correlate/answered.js';
import type { Attempt } from '../../correlate/attempt.js';
import { expectsReply } from '../../correlate/expects-reply.js';
import type { DiagnosisContext } from '../context.js';
import { isCutShort, isWatchedAfterAsking } from '../cut-short.js';
import { blockedReply } from '../drops/blocked-reply.js';
import { unreachedOwner } from '../drops/unreached-owner.js';
import { isAskedByTranslator, translatorOf } from '../ways/translator.js';
import { isUnconfirmed } from '../ways/unconfirmed.js';
import { secondsText } from '../words.js';
import { isGone } from './gone-client.js';
import { isHalfOpenClient } from './half-open-client.js';
import { lateReply } from './late-reply.js';

export interface Circumstance {
  /** Findings with other circumstances are others. */
  name: string;
  holds(attempt: Attempt, context: DiagnosisContext): boolean;
  /** Whether nothing may have failed. */
  isHarmless?: true;
  /** What happened and why no cause is told, in place of what the outcome says. */
  words?: {
    what: string;
    why(attempt: Attempt, context: DiagnosisContext): string;
    /** Whether what is known of the loss itself says more than these do. */
    yieldsToKnown?: true;
  };
  /** A sentence behind these. */
  note?: string;
  /** What is to be captured next: at the client too, or whatever the severity, since only that can tell whether anything failed. */
  capture?: 'client-too' | 'always';
}

/** What is told of an outcome that has nothing peculiar to it. */
const WORDS: Partial<Record<Attempt['outcome'], string>> = {
  established: 'Packets of connections that were made in the end were lost',
  'no-reply': 'No reply was seen to connection attempts',
  'reply-lost': 'The reply to connection attempts was sent and did not get back',
  unreachable: 'An ICMP error answered connection attempts',
  refused: 'An ICMP port unreachable, of another host than the server, answered connection attempts',
  rejected:
    'The client answered the reply to its own connection attempts with a reset, as to one that it did not ask for',
  unacknowledged: 'The capture shows a reply to connection attempts and then nothing more of the client',
};

const UNTOLD = 'what was captured does not tell why';

const ENDS_RIGHT_AFTER: Circumstance = {
  name: 'ends-right-after',
  holds: (attempt, context) =>
    (attempt.outcome === 'no-reply' || attempt.outcome === 'unacknowledged') &&
    isCutShort(attempt, context) &&
    unreachedOwner(attempt, context) === null,
  isHarmless: true,
  note: 'The captures end right after: a reply may have come.',
};

const NOT_OWED: Circumstance = {
  name: 'not-owed',
  // Who asks for a next hop in vain has something to send: an answer, or the request.
  holds: (attempt, context) =>
    attempt.outcome === 'no-reply' &&
    !expectsReply(attempt, context.attempts) &&
    blockedReply(attempt, context) === null &&
    unreachedOwner(attempt, context) === null,
  isHarmless: true,
  note: 'Nothing shows that an answer is due there.',
};

const UNSEEN_YET =
  'that is not where the request had come in, and nothing acknowledges such a reply: the captures, also that at the client, end before they could show whether it got there';
const UNSEEN =
  'that is not where the request had come in, and nothing acknowledges such a reply: whether it got to the client was not captured';

/** The reply was not captured where it would have got back. */
export const ANSWERED: Circumstance = {
  name: 'answered',
  holds: isAnswered,
  words: {
    what: 'Requests were answered and not sent again',
    why: (attempt, context) =>
      isCutShort(attempt, context) && isCaptured(attempt.client.address, context) ? UNSEEN_YET : UNSEEN,
  },
  capture: 'always',
};

const CLIENT_GONE: Circumstance = {
  name: 'client-gone',
  holds: isGone,
  isHarmless: true,
  // Also where the reply is unconfirmed: that others are served tells more.
  words: { what: WORDS['reply-lost']!, why: () => UNTOLD },
  note: 'No client asked again, though the reply was sent again: it is gone, or it got the reply and what it answered was lost; other connections to the same server are made.',
};

/** A client that is there and did not get the reply would have asked again: what it sent next may be what was lost. */
const UNCONFIRMED: Circumstance = {
  name: 'unconfirmed',
  holds: (attempt, context) =>
    attempt.outcome === 'reply-lost' &&
    isUnconfirmed(attempt, context) &&
    isWatchedAfterAsking(attempt, context),
  words: {
    what: 'The reply to connection attempts was sent, and sent again for want of an ACK, though no client asked again',
    why: () =>
      'what was captured does not tell whether it got back: a client that got it, and whose ACK was lost, would not ask again, nor would one that gave up within a second',
    yieldsToKnown: true,
  },
  capture: 'client-too',
};

const HALF_OPEN: Circumstance = {
  name: 'half-open',
  holds: isHalfOpenClient,
  isHarmless: true,
  words: {
    what: 'The client reset its connection attempts as soon as they were answered, and did not ask again',
    why: () =>
      'one that does not know a reply asks again: so end half-open health checks and port scans, and clients that give up at once',
  },
};

/** Replies were lost, and of their client no more is heard than that it does not want the one that came. */
const LATE_REPLIES: Circumstance = {
  name: 'late-replies',
  holds: (attempt) => lateReply(attempt)?.lost != null,
  words: {
    what: 'The client reset a reply that came late: by then it had given up its connection attempts',
    why: (attempt) => {
      const { lateNs, lost } = lateReply(attempt)!;
      const { point, direction } = lost!;
      const by = point.interface === null ? '' : ` by ${point.interface}`;
      const at = `${direction === 'in' ? 'coming in' : 'leaving'}${by} on ${point.node}`;
      return `replies sent up to ${secondsText(lateNs)} before got no answer: they were lost, seen last ${at}, or what the client answered was; ${UNTOLD}`;
    },
  },
  capture: 'client-too',
};

/** The one reply took its time, and may not have been waited for. */
const LATE_REPLY: Circumstance = {
  name: 'late-reply',
  holds: (attempt) => attempt.tries === 1 && lateReply(attempt)?.lost === null,
  isHarmless: true,
  words: {
    what: 'The client reset the reply to its connection attempts, which came late, and did not ask again',
    why: (attempt) =>
      `it was seen ${secondsText(lateReply(attempt)!.lateNs)} after what it answers: the client had given up by then, or wanted no more than to see it`,
  },
};

/** The server's word that was not the server's: a rule on the way sent it, which is not known. */
const RESET_FOR_SERVER: Circumstance = {
  name: 'reset-for-server',
  holds: ({ outcome, others }) =>
    outcome === 'refused' && others.some(({ kind, fromClient }) => kind === 'rst' && !fromClient),
  words: {
    what: 'A RST that began before the server answered connection attempts, as a rule of a firewall sends it',
    why: () => UNTOLD,
  },
};

/** The node that masqueraded the request does not know the reply to it. */
const FORGOTTEN: Circumstance = {
  name: 'forgotten',
  holds: (attempt, context) => {
    if (attempt.outcome !== 'rejected') return false;
    const resets = attempt.others.filter((s) => s.kind === 'rst' && s.fromClient);
    // The client's own reset bears the node's address too, once that has translated it.
    if (resets.some(({ source }) => source.address === attempt.client.address)) return false;
    const translator = translatorOf(attempt);
    return (
      resets.some(({ point }) => point.node === translator) &&
      resets.some(({ source }) => isAskedByTranslator(attempt, source, context))
    );
  },
  words: {
    what: 'The node that translated connection attempts, and asked in the place of the client, answered the reply with a reset',
    why: () =>
      'its connection tracking did not know the reply: it may be exempt from tracking (NOTRACK), or the entry was taken away before it came',
  },
};

/** Notes follow each other in this order, and of several that have words the first is heard. */
const CIRCUMSTANCES: readonly Circumstance[] = [
  ENDS_RIGHT_AFTER,
  CLIENT_GONE,
  NOT_OWED,
  ANSWERED,
  UNCONFIRMED,
  FORGOTTEN,
  LATE_REPLIES,
  LATE_REPLY,
  HALF_OPEN,
  RESET_FOR_SERVER,
];

/** Those of an attempt, in the order in which they are told. */
export function circumstancesOf(attempt: Attempt, context: DiagnosisContext): readonly Circumstance[] {
  return CIRCUMSTANCES.filter((circumstance) => circumstance.holds(attempt, context));
}

/** What is said of them: in a clause each what happened and why no cause is told, and what else. */
export interface Told {
  what: string;
  why: string;
  notes: string[];
  /** Whose words these are; null: of the outcome alone. */
  by: Circumstance | null;
}

/** @param known what is known of the loss, as a clause; null where nothing is */
export function tell(
  attempt: Attempt,
  circumstances: readonly Circumstance[],
  known: string | null,
  context: DiagnosisContext,
): Told {
  const by = circumstances.find(({ words }) => words && !(words.yieldsToKnown && known !== null)) ?? null;
  const what = by?.words?.what ?? WORDS[attempt.outcome]!;
  const why = known ?? by?.words?.why(attempt, context) ?? UNTOLD;
  // What is said of the captures' end is not said twice.
  const noted = circumstances.filter((c) => !(c === ENDS_RIGHT_AFTER && why === UNSEEN_YET));
  return { what, why, notes: noted.flatMap(({ note }) => note ?? []), by };
}

function isCaptured(client: string, context: DiagnosisContext): boolean {
  return (context.ownerOfAddress(client)?.captures.length ?? 0) > 0;
}
