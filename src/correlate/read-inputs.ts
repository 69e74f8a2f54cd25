import { resolve } from 'node:path';
import { ReadBuffer, type ReadListener } from '../ingest/capture/source.js';
import {
  canBeReadAgain,
  type InputFile,
  type InputListing,
  isStored,
  listFiles,
  sizeOf,
} from '../ingest/input-files.js';
import { LARGE_OCTETS } from '../ingest/large-files.js';
import { nameByDirectory } from '../ingest/same-names.js';
import { type InputSpecification, parseInput } from '../ingest/specification.js';
import { UsageError } from '../model/errors.js';
import { MOST_THREADS } from '../wasm/layout.js';
import { gatherInputs } from './reading/gather-inputs.js';
import type { Inputs } from './reading/inputs.js';
import { type FileOptions, readFile, readReport } from './reading/read-file.js';
import type { ReadingThreads } from './reading/threads.js';
import { threadsOf } from './reading/threads-of.js';
import type { Wanted } from './track/interest.js';
import { DEFAULT_FLOWS } from './track/tracker.js';

/** Threads that read one file beside the one that takes it in; with more of them, that one would not keep up. */
const MOST_BESIDE = MOST_THREADS - 1;

/** How far the reading of a file is: plain data. */
export interface Reading {
  /** From 1, of the inputs; how many there are. */
  input: number;
  inputs: number;
  file: string;
  /** Octets read so far, of the file as it lies there, compressed or not. */
  octets: number;
  /** Its size; null where it has none. */
  total: number | null;
  /** Nothing more is read of it. */
  ended: boolean;
}

export interface ReadInputsOptions {
  /** Passes over what cannot be read, in place of throwing. */
  keepGoing: boolean;
  /** With `keepGoing`: does not throw where none can be read. */
  mayBeEmpty?: boolean;
  /** Leaves captures unread: only what the nodes said of themselves is wanted. */
  snapshotsOnly?: boolean;
  /** Keeps all connections whole, also those that are a great many and were made as they should be. */
  keepsAll?: boolean;
  /** Connections of one capture that there is room for at one time; up to `MOST_FLOWS`. */
  maxAttempts?: number | undefined;
  /** Passes over TCP connections of other addresses; null: of none. */
  wanted?: Wanted | null;
  /** Octets of each capture that are read, or a few more; absent: all. */
  mostOctets?: number | undefined;
  /** Told for every chunk that is read. */
  onReading?: ((reading: Reading) => void) | undefined;
  /** Threads that large files are read in at once; 0 or 1: this one alone. By default as many as there are cores. */
  threads?: number | undefined;
  /** Octets from which on a file counts as large. */
  threadOctets?: number | undefined;
}

/**
 * Reads all inputs, each file in one pass: captures are decoded and folded as they stream by, snapshots are kept.
 * Where several files are large, they are read in threads of their own, if there may be any; the result is the same.
 *
 * @param inputs as on the command line: `PATH`, `NODE=PATH`, `NODE/NETNS=PATH`, `-`
 * @throws InputError where one cannot be read (with `keepGoing`: where none can)
 * @throws UsageError where the names do not fit
 */
export async function readInputs(inputs: readonly string[], options: ReadInputsOptions): Promise<Inputs> {
  return readListings(await listInputs(inputs), options);
}

/**
 * The files of all inputs, which may be read more than once.
 *
 * @throws UsageError where one is given twice
 */
export async function listInputs(inputs: readonly string[]): Promise<InputListing[]> {
  const specifications = nameByDirectory(inputs.map(parseInput));
  refuseRepeated(specifications);
  const listings: InputListing[] = [];
  for (const specification of specifications) listings.push(await listFiles(specification));
  return listings;
}

/** Whether all inputs are files on a disk, which can be read once more. */
export async function areStored(inputs: readonly string[]): Promise<boolean> {
  const listings = await listInputs(inputs);
  return listings.every(({ files }) => files.every(isStored));
}

