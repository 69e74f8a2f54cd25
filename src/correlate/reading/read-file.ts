import type { ReadBuffer } from '../../ingest/capture/source.js';
import { type InputFile, sizeOf } from '../../ingest/input-files.js';
import { fileItems, type InputItem } from '../../ingest/items.js';
import { InputError } from '../../model/errors.js';
import type { Wanted } from '../track/interest.js';
import { errorOf, type FileReport, type Found, faultOf } from './found.js';
import type { AheadOptions } from './read-ahead.js';
import { trackCapture } from './track-capture.js';

/** Plain data: it can be posted from one thread to another. */
export interface FileOptions {
  /** Passes over what cannot be read: keeps what a damaged capture holds up to there. */
  keepGoing: boolean;
  /** Leaves captures unread. */
  snapshotsOnly: boolean;
  /** Keeps all connections whole. */
  keepsAll: boolean;
  /** Connections of one capture that there is room for at one time; up to `MOST_FLOWS`. */
  maxAttempts: number;
  /** Whether a capture is read in a thread beside the one that takes it in; null: never. */
  ahead: AheadOptions | null;
  /** Passes over TCP connections of other addresses; null: of none. */
  wanted: Wanted | null;
  /** Octets of each capture that are read, or a few more; absent: all. */
  mostOctets?: number | undefined;
}

/** The same of one capture. */
export interface CaptureOptions extends FileOptions {
  /** No other is read. */
  isAlone: boolean;
}

/**
 * Reads a file of an input, in one pass: captures are decoded and folded as they stream by.
 *
 * @param isOnly whether there is no other file in the inputs
 * @param into where the file is read into, and who is told
 * @throws InputError where the file was given by itself and cannot be read
 */
export async function* readFile(
  file: InputFile,
  isOnly: boolean,
  options: FileOptions,
  into: ReadBuffer,
): AsyncGenerator<Found> {
  for await (const item of fileItems(file, into)) {
    if (item.kind === 'capture') {
      // Of an archive, the thread would read what lies around the capture.
      const isFile = item.file === file.file;
      const isAlone = isOnly && isFile;
      // What a second capture saw as well has to be told by what the first one kept: all are sifted together.
      const keepsAll = options.keepsAll || !isAlone;
      const ahead =
        isFile && options.ahead && sizeOf(file) >= options.ahead.leastOctets ? options.ahead : null;
      yield* await readCaptureItem(item, { ...options, keepsAll, isAlone, ahead }, into);
    } else if (item.kind === 'problem') {
      const { error, ...problem } = item;
      yield { ...problem, fault: faultOf(error) };
    } else {
      yield item;
    }
  }
}

/** All that a file holds; without `keepGoing`, up to what cannot be read. */
export async function reportFile(
  file: InputFile,
  options: FileOptions,
  into: ReadBuffer,
): Promise<FileReport> {
  const found: Found[] = [];
  try {
    for await (const one of readFile(file, false, options, into)) {
      found.push(one);
      if (!options.keepGoing && endsRun(one)) break;
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { found, fault: faultOf(error) };
  }
  return { found, fault: null };
}

function endsRun(one: Found): boolean {
  return (one.kind === 'problem' && one.fatal) || (one.kind === 'capture' && one.reading === null);
}

/** What a report holds, as `readFile` gives it. */
export async function* readReport({ found, fault }: FileReport): AsyncGenerator<Found> {
  yield* found;
  if (fault) throw errorOf(fault);
}

async function readCaptureItem(
  item: InputItem & { kind: 'capture' },
  options: CaptureOptions,
  into: ReadBuffer,
): Promise<Found[]> {
  const { chunks, ...place } = item;
  if (options.snapshotsOnly) {
    for await (const _ of chunks) break; // closes the file
    return [{ ...place, kind: 'unread-capture' }];
  }
  try {
    const readings = await trackCapture(chunks, item.file, options, into);
    return readings.map((reading) => ({ ...place, ...reading }));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return [{ ...place, reading: null, fault: faultOf(error) }];
  }
}
