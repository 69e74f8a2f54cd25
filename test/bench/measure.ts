/** Runs a command as a whole process, and says what it took. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { has } from '../support.js';

export interface Command {
  command: string;
  args: readonly string[];
  /** File for its standard input. */
  input?: string;
  /** Exit statuses that are no failure, besides 0. */
  statuses?: readonly number[];
}

/** What one run took. */
export interface Run {
  seconds: number;
  /** Of the processors, user and system; null where nothing here tells, as the peak memory. */
  cpuSeconds: number | null;
  /** Peak of the resident memory, 2^20 octets. */
  megabytes: number | null;
}

/** The program that tells a process's times and memory (Debian: time). */
export const METER = 'time';

/** Where it writes. */
const METER_FILE = 'meter.txt';

/**
 * The environment of what is measured: without what has Node.js do more at each of its starts than a user's does
 * (certificates of one's own take as long as all else of it).
 */
const { NODE_EXTRA_CA_CERTS: _certificates, NODE_OPTIONS: _options, ...ENVIRONMENT } = process.env;

/** @param directory for files of the measurement's own */
export async function measure(of: Command, directory: string): Promise<Run> {
  const meter = has([METER]) ? join(directory, METER_FILE) : null;
  const command = meter === null ? of.command : METER;
  const args = meter === null ? of.args : ['-f', '%U %S %M', '-o', meter, of.command, ...of.args];
  const input = openSync(of.input ?? '/dev/null', 'r');
  const begin = process.hrtime.bigint();
  const child = spawn(command, args, { stdio: [input, 'ignore', 'pipe'], env: ENVIRONMENT });
  let errors = '';
  child.stderr!.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  const [status] = (await once(child, 'close').finally(() => closeSync(input))) as [number | null];
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  if (status !== 0 && !(status !== null && of.statuses?.includes(status))) {
    throw new Error(`${[of.command, ...of.args].join(' ')}: status ${status}\n${errors.slice(-1000)}`);
  }
  if (meter === null) return { seconds, cpuSeconds: null, megabytes: null };
  // A line on another exit status than 0 comes first.
  const [user, system, kibibytes] = readFileSync(meter, 'utf8').trim().split('\n').at(-1)!.split(' ');
  return {
    seconds,
    cpuSeconds: Number(user) + Number(system),
    megabytes: Number(kibibytes) / 1024,
  };
}
