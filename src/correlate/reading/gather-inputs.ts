import { BundleFiles, type BundleNamespace } from '../../ingest/bundle-files.js';
import { type BundlePath, captureStem, interfaceHint } from '../../ingest/bundle-path.js';
import type { InputFile, InputListing } from '../../ingest/input-files.js';
import { layoutNamed } from '../../ingest/layouts/registry.js';
import { captureStems } from '../../ingest/numbered-captures.js';
import { readRecorder } from '../../ingest/recorder.js';
import { readSnapshot, standsFor } from '../../ingest/snapshot/snapshot.js';
import type { InputSpecification } from '../../ingest/specification.js';
import { InputError, UsageError } from '../../model/errors.js';
import type { Snapshot } from '../../model/snapshot.js';
import { stationLabel } from '../../model/station.js';
import type { Nanoseconds } from '../../model/time.js';
import { mergeSnapshots, snapshotKey, withClusters } from '../merge-snapshots.js';
import { joinNumbered, joinRotated } from '../rotated.js';
import { capturedInterface } from './captured-interface.js';
import { leaveOutDuplicates } from './duplicates.js';
import { errorOf, type Found, type Whose } from './found.js';
import type { CaptureResult, Dump, GivenFiles, InputProblem, Inputs } from './inputs.js';
import type { FileOptions } from './read-file.js';

export interface GatherOptions extends Pick<FileOptions, 'keepGoing' | 'snapshotsOnly'> {
  /** With `keepGoing`: does not throw where no input can be read. */
  mayBeEmpty?: boolean;
}

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
  options: GatherOptions,
  read: (file: InputFile) => AsyncIterable<Found>,
): Promise<Inputs> {
  const result: Inputs = {
    captures: [],
    nodes: [],
    snapshots: [],
    clusters: [],
    dumps: [],
    given: [],
    brokenOff: [],
    interruptions: [],
    problems: [],
    firstError: null,
    warnings: [],
  };
  for (const listing of listings) await new InputReading(listing, options, read, result).read();
  const isEmpty = result.captures.length + result.snapshots.length + result.clusters.length === 0;
  if (result.firstError && isEmpty && !options.mayBeEmpty) throw result.firstError;
  const stems = captureStems(result.captures.map(({ file }) => file.file));
  const renamed = joinNumbered(result.captures, stems);
  result.nodes = [...new Set(result.nodes.map((node) => renamed.get(node) ?? node))];
  result.snapshots = withClusters(mergeSnapshots(result.snapshots, result.warnings), result);
  const byKey = new Map(result.snapshots.map((s) => [snapshotKey(s.node, s.netns), s]));
  // A capture's ifindexes are those of its own bundle, and only for want of one those of another of its node.
  for (const { file } of result.captures) {
    if (!file.snapshot?.links) file.snapshot = byKey.get(snapshotKey(file.node, file.netns)) ?? file.snapshot;
  }
  for (const capture of result.captures) {
    capture.file.nameHint = capturedInterface(capture, stems.get(capture.file.file)!);
  }
  result.warnings.push(...result.snapshots.flatMap((s) => s.warnings));
  leaveOutDuplicates(result);
  joinRotated(result.captures, stems);
  return result;
}

/** One input's bundles on their way: what belongs to which node is known only at its end. */
class InputReading {
  readonly #listing: InputListing;
  readonly #input: InputSpecification;
  readonly #options: GatherOptions;
  readonly #readFile: (file: InputFile) => AsyncIterable<Found>;
  readonly #into: Inputs;
  readonly #bundles = new BundleFiles();
  readonly #captures: { place: BundlePath; whose: Whose | null; capture: CaptureResult }[] = [];
  /** Of captures whose nodes their places tell. */
  readonly #places: BundlePath[] = [];
  /** Archives that end early: whose they are is known at the end. */
  readonly #cut: InputProblem[] = [];
  #isArchive = true;

