import type { Link } from '../model/snapshot.js';

/** Of these, a frame is the lower device's as well; a tunnel's packet is another one there. */
const STACKED = new Set(['vlan', 'macvlan', 'ipvlan']);

/** The devices that carry a device's frames: ports of a bridge or bond, what a VLAN or macvlan is made on. */
export function devicesBelow(links: readonly Link[] | null, device: string): string[] {
  const found = new Set<string>();
  const pending = [device];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const ports = (links ?? []).filter(({ master }) => master === name);
    const link = links?.find((l) => l.name === name);
    const parent = link?.lower != null && STACKED.has(link.kind ?? '') ? [link.lower] : [];
    for (const below of [...ports.map((port) => port.name), ...parent]) {
      if (found.has(below) || below === device) continue;
      found.add(below);
      pending.push(below);
    }
  }
  return [...found];
}
