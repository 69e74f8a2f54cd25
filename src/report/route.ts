import type { Explanation } from '../model/explanation.js';
import { escapeAll } from './escape.js';
import { createStyle, type Style } from './style.js';
import { labelled, wrap } from './terminal/wrap.js';
import type { TerminalOptions } from './terminal.js';

/** Columns before the text of a step. */
const INDENT = 4;

/**
 * One question to a node's routing, answered for a person: the verdict first, then what the kernel looked at, what
 * was assumed, and how to ask the kernel itself.
 */
export function renderRoute(explanation: Explanation, { columns, color }: TerminalOptions): string {
  const style = createStyle(columns, color);
  const { node, packet, passes, verdict, sentence, steps, assumed, command } = escapeAll(explanation);
  const paint = passes ? style.green : style.red;
  const name = verdict.toUpperCase();
  const lines = [
    ...labelled(name, sentence, style.measure, name.length + 2, (label) => style.bold(paint(label))),
    '',
    ...labelled('Node', node, style.measure, 8, style.dim),
    ...labelled('Packet', packet, style.measure, 8, style.dim),
    ...steps.flatMap((step, i) => ['', ...titled(`${i + 1}. ${step.title}`, step.lines, style)]),
  ];
  if (assumed.length > 0) lines.push('', ...titled('Assumed, for want of files or answers', assumed, style));
  if (command !== null) lines.push('', style.bold('Ask the kernel itself'), `    ${style.cyan(command)}`);
  return `${lines.join('\n')}\n`;
}

function titled(title: string, lines: readonly string[], style: Style): string[] {
  const body = lines.flatMap((line) => {
    const indent = INDENT + (line.length - line.trimStart().length);
    // What runs on is set further in, so that each line of a listing is seen to be one.
    const [first = '', ...rest] = wrap(line.trimStart(), style.measure - indent - 2);
    return [' '.repeat(indent) + first, ...rest.map((more) => ' '.repeat(indent + 2) + more)];
  });
  return [...wrap(title, style.measure).map(style.bold), ...body];
}
