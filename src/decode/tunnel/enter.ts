import type { Cursor, Trust } from '../cursor.js';
import { MAX_TUNNELS, Outcome, type Packet, type TunnelKind } from '../packet.js';
import { resetNetwork } from '../reset.js';

/**
 * Moves the packet's fields so far into a tunnel's entry, and empties them for the packet inside. The Ethernet
 * fields stay, until an Ethernet header inside takes their place.
 *
 * @param id see `Tunnel.id`
 * @returns whether the tunnel may be entered
 */
export function enterTunnel(
  packet: Packet,
  cursor: Cursor,
  kind: TunnelKind,
  id: number,
  trust: Trust,
): boolean {
  const depth = packet.tunnelDepth;
  if (depth >= cursor.maxDepth) {
    if (depth === MAX_TUNNELS) packet.outcome = Outcome.tooDeep;
    return false;
  }
  const tunnel = packet.tunnels[depth]!;
  tunnel.kind = kind;
  tunnel.id = id;
  tunnel.ipVersion = packet.ipVersion;
  tunnel.source = packet.sourceAddress;
  tunnel.destination = packet.destinationAddress;
  tunnel.sourcePort = packet.sourcePort;
  tunnel.destinationPort = packet.destinationPort;
  tunnel.ttl = Math.max(0, packet.ttl);
  // Unchanged from an outer tunnel's: there was no Ethernet header between that one and this.
  const inherited = isEtherOfTunnels(packet, depth);
  tunnel.etherSource = inherited ? -1 : packet.etherSource;
  tunnel.etherDestination = inherited ? -1 : packet.etherDestination;
  packet.tunnelDepth = depth + 1;
  resetNetwork(packet);
  cursor.trust = trust;
  return true;
}

function isEtherOfTunnels(packet: Packet, depth: number): boolean {
  for (let i = 0; i < depth; i++) {
    if (packet.tunnels[i]!.etherSource === packet.etherSource) return true;
  }
  return false;
}
