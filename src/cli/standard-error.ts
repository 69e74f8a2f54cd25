import { escapeText } from '../report/escape.js';

/** What stands in the last line of the terminal for the time being. */
export interface StatusLine {
  /** Takes it away; it may come back below what is printed next. */
  clear(): void;
}

let statusLine: StatusLine | null = null;
let hasPrinted = false;

/** @param line null where there is none any more */
export function showBelow(line: StatusLine | null): void {
  statusLine = line;
}

/** Prints on standard error what a person should be told, on a line of its own. */
export function printMessage(message: string): void {
  printRaw(`returnpath: ${escapeText(message)}\n`);
}

/** The same of text that is printed as it is. */
export function printRaw(text: string): void {
  statusLine?.clear();
  process.stderr.write(text);
  hasPrinted = true;
}

/** When all that was printed is with its reader, however slow that is, or cannot be. */
export async function allPrinted(): Promise<void> {
  if (hasPrinted) await new Promise((resolve) => process.stderr.write('', resolve));
}
