import type { Header } from '../decode/decode.js';
import { GRE, ICMP, ICMPV6, IPV4, IPV6, TCP, UDP, viewOf } from './headers.js';

/** What a checksum covers beside what comes after it. */
interface Covering {
  /** Of the checksum, from the header's start. */
  at: number;
  /** The IP header whose addresses are part of it; null where they are not. */
  pseudoHeader: Header | null;
  start: number;
  end: number;
}

/**
 * Sets the checksums of a packet that was changed, by the difference that the changes make (RFC 1624): one that was
 * right is right for what is not captured as well, and one that was wrong stays wrong by as much.
 *
 * @param before the packet as it was, of the same length
 */
export function mendChecksums(octets: Uint8Array, before: Uint8Array, headers: readonly Header[]): void {
  // From the innermost outwards: an outer checksum covers the inner ones.
  for (const [i, header] of [...headers.entries()].reverse()) {
    const covering = coveringOf(octets, headers, i);
    if (covering === null || header.start + covering.at + 2 > octets.length) continue;
    mend(octets, before, header, covering);
  }
}

function coveringOf(octets: Uint8Array, headers: readonly Header[], i: number): Covering | null {
  const { protocol, start, end } = headers[i]!;
  const pseudoHeader = headers.slice(0, i).findLast((outer) => isIp(outer)) ?? null;
  const all = { start, end: octets.length };
  if (IPV4.includes(protocol)) return { at: 10, pseudoHeader: null, start, end };
  if (protocol === TCP) return { at: 16, pseudoHeader, ...all };
  if (protocol === UDP) return { at: 6, pseudoHeader, ...all };
  if (protocol === ICMP) return { at: 2, pseudoHeader: null, ...all };
  if (protocol === ICMPV6) return { at: 2, pseudoHeader, ...all };
  const hasChecksum = protocol === GRE && (octets[start]! & 0x80) !== 0;
  return hasChecksum ? { at: 4, pseudoHeader: null, ...all } : null;
}

function isIp({ protocol }: Header): boolean {
  return IPV4.includes(protocol) || IPV6.includes(protocol);
}

function mend(octets: Uint8Array, before: Uint8Array, { protocol, start }: Header, covering: Covering): void {
  const at = start + covering.at;
  const view = viewOf(octets);
  const checksum = view.getUint16(at);
  // A datagram without one.
  if (protocol === UDP && checksum === 0) return;
  const sumOf = (packet: Uint8Array) =>
    pseudoSum(packet, covering.pseudoHeader) + sum(packet, covering.start, covering.end);
  const [was, is] = [sumOf(before), sumOf(octets)];
  if (was === is) return;
  if (checksum === offloaded(before, protocol, start, covering)) {
    view.setUint16(at, offloaded(octets, protocol, start, covering)!);
    return;
  }
  const mended = ~folded((~checksum & 0xffff) + (is % 0xffff) + 0xffff - (was % 0xffff)) & 0xffff;
  view.setUint16(at, mended === 0 && protocol === UDP ? 0xffff : mended);
}

/** What a kernel leaves in the field where the card is to finish the sum; null where it leaves nothing. */
function offloaded(
  octets: Uint8Array,
  protocol: number,
  start: number,
  { pseudoHeader }: Covering,
): number | null {
  if (pseudoHeader === null || (protocol !== TCP && protocol !== UDP)) return null;
  const isFour = IPV4.includes(pseudoHeader.protocol);
  const view = viewOf(octets);
  const end = isFour
    ? pseudoHeader.start + view.getUint16(pseudoHeader.start + 2)
    : pseudoHeader.start + 40 + view.getUint16(pseudoHeader.start + 4);
  const length = Math.max(0, end - start);
  return folded(pseudoSum(octets, pseudoHeader) + (protocol === TCP ? 6 : 17) + length);
}

/** Of the addresses. */
function pseudoSum(octets: Uint8Array, header: Header | null): number {
  if (header === null) return 0;
  const [from, to] = IPV4.includes(header.protocol) ? [12, 20] : [8, 40];
  return sum(octets, header.start + from, header.start + to);
}

/** Of 16-bit words from `start` on; the last may lack an octet. */
function sum(octets: Uint8Array, start: number, end: number): number {
  let total = 0;
  for (let at = start; at < end; at += 2) {
    total += (octets[at]! << 8) | (at + 1 < end ? octets[at + 1]! : 0);
  }
  return total;
}

function folded(value: number): number {
  let rest = value;
  while (rest > 0xffff) rest = (rest & 0xffff) + Math.floor(rest / 0x10000);
  return rest;
}
