/** Which shape the fields of an object have to be of for it to be read. */
import type { Fields } from './objects.js';

type Shape = 'object' | 'array' | 'text' | 'number';

/** By kind, by path; a field that is absent or null is of any shape (Go prints an empty list as null). */
const SHAPES: Readonly<Record<string, Readonly<Record<string, Shape>>>> = {
  Service: {
    'spec.ports': 'array',
    'spec.externalIPs': 'array',
    'spec.externalTrafficPolicy': 'text',
    'status.loadBalancer.ingress': 'array',
  },
  EndpointSlice: { endpoints: 'array', ports: 'array' },
  Endpoints: { subsets: 'array' },
  Node: { 'status.addresses': 'array' },
  Pod: { 'spec.nodeName': 'text', 'spec.containers': 'array', 'status.podIP': 'text' },
  ConfigMap: { data: 'object' },
  IPAddressPool: { 'spec.addresses': 'array' },
  AddressPool: { 'spec.addresses': 'array', 'spec.protocol': 'text' },
  L2Advertisement: { 'spec.ipAddressPools': 'array', 'spec.interfaces': 'array' },
  BGPAdvertisement: { 'spec.ipAddressPools': 'array', 'spec.peers': 'array' },
  BGPPeer: { 'spec.peerAddress': 'text' },
  ServiceL2Status: { 'status.node': 'text', 'status.interfaces': 'array' },
  ServiceBGPStatus: { 'status.node': 'text', 'status.peers': 'array' },
  Lease: { 'spec.holderIdentity': 'text' },
};

/** Their names are made up, and nothing refers to them. */
const NAMELESS: ReadonlySet<string> = new Set([
  ...['EndpointSlice', 'ConfigMap', 'BGPPeer', 'ServiceL2Status', 'ServiceBGPStatus'],
]);

/** What is wrong with an object of a kind that is read, naming it, or that it has no kind; null where nothing is. */
export function flawOf(object: Fields): string | null {
  if (typeof object.kind !== 'string') return 'an object names no kind: passed over';
  const shapes = Object.hasOwn(SHAPES, object.kind) ? SHAPES[object.kind] : undefined;
  if (!shapes) return null;
  const { name, namespace } = at(object, 'metadata') as { name?: unknown; namespace?: unknown };
  if (typeof name !== 'string' && !NAMELESS.has(object.kind))
    return `a ${object.kind} has no metadata.name: passed over`;
  const path = [namespace, name].filter((part) => typeof part === 'string').join('/');
  const called = `${object.kind}${path === '' ? '' : ` ${path}`}`;
  for (const part of ['spec', 'status']) {
    if (!isAbsent(object[part]) && !isOf(object[part], 'object')) {
      return `${called}: "${part}" is no object: passed over`;
    }
  }
  for (const [field, shape] of Object.entries(shapes)) {
    const value = valueAt(object, field);
    if (!isAbsent(value) && !isOf(value, shape)) return `${called}: "${field}" is no ${shape}: passed over`;
  }
  return null;
}

function valueAt(object: Fields, path: string): unknown {
  let value: unknown = object;
  for (const key of path.split('.')) value = at(value, key, null);
  return value;
}

function at(value: unknown, key: string, otherwise: unknown = {}): unknown {
  const inner = isOf(value, 'object') ? (value as Fields)[key] : null;
  return isAbsent(inner) ? otherwise : inner;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function isOf(value: unknown, shape: Shape): boolean {
  if (shape === 'array') return Array.isArray(value);
  if (shape === 'text') return typeof value === 'string';
  if (shape === 'number') return typeof value === 'number';
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
