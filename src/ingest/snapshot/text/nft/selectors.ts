/** What a rule looks at: `ip saddr`, `meta mark`, `ct original proto-dst`, `fib daddr type`. */

import { type Cursor, Unread } from './tokens.js';

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

/** Headers and their fields: a name alone is none, for `ether type ip` and `meta l4proto tcp` have it as a value. */
const HEADERS: Readonly<Record<string, ReadonlySet<string>>> = {
  ether: words('saddr daddr type'),
  vlan: words('id cfi dei pcp type'),
  arp: words('htype ptype hlen plen operation'),
  ip: words('version hdrlength dscp ecn length id frag-off ttl protocol checksum saddr daddr'),
  ip6: words('version dscp ecn flowlabel length nexthdr hoplimit saddr daddr'),
  icmp: words('type code checksum id sequence gateway mtu'),
  icmpv6: words('type code checksum parameter-problem packet-too-big id sequence max-delay taddr daddr'),
  igmp: words('type mrt checksum group'),
  tcp: words('sport dport sequence ackseq doff reserved flags window checksum urgptr'),
  udp: words('sport dport length checksum'),
  udplite: words('sport dport csumcov checksum'),
  sctp: words('sport dport vtag checksum'),
  dccp: words('sport dport type'),
  th: words('sport dport'),
  ah: words('nexthdr hdrlength reserved spi sequence'),
  esp: words('spi sequence'),
  comp: words('nexthdr flags cpi'),
  vxlan: words('vni flags'),
  geneve: words('vni type'),
  gre: words('flags version protocol'),
};
const TUNNELS = words('vxlan geneve gre gretap');
const EXTENSIONS: Readonly<Record<string, ReadonlySet<string>>> = {
  hbh: words('nexthdr hdrlength'),
  dst: words('nexthdr hdrlength'),
  mh: words('nexthdr hdrlength type reserved checksum'),
  frag: words('nexthdr reserved frag-off reserved2 more-fragments id'),
  rt: words('nexthdr hdrlength type seg-left'),
  srh: words('last-entry flags tag sid seg-left'),
};
const BARE_META = words(
  'iif oif iifname oifname iiftype oiftype iifgroup oifgroup iifkind oifkind skuid skgid mark nftrace rtclassid ' +
    'ibriport obriport ibrname obrname pkttype cpu cgroup',
);
const FAMILIES = words('ip ip6');
const DIRECTIONS = words('original reply');
const FIB_FLAGS = words('saddr daddr mark iif oif');

type Read = (cursor: Cursor) => unknown;
type ReadSelector = (cursor: Cursor, readOperand: Read) => unknown;

const SELECTORS: Readonly<Record<string, ReadSelector>> = {
  meta: (cursor) => ({ meta: { key: cursor.name() } }),
  ct: readCt,
  fib: readFib,
  numgen: readNumgen,
  jhash: readJhash,
  symhash: (cursor) => ({ symhash: readModulus(cursor) }),
  socket: readSocket,
  osf: readOsf,
  ipsec: readIpsec,
};

/**
 * Goes past a selector where one comes next.
 *
 * @param readOperand of a hash
 * @returns as `nft -j` writes it; null where none comes
 */
export function readSelector(cursor: Cursor, readOperand: Read): unknown {
  const first = cursor.peek();
  if (first?.kind !== 'word') return null;
  const [, base, offset, len] = /^@([a-z]+),(\d+),(\d+)$/.exec(first.text) ?? [];
  if (base !== undefined) {
    cursor.at++;
    return { payload: { base, offset: Number(offset), len: Number(len) } };
  }
  if (Object.hasOwn(SELECTORS, first.text)) {
    cursor.at++;
    return SELECTORS[first.text]!(cursor, readOperand);
  }
  const header = readHeader(cursor);
  if (header !== null) return header;
  const bare = cursor.takeOne(BARE_META);
  return bare === null ? null : { meta: { key: bare } };
}

