/**
 * IP and MAC addresses: octets to text and back. Text is canonical: dotted quads for IPv4, RFC 5952 for
 * IPv6, lower-case colon-separated octets for MACs.
 */

export type Family = 4 | 6;

/** The canonical text of the IPv4 address in the four octets from `offset`. */
export function formatIPv4(bytes: Uint8Array, offset = 0): string {
  return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
}

/** The RFC 5952 text of the IPv6 address in the sixteen octets from `offset`. */
export function formatIPv6(bytes: Uint8Array, offset = 0): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((bytes[offset + i]! << 8) | bytes[offset + i + 1]!);
  // RFC 5952 section 5: IPv4-mapped addresses keep their dotted tail.
  if (groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff) {
    return `::ffff:${formatIPv4(bytes, offset + 12)}`;
  }
  let start = -1;
  let length = 1; // a single zero group is not compressed (RFC 5952 section 4.2.2)
  for (let i = 0; i < 8; ) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) {
      start = i;
      length = end - i;
    }
    i = Math.max(end, i + 1);
  }
  const hex = (part: number[]) => part.map((g) => g.toString(16)).join(':');
  return start < 0 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

/** The text of the address of `family` whose octets start at `offset`. */
export function formatAddress(bytes: Uint8Array, offset: number, family: Family): string {
  return family === 4 ? formatIPv4(bytes, offset) : formatIPv6(bytes, offset);
}

/** The text of the `length` octets of hardware address at `offset`: `02:00:5e:10:00:01`. */
export function formatMac(bytes: Uint8Array, offset = 0, length = 6): string {
  const parts: string[] = [];
  for (let i = 0; i < length; i++) parts.push(bytes[offset + i]!.toString(16).padStart(2, '0'));
  return parts.join(':');
}

/** Four octets for an IPv4 text, sixteen for an IPv6 one (a `%zone` is dropped); null where it is neither. */
export function parseAddress(text: string): Uint8Array | null {
  return text.includes(':') ? parseIPv6(text) : parseIPv4(text);
}

/** Octet by octet: taking it apart into strings first took four times as long. */
function parseIPv4(text: string): Uint8Array | null {
  const bytes = new Uint8Array(4);
  let at = 0;
  for (let i = 0; i < 4; i++) {
    const start = at;
    let value = 0;
    for (; at < text.length && at < start + 3; at++) {
      const digit = text.charCodeAt(at) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at === start || value > 255) return null;
    bytes[i] = value;
    if (i < 3 && text[at++] !== '.') return null;
  }
  return at === text.length ? bytes : null;
}

function parseIPv6(text: string): Uint8Array | null {
  const [address = ''] = text.split('%', 1);
  const halves = address.split('::');
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0]!);
  const tail = parseGroups(halves[1] ?? '');
  if (!head || !tail) return null;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return null;
  const bytes = new Uint8Array(16);
  bytes.set(head, 0);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

function parseGroups(text: string): number[] | null {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [i, group] of groups.entries()) {
    if (i === groups.length - 1 && group.includes('.')) {
      const quad = parseIPv4(group);
      if (!quad) return null;
      bytes.push(...quad);
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(group)) return null;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes;
}

/** The family of an address text, null where it is no address. */
export function familyOf(text: string): Family | null {
  const bytes = parseAddress(text);
  return bytes ? (bytes.length === 4 ? 4 : 6) : null;
}

/** The one text of an address that may have been written in another way; null where it is no address. */
export function canonicalAddress(text: string): string | null {
  const bytes = parseAddress(text);
  return bytes && formatAddress(bytes, 0, bytes.length === 4 ? 4 : 6);
}

/** The six octets of a MAC text; null where it is none. */
export function parseMac(text: string): Uint8Array | null {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) return null;
  return Uint8Array.from(text.split(':'), (octet) => Number.parseInt(octet, 16));
}
