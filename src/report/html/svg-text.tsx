import { displayWidth, wrap } from '../terminal/wrap.js';

/** One line cut to `columns`; the whole of it is in a table beside the picture. */
export function clipped(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  return `${wrap(text, columns - 1)[0] ?? ''}…`;
}

interface Lines {
  lines: readonly string[];
  x: number;
  y: number;
  /** Of one line to the next. */
  leading?: number;
  class?: string;
  anchor?: 'start' | 'middle' | 'end';
}

/** Lines of text below each other: SVG breaks none by itself. */
export function TextLines({ lines, x, y, leading = 15, class: name, anchor = 'start' }: Lines) {
  return (
    <text class={name} text-anchor={anchor}>
      {lines.map((line, i) => (
        <tspan x={x} y={y + i * leading}>
          {line}
        </tspan>
      ))}
    </text>
  );
}
