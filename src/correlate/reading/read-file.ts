import { decodePacket } from '../../decode/decode.js';
import { Outcome, Packet } from '../../decode/packet.js';
import { readCapture } from '../../ingest/capture/reader.js';
import type { ReadBuffer } from '../../ingest/capture/source.js';
import type { InputFile } from '../../ingest/input-files.js';
import { fileItems, type InputItem } from '../../ingest/items.js';
import { InputError } from '../../model/errors.js';
import { detached } from '../track/observations.js';
import { ALL, Tracker } from '../track/tracker.js';
import { type CaptureReading, errorOf, type FileReport, type Found, faultOf } from './found.js';

/** Connections of one capture up to which all are kept: as many as a result lists. */
const KEPT_WHOLE = 10_000;

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
      // What a second capture saw as well has to be told by what the first one kept.
      const keepsAll = options.keepsAll || !isOnly || item.file !== file.file;
      yield await readCaptureItem(item, { ...options, keepsAll }, into);
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
export async function* readReport(report: Promise<FileReport>): AsyncGenerator<Found> {
  const { found, fault } = await report;
  yield* found;
  if (fault) throw errorOf(fault);
}

async function readCaptureItem(
  item: InputItem & { kind: 'capture' },
  options: FileOptions,
  into: ReadBuffer,
): Promise<Found> {
  const { chunks, ...place } = item;
  if (options.snapshotsOnly) {
    for await (const _ of chunks) break; // closes the file
    return { ...place, kind: 'unread-capture' };
  }
  try {
    return { ...place, reading: await trackCapture(chunks, item.file, options, into) };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { ...place, reading: null, fault: faultOf(error) };
  }
}

async function trackCapture(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
  { keepGoing, keepsAll, maxAttempts }: FileOptions,
  into: ReadBuffer,
): Promise<CaptureReading> {
  // Those that are kept whole must leave room for others.
  const whole = Math.min(KEPT_WHOLE, maxAttempts >>> 1);
  const tracker = new Tracker(maxAttempts, keepsAll ? ALL : whole);
  const packet = new Packet();
  let undecoded = 0;
  into.lend(tracker.plain.buffer);
  const { error, ...summary } = await readCapture(
    chunks,
    file,
    (record) => {
      if (tracker.plain.observe(record)) return;
      decodePacket(
        record.interface.linkType,
        record.bytes,
        record.view,
        record.offset,
        record.capturedLength,
        packet,
      );
      if (packet.outcome === Outcome.unknownLinkType) undecoded++;
      else tracker.observe(packet, record);
    },
    { keepGoing, scanner: tracker.plain },
  ).finally(() => into.lend(null));
  tracker.finish();
  const observations = detached(tracker.observations());
  return { observations, summary, fault: error && faultOf(error), undecoded };
}
