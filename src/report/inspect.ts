import type {
  InspectedBundle,
  InspectedCapture,
  InspectedFile,
  InspectedInput,
  Inspection,
  MissingFile,
} from '../model/inspection.js';
import { numberText } from '../model/texts.js';
import { escapeAll } from './escape.js';
import { createStyle, type Style } from './style.js';
import { heading } from './terminal/heading.js';
import { type Cell, type Column, table } from './terminal/table.js';
import { counted, durationText, millisecondsBetween, nodeText, shortTimeText } from './terminal/words.js';
import { labelled, wrap } from './terminal/wrap.js';
import type { TerminalOptions } from './terminal.js';

/** Of the longest name of a bundle's file, and a gap. */
const NAME_WIDTH = 20;

/** Of files that nothing was taken from, more names tell no more. */
const MOST_NAMES = 8;

/**
 * What each input is, for a person: what was recognised, which file was taken for what, what the captures hold, and
 * what to record for what could not be told otherwise. Commands are never broken.
 */
export function renderInspection(inspection: Inspection, { columns, color }: TerminalOptions): string {
  const style = createStyle(columns, color);
  const { inputs, missing } = escapeAll(inspection);
  const lines = [...inputs.flatMap((input) => inputSection(input, style)), ...missingSection(missing, style)];
  // The first heading's blank line.
  return `${lines.slice(1).join('\n')}\n`;
}

function inputSection(input: InspectedInput, style: Style): string[] {
  const { bundles, captures, notTaken, problems } = input;
  const nothing = bundles.length === 0 && captures.length === 0;
  return [
    ...heading(input.input === '-' ? 'standard input' : input.input, style),
    ...(nothing ? wrap('Nothing in it is known.', style.measure) : []),
    ...bundles.flatMap((bundle, i) => [...(i > 0 ? [''] : []), ...bundleLines(bundle, input.input, style)]),
    ...(captures.length === 0
      ? []
      : [...(bundles.length > 0 ? [''] : []), ...captureLines(captures, input.input, style)]),
    ...(notTaken.length === 0 ? [] : ['', ...notTakenLines(notTaken, input.input, style)]),
    ...(problems.length === 0 ? [] : ['']),
    ...problems.flatMap((problem) => labelled('!', problem, style.measure, 2, style.yellow)),
  ];
}

function bundleLines(bundle: InspectedBundle, input: string, style: Style): string[] {
  const { layouts, node, root, files } = bundle;
  const of = node === null ? 'of the cluster' : `of ${nodeText({ node, netns: bundle.netns })}`;
  const where = root === '' ? '' : `, in ${root}`;
  const columns: Column[] = [
    { title: 'taken for' },
    { title: 'form' },
    { title: 'octets', align: 'right' },
    { title: 'from' },
  ];
  const rows = files.map((file): Cell[] => [
    file.name,
    file.form,
    numberText(file.octets),
    sourceText(file, input, root),
  ]);
  return [
    ...wrap(`${layouts.join(' and ')} ${of}${where}`, style.measure).map(style.bold),
    ...table(columns, rows, style),
  ];
}

/** Named from the dump on: what comes before it stands above. */
function sourceText({ sources }: InspectedFile, input: string, root: string): string {
  const name = shortName(sources[0]!, input);
  const short = root !== '' && name.startsWith(`${root}/`) ? name.slice(root.length + 1) : name;
  return sources.length === 1 ? short : `${short} and ${numberText(sources.length - 1)} more`;
}

/** Within the input: a member of an archive is named behind a colon. */
function shortName(file: string, input: string): string {
  const path = input.replace(/^[^=]*=/, '').replace(/\/+$/, '');
  return file.startsWith(path) && /[/:]/.test(file[path.length] ?? '') ? file.slice(path.length + 1) : file;
}

function captureLines(captures: readonly InspectedCapture[], input: string, style: Style): string[] {
  const columns: Column[] = [
    { title: 'node' },
    { title: 'capture' },
    { title: 'link type' },
    { title: 'interfaces' },
    { title: 'packets', align: 'right' },
    { title: 'from (UTC)' },
    { title: 'span', align: 'right' },
    { title: 'lost', align: 'right' },
  ];
  const rows = captures.map((capture): Cell[] => [
    nodeText(capture) ?? '-',
    shortName(capture.file, input),
    capture.linkType,
    capture.interfaces === null ? 'by packet' : capture.interfaces.map((name) => name || '?').join(', '),
    numberText(capture.packets),
    shortTimeText(capture.firstTime),
    spanText(capture),
    capture.dropped === null ? '?' : numberText(capture.dropped),
  ]);
  const flaws = captures.flatMap(({ file, truncated, error }) => [
    ...(truncated ? [`${file}: ends in the middle of a packet`] : []),
    ...(error === null ? [] : [`reading stopped: ${error}`]),
  ]);
  return [
    ...table(columns, rows, style),
    ...flaws.flatMap((flaw) => labelled('!', flaw, style.measure, 2, style.yellow)),
  ];
}

function spanText({ firstTime, lastTime }: InspectedCapture): string {
  const milliseconds = millisecondsBetween(firstTime, lastTime);
  return milliseconds === null ? '-' : durationText(milliseconds * 1e6);
}

function notTakenLines(files: readonly string[], input: string, style: Style): string[] {
  const names = files.slice(0, MOST_NAMES).map((file) => shortName(file, input));
  const more = files.length - names.length;
  const rest = more > 0 ? ` and ${numberText(more)} more` : '';
  return wrap(`Not taken: ${counted(files.length, 'file')} (${names.join(', ')}${rest})`, style.measure);
}

function missingSection(missing: readonly MissingFile[], style: Style): string[] {
  const nodes = [...new Set(missing.map(({ node }) => node))];
  return nodes.flatMap((node) => [
    ...heading(node === null ? 'Missing of the cluster' : `Missing of ${node}`, style),
    ...missing
      .filter((file) => file.node === node)
      .flatMap(({ name, tells, lackedBy, command }) => [
        ...labelled(name, withLack(tells, lackedBy), style.measure, NAME_WIDTH),
        `    ${style.cyan(command)}`,
      ]),
  ]);
}

function withLack(tells: string, lackedBy: string | null): string {
  return lackedBy === null ? tells : `${tells} (${lackedBy} never has it)`;
}
