/** Values of options that yargs takes for others than were typed, or complains of in words of its own. */
import type { MiddlewareFunction } from 'yargs';
import { UsageError } from '../model/errors.js';
import { dashed } from './complaint.js';
import { closeName } from './nearest.js';

/** What yargs' types leave out: all options, and of what kind they are. */
export interface WithOptions {
  getOptions(): {
    array: string[];
    boolean: string[];
    number: string[];
    alias: Record<string, string[]>;
    choices: Record<string, string[]>;
    key: Record<string, unknown>;
  };
}

type Options = ReturnType<WithOptions['getOptions']>;

/** What was understood of the words that were typed. */
interface Understood {
  argv: Readonly<Record<string, unknown>>;
  options: Options;
  /** Up to `--`, behind which no word is an option. */
  words: readonly string[];
}

/**
 * All that is asked of values before yargs does.
 *
 * @param args as they were typed
 * @param lists positionals of which there may be several
 */
export function refuseValues(args: readonly string[], lists: readonly string[]): MiddlewareFunction {
  const end = args.indexOf('--');
  const words = end < 0 ? args : args.slice(0, end);
  const check = (argv: Record<string, unknown>, program: WithOptions): void => {
    const understood = { argv, options: program.getOptions(), words };
    refuseRepeated(understood, lists);
    refuseEmpty(understood);
    refuseNoNumbers(understood);
    refuseNoBooleans(understood);
    refuseNoChoices(understood);
  };
  return check as unknown as MiddlewareFunction;
}

/**
 * yargs makes a list of an option that is given twice, of which nobody would make anything.
 *
 * @throws UsageError
 */
function refuseRepeated({ argv, options }: Understood, lists: readonly string[]): void {
  const mayRepeat = new Set([...options.array, ...lists]);
  for (const name of Object.keys(options.key)) {
    if (Array.isArray(argv[name]) && !mayRepeat.has(name))
      throw new UsageError(`--${name}: is given twice; give it once`);
  }
}

/**
 * A shell's variable that is not set leaves an empty word, which would be taken for a name, an address or the number 0.
 *
 * @throws UsageError
 */
function refuseEmpty({ options, words }: Understood): void {
  for (const name of Object.keys(options.key)) {
    if (options.boolean.includes(name)) continue;
    const empty = valuesOf(name, options, words).find(({ text }) => text === '');
    if (empty) throw new UsageError(`${empty.flag}: its value is empty; give it one, or leave it out`);
  }
}

/**
 * yargs hands on what is no number as NaN, which nobody typed.
 *
 * @throws UsageError
 */
function refuseNoNumbers({ argv, options, words }: Understood): void {
  for (const name of options.number) {
    if (!Number.isNaN(argv[name])) continue;
    const [given] = valuesOf(name, options, words);
    throw new UsageError(`--${name}${given ? ` ${given.text}` : ''}: is no number`);
  }
}

/**
 * yargs takes all but `true` for `false`: what was asked for, as that a report be redacted, would not be done.
 *
 * @throws UsageError
 */
function refuseNoBooleans({ options, words }: Understood): void {
  for (const name of options.boolean) {
    const strange = attachedValues(name, options, words).find(({ text }) => !/^(true|false)$/.test(text));
    if (strange)
      throw new UsageError(
        `${strange.flag}=${strange.text}: is neither true nor false; ${strange.flag} alone means true`,
      );
  }
}

/**
 * yargs complains of them in terms of its own.
 *
 * @throws UsageError
 */
function refuseNoChoices({ argv, options, words }: Understood): void {
  for (const [name, choices] of Object.entries(options.choices)) {
    const value = argv[name];
    if (value === undefined || choices.includes(value as string)) continue;
    const text = String(value);
    const meant = closeName(text, choices);
    // A positional has no flag.
    const [given] = valuesOf(name, options, words);
    throw new UsageError(
      `${given ? `${given.flag} ` : ''}${text}: is none of ${choices.join(', ')}${meant === null ? '' : ` (did you mean ${meant}?)`}`,
    );
  }
}

/** What was given for an option, as it was typed. */
interface Given {
  flag: string;
  text: string;
}

function valuesOf(name: string, options: Options, words: readonly string[]): Given[] {
  const flags = flagsOf(name, options);
  const detached = words.flatMap((flag, i) => {
    const text = words[i + 1];
    return flags.includes(flag) && text !== undefined ? { flag, text } : [];
  });
  return [...detached, ...attachedValues(name, options, words)];
}

/** Those that stand in one word with it, as `--format=json`. */
function attachedValues(name: string, options: Options, words: readonly string[]): Given[] {
  const flags = flagsOf(name, options);
  return words.flatMap((word) => {
    const equals = word.indexOf('=');
    const flag = word.slice(0, equals);
    return equals > 0 && flags.includes(flag) ? { flag, text: word.slice(equals + 1) } : [];
  });
}

function flagsOf(name: string, { alias }: Options): string[] {
  return [name, ...(alias[name] ?? [])].map(dashed);
}
