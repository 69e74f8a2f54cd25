/** What is in the inputs, and what is missing: the one object that `inspect --format json` prints. */

export const INSPECTION_SCHEMA = 'returnpath-inspection/1';

export interface Inspection {
  schema: typeof INSPECTION_SCHEMA;
  inputs: InspectedInput[];
  /** What to record of each node, with all inputs taken together. */
  missing: MissingFile[];
}

export interface InspectedInput {
  /** As given. */
  input: string;
  bundles: InspectedBundle[];
  captures: InspectedCapture[];
  /** Files that nothing was taken from. */
  notTaken: string[];
  /** What cannot be read, and what else has to be known of it; a sentence each. */
  problems: string[];
}

/** A bundle, or a dump of another tool, of one network namespace. */
export interface InspectedBundle {
  /** `bundle`, `sosreport`, …; several, where a dump lies in a bundle. */
  layouts: string[];
  /** Null of a dump that tells of the cluster alone. */
  node: string | null;
  /** Null for the node's own. */
  netns: string | null;
  /** Directory within the input; '' for its top. */
  root: string;
  files: InspectedFile[];
}

export interface InspectedFile {
  /** What it was taken for: a file of a bundle, as `ip-route.json`. */
  name: string;
  form: 'JSON' | 'YAML' | 'text' | 'empty';
  octets: number;
  /** What it was made from: a file, or the parts of it, as the user would name them. */
  sources: string[];
}

export interface InspectedCapture {
  node: string;
  netns: string | null;
  file: string;
  linkType: string;
  /** Null where every packet names its own (cooked captures); '' where nothing does. */
  interfaces: string[] | null;
  packets: number;
  /** RFC 3339; null where no packet has a time. */
  firstTime: string | null;
  lastTime: string | null;
  /** Null where the file does not say. */
  dropped: number | null;
  truncated: boolean;
  error: string | null;
}

export interface MissingFile {
  /** Null: of the cluster. */
  node: string | null;
  /** Of a bundle. */
  name: string;
  /** What cannot be told without it. */
  tells: string;
  /** The dump that never has it; null where it might have been there. */
  lackedBy: string | null;
  /** Makes it, on the node. */
  command: string;
}
