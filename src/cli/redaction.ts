import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Argv } from 'yargs';
import type { Analysis } from '../model/analysis.js';
import { UsageError } from '../model/errors.js';
import { readReason } from '../model/system-reason.js';
import type { Redaction } from '../redact/redaction.js';

export interface RedactArguments {
  redact: boolean;
  'redact-key': string | undefined;
}

export const REDACT_KEY_VARIABLE = 'RETURNPATH_REDACT_KEY';
/** Fewer octets are soon tried out. */
const SHORTEST_KEY = 16;

/** `--redact`, and the key that makes two reports alike. */
export function redactOptions<T>(yargs: Argv<T>): Argv<T & RedactArguments> {
  return yargs
    .option('redact', {
      describe:
        'put others in place of addresses (prefixes preserved), MACs and names, for reports that go outside',
      type: 'boolean',
      default: false,
    })
    .option('redact-key', {
      describe: `file with a secret: reports under one key have the same in the same place (or ${REDACT_KEY_VARIABLE} in the environment)`,
      type: 'string',
      nargs: 1,
      defaultDescription: 'another for each run',
    }) as unknown as Argv<T & RedactArguments>;
}

/**
 * The key to redact with; null where nothing is to be redacted.
 *
 * @throws UsageError where it cannot be read, or is too short to be a secret
 */
export function redactKey({ redact, 'redact-key': file }: RedactArguments): Uint8Array | null {
  if (!redact) {
    if (file !== undefined) throw new UsageError('--redact-key is for --redact alone');
    return null;
  }
  const given = file === undefined ? process.env[REDACT_KEY_VARIABLE] : readKey(file);
  if (given === undefined) return randomBytes(32);
  const key = Buffer.from(given.trim());
  if (key.length >= SHORTEST_KEY) return key;
  const source = file === undefined ? REDACT_KEY_VARIABLE : `--redact-key ${file}`;
  throw new UsageError(`${source}: has ${key.length} octets; a secret has ${SHORTEST_KEY} at least`);
}

/** Whether the key is the same the next time. */
export function hasRedactKey({ 'redact-key': file }: RedactArguments): boolean {
  return file !== undefined || process.env[REDACT_KEY_VARIABLE] !== undefined;
}

/**
 * @param key null: it is not redacted
 * @param paths see `Redaction`
 */
export async function redactionOf(
  analysis: Analysis,
  key: Uint8Array | null,
  paths: readonly string[],
): Promise<Redaction | null> {
  if (key === null) return null;
  const { Redaction } = await import('../redact/redaction.js');
  return new Redaction(analysis, key, paths);
}

function readKey(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--redact-key ${file}: cannot be read: ${readReason(error)}`);
  }
}
