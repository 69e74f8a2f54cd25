import type { CaptureSummary } from '../../ingest/capture/record.js';
import type { Layout } from '../../ingest/layouts/layout.js';
import type { RecordedCapture, RecordedInterruption } from '../../ingest/recorder.js';
import type { InputError } from '../../model/errors.js';
import type { Snapshot } from '../../model/snapshot.js';
import type { TrackedCapture } from '../correlate.js';

export interface CaptureResult extends TrackedCapture {
  summary: CaptureSummary;
  /** Packets of link types that are not decoded. */
  undecoded: number;
  /** How it was recorded; absent where nobody says. */
  recorded?: RecordedCapture;
}

export interface InputProblem {
  node: string | null;
  message: string;
  /** Of an archive that ends early, and was read up to there. */
  isCut?: boolean;
}

/** A dump of another tool that stands in for a bundle. */
export interface Dump {
  node: string;
  /** Where it lies, as the user would name it. */
  source: string;
  layout: Layout;
  /** What has to be known of it, a clause; null where nothing does. */
  remark: string | null;
}

/** What a node's files are called by those who gave them. */
export interface GivenFiles {
  node: string;
  /** By the name that the bundle's format has for each: the parts that stand in for it, in their order. */
  files: ReadonlyMap<string, readonly GivenPart[]>;
}

export interface GivenPart {
  file: string;
  /** Of the whole, from 1. */
  firstLine: number;
}

/** What all inputs held. */
export interface Inputs {
  captures: CaptureResult[];
  /** By order of the inputs. */
  nodes: string[];
  snapshots: Snapshot[];
  /** Of dumps that tell of the cluster and of no node; `snapshots` has what they hold. */
  clusters: Snapshot[];
  dumps: Dump[];
  /** Of nodes' own namespaces; of two that have a file, the first was read. */
  given: GivenFiles[];
  /** Nodes whose recording was broken off before its end. */
  brokenOff: string[];
  /** What was not captured meanwhile, as the recorders noted it. */
  interruptions: (RecordedInterruption & { node: string })[];
  /** What could not be read, in whole or in part, and was passed over. */
  problems: InputProblem[];
  /** The first that was passed over under `keepGoing`. */
  firstError: InputError | null;
  /** What the readers wondered about; one line each. */
  warnings: string[];
}
