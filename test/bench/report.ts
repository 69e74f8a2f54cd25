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
  /** Most memory that ours may take, 10^6 octets. */
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
  full: boolean;
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
export function begunBench(full: boolean): Bench {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    full,
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

function tableOf({ rows, passed }: Bench): string {
  const table = new Table({
    head: ['work', 'against', 'ours', 'theirs', 'median (range)', 'target', 'memory', ''],
    style: { head: [], border: [] },
    colAligns: ['left', 'left', 'right', 'right', 'right', 'left', 'right', 'left'],
  });
  for (const row of rows) {
    const { pairs, verdict, startUp, target } = row;
    table.push([
      row.work,
      row.against,
      `${seconds(pairs.ours.map((run) => run.seconds - startUp.ours))}`,
      `${seconds(pairs.theirs.map((run) => run.seconds - startUp.theirs))}`,
      valueText(verdict, target),
      target === null ? '' : targetText(target),
      memoryText(row),
      verdictText(verdict),
    ]);
  }
  for (const { work, against, target, why } of passed) {
    table.push([work, against, '', '', '', target === null ? '' : targetText(target), '', pc.dim(why)]);
  }
  return table.toString();
}

function seconds(values: readonly number[]): string {
  return `${Math.max(0, spread(values).median).toFixed(2)} s`;
}

function valueText({ values }: Verdict, target: Target | null): string {
  const { least, median, most } = values;
  const text = (value: number) => (median < 10 ? value.toFixed(2) : value.toFixed(0));
  const unit = target?.kind === 'above' ? ' s' : '×';
  return `${text(median)}${unit} (${text(least)}–${text(most)})`;
}

function targetText(target: Target): string {
  switch (target.kind) {
    case 'ratio':
      return `≤ ${target.most}×${target.stretch ? `, stretch ${target.stretch}×` : ''}`;
    case 'faster':
      return `≥ ${target.least}× faster`;
    case 'above':
      return `≤ ${target.seconds} s above`;
  }
}

function memoryText({ verdict, megabytes }: Row): string {
  if (verdict.megabytes === null) return megabytes === null ? '' : `unknown of ${megabytes} MB`;
  const used = verdict.megabytes.toFixed(0);
  return megabytes === null ? `${used} MB` : `${used} of ${megabytes} MB`;
}

function verdictText({ isMet, isStretched, isSmall }: Verdict): string {
  if (isMet === null) return '';
  const missed = [isMet ? [] : ['time'], isSmall === false ? ['memory'] : []].flat();
  if (missed.length > 0) return pc.red(`missed: ${missed.join(', ')}`);
  return pc.green(isStretched ? 'met, stretch too' : 'met');
}

function notes({ full, rows }: Bench): string[] {
  const lines: string[] = [];
  if (!full && rows.some((row) => row.startUp.ours > 0)) {
    lines.push(
      'Of captures, what each program takes for a single connection is taken off: at this size it would be much of the',
      'time. The targets are set for the whole time at full size (--full).',
    );
  }
  if (!has([METER])) lines.push(`Memory and CPU time are unknown: ${METER} is not installed.`);
  const measured = rows.filter((row) => row.target !== null);
  const missed = measured.filter((row) => isMissed(row.verdict));
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
