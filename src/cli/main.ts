import { existsSync } from 'node:fs';
import { InputError, UsageError } from '../model/errors.js';
import { writeReason } from '../model/system-reason.js';
import { allPrinted, printMessage, printRaw } from './standard-error.js';

/** Exit statuses; 70 is EX_SOFTWARE of sysexits.h, so that a bug never looks like a finding. */
const USAGE_OR_INPUT = 2;
const BUG = 70;

const ANALYZE = 'analyze';

/**
 * Runs the command line.
 *
 * @param args without the interpreter and the script
 * @returns the exit status: 0 nothing at fault, 1 a fault was found, 2 bad usage or unreadable input, 70 a bug
 */
export async function main(args: readonly string[]): Promise<number> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough (`| head`) is no error, and what was found stays found.
    if (error.code === 'EPIPE') process.exit(process.exitCode);
    printMessage(`standard output cannot be written: ${writeReason(error)}`);
    process.exit(USAGE_OR_INPUT);
  });
  // A terminal that was closed takes no messages: what is under way is brought to its end all the same.
  process.stderr.on('error', () => {});
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => process.exit(told(error)));
  }
  let isDone = false;
  // Something waits for what never comes: without a result, that must not look like one.
  process.once('beforeExit', () => {
    if (!isDone) process.exit(reportBug(new Error('the work stopped before its end')));
  });
  try {
    if (args[0] === ANALYZE) await standBy(args.slice(1));
    const { run } = await import('./commands.js');
    return await run(args);
  } catch (error) {
    if (error instanceof UsageError || error instanceof InputError) {
      printMessage(error.message);
      return USAGE_OR_INPUT;
    }
    return told(error);
  } finally {
    isDone = true;
  }
}

/** What the system refuses for want of file descriptors; it may do so wherever something is loaded or read. */
const OUT_OF_FILES = ['EMFILE', 'ENFILE'];

/** Tells of what went wrong otherwise; returns the exit status. */
function told(error: unknown): number {
  if (!OUT_OF_FILES.includes(String((error as NodeJS.ErrnoException | null)?.code))) return reportBug(error);
  printMessage('too many files are open: it takes a higher limit (ulimit -n 64)');
  return USAGE_OR_INPUT;
}

/**
 * Starts the thread that helps to read a large capture, as it takes as long as all that is loaded here meanwhile: before
 * the command line is understood. One that is not needed after all waits for nothing, and nobody for it.
 */
async function standBy(args: readonly string[]): Promise<void> {
  // Without a file among them, as where help is asked for, nothing is loaded for one. It may have a node's name before it.
  if (!args.some((arg) => existsSync(arg.slice(arg.indexOf('=') + 1)))) return;
  const { hasOneLarge } = await import('../ingest/large-files.js');
  // Whoever says how many threads there are to be gets no other.
  if (!hasOneLarge(args) || args.some((arg) => arg.startsWith('--threads'))) return;
  const { threadsOf } = await import('../correlate/reading/threads-of.js');
  if (threadsOf({}) < 2) return;
  (await import('../correlate/reading/standby.js')).standBy();
}

/** Runs the command line, and ends the process with its status. */
export async function mainAndExit(args: readonly string[]): Promise<void> {
  process.exitCode = await main(args);
  // Nothing goes on behind it, and V8 would tidy up its memory at the end, which can take 20 ms.
  if (args[0] !== ANALYZE) return;
  // When all is written, and it is told where that failed.
  await new Promise((resolve) => process.stdout.write('', resolve));
  await allPrinted();
  process.exit();
}

function reportBug(error: unknown): number {
  const report = error instanceof Error ? (error.stack ?? error.message) : String(error);
  printRaw(`returnpath: this is a bug in returnpath, please report it:\n${report}\n`);
  return BUG;
}
