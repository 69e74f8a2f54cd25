import type { Family } from '../../model/address.js';
import type { HopRequest, RouteRequest } from './change.js';
import { notModelled, Refusal } from './refusal.js';
import {
  type PrefixWord,
  prefixText,
  readAddress,
  readNumber,
  readPrefix,
  readProtocol,
  readScope,
  readTable,
  readTos,
  routeType,
  wrong,
} from './values.js';
import { isShortFor, type Words } from './words.js';

const METRICS = [
  'mtu',
  'hoplimit',
  'advmss',
  'reordering',
  'rtt',
  'rto_min',
  'window',
  'cwnd',
  'initcwnd',
  'initrwnd',
  'quickack',
  'congctl',
  'rttvar',
  'ssthresh',
  'fastopen_no_cookie',
];
/** Those of them that `ip` takes in full only. */
const METRICS_IN_FULL = new Set(['mtu', 'hoplimit', 'advmss', 'rtt', 'rto_min']);
const NOT_MODELLED = ['realms', 'vrf', 'encap', 'ttl-propagate', 'expires', 'as', 'features'];

/** What is read so far; the family is that of the first address, as in iproute_modify(). */
interface Draft {
  family: Family | null;
  type: string | null;
  destination: PrefixWord | null;
  from: PrefixWord | null;
  route: Omit<RouteRequest, 'family' | 'destination' | 'from' | 'type'>;
}

/** The words after `ip route add` and its like, as iproute_modify() of iproute2 takes them. @throws Refusal */
export function parseRoute(words: Words, family: Family | null, deletes: boolean): RouteRequest {
  const draft: Draft = {
    family,
    type: null,
    destination: null,
    from: null,
    route: {
      table: null,
      protocol: null,
      scope: null,
      metric: null,
      tos: 0,
      prefsrc: null,
      preference: null,
      hop: { gateway: null, interface: null, onlink: false, weight: 1 },
      nextHops: [],
    },
  };
  while (words.peek() !== null && words.peek() !== 'nexthop') parseWord(draft, words, deletes);
  while (words.skip('nexthop')) draft.route.nextHops.push(parseNextHop(draft, words));
  return finish(draft, deletes);
}

function finish({ family: read, type, destination, from, route }: Draft, deletes: boolean): RouteRequest {
  if (!destination) {
    throw new Refusal(
      'Command line is not complete',
      'a destination is missing, as in `ip route add 192.0.2.0/24 via 198.51.100.1`',
    );
  }
  const family = read ?? 4;
  const { hop, nextHops } = route;
  if (nextHops.length > 0 && (hop.gateway !== null || hop.interface !== null || hop.onlink)) {
    throw notModelled('`via`, `dev` or `onlink` beside `nexthop`', 'give them with each nexthop');
  }
  const gateways = [hop, ...nextHops].map((h) => h.gateway);
  if (family === 6 && gateways.some((gateway) => gateway?.includes('.') && !gateway.includes(':'))) {
    throw new Refusal('IPv6 does not support RTA_VIA attribute', 'give a gateway of IPv6');
  }
  return {
    ...route,
    family,
    type,
    // RTN_LOCAL and its like belong into the local table.
    table:
      route.table ?? (type !== null && ['local', 'broadcast', 'anycast'].includes(type) ? 'local' : null),
    destination: prefixText(destination, family),
    from: from === null || from.length === 0 ? null : prefixText(from, family),
    scope: route.scope ?? scopeOf(family, type, route, deletes),
  };
}

/** What iproute_modify() fills in; null where a deletion takes any. */
function scopeOf(
  family: Family,
  type: string | null,
  { hop, nextHops }: Draft['route'],
  deletes: boolean,
): string | null {
  if (family === 6) return 'global';
  if (type === 'local') return 'host';
  if (type === 'broadcast' || type === 'multicast' || type === 'anycast') return 'link';
  if (deletes) return null;
  const unicast = type === null || type === 'unicast';
  return unicast && hop.gateway === null && nextHops.length === 0 ? 'link' : 'global';
}

