import { captureStem } from '../../ingest/bundle-path.js';
import type { InputFile, InputListing } from '../../ingest/input-files.js';
import { type BundleGroup, nameNodes } from '../../ingest/nodes.js';
import { readSnapshot } from '../../ingest/snapshot/snapshot.js';
import type { InputSpecification } from '../../ingest/specification.js';
import { InputError } from '../../model/errors.js';
import type { Snapshot } from '../../model/snapshot.js';
import { mergeSnapshots, snapshotKey } from '../merge-snapshots.js';
import { errorOf, type Found } from './found.js';
import type { CaptureResult, Inputs } from './inputs.js';
import type { FileOptions } from './read-file.js';

/** IFNAMSIZ less its NUL: a longer file name is no interface's. */
const MAX_INTERFACE_NAME = 15;

/**
 * Puts together what the files of all inputs hold, one after the other in the order of the inputs, whenever each was
 * read.
 *
 * @param read gives what is found in a file; called once for each, when all before it are done with
 * @throws InputError where one cannot be read (with `keepGoing`: where none can)
 * @throws UsageError where the names do not fit
 */
export async function gatherInputs(
  listings: readonly InputListing[],
  options: Pick<FileOptions, 'keepGoing' | 'snapshotsOnly'>,
  read: (file: InputFile) => AsyncIterable<Found>,
): Promise<Inputs> {
  const result: Inputs = {
    captures: [],
    nodes: [],
    snapshots: [],
    problems: [],
    firstError: null,
    warnings: [],
  };
  for (const listing of listings) await new InputReading(listing, options, read, result).read();
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
  readonly #listing: InputListing;
  readonly #input: InputSpecification;
  readonly #options: Pick<FileOptions, 'keepGoing' | 'snapshotsOnly'>;
  readonly #readFile: (file: InputFile) => AsyncIterable<Found>;
  readonly #into: Inputs;
  readonly #groups = new Map<string, BundleGroup>();
  /** By root and network namespace. */
  readonly #files = new Map<
    string,
    { root: string; netns: string | null; files: Map<string, Uint8Array>; names: Map<string, string> }
  >();
  readonly #captures: { root: string; capture: CaptureResult }[] = [];
  #isArchive = true;

  constructor(
    listing: InputListing,
    options: Pick<FileOptions, 'keepGoing' | 'snapshotsOnly'>,
    readFile: (file: InputFile) => AsyncIterable<Found>,
    into: Inputs,
  ) {
    this.#listing = listing;
    this.#input = listing.input;
    this.#options = options;
    this.#readFile = readFile;
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
    for (const file of this.#listing.files) {
      for await (const found of this.#readFile(file)) {
        items++;
        try {
          this.#take(found);
        } catch (error) {
          this.#passOver(error);
          failed = true;
        }
      }
    }
    if (this.#listing.error) throw this.#listing.error;
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

  #take(found: Found): void {
    if (found.kind === 'other') return;
    if (found.kind === 'problem') {
      const error = errorOf(found.fault);
      if (found.fatal) throw error;
      this.#into.problems.push({ node: this.#input.node, message: error.message });
      return;
    }
    let group = this.#groups.get(found.root);
    if (!group) {
      group = { root: found.root, declared: null, hasSnapshot: false };
      this.#groups.set(found.root, group);
    }
    if (found.kind === 'file') this.#takeFile(found, group);
    else if (found.kind === 'capture') this.#takeCapture(found);
  }

  #takeFile(item: Found & { kind: 'file' }, group: BundleGroup): void {
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

  #takeCapture(found: Found & { kind: 'capture' }): void {
    this.#isArchive = found.file !== this.#input.path;
    if (found.reading === null) throw errorOf(found.fault);
    const { observations, undecoded, fault } = found.reading;
    const summary = { ...found.reading.summary, error: fault && errorOf(fault) };
    const bare = found.file === this.#input.path || this.#input.path === '-';
    const file = {
      node: '',
      netns: found.netns ?? this.#input.netns,
      file: found.file,
      interfaces: summary.interfaces,
      nameHint: interfaceHint(found.name, bare && this.#input.node === null),
      snapshot: null,
    };
    this.#captures.push({ root: found.root, capture: { file, observations, summary, undecoded } });
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
