import { snapshotKey } from './correlate/merge-snapshots.js';
import { BundleFiles, type BundleNamespace } from './ingest/bundle-files.js';
import type { BundlePath } from './ingest/bundle-path.js';
import { readItems } from './ingest/items.js';
import type { Layout } from './ingest/layouts/layout.js';
import { layoutNamed } from './ingest/layouts/registry.js';
import { nameByDirectory } from './ingest/same-names.js';
import { missingFiles } from './ingest/snapshot/files.js';
import { readSnapshot } from './ingest/snapshot/snapshot.js';
import { type InputSpecification, parseInput } from './ingest/specification.js';
import { inspectCapture, type NodeCapture } from './inspect-captures.js';
import { InputError } from './model/errors.js';
import {
  INSPECTION_SCHEMA,
  type InspectedBundle,
  type InspectedFile,
  type InspectedInput,
  type Inspection,
  type MissingFile,
} from './model/inspection.js';
import type { Snapshot } from './model/snapshot.js';

/**
 * What each input is taken for, file by file, and what is missing. What cannot be read is told in the result.
 *
 * @param inputs bundles, dumps and captures as on the command line
 * @throws InputError where one does not exist
 * @throws UsageError where the names do not fit
 */
export async function inspect(inputs: readonly string[]): Promise<Inspection> {
  const nodes = new Nodes();
  const inspected: InspectedInput[] = [];
  for (const input of nameByDirectory(inputs.map(parseInput)))
    inspected.push(await inspectInput(input, nodes));
  return { schema: INSPECTION_SCHEMA, inputs: inspected, missing: nodes.missing() };
}

async function inspectInput(input: InputSpecification, nodes: Nodes): Promise<InspectedInput> {
  const bundles = new BundleFiles();
  const captures: { place: BundlePath; parts: NodeCapture[] }[] = [];
  const result: InspectedInput = {
    input: input.argument,
    bundles: [],
    captures: [],
    notTaken: [],
    problems: [],
  };
  let isArchive = true;
  for await (const item of readItems(input)) {
    try {
      if (item.kind === 'problem') throw item.error;
      if (item.kind === 'other') result.notTaken.push(item.file);
      else if (item.kind === 'file') bundles.take(item);
      else {
        const { root, netns, name } = item;
        isArchive = item.file !== input.path;
        const parts = await inspectCapture(item, input);
        captures.push({ place: { root, netns, name }, parts });
      }
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      result.problems.push(error.message);
    }
  }
  // What names its nodes itself is of no bundle.
  const placed = captures.filter(({ parts }) => parts.some(({ node }) => node === null));
  const roots = bundles.noteCaptures(
    placed.map(({ place }) => place),
    input,
  );
  const names = bundles.names(input, isArchive);
  const namespaces = bundles.namespaces().sort((a, b) => Number(a.netns !== null) - Number(b.netns !== null));
  for (const namespace of namespaces) {
    const node = names.get(namespace.root)!;
    const { snapshot, problems } = readNamespace(namespace, node, input);
    const bundle = describeBundle(namespace, snapshot);
    result.bundles.push(bundle);
    result.problems.push(...problems, ...remarksOn(bundle, snapshot));
    nodes.add(snapshot, bundle);
  }
  const rootOf = new Map(placed.map((capture, i) => [capture, roots[i]!]));
  result.captures = captures.flatMap((capture) =>
    capture.parts.map((part) => ({ ...part, node: part.node ?? names.get(rootOf.get(capture)!)! })),
  );
  for (const { node } of result.captures) nodes.addName(node);
  return result;
}

function readNamespace(
  { files, netns }: BundleNamespace,
  node: string,
  input: InputSpecification,
): { snapshot: Snapshot; problems: string[] } {
  const problems: string[] = [];
  const sources = new Map(files.map(({ name, sources }) => [name, sources[0]!]));
  const content = new Map(files.map(({ name, bytes }) => [name, bytes]));
  const snapshot = readSnapshot(content, node, netns ?? input.netns, input.path, {
    nameOf: (name) => sources.get(name) ?? name,
    onError: (error) => {
      if (!(error instanceof InputError)) throw error;
      problems.push(error.message);
    },
  });
  return { snapshot, problems: [...problems, ...snapshot.warnings] };
}

function describeBundle({ root, files, isCluster }: BundleNamespace, snapshot: Snapshot): InspectedBundle {
  return {
    layouts: [...new Set(files.map(({ layout }) => layout))],
    node: isCluster ? null : snapshot.node,
    netns: snapshot.netns,
    root,
    files: files
      .map(({ name, bytes, sources }) => ({ name, form: formOf(name, bytes), octets: bytes.length, sources }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

function formOf(name: string, bytes: Uint8Array): InspectedFile['form'] {
  const head = new TextDecoder().decode(bytes.subarray(0, 512)).trimStart();
  if (head === '' && bytes.length <= 512) return 'empty';
  if (/^[[{]/.test(head) && !/^\[ *\d+\.\d+\]|^\[[A-Z][a-z]{2} |^\[pod\//.test(head)) {
    return name.endsWith('.log') ? 'text' : 'JSON';
  }
  return name.startsWith('kube/') && !name.endsWith('.log') ? 'YAML' : 'text';
}

function remarksOn({ layouts, node }: InspectedBundle, snapshot: Snapshot): string[] {
  return layouts.flatMap((name) => {
    const layout = layoutNamed(name);
    const whose = node === null ? layout.called : `${layout.called} of ${node}`;
    const remark = layout.remark?.(snapshot) ?? null;
    return [...(layout.notes ?? []), ...(remark === null ? [] : [remark])].map((note) => `${whose}: ${note}`);
  });
}

/** What all inputs together have of each node. */
class Nodes {
  readonly #snapshots = new Map<string, Snapshot[]>();
  readonly #layouts = new Map<string, Set<Layout>>();
  #hasObjects = false;

  addName(node: string): void {
    const key = snapshotKey(node, null);
    if (!this.#snapshots.has(key)) this.#snapshots.set(key, []);
  }

  add(snapshot: Snapshot, { node, layouts }: InspectedBundle): void {
    if (snapshot.kube.size > 0) this.#hasObjects = true;
    if (node === null || snapshot.netns !== null) return;
    const key = snapshotKey(node, null);
    this.#snapshots.set(key, [...(this.#snapshots.get(key) ?? []), snapshot]);
    const known = this.#layouts.get(key) ?? new Set();
    this.#layouts.set(key, known);
    for (const name of layouts) known.add(layoutNamed(name));
  }

  missing(): MissingFile[] {
    const ofNodes = [...this.#snapshots].flatMap(([key, snapshots]) => {
      const node = key.split('\n')[0]!;
      const layouts = [...(this.#layouts.get(key) ?? [])];
      return missingFiles(snapshots).map(
        ({ name, tells, command }): MissingFile => ({
          ...{ node, name, tells, command },
          lackedBy: layouts.find(({ lacks }) => lacks.includes(name))?.called ?? null,
        }),
      );
    });
    return this.#hasObjects ? ofNodes : [...ofNodes, OBJECTS];
  }
}

const OBJECTS: MissingFile = {
  node: null,
  name: 'kube/*.json',
  tells:
    'in a cluster, which addresses are VIPs, of which Services, who announces them, and which pods are behind them',
  lackedBy: null,
  command:
    'mkdir -p kube; for kind in services endpointslices pods nodes ipaddresspools l2advertisements servicel2statuses; do kubectl get $kind -A -o json > kube/$kind.json; done',
};
