import type { BundlePath } from '../../ingest/bundle-path.js';
import type { CaptureSummary } from '../../ingest/capture/record.js';
import type { SnapshotItem } from '../../ingest/items.js';
import { InputError } from '../../model/errors.js';
import { type Observations, transferable } from '../track/observations.js';

/** An InputError as plain data. */
export interface Fault {
  file: string;
  offset: number | null;
  reason: string;
}

/** A capture that was read to its end, or up to where it is damaged. */
export interface CaptureReading {
  observations: Observations;
  summary: Omit<CaptureSummary, 'error'>;
  /** What ended the reading before the file's end. */
  fault: Fault | null;
  /** Packets of link types that are not decoded. */
  undecoded: number;
}

/** The node that the names of a capture's interfaces tell, and its namespace. */
export interface Whose {
  node: string;
  netns: string | null;
}

/** One thing found in a file of an input, as plain data: it can be posted from one thread to another. */
export type Found = BundlePath & {
  /** Names it in results and messages: the path as given, and behind a colon the member of an archive. */
  file: string;
} & (
    | { kind: 'capture'; reading: CaptureReading; whose: Whose | null }
    | { kind: 'capture'; reading: null; fault: Fault }
    // Of a node that is asked for its snapshot alone.
    | { kind: 'unread-capture' }
    | SnapshotItem
    | { kind: 'other' }
    // Cannot be read, or only in part; what follows it still can.
    | { kind: 'problem'; fault: Fault; fatal: boolean; isCut?: boolean }
  );

export function faultOf({ file, offset, reason }: InputError): Fault {
  return { file, offset, reason };
}

export function errorOf({ file, offset, reason }: Fault): InputError {
  return new InputError(file, offset, reason);
}

/** All that was found in a file. */
export interface FileReport {
  found: Found[];
  /** What ended it, where nothing more can be told of the file. */
  fault: Fault | null;
}

/** What need not be copied when a report is posted. */
export function transferableOf({ found }: FileReport): ArrayBuffer[] {
  return found.flatMap((one) =>
    one.kind === 'capture' && one.reading ? transferable(one.reading.observations) : [],
  );
}
