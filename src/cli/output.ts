import { once } from 'node:events';

/** Writes to standard output piece by piece, waiting where the reader is slower. */
export async function write(pieces: Iterable<string>): Promise<void> {
  for (const piece of pieces) {
    if (!process.stdout.write(piece)) await once(process.stdout, 'drain');
  }
}

/** Whether to colour: on a terminal, or where FORCE_COLOR asks for it, but never where NO_COLOR is set (https://no-color.org). */
export function wantsColor(): boolean {
  if (process.env.NO_COLOR) return false;
  const forced = process.env.FORCE_COLOR;
  if (forced !== undefined && forced !== '') return forced !== '0';
  return process.stdout.isTTY === true && process.env.TERM !== 'dumb';
}

/** Columns of the terminal; 80 where the output is piped. */
export function columns(): number {
  return process.stdout.isTTY ? Math.max(60, process.stdout.columns ?? 80) : 80;
}
