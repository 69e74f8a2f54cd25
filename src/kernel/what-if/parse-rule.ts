import type { Family } from '../../model/address.js';
import { NO_SELECTORS } from '../entries.js';
import type { RuleRequest } from './change.js';
import { notModelled, Refusal } from './refusal.js';
import { readNumber, readPrefix, readProtocol, readTable, readTos, routeType, wrong } from './values.js';
import { isShortFor, type Words } from './words.js';

/** The words after `ip rule add` or `delete`, as iprule_modify() of iproute2 takes them. @throws Refusal */
export function parseRule(words: Words, given: Family | null, adds: boolean): RuleRequest {
  const family = given ?? 4;
  if (words.peek() === null) {
    throw new Refusal(
      `"ip rule ${adds ? 'add' : 'del'}" requires arguments`,
      'as `from 192.0.2.0/24 lookup 100`',
    );
  }
  const rule: RuleRequest = {
    family,
    priority: null,
    not: false,
    ...NO_SELECTORS,
    action: null,
    table: null,
    gotoPriority: null,
    suppressPrefixLength: null,
    suppressInterfaceGroup: null,
  };
  while (words.peek() !== null) parseSelector(rule, words, family, adds);
  if (adds) {
    rule.action ??= 'lookup';
    if (rule.action === 'lookup') rule.table ??= 'main';
  }
  return rule;
}

function parseSelector(rule: RuleRequest, words: Words, family: Family, adds: boolean): void {
  const word = words.next();
  if (word === 'not') rule.not = true;
  else if (word === 'from') rule.from = selector(words.next(), family);
  else if (word === 'to') rule.to = selector(words.next(), family);
  else if (['preference', 'order', 'priority'].some((full) => isShortFor(word, full))) {
    rule.priority = readNumber(words.next(), word);
  } else if (word === 'tos' || isShortFor(word, 'dsfield')) rule.tos = readTos(words.next()) || null;
  else if (word === 'fwmark') parseMark(rule, words.next());
  else if (isShortFor(word, 'realms')) throw notModelled('realms', 'leave it out');
  else if (isShortFor(word, 'protocol')) {
    readProtocol(words.next());
    // It changes no decision and no snapshot tells it, so that a rule cannot be found by it.
    if (!adds) throw notModelled('the protocol of a rule', 'name the rule by its priority');
  } else if (isShortFor(word, 'tun_id')) throw notModelled('tun_id', 'leave it out');
  else if (isShortFor(word, 'table') || word === 'lookup') rule.table = readTable(words.next());
  else if (isShortFor(word, 'suppress_prefixlength') || word === 'sup_pl') {
    rule.suppressPrefixLength = readNumber(words.next(), word, 0x7fffffff);
  } else if (isShortFor(word, 'suppress_ifgroup') || word === 'sup_group') {
    const group = words.next();
    rule.suppressInterfaceGroup = group === '0' ? 'default' : group;
  } else if (word === 'dev' || word === 'iif') rule.iif = interfaceName(words.next(), word);
  else if (word === 'oif') rule.oif = interfaceName(words.next(), word);
  else if (word === 'uidrange') rule.uidRange = parseUsers(words.next());
  else if (word === 'ipproto') rule.ipProtocol = parseIpProtocol(words.next());
  else if (word === 'sport') rule.sourcePorts = parsePorts(words.next(), word);
  else if (word === 'dport') rule.destinationPorts = parsePorts(words.next(), word);
  else if (['l3mdev', 'nat', 'dscp', 'flowlabel'].includes(word) || isShortFor(word, 'map-to')) {
    throw notModelled(
      word,
      'use `from`, `to`, `iif`, `oif`, `fwmark`, `tos`, `ipproto`, `sport`, `dport` or `uidrange`',
    );
  } else parseAction(rule, word === 'type' ? words.next() : word, words);
}

