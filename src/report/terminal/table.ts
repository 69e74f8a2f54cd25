import CliTable from 'cli-table3';
import type { Style } from '../style.js';
import { displayWidth, type Needs, needsOf, wrap } from './wrap.js';

export interface Column {
  title: string;
  align?: 'left' | 'right';
}

/** Escaped text; line feeds in it are line breaks. */
export type Cell = string | { text: string; paint: (line: string) => string };

const GAP = '  ';
/** A name has at most 255 octets on Linux (NAME_MAX): a cell that is longer than two of them is cut. */
const LONGEST_CELL = 512;
/** Words up to the length of an address with its port are kept whole as long as others can be wrapped. */
const WHOLE_WORD = 24;
/** So are lines up to the length of a number with its unit. */
const WHOLE_LINE = 10;
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
  const widths = columnWidths(columns, rows, style.columns - indent);
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
  return columns.map((column, i) => most(linesIn(column, i, rows), displayWidth));
}

/** Tables may have more rows than a call takes arguments. */
function most<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((best, value) => Math.max(best, of(value)), 0);
}

/** The lines of a column's title and cells before any is wrapped. */
function linesIn({ title }: Column, i: number, rows: Cell[][]): string[] {
  const texts = rows.map((row) => {
    const cell = row[i]!;
    return typeof cell === 'string' ? cell : cell.text;
  });
  return [title, ...texts.flatMap((text) => text.split('\n'))];
}

/** Cells are wrapped at spaces first, then words are broken where they are parted, and only then anywhere. */
function columnWidths(columns: Column[], rows: Cell[][], available: number): number[] {
  const natural = naturalWidths(columns, rows);
  if (totalWidth(natural) <= available) return natural;
  const needs = columns.map((column, i) =>
    linesIn(column, i, rows).map((line) => {
      const width = displayWidth(line);
      const own = needsOf(line, WHOLE_WORD);
      return width <= WHOLE_LINE ? { ...own, word: width, half: width } : own;
    }),
  );
  const least = (what: keyof Needs) =>
    needs.map((own) =>
      Math.max(
        NARROWEST,
        most(own, (need) => need[what]),
      ),
    );
  const wrapped = squeeze(natural, least('word'), available);
  const halved = exhaust(wrapped, least('half'), available);
  const parted = squeeze(halved, least('piece'), available);
  return squeeze(
    parted,
    columns.map(() => NARROWEST),
    available,
  );
}

/** Takes from one column after the other, the widest first: of two addresses one stays whole. */
function exhaust(given: readonly number[], least: readonly number[], available: number): number[] {
  const widths = [...given];
  const widestFirst = widths.map((_, i) => i).sort((a, b) => widths[b]! - widths[a]! || b - a);
  for (const i of widestFirst) {
    const over = totalWidth(widths) - available;
    widths[i]! -= Math.max(0, Math.min(over, widths[i]! - least[i]!));
  }
  return widths;
}

/** Takes columns from the widest of those that can spare some until the rest fits. */
function squeeze(given: readonly number[], least: readonly number[], available: number): number[] {
  const widths = [...given];
  while (totalWidth(widths) > available) {
    const widest = Math.max(...widths.filter((width, i) => width > least[i]!));
    const at = widths.findLastIndex((width, i) => width === widest && width > least[i]!);
    if (at < 0) break;
    widths[at] = widest - 1;
  }
  return widths;
}

function totalWidth(widths: number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);
}
