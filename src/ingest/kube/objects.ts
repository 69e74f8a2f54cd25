/** Kubernetes objects as `kubectl get -o json` prints them, of any kind and shape. */
import { canonicalAddress } from '../../model/address.js';
import { flawOf } from './shapes.js';

export type Fields = Readonly<Record<string, unknown>>;

/**
 * The objects of the parsed `kube/*.json`, those of lists one by one and each once: every node's bundle may hold the
 * whole cluster's. Those of a wrong shape are left out (`flawsOf` says why).
 */
export function kubeObjects(files: ReadonlyMap<string, unknown>): Fields[] {
  const known = new Set<string>();
  return [...files.values()]
    .flatMap(objectsOf)
    .filter((object) => flawOf(object) === null)
    .filter((object) => {
      const { name } = fields(object.metadata);
      if (typeof name !== 'string') return true;
      const key = `${object.kind} ${qualifiedName(object)}`;
      return !known.has(key) && known.add(key);
    });
}

/** What is wrong with objects of one parsed file, a sentence each; they are passed over. */
export function flawsOf(file: unknown): string[] {
  return objectsOf(file).flatMap((object) => flawOf(object) ?? []);
}

/** An object, an array, a `List`, or a list by kind (`ServiceList`), whose items name no kind of their own. */
function objectsOf(value: unknown): Fields[] {
  const found: Fields[] = [];
  // No recursion: lists may be nested as deep as the parser goes.
  const open: { value: unknown; kind: string | undefined }[] = [{ value, kind: undefined }];
  for (let next = open.pop(); next; next = open.pop()) {
    const object = fields(next.value);
    const items = Array.isArray(next.value) ? next.value : object.items;
    if (Array.isArray(items)) {
      const kind = textOf(object.kind)?.replace(/List$/, '') || undefined;
      for (const item of items.toReversed()) open.push({ value: item, kind });
    } else {
      found.push({ kind: next.kind, ...object });
    }
  }
  return found;
}

/** The value's fields; none where it is no object. */
export function fields(value: unknown): Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Fields) : {};
}

/** The value's items; none where it is no array. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The texts in a list. */
export function textsIn(value: unknown): string[] {
  return list(value).filter((item) => typeof item === 'string');
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** The canonical texts of what is an address in a list. */
export function addressesIn(value: unknown): string[] {
  return textsIn(value).flatMap((text) => canonicalAddress(text.trim()) ?? []);
}

/** `NAMESPACE/NAME`, as MetalLB and kube-proxy name a service. */
export function qualifiedName(object: Fields): string {
  const metadata = fields(object.metadata);
  return `${metadata.namespace}/${metadata.name}`;
}

export type Labels = ReadonlyMap<string, string>;

export function labelsOf(object: Fields): Labels {
  return textEntries(fields(object.metadata).labels);
}

export function annotationsOf(object: Fields): Labels {
  return textEntries(fields(object.metadata).annotations);
}

function textEntries(value: unknown): Labels {
  const entries = Object.entries(fields(value));
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
