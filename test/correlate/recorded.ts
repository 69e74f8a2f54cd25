import { execFileSync } from 'node:child_process';
import { fixture } from '../support.js';

/** A file of a recorded bundle's archive. */
export function recordedFile(scenario: string, archive: string, member: string): Buffer {
  return execFileSync('tar', ['-xOf', fixture(scenario, archive), member], { maxBuffer: 1 << 26 });
}

/** One packet of a cooked (LINUX_SLL2) capture, IPv4 and TCP without a tunnel, as far as the tests choose by it. */
export interface RawPacket {
  bytes: Buffer;
  sourcePort: number;
  destinationPort: number;
  /** TCP flags; 0 for other packets. */
  flags: number;
}

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const SLL2 = 20;

function readPacket(bytes: Buffer): RawPacket {
  const ip = RECORD_HEADER + SLL2;
  const isTcp = bytes.readUInt16BE(RECORD_HEADER) === 0x0800 && bytes[ip + 9] === 6;
  if (!isTcp) return { bytes, sourcePort: 0, destinationPort: 0, flags: 0 };
  const tcp = ip + (bytes[ip]! & 0xf) * 4;
  return {
    bytes,
    sourcePort: bytes.readUInt16BE(tcp),
    destinationPort: bytes.readUInt16BE(tcp + 2),
    flags: bytes[tcp + 13]!,
  };
}

/** The records of a little-endian pcap, record headers included. */
export function packetsOf(pcap: Buffer): RawPacket[] {
  const packets: RawPacket[] = [];
  for (let at = FILE_HEADER; at < pcap.length; ) {
    const end = at + RECORD_HEADER + pcap.readUInt32LE(at + 8);
    packets.push(readPacket(pcap.subarray(at, end)));
    at = end;
  }
  return packets;
}

/** The recording with some of its packets left out. */
export function keep(pcap: Buffer, wanted: (packet: RawPacket, index: number) => boolean): Buffer {
  const kept = packetsOf(pcap).filter(wanted);
  return Buffer.concat([pcap.subarray(0, FILE_HEADER), ...kept.map((packet) => packet.bytes)]);
}