function parseWord(draft: Draft, words: Words, deletes: boolean): void {
  const { route } = draft;
  const word = words.next();
  if (word === 'src') route.prefsrc = address(draft, words.next());
  else if (word === 'via') {
    if (route.hop.gateway !== null)
      throw new Refusal('use nexthop syntax to specify multiple via', 'once is enough');
    route.hop.gateway = gateway(draft, words);
  } else if (word === 'from') {
    draft.from = readPrefix(words.next(), draft.family);
    draft.family ??= draft.from.family;
  } else if (word === 'tos' || isShortFor(word, 'dsfield')) route.tos = readTos(words.next());
  else if (isShortFor(word, 'metric') || isShortFor(word, 'priority') || word === 'preference') {
    route.metric = readNumber(words.next(), word);
  } else if (word === 'scope') route.scope = readScope(words.next());
  else if (metricOf(word) !== null) {
    if (words.skip('lock') && word === 'rto_min') throw wrong('lock', word, 'a time');
    words.next();
    // A snapshot does not keep them, so that a route cannot be found by one.
    if (deletes) throw notModelled(`${word} of a route to delete`, 'leave it out');
  } else if (word === 'onlink') route.hop.onlink = true;
  else if (word === 'nhid') throw notModelled('a nexthop object (nhid)', 'write its gateway and device out');
  else if (isShortFor(word, 'protocol')) route.protocol = readProtocol(words.next());
  else if (isShortFor(word, 'table')) route.table = readTable(words.next());
  else if (word === 'dev' || word === 'oif') route.hop.interface = words.next();
  else if (word === 'pref') {
    route.preference = words.next();
    if (!['low', 'medium', 'high'].includes(route.preference)) {
      throw wrong(route.preference, word, 'low, medium or high');
    }
  } else if (NOT_MODELLED.some((full) => word === full)) throw notModelled(word, 'leave it out');
  else parseDestination(draft, word, words);
}

function metricOf(word: string): string | null {
  return (
    METRICS.find((full) =>
      METRICS_IN_FULL.has(full) ? word === full : word.length > 1 && isShortFor(word, full),
    ) ?? null
  );
}

function parseDestination(draft: Draft, first: string, words: Words): void {
  let word = first === 'to' ? words.next() : first;
  const type = /^\d/.test(word) ? null : routeType(word);
  if (type !== null) {
    draft.type = type;
    word = words.next();
  }
  if (draft.destination) {
    throw new Refusal(
      `either "to" is duplicate, or "${word}" is garbage`,
      'one destination, and then `via`, `dev`, `table`, …',
    );
  }
  draft.destination = readPrefix(word, draft.family);
  draft.family ??= draft.destination.family;
}

function address(draft: Draft, word: string): string {
  const read = readAddress(word, draft.family);
  draft.family ??= read.family;
  return read.address;
}

/** `via G`, or `via inet6 G` for a gateway of the other family (RFC 8950). */
function gateway(draft: Draft, words: Words): string {
  const named = words.skip('inet6') ? 6 : words.skip('inet') ? 4 : null;
  const read = readAddress(words.next(), named ?? draft.family);
  draft.family ??= read.family;
  return read.address;
}

function parseNextHop(draft: Draft, words: Words): HopRequest {
  const hop: HopRequest = { gateway: null, interface: null, onlink: false, weight: 1 };
  if (words.peek() === null) {
    throw new Refusal(
      'unexpected end of line after "nexthop"',
      'as `nexthop via 192.0.2.1 dev eth0 weight 1`',
    );
  }
  for (let word = words.peek(); word !== null && word !== 'nexthop'; word = words.peek()) {
    words.next();
    if (word === 'via') hop.gateway = gateway(draft, words);
    else if (word === 'dev') hop.interface = words.next();
    else if (word === 'weight') {
      hop.weight = readNumber(words.next(), word, 256);
      if (hop.weight === 0) throw wrong('0', word, 'a number from 1 to 256');
    } else if (word === 'onlink') hop.onlink = true;
    else if (isShortFor(word, 'realms') || word === 'encap' || word === 'as')
      throw notModelled(word, 'leave it out');
    else {
      throw new Refusal(
        `"nexthop" or end of line is expected instead of "${word}"`,
        'what is of the whole route stands before the first nexthop',
      );
    }
  }
  return hop;
}