  constructor(
    listing: InputListing,
    options: GatherOptions,
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
    if (!failed && this.#captures.length === 0 && this.#bundles.isEmpty) {
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
      const problem: InputProblem = {
        node: this.#input.node,
        message: error.message,
        isCut: found.isCut === true,
      };
      if (problem.isCut) this.#cut.push(problem);
      this.#into.problems.push(problem);
      return;
    }
    if (found.kind === 'file') {
      this.#bundles.take(found);
      return;
    }
    // What names its node itself is of no bundle.
    const { root, netns, name } = found;
    const place = { root, netns, name };
    const isOwn = found.kind === 'capture' && found.reading !== null && found.whose !== null;
    if (!isOwn) this.#places.push(place);
    if (found.kind === 'capture') this.#takeCapture(found, place);
  }

  #takeCapture(found: Found & { kind: 'capture' }, place: BundlePath): void {
    this.#isArchive = found.file !== this.#input.path;
    if (found.reading === null) throw errorOf(found.fault);
    const { whose, reading } = found;
    const { observations, undecoded, fault } = reading;
    const summary = { ...reading.summary, error: fault && errorOf(fault) };
    const bare = found.file === this.#input.path || this.#input.path === '-';
    const file = {
      node: '',
      netns: whose ? (this.#input.netns ?? whose.netns) : (found.netns ?? this.#input.netns),
      file: found.file,
      interfaces: summary.interfaces,
      ...(whose && {
        capture: `${found.file} (${stationLabel(whose.node, whose.netns)})`,
      }),
      nameHint: whose ? null : interfaceHint(found.name, bare && this.#input.node === null),
      snapshot: null,
    };
    this.#captures.push({ place, whose, capture: { file, observations, summary, undecoded } });
  }

  /** @throws UsageError where one name was given for what names several nodes */
  #refuseOneName(): void {
    const { node, argument } = this.#input;
    const named = new Set(this.#captures.flatMap(({ whose }) => whose?.node ?? []));
    if (node === null || named.size < 2) return;
    throw new UsageError(
      `${argument}: its interfaces are of ${named.size} nodes (${[...named].join(', ')}); give it without ${node}=`,
    );
  }

  #rootsByPlace(): Map<BundlePath, string> {
    const roots = this.#bundles.noteCaptures(this.#places, this.#input);
    return new Map(this.#places.map((place, i) => [place, roots[i]!]));
  }

  /** Names the nodes and hands over what was read. */
  #finish(): void {
    const roots = this.#rootsByPlace();
    const names = this.#bundles.names(this.#input, this.#isArchive);
    const { nodes, captures, snapshots } = this.#into;
    /** By root and namespace. */
    const own = new Map<string, Snapshot>();
    const latest = this.#captures
      .map(({ capture }) => capture.summary.lastTime)
      .reduce<Nanoseconds | null>((a, b) => (a === null || (b !== null && b > a) ? b : a), null);
    const namespaces = this.#bundles.namespaces();
    const clusters = new Set(namespaces.filter(({ isCluster }) => isCluster).map(({ root }) => root));
    for (const [root, name] of names) if (!clusters.has(root) && !nodes.includes(name)) nodes.push(name);
    for (const namespace of namespaces) {
      this.#takeRecorder(namespace, names.get(namespace.root)!);
      if (namespace.files.every(({ name }) => name === 'node.json')) continue;
      const snapshot = this.#readSnapshot(namespace, names.get(namespace.root)!, latest);
      (namespace.isCluster ? this.#into.clusters : snapshots).push(snapshot);
      own.set(snapshotKey(namespace.root, snapshot.netns), snapshot);
      if (!namespace.isCluster && snapshot.netns === null) {
        this.#into.given.push({ node: snapshot.node, files: givenFiles(namespace) });
      }
      for (const dump of dumpsIn(namespace, snapshot)) {
        this.#into.dumps.push(dump);
        if (dump.remark !== null) this.#into.warnings.push(`${dump.source}: ${dump.remark}`);
      }
    }
    const [node, ...others] = new Set(names.values());
    if (node !== undefined && others.length === 0) for (const problem of this.#cut) problem.node = node;
    this.#refuseOneName();
    for (const { place, whose, capture } of this.#captures) {
      const { file } = capture;
      const root = roots.get(place) ?? place.root;
      file.node = whose ? (this.#input.node ?? whose.node) : names.get(root)!;
      if (!nodes.includes(file.node)) nodes.push(file.node);
      const isOfBundle = names.get(root) === file.node;
      file.snapshot = (isOfBundle && own.get(snapshotKey(root, file.netns))) || null;
      captures.push(capture);
    }
  }

  /** What the recorder noted of the captures beside node.json. */
  #takeRecorder({ root, netns, files }: BundleNamespace, node: string): void {
    const bytes = netns === null ? files.find(({ name }) => name === 'node.json')?.bytes : undefined;
    const recorder = bytes && readRecorder(bytes);
    if (!recorder) return;
    if (!recorder.hasEnded) this.#into.brokenOff.push(node);
    for (const interruption of recorder.interruptions)
      this.#into.interruptions.push({ node, ...interruption });
    const told = new Set<string>();
    for (const { place, capture } of this.#captures) {
      const stem = captureStem(capture.file.file);
      const recorded = place.root === root && capture.file.netns === null && recorder.captures.get(stem);
      if (!recorded) continue;
      capture.recorded = recorded;
      // It is a count of all files of a rotated capture.
      if (!told.has(stem)) capture.summary.dropped ??= recorded.dropped;
      told.add(stem);
    }
  }

  /** @param latest when the captures of the input ended; null where there are none */
  #readSnapshot({ root, netns, files }: BundleNamespace, node: string, latest: Nanoseconds | null): Snapshot {
    const sources = new Map(files.map(({ name, sources }) => [name, sources[0]!]));
    const foreign = new Set(
      files.filter(({ layout }) => layout !== 'bundle').flatMap(({ sources }) => sources),
    );
    const { path } = this.#input;
    const source = foreign.size > 0 && root !== '' ? `${path.replace(/\/+$/, '')}/${root}` : path;
    const content = new Map(files.map(({ name, bytes }) => [name, bytes]));
    return readSnapshot(content, node, netns ?? this.#input.netns, source, {
      latest,
      nameOf: (name) => sources.get(name) ?? name,
      onError: (error) => {
        // A dump is taken as it comes: what of it cannot be read is told, and is no reason to refuse the rest.
        if (error instanceof InputError && foreign.has(error.file)) {
          this.#into.problems.push({ node, message: error.message });
        } else this.#passOver(error);
      },
    });
  }
}

/** A bundle's own files are called by their names in it, those of a dump as the user would. */
function givenFiles({ files }: BundleNamespace): GivenFiles['files'] {
  // Where both forms of a listing lie in it, JSON was read.
  const isJson = ({ name }: { name: string }) => standsFor(name) === name;
  const textFirst = files.toSorted((a, b) => Number(isJson(a)) - Number(isJson(b)));
  return new Map(
    textFirst.map(({ name, layout, sources, firstLines }) => [
      standsFor(name),
      sources.map((source, i) => ({ file: layout === 'bundle' ? name : source, firstLine: firstLines[i]! })),
    ]),
  );
}

/** The dumps of a node that a snapshot was made from. */
function dumpsIn({ files, isCluster }: BundleNamespace, snapshot: Snapshot): Dump[] {
  const { node, netns, source } = snapshot;
  if (isCluster || netns !== null) return [];
  const layouts = [...new Set(files.map(({ layout }) => layout))].map(layoutNamed);
  return layouts
    .filter(({ name, scope }) => name !== 'bundle' && scope === 'node')
    .map((layout) => ({
      ...{ node, source, layout },
      remark: layout.remark?.(snapshot) ?? null,
    }));
}
