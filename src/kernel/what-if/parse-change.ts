import type { Family } from '../../model/address.js';
import type { Change, RouteVerb, SysctlChange } from './change.js';
import { parseInterfaceAddress } from './parse-address.js';
import { parseIptables } from './parse-iptables.js';
import { parseRoute } from './parse-route.js';
import { parseRule } from './parse-rule.js';
import { badFlag, Refusal } from './refusal.js';
import { expand, isShortFor, Words } from './words.js';

const SET_EXAMPLE = 'write NODE:KEY=VALUE, as node1:net.ipv4.conf.all.rp_filter=2';
const ADD_EXAMPLE =
  "write 'NODE:ip …' or 'NODE:iptables …', as 'node1:ip rule add from 192.0.2.0/24 lookup 100'";

/**
 * Reads what `--set` takes (`NODE:KEY=VALUE`, `NODE/NETNS:KEY=VALUE`) or `--add` (`NODE:ip route add …`, and
 * `rule` and `addr`, with iproute2's abbreviations; `NODE:iptables -t mangle -A …`). The node may be left out.
 *
 * @throws UsageError of one line that names the text, what is wrong with it, and an example or the cure
 */
export function parseChange(text: string, kind: 'set' | 'add'): Change {
  const place = kind === 'set' ? splitSysctl(text) : splitCommand(text);
  if (!place) {
    throw badFlag(
      kind,
      text,
      kind === 'set' ? notASetting(text) : `no ip or iptables command; ${ADD_EXAMPLE}`,
    );
  }
  const [node, netns] = splitNode(place.node);
  if (node === '' || netns === '') {
    throw badFlag(kind, text, `no name before the colon; ${kind === 'set' ? SET_EXAMPLE : ADD_EXAMPLE}`);
  }
  const asked = { node, netns, text, command: place.rest };
  try {
    return kind === 'set'
      ? { ...asked, ...parseSetting(place.rest) }
      : { ...asked, ...parseCommand(place.rest) };
  } catch (error) {
    if (error instanceof Refusal) throw badFlag(kind, text, error.message);
    throw error;
  }
}

interface Split {
  node: string | null;
  rest: string;
}

/** A node's name may hold colons: it ends before the first that `net.` or `net/` follows. */
function splitSysctl(text: string): Split | null {
  const match = /^(.*?):\s*(net[./].*)$/s.exec(text) ?? /^()(net[./].*)$/s.exec(text.trim());
  if (!match) return null;
  const rest = match[2]!.trim();
  return { node: match[1] === '' && text.trim().startsWith('net') ? null : match[1]!, rest };
}

function splitCommand(text: string): Split | null {
  if (/^\s*(sudo|ip|ip6?tables)\s/.test(text)) return { node: null, rest: text.trim() };
  const match = /^(.*?):\s*((?:sudo|ip|ip6?tables)\s.*)$/s.exec(text);
  return match && { node: match[1]!, rest: match[2]!.trim() };
}

function splitNode(name: string | null): [string | null, string | null] {
  if (name === null) return [null, null];
  const slash = name.indexOf('/');
  return slash < 0 ? [name, null] : [name.slice(0, slash), name.slice(slash + 1)];
}

function notASetting(text: string): string {
  const other = /(?:^|:)\s*([\w.]+)[./][\w./]+\s*=/.exec(text);
  return other && !other[1]!.startsWith('net')
    ? `only sysctls of the network (net.) can be changed; ${SET_EXAMPLE}`
    : `no sysctl; ${SET_EXAMPLE}`;
}

function parseSetting(rest: string): Pick<SysctlChange, 'kind' | 'key' | 'value'> {
  const equals = rest.indexOf('=');
  const key = rest.slice(0, equals).trim();
  const value = rest.slice(equals + 1).trim();
  if (equals < 0 || value === '') throw new Refusal('no value', SET_EXAMPLE);
  if (!/^net(?:[./][^\s./=]+)+$/.test(key)) throw new Refusal(`"${key}" is no key`, SET_EXAMPLE);
  return { kind: 'sysctl', key: canonicalKey(key), value };
}

/** sysctl(8): the first separator of a key says which of `.` and `/` separates its words. */
function canonicalKey(key: string): string {
  return key[3] === '.' ? key : key.replace(/[./]/g, (separator) => (separator === '/' ? '.' : '/'));
}

type Command = {
  [K in Change['kind']]: Omit<Extract<Change, { kind: K }>, 'node' | 'netns' | 'text' | 'command'>;
}['rule' | 'route' | 'address' | 'iptables'];

function parseCommand(rest: string): Command {
  const words = new Words(rest.split(/\s+/));
  words.skip('sudo');
  if (words.skip('iptables')) return parseIptables(rest, 4);
  if (words.skip('ip6tables')) return parseIptables(rest, 6);
  if (!words.skip('ip')) throw new Refusal(`"${words.peek()}" is no ip command`, ADD_EXAMPLE);
  const family = parseOptions(words);
  const object = words.next();
  const verb = words.peek() === null ? '' : words.next();
  // In the order of the cmds[] of ip.c: `r` is a route and `ru` a rule.
  const kind = expand(object, ['address', 'route', 'rule']);
  if (kind === 'rule') {
    const done = expand(verb, ['add', 'delete']) ?? refuseVerb(kind, verb, 'add or del');
    return { kind, verb: done, rule: parseRule(words, family, done === 'add') };
  }
  if (kind === 'route') {
    const verbs: RouteVerb[] = ['add', 'change', 'replace', 'prepend', 'append', 'delete'];
    const done = verb === 'chg' ? 'change' : expand(verb, verbs);
    if (done === null) return refuseVerb(kind, verb, 'add, del, replace, change, append or prepend');
    return { kind, verb: done, route: parseRoute(words, family, done === 'delete') };
  }
  if (kind === 'address') {
    const done = verb === 'chg' ? 'change' : expand(verb, ['add', 'change', 'replace', 'delete']);
    if (done === null) return refuseVerb('addr', verb, 'add, del, replace or change');
    return { kind, verb: done, address: parseInterfaceAddress(words, family, done === 'delete') };
  }
  throw new Refusal(`ip ${object} is not modelled`, 'what can be tried is ip route, ip rule and ip addr');
}

function refuseVerb(object: string, verb: string, verbs: string): never {
  throw new Refusal(
    verb === '' ? `ip ${object} alone changes nothing` : `ip ${object} ${verb} is not modelled`,
    `use ${verbs}`,
  );
}

/** The options that change nothing but what is printed are passed over. */
function parseOptions(words: Words): Family | null {
  let family: Family | null = null;
  for (let word = words.peek(); word?.startsWith('-'); word = words.peek()) {
    words.next();
    const option = word.replace(/^--/, '-');
    if (option === '-4') family = 4;
    else if (option === '-6') family = 6;
    else if (option.length > 1 && isShortFor(option, '-family')) {
      const name = words.next();
      if (name !== 'inet' && name !== 'inet6')
        throw new Refusal(`family ${name} is not modelled`, 'use inet or inet6');
      family = name === 'inet' ? 4 : 6;
    } else if (option.length > 1 && isShortFor(option, '-netns')) {
      throw new Refusal(`${word} names a network namespace`, "write it with the node, as 'NODE/NETNS:ip …'");
    } else if (
      !/^-(s(tat(istic)?s?)?|d(etails)?|o(neline)?|j(son)?|p(retty)?|c(olor)?|br(ief)?|N(umeric)?|t)$/.test(
        option,
      )
    ) {
      throw new Refusal(`option ${word} is not modelled`, 'use -4, -6 or -family');
    }
  }
  return family;
}
