/** Kubernetes objects as `kubectl get -o json` prints them, of any kind and shape. */
import { canonicalAddress } from '../../model/address.js';

export type Fields = Readonly<Record<string, unknown>>;

/** The objects of the parsed `kube/*.json`, those of lists one by one. */
export function kubeObjects(files: ReadonlyMap<string, unknown>): Fields[] {
  return [...files.values()].flatMap(objectsOf);
}

/** An object, a `List`, or a list by kind (`ServiceList`), whose items name no kind of their own. */
function objectsOf(value: unknown): Fields[] {
  const object = fields(value);
  if (!Array.isArray(object.items)) return [object];
  const kind = typeof object.kind === 'string' ? object.kind.replace(/List$/, '') : undefined;
  return object.items.map((item) => ({ kind, ...fields(item) }));
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
  return textsIn(value).flatMap((text) => canonicalAddress(text) ?? []);
}

/** `NAMESPACE/NAME`, as MetalLB and kube-proxy name a service. */
export function qualifiedName(object: Fields): string {
  const metadata = fields(object.metadata);
  return `${metadata.namespace}/${metadata.name}`;
}

export type Labels = ReadonlyMap<string, string>;

export function labelsOf(object: Fields): Labels {
  const entries = Object.entries(fields(fields(object.metadata).labels));
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
