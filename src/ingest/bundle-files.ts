import { InputError } from '../model/errors.js';
import type { BundlePath } from './bundle-path.js';
import { rootsOfCaptures } from './capture-roots.js';
import type { SnapshotItem } from './items.js';
import { bundle } from './layouts/bundle.js';
import { HOSTNAME } from './layouts/layout.js';
import { layoutNamed } from './layouts/registry.js';
import { type BundleGroup, nameNodes } from './nodes.js';
import type { InputSpecification } from './specification.js';

/** A file of a bundle, put together from what stands in for it. */
export interface BundleFile {
  /** Within the bundle, as `ip-route.json`. */
  name: string;
  bytes: Uint8Array;
  /** As users and messages name what it was made from, by its place in it. */
  sources: string[];
  /** Of each of `sources`, the line that it begins with. */
  firstLines: number[];
  /** As `Layout.name`. */
  layout: string;
}

/** The files of one network namespace of a bundle or dump. */
export interface BundleNamespace {
  /** Directory within what was given. */
  root: string;
  netns: string | null;
  files: BundleFile[];
  /** It tells of the cluster, and of no node. */
  isCluster: boolean;
}

type Item = SnapshotItem & { file: string };

/** The files of one input's bundles and dumps on their way: what belongs to which node is known only at its end. */
export class BundleFiles {
  readonly #groups = new Map<string, BundleGroup>();
  readonly #namespaces = new Map<string, { root: string; netns: string | null; items: Item[] }>();
  #hostnameRanks = new Map<string, number>();

  /** Whether nothing was found but names of nodes. */
  get isEmpty(): boolean {
    return this.#namespaces.size === 0;
  }

  /**
   * Notes which directories captures lie in, whose nodes are to be named then.
   *
   * @returns for each capture the root of the bundle that it is of: the directory that it lies in, or one below it that
   *   is named as the node in its own name is
   */
  noteCaptures(captures: readonly BundlePath[], { node }: InputSpecification): string[] {
    const bundles = [...this.#groups.values()].filter(isBundle).map(({ root }) => root);
    const roots = node === null ? rootsOfCaptures(captures, bundles) : captures.map(({ root }) => root);
    for (const root of roots) this.#group(root).isCluster = false;
    return roots;
  }

  #group(root: string): BundleGroup {
    const known = this.#groups.get(root);
    if (known) return known;
    const group: BundleGroup = { root, declared: null, hasSnapshot: false, dump: null, isCluster: false };
    this.#groups.set(root, group);
    return group;
  }

  /** @throws InputError where it is to name the node, and does not */
  take(item: Item): void {
    const isFirst = !this.#groups.has(item.root);
    const group = this.#group(item.root);
    const layout = layoutNamed(item.layout);
    if (isFirst) group.isCluster = layout.scope === 'cluster';
    else if (layout.scope === 'node') group.isCluster = false;
    if (layout !== bundle && layout.scope === 'node' && !item.isCommon) group.dump = layout;
    if (item.name === HOSTNAME) {
      this.#takeHostname(item, group);
      return;
    }
    group.declared ??= item.node;
    if (item.netns === null && item.name === 'node.json') {
      group.declared = declaredNode(item.bytes, item.file);
    }
    if (item.name !== 'node.json') group.hasSnapshot = true;
    const key = `${item.root}\n${item.netns ?? ''}`;
    const namespace = this.#namespaces.get(key) ?? { root: item.root, netns: item.netns, items: [] };
    namespace.items.push(item);
    this.#namespaces.set(key, namespace);
  }

  #takeHostname({ bytes, root, rank }: Item, group: BundleGroup): void {
    const known = this.#hostnameRanks.get(root);
    const name = new TextDecoder().decode(bytes).trim();
    if (!/^[\w.-]+$/.test(name) || (known !== undefined && known >= rank)) return;
    this.#hostnameRanks.set(root, rank);
    group.hostname = name;
  }

  /** The node's name by `root`. @throws UsageError as `nameNodes` */
  names(input: InputSpecification, isArchive: boolean): Map<string, string> {
    return nameNodes(input, [...this.#groups.values()], isArchive);
  }

  /** A copy of a node's file that a dump might have is one of a bundle where there is no dump. */
  #layoutOf({ layout }: BundleFile, root: string): string {
    const { dump } = this.#groups.get(root)!;
    return dump === null && layoutNamed(layout).scope === 'node' ? bundle.name : layout;
  }

  /** What there is, our own bundles first: where a dump lies in one, its files count before the dump's. */
  namespaces(): BundleNamespace[] {
    const all = [...this.#namespaces.values()].map(({ root, netns, items }) => ({
      root,
      netns,
      files: filesOf(items).map((file) => ({ ...file, layout: this.#layoutOf(file, root) })),
      isCluster: this.#groups.get(root)!.isCluster,
    }));
    const isDump = ({ root }: BundleNamespace) => Number(this.#groups.get(root)!.dump !== null);
    return all.sort((a, b) => isDump(a) - isDump(b));
  }
}

function isBundle({ declared, hasSnapshot, isCluster }: BundleGroup): boolean {
  return !isCluster && (declared !== null || hasSnapshot);
}

/** One for each name: of several, those of the highest rank, put together if they are parts, else the last. */
function filesOf(items: readonly Item[]): BundleFile[] {
  const byName = new Map<string, Item[]>();
  for (const item of items) {
    const same = byName.get(item.name);
    if (same) same.push(item);
    else byName.set(item.name, [item]);
  }
  return [...byName].map(([name, same]) => {
    const rank = Math.max(...same.map((item) => item.rank));
    const best = same.filter((item) => item.rank === rank).sort((a, b) => (a.file < b.file ? -1 : 1));
    const last = best.at(-1)!;
    const parts = last.isPart ? best : [last];
    const sources = parts.map((part) => part.file);
    return { name, sources, layout: last.layout, ...joined(parts) };
  });
}

const LINE_FEED = 0x0a;

/** Each on lines of its own. */
function joined(parts: readonly Item[]): Pick<BundleFile, 'bytes' | 'firstLines'> {
  if (parts.length === 1) return { bytes: parts[0]!.bytes, firstLines: [1] };
  const feed = Uint8Array.of(LINE_FEED);
  const ended = parts.map(({ bytes }) =>
    bytes.length === 0 || bytes.at(-1) === LINE_FEED ? bytes : Buffer.concat([bytes, feed]),
  );
  let line = 1;
  const firstLines = ended.map((bytes) => {
    const first = line;
    for (const octet of bytes) if (octet === LINE_FEED) line++;
    return first;
  });
  return { bytes: Buffer.concat(ended), firstLines };
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
