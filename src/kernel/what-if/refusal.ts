import { UsageError } from '../../model/errors.js';
import type { Change } from './change.js';

/**
 * What the kernel would answer in place of doing it. applyChange() makes a UsageError of it, which names the
 * flag's text.
 */
export class Refusal extends Error {
  override name = 'Refusal';

  /**
   * @param words the kernel's own, or `ip`'s
   * @param cure what to write instead
   */
  constructor(words: string, cure: string) {
    super(`${words}: ${cure}`);
  }
}

/** What would be done, but is not modelled: no guess is made. */
export function notModelled(what: string, cure: string): Refusal {
  return new Refusal(`${what} is not modelled`, cure);
}

/** The error of a `--set` or `--add`, naming its text. */
export function badFlag(flag: 'set' | 'add', text: string, message: string): UsageError {
  return new UsageError(`--${flag} '${text}': ${message}`);
}

/** The same, of a change that has been read. */
export function badChange(change: Change, message: string): UsageError {
  return badFlag(change.kind === 'sysctl' ? 'set' : 'add', change.text, message);
}
