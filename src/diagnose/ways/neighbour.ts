/** Who is at a MAC or next hop of a node's link, in words. */
import { neighbourEntry } from '../../model/neighbour-entry.js';
import type { DiagnosisContext, NodeView } from '../context.js';

/** The MAC that a node has for an address on a device; null where it has none. */
export function neighbourMac(node: NodeView, device: string, address: string): string | null {
  const entry = neighbourEntry(node.snapshot, device, address);
  return entry?.mac ?? null;
}

/** The addresses that a node knows at a MAC, those of the device first. */
export function addressesAt(node: NodeView, device: string | null, mac: string): string[] {
  const entries = (node.snapshot?.neighbours ?? []).filter((n) => n.mac === mac);
  const here = entries.filter((n) => n.interface === device);
  const addresses = (here.length > 0 ? here : entries).map((n) => n.address);
  // A router's link-local address says less than its global one.
  return [...new Set(addresses)].sort(
    (a, b) => Number(a.startsWith('fe80:')) - Number(b.startsWith('fe80:')),
  );
}

/** `192.168.1.1 (02:00:c0:a8:01:01, router1)`, with as much as is known of it; null where nothing is. */
export function neighbourText(
  node: NodeView,
  device: string | null,
  { mac, address }: { mac: string | null; address: string | null },
  context: DiagnosisContext,
): string | null {
  const known = address ?? (mac === null ? null : addressesAt(node, device, mac)[0]) ?? null;
  const at = mac ?? (known === null || device === null ? null : neighbourMac(node, device, known));
  const owner = at === null ? null : (context.ownerOfMac(at)?.name ?? null);
  const details = [known === null ? null : at, owner].filter((part) => part !== null);
  const name = known ?? at;
  return name === null ? null : details.length === 0 ? name : `${name} (${details.join(', ')})`;
}
