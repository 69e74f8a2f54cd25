import type { AnalysisAttempt, AnalysisClock, Finding, PathStep, Role } from '../../model/analysis.js';
import type { Style } from '../style.js';
import { lossMark } from './causes.js';
import { type Cell, type Column, naturalWidth, table } from './table.js';
import {
  causeText,
  counted,
  flowText,
  lostRole,
  millisecondsBetween,
  packetName,
  placeText,
} from './words.js';
import { labelled } from './wrap.js';

/** A packet crosses a node in a handful of sightings; more are loops or floods, of which the ends tell most. */
const FIRST_ROWS = 8;
const LAST_ROWS = 16;

const INDENT = 2;
const UNCHANGED = 'same';
const TRANSLATED = 'NAT:';

/**
 * The way of one try through nodes and interfaces, a sighting a line, and where it got lost.
 *
 * Of a path with many tries it shows one: the last try of the packet that got nowhere and, where that is a reply,
 * the request that it answers.
 */
export function ladder(
  attempt: AnalysisAttempt,
  finding: Finding,
  clocks: AnalysisClock[],
  style: Style,
): string[] {
  const steps = oneTry(attempt.path, lostRole(attempt));
  const hidden = attempt.path.length - steps.length;
  const lines = stepLines(steps, attempt.protocol, clocks, style);
  if (finding.severity === 'fault') lines.push(...lossLines(steps.at(-1)!, finding, style));
  if (hidden > 0) {
    const note = `(${counted(hidden, 'sighting')} of other tries left out: see --format json)`;
    lines.push(...labelled('', note, style.measure, 5).map(style.dim));
  }
  return lines;
}

/** The last run of sightings of one try of `role`, with the run of the request before it for a reply. */
function oneTry(path: PathStep[], role: Role): PathStep[] {
  const end = path.findLastIndex((step) => step.role === role);
  const start = runStart(path, end);
  const answered = path.slice(0, start).findLastIndex((step) => step.role === 'request');
  const reply = path.slice(start, end + 1);
  if (role === 'request' || answered < 0) return reply;
  return [...path.slice(runStart(path, answered), answered + 1), ...reply];
}

function runStart(path: PathStep[], end: number): number {
  let start = end;
  while (start > 0 && path[start - 1]!.role === path[end]!.role && path[start - 1]!.try === path[end]!.try) {
    start--;
  }
  return start;
}

const COLUMNS: Column[] = [
  { title: '#', align: 'right' },
  { title: 'packet' },
  { title: 'node' },
  { title: 'interface' },
  { title: 'dir' },
  { title: '+ms', align: 'right' },
];

function stepLines(steps: PathStep[], protocol: string, clocks: AnalysisClock[], style: Style): string[] {
  const first = steps[0]!;
  const rows = steps.map((step, i): Cell[] => {
    const elapsed = millisecondsBetween(first.time, step.time);
    const skew = clockSkew(first.node, step.node, clocks);
    return [
      String(i + 1),
      packetName(protocol, step.role),
      step.node,
      step.interface ?? '?',
      step.direction ?? '?',
      elapsed === null || skew === null ? '?' : (elapsed - skew).toFixed(3),
    ];
  });
  const addresses = steps.map((step, i) => addressText(step, steps[i - 1]));
  const cut = steps.length - FIRST_ROWS - LAST_ROWS;
  if (cut > 0) {
    rows.splice(FIRST_ROWS, cut, ['', style.ellipsis, `${cut} more`, '', '', '']);
    addresses.splice(FIRST_ROWS, cut, '');
  }
  const paint = (line: string) => (line.startsWith(TRANSLATED) ? style.yellow(line) : line);
  const wideColumns = [...COLUMNS, { title: 'addresses' }];
  const wideRows = rows.map((row, i): Cell[] => [...row, { text: addresses[i]!, paint }]);
  if (naturalWidth(wideColumns, wideRows) + INDENT <= style.columns) {
    return table(wideColumns, wideRows, style, INDENT);
  }
  // Beside the rest there is no room for long addresses: they go below it.
  const notes = addresses.map((text) =>
    text
      .split('\n')
      .filter((line) => line !== '' && line !== UNCHANGED)
      .flatMap((line) => labelled('', line, style.columns, 9).map(paint)),
  );
  return table(COLUMNS, rows, style, INDENT, notes);
}

/** Milliseconds that `node`'s clock is ahead of the `reference` node's; null where that is not known. */
function clockSkew(reference: string, node: string, clocks: AnalysisClock[]): number | null {
  if (reference === node) return 0;
  const [from, to] = [reference, node].map(
    (name) => clocks.find((clock) => clock.node === name)?.offsetNs ?? null,
  );
  return from == null || to == null ? null : (to - from) / 1e6;
}

/** Addresses are written where they change, so that what NAT did stands out. A tunnel is a line of its own. */
function addressText(step: PathStep, before: PathStep | undefined): string {
  const flow = flowText(step.source, step.destination);
  const tunnels = step.tunnels.map((tunnel) => `in ${tunnel}`);
  if (before?.role !== step.role) return [flow, ...tunnels].join('\n');
  const same = flow === flowText(before.source, before.destination);
  return [same ? UNCHANGED : `${TRANSLATED} ${flow}`, ...tunnels].join('\n');
}

function lossLines(last: PathStep, finding: Finding, style: Style): string[] {
  const { node, interface: name } = finding;
  const elsewhere = node !== null && (node !== last.node || (name !== null && name !== last.interface));
  const where = elsewhere ? ` (the fault is on ${placeText(node, name)})` : '';
  const mark = `${lossMark(finding)}${where}: ${causeText(finding)}`;
  return labelled(`  ${style.lost}`, mark, style.measure, 5).map((line) => style.bold(style.red(line)));
}
