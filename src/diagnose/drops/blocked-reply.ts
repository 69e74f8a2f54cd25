import type { Attempt } from '../../correlate/attempt.js';
import type { DiagnosisContext } from '../context.js';
import { type UntakenAnswer, untakenText } from '../neighbours/untaken-answer.js';
import type { AskedInVain } from './asked-in-vain.js';
import type { Course } from './courses.js';
import { demandOf } from './demand.js';

/** A reply's way that ends before a next hop that did not answer. */
export interface BlockedReply {
  course: Course;
  blocked: AskedInVain;
}

/** By the settings the request arrives, and the next hop of its reply was asked for in vain. */
export function blockedReply(attempt: Attempt, context: DiagnosisContext): BlockedReply | null {
  for (const course of demandOf(attempt, context)?.courses.replies ?? []) {
    if (course.missedAt === null && course.blocked) return { course, blocked: course.blocked };
  }
  return null;
}

/**
 * `nobody answers its ARP requests for that address`.
 *
 * @param untaken the answer that came, and was not taken in; null where none did
 */
export function inVainText(address: string, untaken: UntakenAnswer | null = null): string {
  if (untaken) return untakenText(untaken);
  const what = address.includes(':') ? 'neighbour solicitations' : 'ARP requests';
  return `nobody answers its ${what} for that address`;
}
