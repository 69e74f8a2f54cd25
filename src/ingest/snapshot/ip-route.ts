import { canonicalAddress, type Family, familyOf } from '../../model/address.js';
import { InputError } from '../../model/errors.js';
import type { NextHop, Route } from '../../model/snapshot.js';
import { trafficClass } from './dsfield.js';
import {
  type Entry,
  isPrefixLength,
  nestedEntries,
  nestedEntry,
  numberField,
  parseEntries,
  requiredText,
  textField,
  textsField,
} from './json.js';

/** Reads `ip -j -4 route show table all`, or `-6`. @throws InputError */
export function readRoutes(text: string, file: string, family: Family): Route[] {
  return parseEntries(text, file).map((entry) => readRoute(entry, family));
}

function readRoute(entry: Entry, family: Family): Route {
  const type = textField(entry, 'type') ?? 'unicast';
  const flags = textsField(entry, 'flags');
  const hops = nestedEntries(entry, 'nexthops').map((hop) => readNextHop(hop, textsField(hop, 'flags')));
  const plain = readNextHop(entry, flags);
  const tos = textField(entry, 'tos');
  const nextHopId = numberField(entry, 'nhid');
  const preference = textField(entry, 'pref');
  return {
    family,
    type,
    destination: readPrefix(requiredText(entry, 'dst'), family, entry),
    from: readFrom(entry, family),
    // Without `table all`, and for the main table with it, `ip` leaves the table's name out.
    table: textField(entry, 'table') ?? 'main',
    protocol: textField(entry, 'protocol'),
    scope: textField(entry, 'scope') ?? 'global',
    metric: numberField(entry, 'metric') ?? 0,
    tos: tos === null ? 0 : trafficClass(tos, entry),
    prefsrc: textField(entry, 'prefsrc'),
    ...(nextHopId === null ? {} : { nextHopId }),
    ...(preference === null ? {} : { preference }),
    nextHops: hops.length > 0 ? hops : plain.gateway !== null || plain.interface !== null ? [plain] : [],
    flags,
  };
}

function readFrom(entry: Entry, family: Family): string | null {
  const from = textField(entry, 'from');
  return from === null || from === 'all' ? null : readPrefix(from, family, entry);
}

/** A gateway of the other family stands in `via` (RFC 5549). */
function readNextHop(entry: Entry, flags: string[]): NextHop {
  const via = nestedEntry(entry, 'via');
  const gateway = textField(entry, 'gateway') ?? (via && textField(via, 'host'));
  return {
    gateway: gateway && (canonicalAddress(gateway) ?? gateway),
    interface: textField(entry, 'dev'),
    weight: numberField(entry, 'weight') ?? 1,
    flags,
  };
}

/** `default`, a bare address or `ADDRESS/LENGTH` as `ADDRESS/LENGTH`. */
function readPrefix(text: string, family: Family, entry: Entry): string {
  if (text === 'default' || text === 'all') return family === 4 ? '0.0.0.0/0' : '::/0';
  const [address = '', length] = text.split('/');
  const bits = family === 4 ? 32 : 128;
  if (familyOf(address) !== family || !isPrefixLength(length ?? bits, bits)) {
    throw new InputError(entry.file, null, `${entry.place}: "${text}" is no IPv${family} prefix`);
  }
  return `${canonicalAddress(address)}/${length ?? bits}`;
}
