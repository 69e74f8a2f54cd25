import type { Analysis, AnalysisInput } from '../../model/analysis.js';
import { numberText } from '../../model/texts.js';
import type { Style } from '../style.js';
import { heading } from './heading.js';
import { type Cell, type Column, table } from './table.js';
import { counted, durationText, millisecondsBetween, shortTimeText } from './words.js';
import { labelled, wrap } from './wrap.js';

/** A ring buffer of captures is many files; those with something wrong come first. */
const MOST_INPUTS = 30;

/**
 * What was read, and what is wrong with it.
 *
 * @param where the files lie, a sentence; '' for none
 */
export function inputsSection({ inputs }: Analysis, where: string, style: Style): string[] {
  if (inputs.length === 0) return [];
  const ordered = [...inputs.filter(isFlawed), ...inputs.filter((input) => !isFlawed(input))];
  const shown = inputs.length > MOST_INPUTS ? ordered.slice(0, MOST_INPUTS) : inputs;
  const columns: Column[] = [
    { title: 'node' },
    { title: 'file' },
    { title: 'link type' },
    { title: 'packets', align: 'right' },
    { title: 'from (UTC)' },
    { title: 'span', align: 'right' },
    { title: 'lost', align: 'right' },
  ];
  const rows = shown.map((input): Cell[] => [
    input.node,
    input.file,
    input.linkType,
    numberText(input.packets),
    shortTimeText(input.firstTime),
    spanText(input),
    input.dropped === null ? '?' : numberText(input.dropped),
  ]);
  const more = inputs.length - shown.length;
  return [
    ...heading('Inputs', style),
    ...(where === '' ? [] : wrap(where, style.measure)),
    ...table(columns, rows, style),
    ...(more > 0 ? wrap(`${style.ellipsis} and ${numberText(more)} more`, style.measure) : []),
    ...shown.filter(isFlawed).flatMap((input) => {
      const text = `${input.file}: ${flaws(input).join('; ')}`;
      return labelled('!', text, style.measure, 2, style.yellow);
    }),
  ];
}

/** What is wrong with a capture, a sentence each. */
export function flaws(input: AnalysisInput): string[] {
  return [
    ...(input.truncated ? ['ends in the middle of a packet'] : []),
    ...(input.dropped ? [`${counted(input.dropped, 'packet')} lost while capturing`] : []),
    ...(input.undecoded > 0
      ? [`${counted(input.undecoded, 'packet')} of a link type that is not decoded`]
      : []),
    ...(input.error === null ? [] : [`reading stopped: ${input.error}`]),
    ...(input.unfollowedSince === undefined
      ? []
      : [
          `no room for more connections from packet ${numberText(input.unfollowedSince)} on (see Capture next)`,
        ]),
  ];
}

function isFlawed(input: AnalysisInput): boolean {
  return flaws(input).length > 0;
}

export function spanText({ firstTime, lastTime }: AnalysisInput): string {
  const milliseconds = millisecondsBetween(firstTime, lastTime);
  return milliseconds === null ? '-' : durationText(milliseconds * 1e6);
}

/** Whether there are connections in the file that were not followed. */
export function isUnfollowed({ unfollowedSince }: AnalysisInput): boolean {
  return unfollowedSince !== undefined;
}

/** Whether packets that crossed the interface may be missing from what was read of the file. */
export function isIncomplete({ truncated, undecoded, error, dropped }: AnalysisInput): boolean {
  return truncated || undecoded > 0 || error !== null || (dropped ?? 0) > 0;
}
