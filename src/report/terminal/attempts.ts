import { type Analysis, type AnalysisAttempt, type AnalysisTotal, OUTCOMES } from '../../model/analysis.js';
import { numberText } from '../../model/texts.js';
import { isSlow } from '../shown-attempts.js';
import type { Style } from '../style.js';
import { heading } from './heading.js';
import { type Cell, type Column, naturalWidth, table } from './table.js';
import {
  durationText,
  endpointText,
  gradeOf,
  lastSighting,
  nodeText,
  outcomesText,
  outcomeText,
  packetName,
  placeText,
  slowCount,
  totalText,
} from './words.js';
import { wrap } from './wrap.js';

/**
 * How many attempts ended how, a line a VIP and protocol; outcomes that nobody had are left out, and so is how many
 * of the established were slow or got no further.
 */
export function totalsSection(analysis: Analysis, style: Style): string[] {
  const { totals } = analysis;
  if (totals.length === 0) return [];
  const seen = OUTCOMES.filter((outcome) => totals.some((total) => total.outcomes[outcome] > 0));
  const slow = slowCount(totals) > 0;
  const stuck = totals.some((total) => total.stuck);
  const columns: Column[] = [
    { title: 'VIP' },
    { title: 'protocol' },
    { title: 'total', align: 'right' },
    ...seen.flatMap((title): Column[] => [
      { title, align: 'right' },
      ...(title === 'established' && slow ? [{ title: 'of which slow', align: 'right' as const }] : []),
      ...(title === 'established' && stuck ? [{ title: 'of which stuck', align: 'right' as const }] : []),
    ]),
  ];
  const rows = totals.map((total): Cell[] => [
    ...totalHead(total, analysis),
    ...seen.flatMap((outcome) => [
      numberText(total.outcomes[outcome]),
      ...(outcome === 'established' && slow ? [paintedCount(total.slow, style.yellow)] : []),
      ...(outcome === 'established' && stuck ? [paintedCount(total.stuck, style.red)] : []),
    ]),
  ]);
  const lines =
    naturalWidth(columns, rows) <= style.columns
      ? table(columns, rows, style)
      : narrowTotals(analysis, style);
  return [...heading('Connections', style), ...lines];
}

function paintedCount(count = 0, paint: (text: string) => string): Cell {
  return count === 0 ? '0' : { text: numberText(count), paint };
}

/** Many outcomes, or long addresses: the outcomes of a line in one cell. */
function narrowTotals(analysis: Analysis, style: Style): string[] {
  const columns: Column[] = [
    { title: 'VIP' },
    { title: 'protocol' },
    { title: 'total', align: 'right' },
    { title: 'outcomes' },
  ];
  const rows = analysis.totals.map((total): Cell[] => {
    const of = [
      ...(total.slow ? [`${numberText(total.slow)} slow`] : []),
      ...(total.stuck ? [`${numberText(total.stuck)} stuck`] : []),
    ];
    const more = of.length > 0 ? `; of the established, ${of.join(', ')}` : '';
    return [...totalHead(total, analysis), `${outcomesText(total.outcomes)}${more}`];
  });
  return table(columns, rows, style);
}

function totalHead(total: AnalysisTotal, analysis: Analysis): [string, string, string] {
  const sum = Object.values(total.outcomes).reduce((a, b) => a + b, 0);
  return [totalText(total, analysis), total.protocol, numberText(sum)];
}

/**
 * A line an attempt: who asked whom, and how it ended.
 *
 * @param listed how many attempts the analysis lists, of which `shown` are some
 * @param stuck the names of those that were established and got no further
 */
export function attemptsSection(
  shown: AnalysisAttempt[],
  listed: number,
  stuck: ReadonlySet<string>,
  style: Style,
): string[] {
  if (shown.length === 0) return [];
  const slow = shown.some(isSlow);
  const columns: Column[] = [
    { title: 'id' },
    { title: 'client' },
    { title: 'server' },
    { title: 'outcome' },
    ...(slow ? [{ title: 'late', align: 'right' as const }] : []),
    { title: 'tries', align: 'right' },
    { title: 'last seen' },
  ];
  const rows = shown.map((attempt): Cell[] => [
    attempt.id,
    endpointText(attempt.client),
    endpointText(attempt.server),
    outcomeCell(attempt, stuck.has(attempt.id), style),
    ...(slow ? [lateCell(attempt, style)] : []),
    numberText(attempt.tries),
    lastSeen(attempt),
  ]);
  const more = listed - shown.length;
  const rest = `${style.ellipsis} and ${numberText(more)} more (--format json lists them)`;
  return ['', ...table(columns, rows, style), ...(more > 0 ? wrap(rest, style.measure) : [])];
}

function outcomeCell(attempt: AnalysisAttempt, isStuck: boolean, style: Style): Cell {
  const paints = { ok: style.green, risk: style.yellow, fault: style.red };
  return { text: outcomeText(attempt, isStuck), paint: paints[gradeOf(attempt, isStuck)] };
}

/** How much longer it took for packets that were lost. */
function lateCell(attempt: AnalysisAttempt, style: Style): Cell {
  return isSlow(attempt) ? { text: durationText(attempt.delayNs!), paint: style.yellow } : '';
}

export function lastSeen(attempt: AnalysisAttempt): string {
  const step = lastSighting(attempt);
  if (!step) return '-';
  const by = step.overheard ? ' (overheard)' : '';
  return `${packetName(attempt.protocol, step.role)} ${placeText(nodeText(step), step.interface)}${by}`;
}
