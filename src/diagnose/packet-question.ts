import type { Attempt } from '../correlate/attempt.js';
import type { PacketQuestion } from '../kernel/netfilter/passage.js';
import type { Role } from '../model/analysis.js';
import type { Sighting } from '../model/sighting.js';

/** A packet of an attempt, as it was seen, as the kernel model is asked about it. */
export function packetQuestion(
  { protocol }: Attempt,
  { source, destination }: Sighting,
  role: Role,
): PacketQuestion & { source: string } {
  const ends = {
    source: source.address,
    sourcePort: source.port,
    destination: destination.address,
    destinationPort: destination.port,
  };
  switch (protocol) {
    case 'tcp':
      return { ...ends, protocol, tcp: role === 'request' ? 'syn' : 'syn-ack' };
    case 'udp':
      return { ...ends, protocol };
    case 'icmp': {
      const isIPv6 = source.address.includes(':');
      const type = isIPv6 ? ECHO_V6[role] : ECHO_V4[role];
      return { ...ends, protocol: isIPv6 ? 'ipv6-icmp' : 'icmp', icmp: { type, code: 0 } };
    }
  }
}

/** RFC 792, RFC 4443. */
const ECHO_V4: Record<Role, number> = { request: 8, reply: 0 };
const ECHO_V6: Record<Role, number> = { request: 128, reply: 129 };
