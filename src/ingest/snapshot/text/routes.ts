import { familyOf } from '../../../model/address.js';
import { InputError } from '../../../model/errors.js';
import type { Entry } from '../json.js';
import { entryOf, type Line, linesOf, notA } from './lines.js';
import { readValues, Words } from './words.js';

/** As rtm_map.c of iproute2 names them. */
const TYPES = new Set(
  `none unicast local broadcast anycast multicast blackhole unreachable prohibit throw nat xresolve`.split(
    ' ',
  ),
);

const VALUES = new Map([
  ['from', 'from'],
  ['nhid', 'nhid'],
  ['tos', 'tos'],
  ['dsfield', 'tos'],
  ['dev', 'dev'],
  ['table', 'table'],
  ['proto', 'protocol'],
  ['scope', 'scope'],
  ['src', 'prefsrc'],
  ['metric', 'metric'],
  ['error', 'error'],
  ['pref', 'pref'],
  ['weight', 'weight'],
]);

const FLAGS = new Set(
  `dead onlink pervasive offload trap notify linkdown unresolved rt_offload rt_trap rt_offload_failed`.split(
    ' ',
  ),
);

/** The text of `ip route show`, of either family or of both, as `ip -j` prints the same. @throws InputError */
export function routesOfText(text: string, file: string): Entry[] {
  const routes: { fields: Record<string, unknown>; line: Line }[] = [];
  for (const line of linesOf(text)) {
    const words = new Words(line, file);
    const continues = /^(?:nexthop|nh_info|cache)$/.exec(words.peek()!)?.[0];
    const route = routes.at(-1)?.fields;
    if (continues === undefined) routes.push({ fields: readRoute(words, line, file), line });
    else if (!route) throw headMissing(line, file);
    else if (continues === 'nexthop') addNextHop(route, words);
    else if (continues === 'cache') route.cache = [];
  }
  return routes.map(({ fields, line }) => entryOf(fields, line, file));
}

function headMissing(line: Line, file: string): InputError {
  return new InputError(file, null, `line ${line.number}: goes on with a route whose first line is missing`);
}

function readRoute(words: Words, line: Line, file: string): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  // `ip -N` prints a type's number.
  if (TYPES.has(words.peek()!) || /^\d+$/.test(words.peek()!)) fields.type = words.next();
  const destination = words.next();
  if (destination !== 'default' && familyOf(destination.split('/')[0]!) === null) {
    throw notA('a route as `ip route` prints it', line, file);
  }
  return readAttributes(words, { ...fields, dst: destination });
}

function addNextHop(route: Record<string, unknown>, words: Words): void {
  words.next();
  const hops = (route.nexthops as unknown[] | undefined) ?? [];
  route.nexthops = [...hops, readAttributes(words, {})];
}

function readAttributes(words: Words, fields: Record<string, unknown>): Record<string, unknown> {
  const flags: string[] = [];
  readValues(words, VALUES, fields, (word) => {
    if (word === 'via') readGateway(words, fields);
    // It has words of its own, `src` and `dst` among them.
    else if (word === 'encap') words.skipTo('via', 'dev');
    else if (FLAGS.has(word)) flags.push(word);
  });
  return { ...fields, flags };
}

/** The family is named where it is not that of the route. */
function readGateway(words: Words, fields: Record<string, unknown>): void {
  const word = words.next();
  if (/^inet6?$/.test(word)) fields.via = { family: word, host: words.next() };
  else fields.gateway = word;
}
