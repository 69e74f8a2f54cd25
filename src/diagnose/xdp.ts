/** Programs of XDP, which take, change and drop what comes in by a device before any capture of it (do_xdp_generic()). */
import { devicesBelow } from '../kernel/devices-below.js';
import type { Gap } from '../model/analysis.js';
import type { Snapshot } from '../model/snapshot.js';
import { shellWord } from './shell-word.js';

/** Those of an interface and of what carries its frames that have one. */
export function devicesWithXdp({ links }: Snapshot, name: string): string[] {
  const carriers = [name, ...devicesBelow(links, name)];
  return carriers.filter((device) => links?.some((link) => link.name === device && link.hasXdp));
}

/** What an interface's captures cannot show. */
export function xdpGap({ snapshot, label }: { snapshot: Snapshot; label: string }, device: string): Gap {
  return {
    node: snapshot.node,
    interface: device,
    why: `an XDP program at ${device} of ${label} has what comes in before any capture there: whether it took these packets shows at the program itself alone`,
    capture: `ip -d link show dev ${shellWord(device)}; timeout 30 xdpdump -i ${shellWord(device)} --rx-capture entry,exit -w xdp.pcap`,
  };
}
