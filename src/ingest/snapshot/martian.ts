import { canonicalAddress, formatMac } from '../../model/address.js';
import type { MartianRecord } from '../../model/snapshot.js';
import type { StampedLine } from './stamp.js';

// ip_handle_martian_source(), and ip_route_input_slow() for destinations. A device's name may hold anything
// but white space and `/`.
const MARTIAN = /\bmartian (source|destination) ([\d.]+) from ([\d.]+), (?:on )?dev (\S+)/;
const HEADER = /\bll header: (?:([0-9a-f]{8}): )?([0-9a-f]{2}(?:[ :][0-9a-f]{2})*)/i;

/** EtherTypes that tell an Ethernet header in a dump of more octets than one has (hard_header_len of VLANs). */
const ETHER_TYPES = new Set([0x0800, 0x0806, 0x86dd, 0x8100, 0x88a8]);

/** The martian that a log line tells of; null where it tells of something else. */
export function readMartian(
  stamped: StampedLine,
  file: string,
  line: number,
  text: string,
): MartianRecord | null {
  const match = MARTIAN.exec(stamped.message);
  if (!match) return null;
  const destination = canonicalAddress(match[2]!);
  const source = canonicalAddress(match[3]!);
  if (destination === null || source === null) return null;
  return {
    kind: match[1] === 'source' ? 'source' : 'destination',
    destination,
    source,
    interface: match[4]!,
    linkDestination: null,
    linkSource: null,
    etherType: null,
    time: stamped.time,
    timeUncertaintyNs: stamped.uncertaintyNs,
    zoneKnown: stamped.zoneKnown,
    file,
    line,
    text: text.trim(),
  };
}

/** The octets of an `ll header` line; null where it is none, or continues one. */
export function readLinkHeader(message: string): Uint8Array | null {
  const match = HEADER.exec(message);
  if (!match || (match[1] !== undefined && Number.parseInt(match[1], 16) !== 0)) return null;
  return Uint8Array.from(match[2]!.split(/[ :]/), (octet) => Number.parseInt(octet, 16));
}

/**
 * Gives `ll header` lines to the martians that they follow. CPUs may interleave: M1 M2 H1 H2 is matched in
 * order. With fewer headers than martians (a device without link header writes none), the last ones get them.
 */
export class HeaderMatcher {
  private waiting: MartianRecord[] = [];
  private headers: Uint8Array[] = [];

  martian(record: MartianRecord): void {
    if (this.headers.length > 0) this.flush();
    // Only martian sources are followed by a header.
    if (record.kind === 'source') this.waiting.push(record);
  }

  header(octets: Uint8Array): void {
    this.headers.push(octets);
    if (this.headers.length >= this.waiting.length) this.flush();
  }

  flush(): void {
    if (this.headers.length > 0) {
      const takers = this.waiting.slice(-this.headers.length);
      for (const [i, taker] of takers.entries()) applyHeader(taker, this.headers[i]!);
    }
    this.waiting = [];
    this.headers = [];
  }
}

function applyHeader(record: MartianRecord, octets: Uint8Array): void {
  if (octets.length < 14) return;
  const etherType = (octets[12]! << 8) | octets[13]!;
  if (octets.length > 14 && !ETHER_TYPES.has(etherType)) return;
  record.linkDestination = formatMac(octets, 0);
  record.linkSource = formatMac(octets, 6);
  record.etherType = etherType;
}