/** Reads what was listed, as `readInputs` does. */
export async function readListings(
  listings: readonly InputListing[],
  options: ReadInputsOptions,
): Promise<Inputs> {
  const read = await readOnce(listings, options);
  if (!read.captures.some(({ observations }) => observations.isMiscounted)) return read;
  const files = listings.flatMap((listing) => listing.files);
  // What cannot be read again says so (`assemble.ts`).
  return files.every(canBeReadAgain) ? readOnce(listings, { ...options, keepsAll: true }) : read;
}

async function readOnce(listings: readonly InputListing[], options: ReadInputsOptions): Promise<Inputs> {
  const { keepGoing, snapshotsOnly = false, keepsAll = false, maxAttempts = DEFAULT_FLOWS } = options;
  const leastOctets = options.threadOctets ?? LARGE_OCTETS;
  const { wanted = null, mayBeEmpty = false, mostOctets } = options;
  const beside = Math.min(threadsOf(options) - 1, MOST_BESIDE);
  const ahead = { leastOctets, threads: beside };
  const fileOptions: FileOptions = {
    keepGoing,
    snapshotsOnly,
    keepsAll,
    maxAttempts,
    ahead,
    wanted,
    mostOctets,
  };
  const files = listings.flatMap((listing) => listing.files);
  const listeners = listenersOf(listings, options);
  const large = await filesForThreads(files, options);
  const threads = await threadsFor(large, { ...fileOptions, ahead: null }, options, listeners);
  const buffers = new Map([...listeners].map(([file, listener]) => [file, new ReadBuffer(listener)]));
  const shared = new ReadBuffer();
  try {
    return await gatherInputs(listings, { keepGoing, snapshotsOnly, mayBeEmpty }, async function* (file) {
      const report = await threads?.report(file);
      if (report) yield* readReport(report);
      else yield* readFile(file, files.length === 1, fileOptions, buffers.get(file) ?? shared);
    });
  } finally {
    await threads?.stop();
  }
}

/** Who is told how far the reading of each file is; none where nobody asks. */
function listenersOf(
  listings: readonly InputListing[],
  { onReading }: ReadInputsOptions,
): Map<InputFile, ReadListener> {
  const listeners = new Map<InputFile, ReadListener>();
  if (!onReading) return listeners;
  for (const [i, { files }] of listings.entries()) {
    const listener: ReadListener = (file, octets, total, ended) =>
      onReading({ input: i + 1, inputs: listings.length, file, octets, total, ended });
    for (const file of files) listeners.set(file, listener);
  }
  return listeners;
}

/** @throws UsageError */
function refuseRepeated(specifications: readonly InputSpecification[]): void {
  const seen = new Set<string>();
  for (const { path, argument } of specifications) {
    const key = path === '-' ? path : resolve(path);
    if (seen.has(key)) throw new UsageError(`${argument}: is given twice; each input counts once`);
    seen.add(key);
  }
}

/** Null where none is needed, and then nothing of theirs is loaded. */
async function threadsFor(
  large: readonly InputFile[],
  fileOptions: FileOptions,
  options: ReadInputsOptions,
  listeners: ReadonlyMap<InputFile, ReadListener>,
): Promise<ReadingThreads | null> {
  if (large.length === 0) return null;
  const { ReadingThreads } = await import('./reading/threads.js');
  return new ReadingThreads(large, fileOptions, threadsOf(options), listeners);
}

/** The large files, where there are several and may be several threads. */
async function filesForThreads(
  files: readonly InputFile[],
  options: ReadInputsOptions,
): Promise<InputFile[]> {
  const { snapshotsOnly, threadOctets = LARGE_OCTETS } = options;
  if (snapshotsOnly || threadsOf(options) < 2 || files.length < 2) return [];
  const sizes = files.map(sizeOf);
  const large = files.filter((_, i) => sizes[i]! >= threadOctets);
  return large.length > 1 ? large : [];
}
