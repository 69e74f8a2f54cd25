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
  requiredText,
  textField,
  textsField,
} from './json.js';
import { nameOf } from './numeric.js';
import { readEntries } from './text/entries.js';
import { routesOfText } from './text/routes.js';

/**
 * Reads `ip -j -4 route show table all` or `-6`, or without either, which prints both; or the same without `-j`.
 *
 * @param family of what does not tell it itself
 * @throws InputError
 */
export function readRoutes(
  text: string,
  file: string,
  family: Family,
  warn: (message: string) => void,
): Record<Family, Route[]> {
  const routes: Route[] = [];
  for (const entry of readEntries(text, file, routesOfText)) {
    // A clone that the kernel made for one destination is none of the table's: old kernels list those of IPv6.
    if (entry.fields.cache !== undefined) continue;
    // Those of one family are printed together.
    routes.push(readRoute(entry, familyOfRoute(entry) ?? routes.at(-1)?.family ?? family));
  }
  if (routes.length > 0 && routes.every((route) => route.table === 'main')) warn(`${file}: ${MAIN_ALONE}`);
  const owned = isOfBusybox(routes) ? routes.map(ownedByKernel) : routes;
  if (owned !== routes) warn(`${file}: ${OF_BUSYBOX}`);
  const bare = routes.filter((route) => route.type === 'unicast' && route.nextHops.length === 0).length;
  if (bare > 0) warn(`${file}: ${bare} routes have no next hop, as busybox prints those with several`);
  return { 4: owned.filter((route) => route.family === 4), 6: owned.filter((route) => route.family === 6) };
}

const MAIN_ALONE =
  'the main table alone, as `ip route` prints it: what the local table and those that rules look into hold is not known; record `ip route show table all`';
const OF_BUSYBOX =
  "printed by busybox, which leaves much out: the local table's routes are taken to be the kernel's own, and `not`, `oif`, ports and users of rules are not known; record with iproute2";

/** The kernel's own routes are in every local table, and iproute2 prints that they are. */
function isOfBusybox(routes: readonly Route[]): boolean {
  return routes.some((route) => route.table === 'local') && routes.every((route) => route.protocol === null);
}

function ownedByKernel(route: Route): Route {
  return route.table === 'local' ? { ...route, protocol: 'kernel' } : route;
}

/** By its addresses; `default` and a device tell none, so by what is printed of the routes of one family alone. */
function familyOfRoute(entry: Entry): Family | null {
  for (const hop of [entry, ...nestedEntries(entry, 'nexthops')]) {
    // A next hop of the other family is named so, and IPv4 alone may have one.
    if (nestedEntry(hop, 'via')) return 4;
    for (const key of ['dst', 'from', 'gateway', 'prefsrc']) {
      const family = familyOf(textField(hop, key)?.split('/')[0] ?? '');
      if (family !== null) return family;
    }
  }
  if (textField(entry, 'pref') !== null) return 6;
  return (textField(entry, 'scope') ?? 'global') === 'global' ? null : 4;
}

function readRoute(entry: Entry, family: Family): Route {
  const type = nameOf('type', textField(entry, 'type') ?? 'unicast');
  const flags = textsField(entry, 'flags');
  const hops = nestedEntries(entry, 'nexthops').map((hop) => readNextHop(hop, textsField(hop, 'flags')));
  const plain = readNextHop(entry, flags);
  const tos = textField(entry, 'tos');
  const protocol = nameOf('protocol', textField(entry, 'protocol') ?? 'boot');
  const nextHopId = numberField(entry, 'nhid');
  const preference = textField(entry, 'pref');
  return {
    family,
    type,
    destination: readPrefix(requiredText(entry, 'dst'), family, entry),
    from: readFrom(entry, family),
    // Without `table all`, and for the main table with it, `ip` leaves the table's name out.
    table: nameOf('table', textField(entry, 'table') ?? 'main'),
    // Printed with `-d` alone.
    protocol: protocol === 'boot' ? null : protocol,
    scope: nameOf('scope', textField(entry, 'scope') ?? 'global'),
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
