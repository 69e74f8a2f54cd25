/**
 * Hot path. What a datagram is told by: its length and digests of how it begins. UDP's checksum will not do, as NAT
 * changes it and offloading leaves it unset.
 */
import type { Packet } from '../../decode/packet.js';

/** A cooked capture of 128 octets a packet leaves ten of an IPv6 datagram inside VXLAN. */
const SHORT_OCTETS = 8;
/** Beyond what tells NTP's polls apart: their transmit timestamp ends at octet 48. */
export const LONG_OCTETS = 64;

/** Of the packet that was read last; one object is reused. */
export class Payload {
  length = 0;
  digest = 0;
  longDigest = 0;
  digested = 0;

  /** @returns false where the packet has no payload or was not captured as far as there */
  read(packet: Packet): boolean {
    const offset = packet.payloadOffset;
    if (offset < 0) return false;
    this.length = packet.payloadLength;
    const available = Math.max(0, Math.min(this.length, packet.end - offset));
    const masked = available >= SHORT_OCTETS && isQuicLongHeader(packet.view, offset) ? 0xf0 : 0xff;
    this.digested = Math.min(available, LONG_OCTETS);
    this.digest = digest(packet.bytes, offset, Math.min(available, SHORT_OCTETS), masked);
    this.longDigest = digest(packet.bytes, offset, this.digested, masked);
    return true;
  }
}

/** Version 0 is negotiation; the others are of RFC 9000, RFC 9369 and the drafts before them. */
const QUIC_VERSIONS = [0, 1, 0x6b3343cf];

/**
 * RFC 9001 section 5.4.1: the low bits of a long header's first octet are protected, and are others when it is sent
 * again.
 */
function isQuicLongHeader(view: DataView, offset: number): boolean {
  if ((view.getUint8(offset) & 0xc0) !== 0xc0) return false;
  const version = view.getUint32(offset + 1);
  return QUIC_VERSIONS.includes(version) || version >>> 8 === 0xff0000;
}

/** FNV-1a (RFC 9923). */
function digest(bytes: Uint8Array, offset: number, length: number, firstMask: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < length; i++) {
    const octet = bytes[offset + i]! & (i === 0 ? firstMask : 0xff);
    hash = Math.imul(hash ^ octet, 0x01000193);
  }
  return hash >>> 0;
}
