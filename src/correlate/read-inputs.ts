import { resolve } from 'node:path';
import { decodePacket } from '../decode/decode.js';
import { Outcome, Packet } from '../decode/packet.js';
import { captureStem } from '../ingest/bundle-path.js';
import { readCapture } from '../ingest/capture/reader.js';
import type { CaptureSummary } from '../ingest/capture/record.js';
import { ReadBuffer } from '../ingest/capture/source.js';
import { type InputItem, readItems } from '../ingest/items.js';
import { type BundleGroup, nameNodes } from '../ingest/nodes.js';
import { readSnapshot } from '../ingest/snapshot/snapshot.js';
import { type InputSpecification, parseInput } from '../ingest/specification.js';
import { InputError, UsageError } from '../model/errors.js';
import type { Snapshot } from '../model/snapshot.js';
import type { TrackedCapture } from './correlate.js';
import { mergeSnapshots, snapshotKey } from './merge-snapshots.js';
import { detached } from './track/observations.js';
import { ALL, DEFAULT_FLOWS, Tracker } from './track/tracker.js';

/** IFNAMSIZ less its NUL: a longer file name is no interface's. */
const MAX_INTERFACE_NAME = 15;

/** Connections of one capture up to which all are kept: as many as a result lists. */
const KEPT_WHOLE = 10_000;

export interface CaptureResult extends TrackedCapture {
  summary: CaptureSummary;
  /** Packets of link types that are not decoded. */
  undecoded: number;
}

export interface InputProblem {
  node: string | null;
  message: string;
}

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
  /** Leaves captures unread: only what the nodes said of themselves is wanted. */
  snapshotsOnly?: boolean;
  /** Keeps all connections whole, also those that are a great many and were made as they should be. */
  keepsAll?: boolean;
  /** Connections of one capture that there is room for at one time; up to `MOST_FLOWS`. */
  maxAttempts?: number | undefined;
  /** Told for every chunk that is read. */
  onReading?: ((reading: Reading) => void) | undefined;
}

/**
 * Reads all inputs, each in one pass and one after the other: captures are decoded and folded as they stream by,
 * snapshots are kept.
 *
 * @param inputs as on the command line: `PATH`, `NODE=PATH`, `NODE/NETNS=PATH`, `-`
 * @throws InputError where one cannot be read (with `keepGoing`: where none can)
 * @throws UsageError where the names do not fit
 */
export async function readInputs(inputs: readonly string[], options: ReadInputsOptions): Promise<Inputs> {
  const result: Inputs = {
    captures: [],
    nodes: [],
    snapshots: [],
    problems: [],
    firstError: null,
    warnings: [],
  };
  const seen = new Set<string>();
  for (const [i, specification] of inputs.map(parseInput).entries()) {
    const { path, argument } = specification;
    const key = path === '-' ? path : resolve(path);
    if (seen.has(key)) throw new UsageError(`${argument}: is given twice; each input counts once`);
    seen.add(key);
    const { onReading } = options;
    const buffer = new ReadBuffer(
      onReading
        ? (file, octets, total, ended) =>
            onReading({ input: i + 1, inputs: inputs.length, file, octets, total, ended })
        : null,
    );
    await new InputReading(specification, options, result, buffer, inputs.length === 1).read();
  }
  if (result.firstError && result.captures.length === 0 && result.snapshots.length === 0) {
    throw result.firstError;
  }
  result.snapshots = mergeSnapshots(result.snapshots, result.warnings);
  const byKey = new Map(result.snapshots.map((s) => [snapshotKey(s.node, s.netns), s]));
  // A capture's ifindexes are those of its own bundle, and only for want of one those of another of its node.
  for (const { file } of result.captures) {
    if (!file.snapshot?.links) file.snapshot = byKey.get(snapshotKey(file.node, file.netns)) ?? file.snapshot;
  }
  result.warnings.push(...result.snapshots.flatMap((s) => s.warnings));
  return result;
}

/** One input's bundles on their way: what belongs to which node is known only at its end. */
class InputReading {
  readonly #input: InputSpecification;
  readonly #options: ReadInputsOptions;
  readonly #into: Inputs;
  readonly #groups = new Map<string, BundleGroup>();
  /** By root and network namespace. */
  readonly #files = new Map<
    string,
    { root: string; netns: string | null; files: Map<string, Uint8Array>; names: Map<string, string> }
  >();
  readonly #captures: { root: string; capture: CaptureResult }[] = [];
  readonly #buffer: ReadBuffer;
  readonly #isOnly: boolean;
  #isArchive = true;

  /** @param isOnly whether no other input is given */
  constructor(
    input: InputSpecification,
    options: ReadInputsOptions,
    into: Inputs,
    buffer: ReadBuffer,
    isOnly: boolean,
  ) {
    this.#buffer = buffer;
    this.#isOnly = isOnly;
    this.#input = input;
    this.#options = options;
    this.#into = into;
  }

  /** Reads the input, and hands over what there is of it, also where it broke off. */
  async read(): Promise<void> {
    try {
      await this.#takeAll();
    } catch (error) {
      this.#passOver(error);
    }
    this.#finish();
  }

