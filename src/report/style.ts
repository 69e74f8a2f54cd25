import pc from 'picocolors';

type Paint = (text: string) => string;

/** How the text reports look: colours, the few signs of their own, and the room there is. */
export interface Style {
  /** Columns of the terminal, at least 60. */
  columns: number;
  /** Prose is set no wider than this: long lines are hard to read. */
  measure: number;
  bold: Paint;
  dim: Paint;
  red: Paint;
  green: Paint;
  yellow: Paint;
  cyan: Paint;
  lost: string;
  rule: string;
  ellipsis: string;
}

const NARROWEST = 60;
const MEASURE = 100;

/**
 * Without colour, the report's own signs are ASCII: such text goes into mail, tickets and logs.
 *
 * @param columns of the terminal; fewer than 60 are taken as 60
 */
export function createStyle(columns: number, color: boolean): Style {
  const { bold, dim, red, green, yellow, cyan } = pc.createColors(color);
  const width = Math.max(NARROWEST, Math.floor(columns));
  const signs = color ? { lost: '✗', rule: '─', ellipsis: '…' } : { lost: 'X', rule: '-', ellipsis: '...' };
  return { columns: width, measure: Math.min(width, MEASURE), bold, dim, red, green, yellow, cyan, ...signs };
}
