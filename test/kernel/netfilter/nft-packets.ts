import fc from 'fast-check';
import type { PacketQuestion } from '../../../src/kernel/netfilter/passage.js';
import type { Sending } from './nft-peer.js';
import { PEERS, type PeerName, PORTS } from './nft-router.js';

export interface TestPacket extends Sending {
  from: PeerName;
  /** As `Sights` names it. */
  id: string;
}

const DESTINATIONS = {
  4: ['10.2.0.2', '10.2.0.3', '10.1.0.2', '10.1.0.3', '10.1.0.1', '10.2.0.1', '192.0.2.80'],
  6: ['fd02::2', 'fd02::3', 'fd01::2', 'fd01::3', 'fd01::1', 'fd02::1', '2001:db8::80'],
};

let nextPort = 0;

/** A source port that no packet of this process has had lately, for connections outlive their rules. */
function freshPort(): number {
  nextPort = (nextPort + 1) % 40000;
  return 20000 + nextPort;
}

/** Packets that source ports tell apart. */
export function packetsOf(seed: number, count: number): TestPacket[] {
  const shape = fc.record({
    from: fc.constantFrom<PeerName>('a', 'a', 'b'),
    family: fc.constantFrom<4 | 6>(4, 4, 6),
    protocol: fc.constantFrom<'tcp' | 'udp'>('udp', 'udp', 'tcp'),
    source: fc.nat(5),
    destination: fc.nat(6),
    destinationPort: fc.constantFrom(...PORTS, 9, 5353),
  });
  return fc.sample(shape, { seed, numRuns: count }).map(({ from, family, source, destination, ...rest }) => {
    const peer = PEERS[from];
    const own = [...peer.addresses, ...peer.strangers].filter((a) => a.includes(':') === (family === 6));
    const sourcePort = freshPort();
    return {
      ...rest,
      from,
      sourcePort,
      source: own[source % own.length]!,
      destination: DESTINATIONS[family][destination]!,
      id: `${sourcePort}`,
    };
  });
}

export function questionOf(packet: Sending): PacketQuestion & { source: string } {
  const { source, sourcePort, destination, destinationPort, protocol } = packet;
  const tcp = protocol === 'tcp' ? ('syn' as const) : null;
  return { source, sourcePort, destination, destinationPort, protocol, tcp, ttl: 64 };
}
