import type {
  Analysis,
  AnalysisAttempt,
  AnalysisClock,
  Endpoint,
  Finding,
  PathStep,
} from '../../model/analysis.js';
import { clockAhead } from '../../model/clock.js';
import { parseTime } from '../../model/time.js';
import type { Style } from '../style.js';
import { isElsewhere, lossMark } from './causes.js';
import { type AddressNames, addressNames } from './names.js';
import { type Cell, type Column, naturalWidth, table } from './table.js';
import {
  causeText,
  counted,
  flowText,
  lastSightingIndex,
  millisecondsBetween,
  nodeText,
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
 * Of a path with many tries it shows one: the last try of the packet that got nowhere (the first, where a later one
 * got through) and, where that is a reply, the request that it answers.
 */
export function ladder(
  attempt: AnalysisAttempt,
  finding: Finding,
  analysis: Analysis,
  style: Style,
): string[] {
  const steps = shownTry(attempt);
  const heard = overheardTry(attempt);
  const hidden = attempt.path.length - steps.length - heard.length;
  const lines = stepLines(steps, attempt, analysis, style);
  if (finding.severity === 'fault' || finding.slow)
    lines.push(...lossLines(attempt, steps.at(-1)!, finding, style));
  if (heard.length > 0) {
    const places = [...new Set(heard.map((step) => placeText(nodeText(step), step.interface)))];
    const note = `(overheard on ${places.join(', ')}, in a frame for another host)`;
    lines.push(...labelled('', note, style.measure, 5).map(style.dim));
  }
  if (hidden > 0) {
    const note = `(${counted(hidden, 'sighting')} of other tries left out: see --format json)`;
    lines.push(...labelled('', note, style.measure, 5).map(style.dim));
  }
  return lines;
}

/** The sightings of the try that is shown, in causal order. */
export function shownTry(attempt: AnalysisAttempt): PathStep[] {
  return oneTry(attempt.path, lastSightingIndex(attempt));
}

/** Who else saw that try, whom it was not for. */
function overheardTry(attempt: AnalysisAttempt): PathStep[] {
  const shown = shownTry(attempt);
  return attempt.path.filter(
    (step) =>
      step.overheard &&
      !shown.includes(step) &&
      shown.some(({ role, try: number }) => role === step.role && number === step.try),
  );
}

/**
 * The run of sightings of one try that ends at `end`, with the run of the request before it for a reply. Where it was
 * only overheard it did not come: that is no part of its way, unless nothing else is known of it.
 */
export function oneTry(path: PathStep[], end: number): PathStep[] {
  const start = runStart(path, end);
  const answered = path.slice(0, start).findLastIndex((step) => step.role === 'request');
  const reply = passed(path.slice(start, end + 1));
  if (path[end]!.role === 'request' || answered < 0) return reply;
  return [...passed(path.slice(runStart(path, answered), answered + 1)), ...reply];
}

function passed(run: PathStep[]): PathStep[] {
  const steps = run.filter((step) => !step.overheard);
  return steps.length > 0 ? steps : run;
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

function stepLines(steps: PathStep[], attempt: AnalysisAttempt, analysis: Analysis, style: Style): string[] {
  const names = addressNames(analysis);
  const first = steps[0]!;
  const rows = steps.map((step, i): Cell[] => {
    const elapsed = millisecondsBetween(first.time, step.time);
    const skew = clockSkew(first, step, analysis.clocks);
    return [
      String(i + 1),
      stepName(step, steps[i - 1], attempt),
      nodeText(step)!,
      step.interface ?? '?',
      step.direction ?? '?',
      elapsed === null || skew === null ? '?' : (elapsed - skew).toFixed(3),
    ];
  });
  const addresses = steps.map((step, i) => addressText(step, steps[i - 1], names));
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

/**
 * The packet of a step. Of a reply that was sent again for one and the same request, the first step says which try it
 * is: else it would seem that the server took so long to answer.
 */
export function stepName(step: PathStep, before: PathStep | undefined, attempt: AnalysisAttempt): string {
  const name = packetName(attempt.protocol, step.role);
  if (step.role === 'request' || before?.role !== 'request') return name;
  const between = attempt.path.slice(attempt.path.indexOf(before) + 1, attempt.path.indexOf(step));
  const isAgain = between.some(({ role, try: number }) => role === 'reply' && number !== step.try);
  return isAgain ? `${name} (try ${step.try})` : name;
}

/** Milliseconds that the clock of a step's node was ahead of that of the first step's; null where that is not known. */
export function clockSkew(first: PathStep, step: PathStep, clocks: AnalysisClock[]): number | null {
  if (first.node === step.node) return 0;
  const [from, to] = [first, step].map((s) => {
    const clock = clocks.find(({ node }) => node === s.node);
    return clock ? clockAhead(clock, s.time === null ? null : parseTime(s.time)) : null;
  });
  return from == null || to == null ? null : (to - from) / 1e6;
}

/**
 * Addresses are written where they change, so that what NAT did stands out. A tunnel is a line of its own, and so is
 * what Kubernetes calls an address that was not there before.
 */
function addressText(step: PathStep, before: PathStep | undefined, names: AddressNames): string {
  const known = before?.role === step.role ? before : undefined;
  const flow = flowText(step.source, step.destination);
  const same = known && flow === flowText(known.source, known.destination);
  const named = [
    ...nameLine('from', step.source, known?.source, names),
    ...nameLine('to', step.destination, known?.destination, names),
  ];
  const tunnels = step.tunnels.map((tunnel) => `in ${tunnel}`);
  const first = same ? UNCHANGED : known ? `${TRANSLATED} ${flow}` : flow;
  return [first, ...named, ...tunnels].join('\n');
}

function nameLine(word: string, now: Endpoint, before: Endpoint | undefined, names: AddressNames): string[] {
  const name = now.address === before?.address ? null : names.of(now.address, now.port);
  return name === null ? [] : [`${word} ${name}`];
}

function lossLines(attempt: AnalysisAttempt, last: PathStep, finding: Finding, style: Style): string[] {
  const where = isElsewhere(finding, last) ? ` (${placeNote(finding)})` : '';
  const mark = `${lossMark(finding, attempt)}${where}: ${causeText(finding)}`;
  return labelled(`  ${style.lost}`, mark, style.measure, 5).map((line) => style.bold(style.red(line)));
}

/** Where no cause is told, its place is where the packets were seen last, and nothing says that they are lost there. */
function placeNote(finding: Finding): string {
  const place = placeText(nodeText(finding), finding.interface);
  return finding.cause === 'undetermined' ? `last seen on ${place}` : `the fault is on ${place}`;
}
