import type { Family } from '../../model/address.js';
import type { AddressRequest } from './change.js';
import { networkEnds } from './network.js';
import { notModelled, Refusal } from './refusal.js';
import { type PrefixWord, readAddress, readNumber, readPrefix, readScope } from './values.js';
import { isShortFor, type Words } from './words.js';

interface Draft {
  family: Family | null;
  local: PrefixWord | null;
  peer: PrefixWord | null;
  interface: string | null;
  broadcast: string | null;
  scope: string | null;
  metric: number;
  flags: string[];
}

/** The words after `ip addr add` and its like, as ipaddr_modify() of iproute2 takes them. @throws Refusal */
export function parseInterfaceAddress(words: Words, family: Family | null, deletes: boolean): AddressRequest {
  const draft: Draft = {
    family,
    local: null,
    peer: null,
    interface: null,
    broadcast: null,
    scope: null,
    metric: 0,
    flags: [],
  };
  while (words.peek() !== null) parseWord(draft, words, deletes);
  const { local, peer } = draft;
  if (draft.interface === null) {
    throw new Refusal(
      'Not enough information: "dev" argument is required',
      'as `ip addr add 192.0.2.1/24 dev eth0`',
    );
  }
  if (local?.address == null || (peer !== null && peer.address === null)) {
    throw new Refusal('Invalid argument', 'an address is missing, as 192.0.2.1/24');
  }
  const own = draft.family ?? 4;
  const prefixLength = peer && peer.length !== 0 ? peer.length : local.length;
  return {
    family: own,
    interface: draft.interface,
    address: local.address,
    prefixLength,
    exact: local.exact || peer !== null || own === 6,
    peer: peer === null || peer.address === local.address ? null : peer.address,
    broadcast: broadcastOf(draft.broadcast, peer?.address ?? local.address, peer ?? local, own),
    scope: draft.scope ?? (own === 4 && local.address.startsWith('127.') ? 'host' : 'global'),
    metric: draft.metric,
    flags: draft.flags,
  };
}

function parseWord(draft: Draft, words: Words, deletes: boolean): void {
  const word = words.next();
  if (word === 'peer' || word === 'remote') draft.peer = prefix(draft, words.next());
  else if (isShortFor(word, 'broadcast') || word === 'brd') draft.broadcast = words.next();
  else if (word === 'anycast') throw notModelled(word, 'leave it out');
  else if (word === 'scope') draft.scope = readScope(words.next());
  else if (word === 'dev') draft.interface = words.next();
  else if (word === 'label') {
    words.next();
    if (deletes) throw notModelled('the label of an address', 'name it by address and prefix length');
  } else if (['metric', 'priority', 'preference'].some((full) => isShortFor(word, full))) {
    draft.metric = readNumber(words.next(), word);
  } else if (isShortFor(word, 'valid_lft') || isShortFor(word, 'preferred_lft')) {
    const value = words.next();
    const forever = value === 'forever';
    if (!forever && readNumber(value, word) === 0 && isShortFor(word, 'valid_lft')) {
      throw new Refusal('valid_lft is zero', 'give a time, or `forever`');
    }
    if (!forever && isShortFor(word, 'valid_lft')) draft.flags.push('dynamic');
  } else if (word === 'noprefixroute') draft.flags.push(word);
  else if (word === 'nodad' || word === 'home') {
    // "option can be set only for IPv6 addresses": a warning, and the option is dropped.
    if (draft.family === 6) draft.flags.push(word);
  } else if (['mngtmpaddr', 'optimistic', 'autojoin'].includes(word)) throw notModelled(word, 'leave it out');
  else if (word === 'proto') words.next();
  else {
    const text = word === 'local' ? words.next() : word;
    if (draft.local) {
      throw new Refusal(
        `either "local" is duplicate, or "${text}" is garbage`,
        'as `ip addr add 192.0.2.1/24 dev eth0`',
      );
    }
    draft.local = prefix(draft, text);
  }
}

function prefix(draft: Draft, word: string): PrefixWord {
  const read = readPrefix(word, draft.family);
  draft.family ??= read.family;
  return read;
}

/** `+` sets the host bits of the network, `-` clears them, where there are enough of them (RFC 3021). */
function broadcastOf(word: string | null, of: string, { length }: PrefixWord, family: Family): string | null {
  if (word === null) return null;
  if (family === 6)
    throw new Refusal('Broadcast can be set only for IPv4 addresses', 'leave `broadcast` out');
  if (word !== '+' && word !== '-') return readAddress(word, 4).address;
  if (length > 30) return null;
  const { first, last } = networkEnds(of, length);
  return word === '+' ? last : first;
}
