import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** As a shell has it for a process that a signal has ended. */
const ENDED_BY = 128;

/** Aborted by the first signal to end; a second one ends the process at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  const terminals = [0, 1, 2].filter(isatty);
  // Not `once`: signal-exit, by which log-update puts the cursor back, ends the process where it finds no other listener.
  for (const [signal, number] of Object.entries(SIGNALS)) {
    if (signal === 'SIGHUP' && isUnderNohup()) {
      process.on(signal, () => {});
      continue;
    }
    process.on(signal, () => {
      // Behind what else is to be done at the end.
      if (signal === 'SIGHUP') process.once('exit', () => endWithTerminal(terminals));
      if (controller.signal.aborted) process.exit(ENDED_BY + number);
      controller.abort();
    });
  }
  return controller.signal;
}

const ACCESS_MODE = 0o3;
const WRITE_ONLY = 0o1;

/**
 * Whether GNU nohup has begun it, for a session's end to leave it alone. Node.js sets signals that were ignored back to
 * their default before it runs anything, so that SigIgn tells nothing; but in place of a terminal nohup gives a standard
 * input that cannot be read.
 */
function isUnderNohup(): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync('/proc/self/fdinfo/0', 'utf8'))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & ACCESS_MODE) === WRITE_ONLY;
  } catch {
    return false;
  }
}

/** At its end Node.js sets a terminal as it was, and crashes where that was closed: there its signal ends the process. */
function endWithTerminal(terminals: readonly number[]): void {
  if (terminals.every(isatty)) return;
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
}
