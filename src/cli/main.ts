import { InputError, UsageError } from '../model/errors.js';
import { escapeText } from '../report/escape.js';

/** Exit statuses; 70 is EX_SOFTWARE of sysexits.h, so that a bug never looks like a finding. */
const USAGE_OR_INPUT = 2;
const BUG = 70;

/**
 * Runs the command line.
 *
 * @param args without the interpreter and the script
 * @returns the exit status: 0 nothing at fault, 1 a fault was found, 2 bad usage or unreadable input, 70 a bug
 */
export async function main(args: readonly string[]): Promise<number> {
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  try {
    const { run } = await import('./commands.js');
    return await run(args);
  } catch (error) {
    if (error instanceof UsageError || error instanceof InputError) {
      process.stderr.write(`returnpath: ${escapeText(error.message)}\n`);
      return USAGE_OR_INPUT;
    }
    const report = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`returnpath: this is a bug in returnpath, please report it:\n${report}\n`);
    return BUG;
  }
}
