import { isVirtualMac } from '../../model/virtual-mac.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import type { Crossing, Way } from './crossing.js';
import { neighbourMac } from './neighbour.js';
import type { SettingsWay } from './settings-way.js';

/** In what the reply's way out of a node is another than the request's way in. */
export type Difference = 'interface' | 'next-hop';

/**
 * @param settings by which the next hop is known where the capture has no destination MACs
 * @returns null where they are the same, and where that cannot be told
 */
export function differenceOf(
  { node, in: into, out }: Crossing,
  settings: SettingsWay | null,
  context: DiagnosisContext,
): Difference | null {
  if (into.interface !== null && out.interface !== null && !sharePort(into, out)) {
    // Of two NICs that no link tells of, one neighbour's MAC on both shows them to be ports of one bond.
    const bonded = node.snapshot?.links == null && into.mac !== null && into.mac === out.mac;
    if (into.interface !== out.interface) return bonded ? null : 'interface';
  }
  const mac = out.mac ?? settingsMac(out, node, settings);
  if (into.mac === null || mac === null || into.mac === mac) return null;
  if (isVirtualMac(into.mac) || isVirtualMac(mac)) return null;
  const owner = context.ownerOfMac(into.mac);
  return owner !== null && owner === context.ownerOfMac(mac) ? null : 'next-hop';
}

/** Seen on one device in both directions: an upper device of both, or one port. */
function sharePort(into: Way, out: Way): boolean {
  return into.all.some((a) =>
    out.all.some(
      (b) =>
        a.point.interface !== null &&
        a.point.interface === b.point.interface &&
        a.vlan === b.vlan &&
        a.encapsulations.length === b.encapsulations.length,
    ),
  );
}

function settingsMac(out: Way, node: NodeView, settings: SettingsWay | null): string | null {
  if (!settings || settings.hop.dev !== out.interface) return null;
  return neighbourMac(node, settings.hop.dev, settings.hop.via ?? out.sighting.destination.address);
}
