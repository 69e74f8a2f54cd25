import { CAUSES, type CauseId } from '../model/analysis.js';
import type { CauseExplanation } from '../model/cause-explanation.js';
import { createStyle, type Style } from './style.js';
import { displayWidth, labelled, wrap } from './terminal/wrap.js';
import type { TerminalOptions } from './terminal.js';

/** Column of the text beside `Means`, `Proof` and their like. */
const INDENT = 9;
const BULLET = '- ';

/** One cause explained, on a screen. Commands alone are never broken. */
export function renderExplanation(
  cause: CauseId,
  explanation: CauseExplanation,
  { columns, color }: TerminalOptions,
): string {
  const style = createStyle(columns, color);
  const { title, means, shows, proof, against, lookAlikes, fix, checks, sources } = explanation;
  const text = (label: string, items: readonly string[]) => section(label, items, style);
  const lines = [
    ...labelled(cause, title, style.measure, displayWidth(cause) + 2, style.bold),
    '',
    ...labelled('Means', means, style.measure, INDENT, style.bold),
    ...text('Shows', shows),
    ...text('Proof', proof),
    ...text('Against', against),
    ...text(
      'Unlike',
      lookAlikes.map((other) => `${other.cause}: ${other.difference}`),
    ),
    ...text('Fix', fix),
    ...commands(checks, style),
    ...labelled('Sources', sources, style.measure, INDENT, style.bold),
  ];
  return `${lines.join('\n')}\n`;
}

/** A line a cause. */
export function renderCauses(
  explanations: Readonly<Record<CauseId, CauseExplanation>>,
  { columns, color }: TerminalOptions,
): string {
  const style = createStyle(columns, color);
  const indent = Math.max(...CAUSES.map(displayWidth)) + 2;
  const lines = CAUSES.flatMap((cause) =>
    labelled(cause, explanations[cause].title, style.measure, indent, style.bold),
  );
  return `${lines.join('\n')}\n`;
}

/** Items beside their label; with a sign each, where there are several. */
function section(label: string, items: readonly string[], style: Style): string[] {
  const [only] = items;
  if (items.length === 1) return labelled(label, only!, style.measure, INDENT, style.bold);
  return items.flatMap((item, i) => {
    const [first = '', ...rest] = wrap(item, style.measure - INDENT - BULLET.length);
    const head = i === 0 ? style.bold(label) + ' '.repeat(INDENT - label.length) : ' '.repeat(INDENT);
    const under = ' '.repeat(INDENT + BULLET.length);
    return [head + BULLET + first, ...rest.map((line) => under + line)];
  });
}

/** What a command tells stands behind it as a shell comment, where there is room. */
function commands(checks: CauseExplanation['checks'], style: Style): string[] {
  return [
    style.bold('By hand'),
    ...checks.flatMap(({ command, tells }) => {
      const line = `  ${style.cyan(command)}`;
      if (tells === '') return [line];
      const comment = `# ${tells}`;
      if (2 + displayWidth(command) + 2 + displayWidth(comment) <= style.measure) {
        return [`${line}  ${style.dim(comment)}`];
      }
      return [line, ...labelled('', comment, style.measure, 6).map(style.dim)];
    }),
  ];
}
