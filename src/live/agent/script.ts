import { BESIDE, EVERYTHING } from '../filter.js';
import type { Recording } from '../recording.js';
import { AGENT } from './agent-script.js';

/** How the script is run by a program, beside what is recorded. */
export interface Run {
  /** Where the bundle is written. */
  out?: string;
  /** Everything is sent to who started it, and nothing kept. */
  streams?: boolean;
  /** Ends where nobody writes to its standard input any more. */
  guarded?: boolean;
  /** What captures; `cap`: who started it. */
  engine?: 'tcpdump' | 'cap';
  /** Puts back what killed runs have changed, and does no more. */
  restores?: boolean;
}

/**
 * The shell script that records a node, for dash, busybox sh and bash.
 *
 * @param version of returnpath, which the bundle names
 */
export function collectScript(recording: Recording, run: Run, version: string): string {
  const { interfaces, vips, filter, snaplen, megabytes, files, seconds, logMartians, dropReasons } =
    recording;
  const given: Record<string, string | number | boolean | null | undefined> = {
    version,
    node: recording.node,
    out: run.out,
    seconds,
    interfaces: interfaces.join(' '),
    vips: vips.join(' '),
    filter,
    snaplen,
    megabytes,
    files,
    martians: logMartians,
    reasons: dropReasons,
    stream: run.streams,
    guarded: run.guarded,
    engine: run.engine,
    restore: run.restores,
    everything: EVERYTHING,
    beside: BESIDE,
  };
  const assignments = Object.entries(given).flatMap(([name, value]) => {
    const text = value === true ? 'yes' : value === false ? '' : String(value ?? '');
    return text === '' ? [] : [`${name}=${quoteWord(text)}\n`];
  });
  return assignments.join('') + AGENT;
}

/** A text as one word of a shell's. */
export function quoteWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