  async #takeAll(): Promise<void> {
    let items = 0;
    let failed = false;
    for await (const item of readItems(this.#input, this.#buffer)) {
      items++;
      try {
        await this.#take(item);
      } catch (error) {
        this.#passOver(error);
        failed = true;
      }
    }
    if (!failed && this.#captures.length === 0 && this.#files.size === 0) {
      const wanted = this.#options.snapshotsOnly ? 'no file' : 'no capture and no file';
      const reason = items === 0 ? 'is empty' : `holds ${wanted} of a bundle (ip-route.json, sysctl.txt, …)`;
      throw new InputError(this.#input.argument, null, reason);
    }
  }

  /** Notes what cannot be read, where the user asked to go on; else it ends the run. */
  #passOver(error: unknown): void {
    if (!(error instanceof InputError && this.#options.keepGoing)) throw error;
    this.#into.problems.push({ node: this.#input.node, message: error.message });
    this.#into.firstError ??= error;
  }

  async #take(item: InputItem): Promise<void> {
    if (item.kind === 'other') return;
    if (item.kind === 'problem') {
      if (item.fatal) throw item.error;
      this.#into.problems.push({ node: this.#input.node, message: item.error.message });
      return;
    }
    let group = this.#groups.get(item.root);
    if (!group) {
      group = { root: item.root, declared: null, hasSnapshot: false };
      this.#groups.set(item.root, group);
    }
    if (item.kind === 'file') this.#takeFile(item, group);
    else await this.#takeCapture(item);
  }

  #takeFile(item: InputItem & { kind: 'file' }, group: BundleGroup): void {
    if (item.netns === null && item.name === 'node.json') {
      group.declared = declaredNode(item.bytes, item.file);
    }
    if (item.name !== 'node.json') group.hasSnapshot = true;
    const key = snapshotKey(item.root, item.netns);
    let files = this.#files.get(key);
    if (!files) {
      files = { root: item.root, netns: item.netns, files: new Map(), names: new Map() };
      this.#files.set(key, files);
    }
    files.files.set(item.name, item.bytes);
    files.names.set(item.name, item.file);
  }

  async #takeCapture(item: InputItem & { kind: 'capture' }): Promise<void> {
    if (this.#options.snapshotsOnly) {
      for await (const _ of item.chunks) break; // closes the file
      return;
    }
    this.#isArchive = item.file !== this.#input.path;
    // What a second capture saw as well has to be told by what the first one kept.
    const lets = !this.#options.keepsAll && this.#isOnly && item.file === this.#input.path;
    const { maxAttempts = DEFAULT_FLOWS } = this.#options;
    // Those that are kept whole must leave room for others.
    const whole = Math.min(KEPT_WHOLE, maxAttempts >>> 1);
    const tracker = new Tracker(maxAttempts, lets ? whole : ALL);
    const packet = new Packet();
    let undecoded = 0;
    this.#buffer.lend(tracker.plain.buffer);
    const summary = await readCapture(
      item.chunks,
      item.file,
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
      { keepGoing: this.#options.keepGoing, scanner: tracker.plain },
    ).finally(() => this.#buffer.lend(null));
    tracker.finish();
    const observations = detached(tracker.observations());
    const bare = item.file === this.#input.path || this.#input.path === '-';
    const file = {
      node: '',
      netns: item.netns ?? this.#input.netns,
      file: item.file,
      interfaces: summary.interfaces,
      nameHint: interfaceHint(item.name, bare && this.#input.node === null),
      snapshot: null,
    };
    this.#captures.push({ root: item.root, capture: { file, observations, summary, undecoded } });
  }

  /** Names the nodes and hands over what was read. */
  #finish(): void {
    const names = nameNodes(this.#input, [...this.#groups.values()], this.#isArchive);
    const { nodes, captures, snapshots } = this.#into;
    /** By root and namespace. */
    const own = new Map<string, Snapshot>();
    for (const name of names.values()) if (!nodes.includes(name)) nodes.push(name);
    for (const { root, netns, files, names: fileNames } of this.#files.values()) {
      if (![...files.keys()].some((name) => name !== 'node.json')) continue;
      const source = this.#input.path;
      const snapshot = readSnapshot(files, names.get(root)!, netns ?? this.#input.netns, source, {
        nameOf: (path) => fileNames.get(path) ?? path,
        onError: (error) => this.#passOver(error),
      });
      snapshots.push(snapshot);
      own.set(snapshotKey(root, snapshot.netns), snapshot);
    }
    for (const { root, capture } of this.#captures) {
      capture.file.node = names.get(root)!;
      capture.file.snapshot = own.get(snapshotKey(root, capture.file.netns)) ?? null;
      captures.push(capture);
    }
  }
}

function declaredNode(bytes: Uint8Array, file: string): string | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new InputError(
      file,
      null,
      'is no valid JSON; expected {"format":"returnpath-bundle/1","node":"NAME"}',
    );
  }
  const { format, node } = (parsed ?? {}) as { format?: unknown; node?: unknown };
  if (format !== undefined && format !== 'returnpath-bundle/1') {
    throw new InputError(
      file,
      null,
      `is of format ${JSON.stringify(format)}; this version reads "returnpath-bundle/1"`,
    );
  }
  return typeof node === 'string' && node !== '' ? node : null;
}

/** How interfaces are usually named: tells `eth0.pcap` from `node1.pcap` where nothing else does. */
const INTERFACE_LIKE =
  /^(eth|en[opsx]|wl|ww|ib|bond|team|br|virbr|docker|cni|flannel|vx|cali|lxc|veth|vlan|tun|tap|wg|gre|geneve|lo\d*$|kube|weave|cilium|ovn|ovs|any$)/;

/** The interface that a plain capture's file name says. A bare capture without `NODE=` may be named after its node. */
function interfaceHint(name: string, namesNode: boolean): string | null {
  const stem = captureStem(name);
  if (stem.length === 0 || stem.length > MAX_INTERFACE_NAME) return null;
  return namesNode && !INTERFACE_LIKE.test(stem) ? null : stem;
}
