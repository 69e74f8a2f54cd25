import type { TRACKER_KINDS } from '../model/tracker-kinds.js';
import type { TrackerRequest, TrackerResponse } from './http.js';

/** What is put on an incident. */
export interface Report {
  /** Tells this report from others, and is found in what was posted. */
  mark: string;
  /** At most so many characters. */
  markdown(maxLength: number): string;
  text(maxLength: number): string;
  /** By the contract, for programs. */
  analysis: object;
  /** Report and evidence, as files. */
  files: readonly { name: string; type: string; octets: Uint8Array }[];
}

/** Sends a request that changes something; under a dry run it shows it, and answers with nothing. */
export interface Client {
  read(request: TrackerRequest): Promise<TrackerResponse>;
  /**
   * @param isDone whether the request was carried out though its answer was lost, asked before it is sent again; null
   *   where nobody can tell: then it is not
   */
  change(request: TrackerRequest, isDone: () => Promise<boolean | null>): Promise<TrackerResponse>;
}

export interface Tracker {
  /** Where the report goes, for messages, without secrets. */
  name: string;
  /** Where the report of this mark was posted already; null where it was not, undefined where nobody can tell. */
  find(client: Client, mark: string): Promise<string | null | undefined>;
  /** @returns where it can be seen, or what became of it */
  post(client: Client, report: Report): Promise<string>;
  /** What it cannot take, a sentence; null: it takes all. */
  limit: string | null;
}

export interface TrackerOptions {
  /** The API's address, where it does not follow from the incident's. */
  api: string | null;
  env: Readonly<Record<string, string | undefined>>;
}

export interface TrackerKind {
  kind: (typeof TRACKER_KINDS)[number];
  /** An incident's address, for errors. */
  usage: string;
  /** Whether an incident's address is surely of this kind. */
  owns(url: URL): boolean;
  /** @throws UsageError where the address is of no incident, or the token is missing */
  open(url: URL, options: TrackerOptions): Tracker;
}
