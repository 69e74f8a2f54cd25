/** What makes routes, rules and firewall rules outlive a reboot, in the words of each program that may configure the node. */
import type { Change } from '../../../kernel/what-if/change.js';
import type { FixFile } from '../../../model/analysis.js';
import { outerInterfaces } from '../../../network/link.js';
import type { Network } from '../../../network/network.js';
import { changesOf } from '../commands.js';
import type { Step } from '../step.js';
import { firewallFiles } from './firewall.js';
import { netplanFile } from './netplan.js';
import { networkManagerFile } from './network-manager.js';
import { networkdFile } from './networkd.js';
import { unitFile } from './unit.js';

/** Routes, rules and addresses of one node that hang on one of its devices. */
export interface DeviceChanges {
  node: string;
  device: string;
  /** `vlan`, `bond`, `bridge`, …; null for a physical device. */
  kind: string | null;
  changes: Change[];
}

/** One of each node's files per program is enough; none where a single command lasts already. */
export function lastingFiles(steps: readonly Step[], network: Network): FixFile[] {
  const nodes = [...new Set(steps.filter(({ netns }) => netns === null).map(({ node }) => node))];
  return nodes.flatMap((node) => {
    const station = network.station(node)!;
    const own = steps.filter((s) => s.node === node && s.netns === null && !s.command.startsWith('sysctl '));
    const byDevice = groupByDevice(
      own.filter(({ command }) => command.startsWith('ip ')),
      node,
    );
    const outer = outerInterfaces(station);
    const made = byDevice.find(({ device }) => !outer.includes(device));
    // What a network plugin makes after boot is in no manager's hands: a unit that waits for it is.
    if (made)
      return [
        unitFile(
          { ...made, changes: byDevice.flatMap(({ changes }) => changes) },
          own.map(({ command }) => command),
        ),
      ];
    const configured = byDevice.flatMap((group) => {
      const changes = { ...group, kind: station.model.link(group.device)?.kind ?? null };
      return [networkdFile(changes), netplanFile(changes), networkManagerFile(changes)];
    });
    return [
      ...configured,
      ...firewallFiles(
        station,
        own.map(({ command }) => command),
      ),
    ];
  });
}

/** A rule goes with the device of the route that was made before it. */
function groupByDevice(steps: readonly Step[], node: string): DeviceChanges[] {
  const groups = new Map<string, DeviceChanges>();
  let device: string | null = null;
  for (const change of steps.flatMap(({ command }) => changesOf(command))) {
    // What was taken away is kept away by whoever put it there.
    if ('verb' in change && change.verb === 'delete') continue;
    if (change.kind === 'route') device = change.route.hop.interface ?? device;
    if (change.kind === 'address') device = change.address.interface;
    if (device === null) continue;
    const group = groups.get(device) ?? { node, device, kind: null, changes: [] };
    group.changes.push(change);
    groups.set(device, group);
  }
  return [...groups.values()];
}
