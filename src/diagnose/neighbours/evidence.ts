/** ARP and neighbour discovery, worded alike by all causes. */
import type { NeighbourMessage } from '../../correlate/neighbours/message.js';
import type { Evidence } from '../../model/analysis.js';
import { evidence, QUOTED } from '../evidence.js';
import type { Claim } from './claim.js';
import { describeMac } from './mac-words.js';
import type { WrongEntry } from './wrong-entry.js';

/** `ARP or NDP` by an address's family. */
export function resolutionOf(address: string): 'ARP' | 'NDP' {
  return address.includes(':') ? 'NDP' : 'ARP';
}

export function messageEvidence(message: NeighbourMessage): Evidence {
  const { point, packet, direction, protocol } = message;
  const name = point.interface ?? 'an interface that the capture does not name';
  const way = direction === 'in' ? 'came in by' : direction === 'out' ? 'left by' : 'was seen on';
  return evidence('packet', `${protocol.toUpperCase()} ${saying(message)} ${way} ${name}`, {
    node: point.node,
    file: point.file,
    packet,
  });
}

/** A node's entry that has the wrong MAC, and what was heard of the address. */
export function entryEvidence({ holder, interface: name, address, mac, heard }: WrongEntry): Evidence[] {
  const text = `${address} dev ${name} lladdr ${mac}, in the neighbours of ${holder.label}`;
  return [
    evidence('neighbour', text, { node: holder.node }),
    ...heard.slice(0, QUOTED).map((message) => messageEvidence(message)),
  ];
}

function saying({ kind, target, claimedMac, sender, senderMac, asker }: NeighbourMessage): string {
  switch (kind) {
    case 'request':
      return `request of ${sender} (${senderMac}) for ${target}`;
    case 'probe':
      return `probe of ${senderMac} for ${target}`;
    case 'reply':
      return `reply to ${asker}: ${target} is at ${claimedMac}`;
    case 'announcement':
      return `announcement: ${target} is at ${claimedMac}`;
  }
}

/** `node1 (eth0, 02:00:…)`; of a stranger the MAC alone. */
export function claimantLabel({ owner: { node, interface: name, mac, station } }: Claim): string {
  if (node === null) return mac;
  const label = station?.netns == null ? node : `${node}/${station.netns}`;
  return `${label} (${name === null ? '' : `${name}, `}${mac})`;
}

/** What is known of a claimant that is no node among the inputs; null of one that is. */
export function strangerText({ owner: { node, mac } }: Claim): string | null {
  return node === null
    ? `${mac} (${describeMac(mac)}) is of no node in the snapshots; a router with proxy_arp would pass requests on.`
    : null;
}
