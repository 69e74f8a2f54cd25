import type { Rule } from './layout.js';

/** The kinds of objects that are read, as files of dumps are named after them. */
export const KINDS = [
  ...['services', 'endpoints', 'endpointslices', 'nodes', 'pods', 'configmaps', 'events', 'leases'],
  ...['ipaddresspools', 'addresspools', 'l2advertisements', 'bgpadvertisements', 'bgppeers'],
  ...['servicel2statuses', 'servicebgpstatuses'],
] as const;

/** A rule a kind: objects in `kube/`, under a name that tells where in the dump they lie. */
export function objects(kinds: readonly string[], path: (kind: string) => string): Rule[] {
  return kinds.map((kind) => ({ path: path(kind), to: 'kube/{path}' }));
}
