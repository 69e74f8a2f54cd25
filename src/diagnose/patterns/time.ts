import type { NeighbourMessage } from '../../correlate/neighbours/message.js';
import { formatTime, NANOSECONDS_PER_SECOND, type Nanoseconds } from '../../model/time.js';
import type { DiagnosisContext } from '../context.js';
import { clockText } from '../words.js';
import { type Case, type Row, tabulate, UNKNOWN } from './case.js';
import type { Candidate, Dimension } from './dimension.js';
import { clearestStretch, type Point, type Stretch } from './stretch.js';
import { contrast, type Side } from './words.js';

/** Before and after a change or a hand-over, or for a while between two. */
export const time: Dimension = {
  family: 'time',
  among: 'port',
  values: 'sought',
  candidates(cases, { context }) {
    // Attempts come in the order of their time.
    const timed = cases.filter(({ attempt }) => attempt.firstTime !== null);
    const stretch = clearestStretch(timed.map(({ fate }) => POINTS[fate]));
    if (!stretch || timed.length * 2 < cases.length) return [];
    return [candidateOf(cases, timed, stretch, context)];
  },
};

const POINTS: Readonly<Record<Case['fate'], Point>> = {
  failed: { failed: 1, slow: 0, made: 0 },
  slow: { failed: 0, slow: 1, made: 0 },
  made: { failed: 0, slow: 0, made: 1 },
};

function candidateOf(
  cases: readonly Case[],
  timed: readonly Case[],
  { from, to, wrongInside, clarity, logChance }: Stretch,
  context: DiagnosisContext,
): Candidate {
  const at = (i: number) => timed[i]!.attempt.firstTime!;
  const text = clockText(at(0), at(timed.length - 1));
  const bounds = [from, to].filter((i) => i > 0 && i < timed.length);
  const [begin, end] = [at(from), to < timed.length ? at(to) : null];
  const names = {
    before: `before ${text(begin)}`,
    inside:
      end === null
        ? `from ${text(begin)} on`
        : from === 0
          ? `before ${text(end)}`
          : `${text(begin)} to ${text(end)}`,
    after: end === null ? '' : `from ${text(end)} on`,
  };
  const rows = tabulate(cases, ({ firstTime }) => {
    if (firstTime === null) return null;
    if (firstTime < begin) return names.before;
    return end !== null && firstTime >= end ? names.after : names.inside;
  });
  const outside = [...(from > 0 ? [names.before] : []), ...(end === null ? [] : [names.after])];
  const sides: Side[] = [
    {
      rows: rows.filter((row) => row.value === names.inside),
      phrase: from > 0 && end !== null ? `from ${names.inside}` : names.inside,
    },
    { rows: rows.filter((row) => outside.includes(row.value)), phrase: outside.join(' and ') },
  ];
  const [wrong, right] = wrongInside ? sides : sides.reverse();
  const changes = bounds.map((i): [Nanoseconds, Nanoseconds] => [at(i - 1), at(i)]);
  const handOver = announced(changes, timed[0]!, context);
  return {
    by: 'time',
    rows: inOrder(rows, [names.before, names.inside, names.after, UNKNOWN]),
    clarity,
    logChance,
    summary: `${contrast(wrong!, right!)} Times are UTC.${handOver === null ? '' : ` ${handOver}`}`,
  };
}

function inOrder(rows: readonly Row[], values: readonly string[]): Row[] {
  return values.flatMap((value) => rows.find((row) => row.value === value) ?? []);
}

/** Clients and switches take a moment to act on an announcement, ns. */
const SETTLING = NANOSECONDS_PER_SECOND;

/** Who announced the VIP when things changed: a hand-over that would explain it. */
function announced(
  changes: readonly [Nanoseconds, Nanoseconds][],
  { attempt }: Case,
  context: DiagnosisContext,
): string | null {
  const near = (moment: Nanoseconds | null) =>
    moment !== null && changes.some(([a, b]) => moment >= a - SETTLING && moment <= b);
  const found = context.neighbours.find(
    (message) =>
      message.kind === 'announcement' &&
      message.target === attempt.server.address &&
      message.claimedMac !== null &&
      near(context.aligned(message)),
  );
  return found ? announcementText(found, context) : null;
}

function announcementText(message: NeighbourMessage, context: DiagnosisContext): string {
  const { claimedMac, target } = message;
  const node = context.ownerOfMac(claimedMac!)?.name;
  const who = node === undefined ? claimedMac : `${node} (${claimedMac})`;
  return `At ${formatTime(context.aligned(message)!).slice(11, 23)} ${who} announced ${target}.`;
}
