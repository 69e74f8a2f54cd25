import type { CaptureSummary } from '../../ingest/capture/record.js';
import type { InputError } from '../../model/errors.js';
import type { Snapshot } from '../../model/snapshot.js';
import type { TrackedCapture } from '../correlate.js';

export interface CaptureResult extends TrackedCapture {
  summary: CaptureSummary;
  /** Packets of link types that are not decoded. */
  undecoded: number;
}

export interface InputProblem {
  node: string | null;
  message: string;
}

/** What all inputs held. */
export interface Inputs {
  captures: CaptureResult[];
  /** By order of the inputs. */
  nodes: string[];
  snapshots: Snapshot[];
  /** What could not be read, in whole or in part, and was passed over. */
  problems: InputProblem[];
  /** The first that was passed over under `keepGoing`. */
  firstError: InputError | null;
  /** What the readers wondered about; one line each. */
  warnings: string[];
}
