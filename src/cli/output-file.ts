import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Argv } from 'yargs';
import { UsageError } from '../model/errors.js';
import { writeReason } from '../model/system-reason.js';
import { write } from './output.js';

export interface OutputArguments {
  output: string | undefined;
}

/** `--output`: a file in place of standard output. */
export function outputOption<T>(yargs: Argv<T>): Argv<T & OutputArguments> {
  return yargs.option('output', {
    alias: 'o',
    describe: 'the file to write; it is there whole, or as it was; - for standard output',
    type: 'string',
    nargs: 1,
    defaultDescription: 'standard output',
  }) as unknown as Argv<T & OutputArguments>;
}

/** Whether a name of `--output` stands for standard output; `commands.ts` gives `-` a device's name. */
export function isStandardOutput(output: string | undefined): boolean {
  return output === undefined || output === '-' || output === '/dev/stdin' || output === '/dev/stdout';
}

/**
 * Asked before the work is done: whether there can be such a file.
 *
 * @param inputs bundles and captures as on the command line
 * @param isInPlace whether a file that is there is written to, and no other put in its place
 * @throws UsageError where it is one of the inputs, a directory, in none, or in one that takes no file
 */
export async function checkOutput(
  output: string | undefined,
  inputs: readonly string[],
  isInPlace = false,
): Promise<void> {
  if (output === undefined || isStandardOutput(output)) return;
  try {
    const known = statSync(output, { throwIfNoEntry: false });
    if (known?.isDirectory()) throw new UsageError(`${output}: is a directory; name a file to write`);
    const path = known ? realpathSync(output) : output;
    if (!statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory())
      throw new UsageError(`${output}: cannot be written: its directory does not exist`);
    const isWrittenTo = known !== undefined && (isInPlace || !known.isFile());
    accessSync(isWrittenTo ? path : dirname(path), constants.W_OK);
  } catch (error) {
    throw unwritable(output, error);
  }
  const { refuseInput } = await import('./refuse-input.js');
  await refuseInput(output, inputs);
}

/** What to tell of a file that the system does not let be written; anything else as it is. */
export function unwritable(output: string, error: unknown): unknown {
  if ((error as NodeJS.ErrnoException).code === undefined) return error;
  return new UsageError(`${output}: cannot be written: ${writeReason(error)}`);
}

/**
 * Writes a text to a file, or to standard output. A file is written under another name beside it and then put in its
 * place: who reads it has the old one or the new one, never a part. What is no regular file (a pipe, a device) is
 * written to as it is.
 *
 * @throws UsageError where it cannot be written; then the file is as it was
 */
export async function writeOutput(output: string | undefined, pieces: Iterable<string>): Promise<void> {
  if (output === undefined || isStandardOutput(output)) return write(pieces);
  try {
    // A symbolic link goes on pointing to it.
    const known = statSync(output, { throwIfNoEntry: false });
    if (known && !known.isFile()) return writeTo(openSync(output, 'w'), pieces);
    const path = known ? realpathSync(output) : output;
    const temporary = `${path}.${process.pid}.tmp`;
    try {
      const descriptor = openSync(temporary, 'wx');
      if (known) fchmodSync(descriptor, known.mode);
      writeTo(descriptor, pieces);
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  } catch (error) {
    throw unwritable(output, error);
  }
}

function writeTo(descriptor: number, pieces: Iterable<string>): void {
  try {
    for (const piece of pieces) {
      const octets = Buffer.from(piece);
      for (let at = 0; at < octets.length; ) at += writeSync(descriptor, octets, at);
    }
  } finally {
    closeSync(descriptor);
  }
}
