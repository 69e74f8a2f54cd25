import { closeName } from './nearest.js';

/** What was typed, and where. */
export interface CommandLine {
  words: readonly string[];
  /** Of the command, or those that all have. */
  options: readonly string[];
  /** As `report <analysis>`; null where the words do not begin with a command that there is. */
  synopsis: string | null;
}

/** What yargs complains of, in one line of our own words: it counts where it should name, and names where it should help. */
export function complaint(message: string, line: CommandLine): string {
  // yargs sets some of its messages over several lines.
  const text = message.trim().replace(/\s*\n\s*/g, ' ');
  return missing(message.trim(), line) ?? wrongCommand(text, line) ?? unknown(text, line) ?? text;
}

/** What the positionals are, by their names in a synopsis. */
const WANTED: Readonly<Record<string, string>> = {
  inputs: 'a bundle or capture to read',
  bundles: 'a bundle to read',
  analysis: 'an analysis to read',
  incident: 'the address of the incident',
};

/** What to give where something is missing; null where it is something else. */
function missing(message: string, { synopsis }: CommandLine): string | null {
  const option = /^Missing required argument: .*\n(.+)$/.exec(message);
  if (option) return option[1]!;
  const bare = /^Not enough arguments following: (.+)$/.exec(message)?.[1];
  if (bare !== undefined) return `${dashed(bare)}: give it a value`;
  if (!/^Not enough non-option arguments/.test(message)) return null;
  const wanted = [...(synopsis ?? '').matchAll(/<(\w+)/g)].map(([, name]) => WANTED[name!]);
  return wanted.length === 0 ? 'give the command before its options' : `name ${wanted.join(', and ')}`;
}

/** A command that there is not; null where it is something else. */
function wrongCommand(text: string, { words, synopsis }: CommandLine): string | null {
  const word = words.find((one) => !one.startsWith('-'));
  if (synopsis !== null || word === undefined || !/^Unknown |^Did you mean /.test(text)) return null;
  return `${word}: there is no such command${didYouMean(/^Did you mean (.+)\?$/.exec(text)?.[1] ?? null)}`;
}

/** What yargs is given in place of `-`. */
const STDIN = '/dev/stdin';

/** An option that there is not, and the one that it may have been meant to be; null where it is something else. */
function unknown(text: string, { words, options }: CommandLine): string | null {
  const name = /^Unknown arguments?: ([^,]+)/.exec(text)?.[1];
  if (name === undefined) return null;
  const typed = words.map((word) => word.split('=', 1)[0]!).find((word) => nameOf(word) === name);
  if (typed === undefined && !words.some((word) => isLetters(word) && word.includes(name)))
    return `${name === STDIN && !words.includes(STDIN) ? '-' : name}: is one more than is taken`;
  const meant = name.length > 2 ? closeName(name, options) : null;
  return `${typed ?? dashed(name)}: there is no such option${didYouMean(meant && `--${meant}`)}`;
}

function didYouMean(name: string | null): string {
  return name === null ? '' : ` (did you mean ${name}?)`;
}

/** Of an option as it is typed, for yargs to set or to unset; null of other words. */
function nameOf(word: string): string | null {
  return /^--?(?:no-)?(.+)$/.exec(word)?.[1] ?? null;
}

/** Options of a letter each, as `-xvf`. */
function isLetters(word: string): boolean {
  return /^-[^-]/.test(word);
}

/** An option as it is typed. */
export function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}
