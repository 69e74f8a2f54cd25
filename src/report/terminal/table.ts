import CliTable from 'cli-table3';
import type { Style } from '../style.js';
import { displayWidth, wrap } from './wrap.js';

export interface Column {
  title: string;
  align?: 'left' | 'right';
}

/** Escaped text; line feeds in it are line breaks. */
export type Cell = string | { text: string; paint: (line: string) => string };

const GAP = '  ';
/** A name has at most 255 octets on Linux (NAME_MAX): a cell that is longer than two of them is cut. */
const LONGEST_CELL = 512;
/** A column is never squeezed below this, so that a wide character always fits. */
const NARROWEST = 4;

// No frame: it takes columns, and it does not survive being pasted into a mail or a ticket.
const NO_FRAME = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: GAP,
};

/** The columns that the table takes if no cell is wrapped. */
export function naturalWidth(columns: Column[], rows: Cell[][]): number {
  return totalWidth(naturalWidths(columns, rows));
}

/**
 * A table without a frame, a line of dashes under its head, cells wrapped so that no line is wider than the
 * terminal.
 *
 * @param indent spaces before every line
 * @param notes lines of any width set below each row, already wrapped and painted; none where not given
 */
export function table(
  columns: Column[],
  given: Cell[][],
  style: Style,
  indent = 0,
  notes: string[][] = [],
): string[] {
  const rows = given.map((row) => row.map((cell) => clip(cell, style)));
  const widths = squeeze(naturalWidths(columns, rows), style.columns - indent);
  const grid = new CliTable({
    chars: NO_FRAME,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colWidths: widths,
    colAligns: columns.map((column) => column.align ?? 'left'),
  });
  const head = columns.map((column): Cell => ({ text: column.title, paint: style.dim }));
  const dashes = widths.map((width): Cell => ({ text: style.rule.repeat(width), paint: style.dim }));
  const wrapped = [head, dashes, ...rows].map((row) => row.map((cell, i) => cellLines(cell, widths[i]!)));
  const heights = wrapped.map((row) => Math.max(...row.map((lines) => lines.length)));
  // A row of the library's a line: over cells of several lines it takes time that is quadratic in their length.
  for (const [i, row] of wrapped.entries()) {
    for (let k = 0; k < heights[i]!; k++) grid.push(row.map((lines) => lines[k] ?? ''));
  }
  const drawn = grid.toString().split('\n');
  return heights.flatMap((height, i) => {
    const lines = drawn.splice(0, height).map((line) => (' '.repeat(indent) + line).trimEnd());
    return [...lines, ...(notes[i - 2] ?? [])];
  });
}

function clip(cell: Cell, style: Style): Cell {
  const { text, paint } = typeof cell === 'string' ? { text: cell, paint: null } : cell;
  if (text.length <= LONGEST_CELL) return cell;
  // By code points, so that no surrogate pair is parted.
  const short =
    Array.from(text.slice(0, 2 * LONGEST_CELL))
      .slice(0, LONGEST_CELL)
      .join('') + style.ellipsis;
  return paint ? { text: short, paint } : short;
}

function cellLines(cell: Cell, width: number): string[] {
  const { text, paint } = typeof cell === 'string' ? { text: cell, paint: null } : cell;
  const lines = text.split('\n').flatMap((line) => wrap(line, width));
  return paint ? lines.map(paint) : lines;
}

function naturalWidths(columns: Column[], rows: Cell[][]): number[] {
  return columns.map(({ title }, i) => {
    let widest = displayWidth(title);
    for (const row of rows) {
      const cell = row[i]!;
      for (const line of (typeof cell === 'string' ? cell : cell.text).split('\n')) {
        widest = Math.max(widest, displayWidth(line));
      }
    }
    return widest;
  });
}

/** Takes columns from the widest until the rest fits: short cells stay whole, long ones are wrapped. */
function squeeze(natural: number[], available: number): number[] {
  const widths = [...natural];
  while (totalWidth(widths) > available) {
    const widest = Math.max(...widths);
    if (widest <= NARROWEST) break;
    widths[widths.lastIndexOf(widest)] = widest - 1;
  }
  return widths;
}

function totalWidth(widths: number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);
}
