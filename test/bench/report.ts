/** What was measured, as a table for a person and as an object for programs. */
import { cpus } from 'node:os';
import Table from 'cli-table3';
import pc from 'picocolors';
import { has } from '../support.js';
import type { Target } from './comparisons.js';
import type { Load } from './generate.js';
import { METER } from './measure.js';
import { type Pairs, spread } from './pairs.js';
import type { Counts } from './reference.js';
import type { StartUp, Verdict } from './verdict.js';

export interface MeasuredCapture {
  name: string;
  title: string;
  load: Load;
  bytes: number;
  counts: Counts;
  /** Who counted the same. */
  countedBy: string[];
}

export interface Row {
  name: string;
  work: string;
  against: string;
  target: Target | null;
  /** Most memory that ours may take, 2^20 octets. */
  megabytes: number | null;
  /** Taken off every time. */
  startUp: StartUp;
  pairs: Pairs;
  verdict: Verdict;
}

/** A comparison that could not be made. */
export interface Passed {
  name: string;
  work: string;
  against: string;
  target: Target | null;
  why: string;
}

export interface Bench {
  date: string;
  /** Of the captures: so many times the size that the targets are set for. */
  size: number;
  node: string;
  processor: string;
  processors: number;
  /** Lines in which the peers name their versions. */
  peers: Record<string, string | null>;
  captures: MeasuredCapture[];
  rows: Row[];
  passed: Passed[];
}

/** What is known before anything is measured. */
export function begunBench(size: number): Bench {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    size,
    node: process.version,
    processor: processors[0]?.model ?? 'unknown',
    processors: processors.length,
    peers: {},
    captures: [],
    rows: [],
    passed: [],
  };
}

/** Whether a target that could be measured was missed. */
export function isMissed({ isMet, isSmall }: Verdict): boolean {
  return isMet === false || isSmall === false;
}

/** @returns whole lines */
export function formatBench(bench: Bench): string {
  const parts = [
    `Node.js ${bench.node}, ${bench.processors} × ${bench.processor}`,
    ...bench.captures.map(describeCapture),
    '',
    tableOf(bench),
    ...notes(bench),
  ];
  return `${parts.join('\n')}\n`;
}

function describeCapture({ name, title, bytes, counts, countedBy }: MeasuredCapture): string {
  const size = `${(bytes / 1e6).toFixed(0)} MB, ${whole(counts.packets)} packets, ${whole(counts.connections)} connections`;
  return `${name}: ${title}; ${size}, counted alike by ${countedBy.join(' and ')}`;
}

const NO_FRAME = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
    .concat(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'])
    .map((part) => [part, '']),
);

function tableOf({ rows, passed }: Bench): string {
  const table = new Table({
    chars: NO_FRAME,
    head: ['work', 'against', 'ours', 'theirs', 'median (range)', 'CPU', 'target', 'memory, MB', ''].map(
      pc.bold,
    ),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'left', 'left', 'left'],
  });
  for (const row of rows) {
    const { pairs, verdict, startUp, target } = row;
    table.push([
      row.work,
      row.against,
      `${seconds(pairs.ours.map((run) => run.seconds - startUp.ours.seconds))}`,
      `${seconds(pairs.theirs.map((run) => run.seconds - startUp.theirs.seconds))}`,
      valueText(verdict, target),
      verdict.cpu === null ? '' : numberText(verdict.cpu, verdict.cpu) + unitOf(target),
      target === null ? '' : targetText(target),
      memoryText(row),
      verdictText(verdict),
    ]);
  }
  for (const { work, against, target, why } of passed) {
    table.push([work, against, '', '', '', '', target === null ? '' : targetText(target), '', pc.dim(why)]);
  }
  return table.toString();
}

function seconds(values: readonly number[]): string {
  return `${Math.max(0, spread(values).median).toFixed(2)} s`;
}

function valueText({ values }: Verdict, target: Target | null): string {
  const { least, median, most } = values;
  const range = `${numberText(least, median)}–${numberText(most, median)}`;
  return `${numberText(median, median)}${unitOf(target)} (${range})`;
}

/** @param like whose places are taken */
function numberText(value: number, like: number): string {
  return like < 10 ? value.toFixed(2) : value.toFixed(0);
}

function unitOf(target: Target | null): string {
  return target?.kind === 'above' ? ' s' : '×';
}

function targetText(target: Target): string {
  switch (target.kind) {
    case 'ratio':
      return `≤ ${target.most}×${target.stretch ? `, or ${target.stretch}×` : ''}`;
    case 'faster':
      return `≥ ${target.least}× faster`;
    case 'above':
      return `≤ ${target.seconds} s more`;
  }
}

function memoryText({ verdict, megabytes }: Row): string {
  const used = verdict.megabytes?.toFixed(0) ?? '?';
  return megabytes === null ? used : `${used} of ${megabytes}`;
}

function verdictText({ isMet, isStretched, isSmall }: Verdict): string {
  if (isMet === null) return '';
  const missed = [isMet ? [] : ['time'], isSmall === false ? ['memory'] : []].flat();
  if (missed.length > 0) return pc.red(`missed: ${missed.join(', ')}`);
  return pc.green(isStretched ? 'met, the second too' : 'met');
}

function notes({ size, rows }: Bench): string[] {
  const lines: string[] = [];
  if (size < 1 && rows.some((row) => row.startUp.ours.seconds > 0)) {
    lines.push(
      'Of captures, the time that each program takes for a single connection is taken off: at this size it is much of all.',
      'The targets are set for the whole time at full size (--full); what is missed here may well be met there.',
    );
  }
  if (!has([METER])) lines.push(`Memory and CPU time are unknown: ${METER} is not installed.`);
  const measured = rows.filter((row) => row.target !== null);
  const missed = measured.filter((row) => isMissed(row.verdict));
  if (measured.length === 0) return [...lines, 'No target could be measured.'];
  lines.push(
    missed.length === 0
      ? `All ${measured.length} targets that could be measured are met.`
      : `Missed: ${missed.map((row) => row.name).join(', ')}.`,
  );
  return lines;
}

function whole(value: number): string {
  return value.toLocaleString('en-US');
}
