import type { ComparedFinding, ComparedState, Comparison, FindingChange } from '../../model/comparison.js';
import { numberText } from '../../model/texts.js';
import { escapeAll, escapeText, escapeToAscii } from '../escape.js';
import { createStyle, type Style } from '../style.js';
import { heading } from '../terminal/heading.js';
import { type Cell, type Column, table } from '../terminal/table.js';
import { labelled, wrap } from '../terminal/wrap.js';
import type { TerminalOptions } from '../terminal.js';
import { changeText, findingName, shareText } from './words.js';

/** Rows of a table; `--format json` has all. */
const MOST_ROWS = 30;

/** The comparison as text for a person: the verdict, success per service, and what became of each finding. */
export function renderComparison(comparison: Comparison, { columns, color, ascii }: TerminalOptions): string {
  const style = createStyle(columns, color);
  const safe = escapeAll(comparison, ascii ? escapeToAscii : escapeText);
  const lines = [
    ...verdictLines(safe, style),
    ...section('Success', successTable(safe, style), style),
    ...section('Findings', findingsTable(safe, style), style),
  ];
  return `${lines.join('\n')}\n`;
}

function section(title: string, lines: readonly string[], style: Style): string[] {
  return lines.length === 0 ? [] : [...heading(title, style), ...lines];
}

function verdictLines({ verdict, summary, cautions }: Comparison, style: Style): string[] {
  const colon = summary.indexOf(':');
  const isGood = verdict === 'fixed' || verdict === 'no-fault';
  const paint = isGood ? style.green : verdict === 'cannot-tell' ? style.yellow : style.red;
  const strong = (label: string) => style.bold(paint(label));
  return [
    ...labelled(summary.slice(0, colon + 1), summary.slice(colon + 2), style.measure, INDENT, strong),
    ...cautions.flatMap((text) =>
      labelled('caution:', text, style.measure, INDENT, (label) => style.bold(style.yellow(label))),
    ),
  ];
}

const INDENT = 9;

/** How many connections to each service were made before and after, with their share; empty where there is none. */
export function successTable({ services }: Comparison, style: Style): string[] {
  if (services.length === 0) return [];
  const columns: Column[] = [
    { title: 'VIP' },
    { title: 'protocol' },
    { title: 'before', align: 'right' },
    { title: 'after', align: 'right' },
  ];
  const rows = services.slice(0, MOST_ROWS).map(({ address, protocol, before, after }): Cell[] => {
    const isWhole = after.all > 0 && after.made === after.all;
    const paint = isWhole ? style.green : after.all === 0 ? style.yellow : style.red;
    return [address ?? '(others)', protocol, shareText(before), { text: shareText(after), paint }];
  });
  return [...table(columns, rows, style), ...more(services.length, style)];
}

/** What became of each finding, and what tells; empty where there is none. */
function findingsTable({ findings }: Comparison, style: Style): string[] {
  if (findings.length === 0) return [];
  const shown = findings.slice(0, MOST_ROWS);
  const columns: Column[] = [
    { title: 'change' },
    { title: 'finding' },
    { title: 'before' },
    { title: 'after' },
  ];
  const rows = shown.map((finding): Cell[] => [
    { text: changeText(finding.change), paint: paintOf(finding, style) },
    findingName(finding),
    stateText(finding.before),
    stateText(finding.after),
  ]);
  const notes = shown.map(({ why }) => labelled('', why, style.measure, NOTE).map(style.dim));
  return [...table(columns, rows, style, 0, notes), ...more(findings.length, style)];
}

const NOTE = 13;

/** `fault, 4 lost`; `-` where it is not there. */
function stateText(state: ComparedState | null): string {
  if (!state) return '-';
  return `${state.severity}${state.attempts === 0 ? '' : `, met by ${numberText(state.attempts)}`}`;
}

function paintOf({ change, after }: ComparedFinding, style: Style): (text: string) => string {
  const paints: Record<FindingChange, (text: string) => string> = {
    gone: style.green,
    'not-seen': style.yellow,
    'still-there': after?.severity === 'fault' ? style.red : style.yellow,
    changed: after?.severity === 'fault' ? style.red : style.yellow,
    new: after?.severity === 'fault' ? style.red : style.yellow,
  };
  return paints[change];
}

function more(count: number, style: Style): string[] {
  const rest = count - MOST_ROWS;
  return rest <= 0
    ? []
    : wrap(`${style.ellipsis} and ${numberText(rest)} more (see --format json)`, style.measure);
}
