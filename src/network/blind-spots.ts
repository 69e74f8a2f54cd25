import type { Snapshot } from '../model/snapshot.js';

/** What else may decide on a node's packets, by the devices that it leaves behind, and no snapshot file tells. */
const SIGNS: readonly { name: RegExp; kind: string | null; what: string }[] = [
  {
    name: /^cilium_host$/,
    kind: null,
    what: 'the eBPF programs of Cilium (cilium_host) route and translate packets',
  },
  {
    name: /^bpfin\.cali$|^bpfnatin$|^bpfnatout$/,
    kind: null,
    what: 'the eBPF programs of Calico translate packets',
  },
  {
    name: /^ovs-system$/,
    kind: 'openvswitch',
    what: 'the flow tables of Open vSwitch (ovs-system) pass packets on',
  },
];

/** A line for each: taken as if it did nothing. */
export function blindSpots({ links }: Snapshot): string[] {
  return SIGNS.filter(({ name, kind }) =>
    links?.some((link) => name.test(link.name) || (kind !== null && link.kind === kind)),
  ).map(({ what }) => `${what}, which is not modelled: taken to leave them alone`);
}
