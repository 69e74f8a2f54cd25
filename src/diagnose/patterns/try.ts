import { numberText } from '../../model/texts.js';
import type { Case, Row } from './case.js';
import type { Dimension } from './dimension.js';
import { separate } from './separation.js';

/**
 * The first request against those that are sent again. The unit is the request, not the attempt: where a network
 * loses packets at random, a retry has the chance of a first one.
 */
export const tries: Dimension = {
  family: 'try',
  among: 'port',
  values: 'given',
  candidates(cases) {
    const rows = countRequests(cases);
    const separation = separate(rows);
    if (!separation) return [];
    const { suspects, clarity, logChance } = separation;
    const [first, again] = rows as [Row, Row];
    const summary = suspects.has(FIRST)
      ? `${counted(first.failed, first)} first requests were lost, and only ${counted(again.failed, again)} that were sent again: something is ready only after the first packet (a neighbour entry, a flow, a translation).`
      : `A connection whose first request is lost loses those that follow too (${counted(again.failed, again)} sent again), while ${counted(first.made, first)} get through at once: what decides is chosen once a connection (a backend, or a path by a hash of its ports), not by the packet.`;
    return [{ by: 'try', rows, clarity, logChance, summary }];
  },
};

function counted(count: number, { failed, made }: Row): string {
  return `${numberText(count)} of ${numberText(failed + made)}`;
}

const FIRST = 'first request';
const AGAIN = 'sent again';

function countRequests(cases: readonly Case[]): Row[] {
  const first: Row = { value: FIRST, failed: 0, slow: 0, made: 0 };
  const again: Row = { value: AGAIN, failed: 0, slow: 0, made: 0 };
  for (const { attempt, fate } of cases) {
    const sent = attempt.tries;
    if (sent === 0) continue;
    // Of a connection that was made, the last request got through.
    const lost = fate === 'failed' ? sent : sent - 1;
    if (lost > 0) first.failed++;
    else first.made++;
    again.failed += Math.max(lost - 1, 0);
    if (lost > 0 && lost < sent) again.made++;
  }
  return [first, again];
}