function readHeader(cursor: Cursor): unknown {
  const name = cursor.current().text;
  const second = cursor.peek(1);
  if (second?.kind !== 'word') return null;
  if (has(HEADERS, name, second.text)) {
    cursor.at += 2;
    return { payload: { protocol: name, field: second.text } };
  }
  const third = cursor.peek(2);
  if (name === 'arp' && /^[sd]addr$/.test(second.text) && /^(ip|ether)$/.test(third?.text ?? '')) {
    cursor.at += 3;
    return { payload: { protocol: 'arp', field: `${second.text} ${third!.text}` } };
  }
  if (TUNNELS.has(name) && has(HEADERS, second.text, third?.text)) {
    cursor.at += 3;
    return { payload: { tunnel: name, protocol: second.text, field: third!.text } };
  }
  if ((name === 'tcp' || name === 'ip') && second.text === 'option') {
    cursor.at += 2;
    return { [`${name} option`]: readOption(cursor) };
  }
  if (name === 'sctp' && second.text === 'chunk') {
    cursor.at += 2;
    return { 'sctp chunk': readOption(cursor) };
  }
  if (name === 'exthdr') {
    cursor.at += 2;
    return { exthdr: { name: second.text } };
  }
  if (has(EXTENSIONS, name, second.text)) {
    cursor.at += 2;
    return { exthdr: { name, field: second.text } };
  }
  return name === 'rt' ? readRouting(cursor) : null;
}

function has(
  table: Readonly<Record<string, ReadonlySet<string>>>,
  name: string,
  field: string | undefined,
): boolean {
  return field !== undefined && Object.hasOwn(table, name) && table[name]!.has(field);
}

const OPTION_FIELDS = words(
  'kind length size count left right tsval tsecr subtype type ptr value addr flags stream ssn ppid tsn',
);

/** `maxseg size`, or `sack exists`, where the option alone is meant. */
function readOption(cursor: Cursor): unknown {
  const name = cursor.name();
  const field = cursor.takeOne(OPTION_FIELDS);
  return field === null ? { name } : { name, field };
}

function readRouting(cursor: Cursor): unknown {
  cursor.expect('rt');
  const family = cursor.takeOne(FAMILIES);
  const key = cursor.name();
  return { rt: family === null ? { key } : { key, family } };
}

function readCt(cursor: Cursor): unknown {
  const dir = cursor.takeOne(DIRECTIONS);
  const family = cursor.takeOne(FAMILIES);
  const name = cursor.name();
  const key = family === null ? name : `${family} ${name}`;
  return { ct: dir === null ? { key } : { key, dir } };
}

function readFib(cursor: Cursor): unknown {
  const flags: string[] = [];
  do {
    const flag = cursor.takeOne(FIB_FLAGS);
    if (flag === null) throw new Unread('fib of nothing');
    flags.push(flag);
  } while (cursor.take('.'));
  return { fib: { result: cursor.name(), flags } };
}

function readNumgen(cursor: Cursor): unknown {
  const mode = cursor.name();
  return { numgen: { mode, offset: 0, ...readModulus(cursor) } };
}

function readJhash(cursor: Cursor, readOperand: Read): unknown {
  const expr = readOperand(cursor);
  return { jhash: { ...readModulus(cursor), expr } };
}

function readModulus(cursor: Cursor): Record<string, number> {
  cursor.expect('mod');
  const read: Record<string, number> = { mod: cursor.number() };
  if (cursor.take('seed')) read.seed = cursor.number();
  if (cursor.take('offset')) read.offset = cursor.number();
  return read;
}

function readSocket(cursor: Cursor): unknown {
  const key = cursor.name();
  return { socket: cursor.take('level') ? { key, level: cursor.number() } : { key } };
}

function readOsf(cursor: Cursor): unknown {
  const ttl = cursor.take('ttl') ? { ttl: cursor.name() } : {};
  return { osf: { key: cursor.name(), ...ttl } };
}

function readIpsec(cursor: Cursor): unknown {
  const dir = cursor.name();
  const spnum = cursor.take('spnum') ? { spnum: cursor.number() } : {};
  const family = cursor.takeOne(FAMILIES);
  return { ipsec: { key: cursor.name(), dir, ...(family === null ? {} : { family }), ...spnum } };
}
