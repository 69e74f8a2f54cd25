import type { IpSet } from '../../model/snapshot.js';
import type { Doubts } from '../doubts.js';
import type { KernelModel } from '../model.js';
import { IpSets } from './ipset/ip-sets.js';
import type { FilterNode } from './rule-set.js';

/**
 * What rules may ask of a node, by its model; what the answers rest on is added to `doubts`, and of which sets the packet
 * is not to `missedSets`.
 */
export function filterNode(model: KernelModel, doubts: Doubts, missedSets: Doubts): FilterNode {
  const told = <T>(value: T, unknown: readonly string[]): T => {
    for (const line of unknown) doubts.add(line);
    return value;
  };
  return {
    lookup: (flow) => {
      const { result, unknown } = model.lookup(flow);
      return told(result, unknown);
    },
    addressType: (address, device) => {
      const { type, unknown } = model.addressType(address, device);
      return told(type, unknown);
    },
    link: (name) => {
      const link = model.link(name);
      if (!link) return null;
      const { group, mac, kind, master, ifindex } = link;
      return { group, mac, kind, master, ifindex };
    },
    ipset: (name, packet, question) => {
      const sets = ipSetsOf(model.snapshot.ipsets);
      return (
        sets?.test(name, packet, question) ?? {
          missing: `ipset.txt is missing: what is in the set ${name} is not known`,
        }
      );
    },
    missedSet: (text) => missedSets.add(text),
    doubt: (text) => doubts.add(text),
  };
}

/** By what a snapshot holds: each is compiled but once. */
const known = new WeakMap<readonly IpSet[], IpSets>();

function ipSetsOf(listed: readonly IpSet[] | null): IpSets | null {
  if (listed === null) return null;
  let sets = known.get(listed);
  if (!sets) {
    sets = new IpSets(listed);
    known.set(listed, sets);
  }
  return sets;
}