function parseAction(rule: RuleRequest, word: string, words: Words): void {
  if (isShortFor(word, 'goto')) {
    rule.action = 'goto';
    rule.gotoPriority = readNumber(words.next(), 'goto');
    return;
  }
  const action = isShortFor(word, 'nop') ? 'nop' : routeType(word);
  if (action === null) {
    throw new Refusal(
      `argument "${word}" is wrong: Failed to parse rule type`,
      'a rule is written as `from 192.0.2.0/24 iif eth0 fwmark 0x1 lookup 100 priority 1000`',
    );
  }
  // FR_ACT_TO_TBL and RTN_UNICAST are one number.
  rule.action = action === 'unicast' ? 'lookup' : action;
  if (!['lookup', 'nop', 'prohibit', 'blackhole', 'unreachable'].includes(rule.action)) {
    throw notModelled(`a rule of type ${word}`, 'use lookup, goto, nop, prohibit, blackhole or unreachable');
  }
}

/** `0.0.0.0/0` and its like select nothing. Host bits are kept, as the kernel keeps them. */
function selector(word: string, family: Family): string | null {
  const other = word.includes(':') !== (family === 6) && !['default', 'any', 'all'].includes(word);
  if (other) {
    const wanted =
      family === 4 ? 'write `ip -6 rule …` for a rule of IPv6' : 'leave `-6` out for a rule of IPv4';
    throw new Refusal('Invalid source address', `${word} is of the other family; ${wanted}`);
  }
  const { address, length } = readPrefix(word, family);
  return address === null || length === 0 ? null : `${address}/${length}`;
}

/** fib_nl2rule(): a mark that is not 0 is compared in all bits, unless a mask is given. */
function parseMark(rule: RuleRequest, word: string): void {
  const [value = '', mask] = word.split('/', 2);
  const mark = readNumber(value, 'fwmark');
  const bits = mask === undefined ? (mark === 0 ? 0 : 0xffffffff) : readNumber(mask, 'fwmark');
  if (mark === 0 && bits === 0) return;
  rule.fwmark = mark;
  rule.fwmask = bits === 0xffffffff ? null : bits;
}

/** check_ifname() */
function interfaceName(word: string, name: string): string {
  if (word.length > 15 || word.includes('/') || word === '.' || word === '..') {
    throw wrong(word, name, 'the name of an interface');
  }
  return word;
}

function parseUsers(word: string): [number, number] {
  const match = /^(\d+)-(\d+)$/.exec(word);
  if (!match) throw wrong(word, 'uidrange', 'a range as 1000-1999');
  const range: [number, number] = [readNumber(match[1]!, 'uidrange'), readNumber(match[2]!, 'uidrange')];
  if (range[0] > range[1]) throw new Refusal('Invalid uid range', 'the lower number comes first');
  return range;
}

function parsePorts(word: string, name: string): [number, number] {
  const match = /^(\d+)(?:-(\d+))?$/.exec(word);
  if (!match) throw wrong(word, name, 'a port or a range as 8000-8080');
  const first = readNumber(match[1]!, name, 0xffff);
  const last = match[2] === undefined ? first : readNumber(match[2], name, 0xffff);
  // fib_rule_port_range_valid()
  if (first === 0 || first > last || last === 0xffff) {
    throw new Refusal(`Invalid ${name} range`, 'ports go from 1 to 65534, the lower one first');
  }
  return [first, last];
}

/** The names that the model tells apart, with their numbers in /etc/protocols. */
const PROTOCOLS: Readonly<Record<string, string>> = {
  1: 'icmp',
  2: 'igmp',
  4: 'ipencap',
  6: 'tcp',
  17: 'udp',
  41: 'ipv6',
  47: 'gre',
  50: 'esp',
  51: 'ah',
  58: 'ipv6-icmp',
  132: 'sctp',
};

function parseIpProtocol(word: string): string | null {
  const name = word.toLowerCase();
  if (Object.values(PROTOCOLS).includes(name)) return name;
  if (!/^\d+$/.test(word)) throw wrong(word, 'ipproto', 'a name as tcp, udp or icmp, or a number');
  const number = readNumber(word, 'ipproto', 255);
  return number === 0 ? null : (PROTOCOLS[number] ?? String(number));
}
