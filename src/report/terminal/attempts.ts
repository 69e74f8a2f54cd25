import { type Analysis, type AnalysisAttempt, type AnalysisTotal, OUTCOMES } from '../../model/analysis.js';
import type { Style } from '../style.js';
import { heading } from './heading.js';
import { type Cell, type Column, naturalWidth, table } from './table.js';
import { endpointText, lastSighting, numberText, outcomesText, packetName, placeText } from './words.js';
import { wrap } from './wrap.js';

/** Rows of the attempts table. */
const MOST_ATTEMPTS = 20;

/** How many attempts ended how, a line a VIP and protocol; outcomes that nobody had are left out. */
export function totalsSection({ totals }: Analysis, style: Style): string[] {
  if (totals.length === 0) return [];
  const seen = OUTCOMES.filter((outcome) => totals.some((total) => total.outcomes[outcome] > 0));
  const columns: Column[] = [
    { title: 'VIP' },
    { title: 'protocol' },
    { title: 'total', align: 'right' },
    ...seen.map((title): Column => ({ title, align: 'right' })),
  ];
  const rows = totals.map((total): Cell[] => [
    ...totalHead(total),
    ...seen.map((outcome) => numberText(total.outcomes[outcome])),
  ]);
  const lines =
    naturalWidth(columns, rows) <= style.columns ? table(columns, rows, style) : narrowTotals(totals, style);
  return [...heading('Connections', style), ...lines];
}

/** Many outcomes, or long addresses: the outcomes of a line in one cell. */
function narrowTotals(totals: AnalysisTotal[], style: Style): string[] {
  const columns: Column[] = [
    { title: 'VIP' },
    { title: 'protocol' },
    { title: 'total', align: 'right' },
    { title: 'outcomes' },
  ];
  const rows = totals.map((total): Cell[] => [...totalHead(total), outcomesText(total.outcomes)]);
  return table(columns, rows, style);
}

function totalHead({ vip, protocol, outcomes }: AnalysisTotal): [string, string, string] {
  const sum = Object.values(outcomes).reduce((a, b) => a + b, 0);
  return [vip ?? '(others)', protocol, numberText(sum)];
}

/** The attempts that the table has room for, those that were not established first. */
export function shownAttempts({ attempts }: Analysis): AnalysisAttempt[] {
  const shown = attempts.filter((attempt) => attempt.outcome !== 'established').slice(0, MOST_ATTEMPTS);
  const established = attempts.filter((attempt) => attempt.outcome === 'established');
  return [...shown, ...established.slice(0, MOST_ATTEMPTS - shown.length)];
}

/**
 * A line an attempt: who asked whom, and how it ended.
 *
 * @param listed how many attempts the analysis lists, of which `shown` are some
 */
export function attemptsSection(shown: AnalysisAttempt[], listed: number, style: Style): string[] {
  if (shown.length === 0) return [];
  const columns: Column[] = [
    { title: 'id' },
    { title: 'client' },
    { title: 'server' },
    { title: 'outcome' },
    { title: 'tries', align: 'right' },
    { title: 'last seen' },
  ];
  const rows = shown.map((attempt): Cell[] => [
    attempt.id,
    endpointText(attempt.client),
    endpointText(attempt.server),
    { text: attempt.outcome, paint: attempt.outcome === 'established' ? style.green : style.red },
    numberText(attempt.tries),
    lastSeen(attempt),
  ]);
  const more = listed - shown.length;
  const rest = `${style.ellipsis} and ${numberText(more)} more (--format json lists them)`;
  return ['', ...table(columns, rows, style), ...(more > 0 ? wrap(rest, style.measure) : [])];
}

function lastSeen(attempt: AnalysisAttempt): string {
  const step = lastSighting(attempt);
  if (!step) return '-';
  return `${packetName(attempt.protocol, step.role)} ${placeText(step.node, step.interface)}`;
}
