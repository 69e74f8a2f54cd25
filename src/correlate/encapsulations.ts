import { type Packet, TunnelKind } from '../decode/packet.js';
import type { Encapsulation } from '../model/sighting.js';
import { addressText } from './texts.js';

const KIND_NAMES: Record<TunnelKind, Encapsulation['kind']> = {
  [TunnelKind.vxlan]: 'vxlan',
  [TunnelKind.geneve]: 'geneve',
  [TunnelKind.gre]: 'gre',
  [TunnelKind.ipip]: 'ipip',
  [TunnelKind.mpls]: 'mpls',
  [TunnelKind.pppoe]: 'pppoe',
};

/** What a packet is wrapped in, outermost first. */
export function readEncapsulations(packet: Packet): Encapsulation[] {
  return packet.tunnels.slice(0, packet.tunnelDepth).map((tunnel) => ({
    kind: KIND_NAMES[tunnel.kind],
    id: tunnel.id,
    source: addressText(packet.bytes, tunnel.source, tunnel.ipVersion) || null,
    destination: addressText(packet.bytes, tunnel.destination, tunnel.ipVersion) || null,
    port: tunnel.destinationPort < 0 ? null : tunnel.destinationPort,
  }));
}

/** The same for the same wrapping. */
export function encapsulationsKey(packet: Packet): string {
  return readEncapsulations(packet)
    .map((e) => `${e.kind} ${e.id} ${e.source} ${e.destination} ${e.port}`)
    .join('|');
}

/** As reports print it: `vxlan 1 192.168.1.11 > 192.168.1.12`. */
export function describeEncapsulation(e: Encapsulation): string {
  const ends = e.source === null ? '' : ` ${e.source} > ${e.destination}`;
  return `${e.kind} ${e.id}${ends}`;
}
