import { fixture } from '../../support.js';
import { decode } from './decode.js';
import { readFrames } from './pcap.js';

const ETHERNET = 1;
const HEADER_LENGTH = 14;

/** One recorded IP packet of every kind: version, protocol, TCP flags, ICMP type, fragment. */
export function recordedPackets(): Uint8Array[] {
  const kinds = new Map<string, Uint8Array>();
  for (const { bytes } of readFrames(fixture('decode', 'ethernet.pcap')).frames) {
    const packet = decode(ETHERNET, bytes);
    if (packet.ipVersion === 0) continue;
    const { ipVersion, protocol, tcpFlags, icmpType, icmpCode, fragmentOffset, tunnelDepth } = packet;
    const kind = [ipVersion, protocol, tcpFlags, icmpType, icmpCode, fragmentOffset > 0, tunnelDepth].join();
    if (!kinds.has(kind)) kinds.set(kind, bytes.slice(HEADER_LENGTH));
  }
  return [...kinds.values()];
}
