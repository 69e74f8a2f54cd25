import fc from 'fast-check';
import type { TestPacket } from './frames.js';

/** Draws from fast-check, one value after the other. */
export class Draw {
  private readonly gen: fc.GeneratorValue;

  constructor(seed: number) {
    this.gen = fc.sample(fc.gen(), { seed, numRuns: 1 })[0]!;
  }

  below(limit: number): number {
    return this.gen(fc.nat, limit - 1);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** @param percent of 100 */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  times<T>(most: number, make: (i: number) => T): T[] {
    return Array.from({ length: this.below(most + 1) }, (_, i) => make(i));
  }
}

export const DEVICES = ['vx0', 'vx1', 'vx2'];
const PORTS = [53, 80, 443, 8080];

export interface Pool {
  family: 4 | 6;
  /** Reached by the device of the same place. */
  peers: readonly (readonly string[])[];
  own: readonly string[];
  virtual: readonly string[];
  odd: readonly string[];
  networks: readonly string[];
  /** Where NETMAP maps to. */
  mapped: string;
  translated: readonly string[];
}

export const IPV4: Pool = {
  family: 4,
  peers: [
    ['10.1.0.7', '10.1.0.8', '192.0.2.9'],
    ['10.2.0.7', '10.50.3.3'],
    ['10.3.0.7', '10.3.0.8'],
  ],
  own: ['10.1.0.1', '10.2.0.1', '10.2.0.5', '10.3.0.1'],
  virtual: ['198.51.100.10', '198.51.100.11'],
  odd: ['10.66.0.1', '10.67.0.1', '10.1.0.255', '10.2.0.200'],
  networks: [
    '10.1.0.0/24',
    '10.2.0.0/24',
    '10.3.0.0/24',
    '10.0.0.0/8',
    '198.51.100.0/24',
    '10.0.0.7/255.0.0.255',
  ],
  mapped: '10.3.0.0/24',
  translated: ['10.2.0.7', '10.3.0.7', '10.50.3.3', '10.2.0.7-10.2.0.8', '10.2.0.1'],
};

export const IPV6: Pool = {
  family: 6,
  peers: [
    ['fd00:1::7', 'fd00:1::8', '2001:db8::9'],
    ['fd00:2::7', 'fd00:50::3'],
    ['fd00:3::7', 'fd00:3::8'],
  ],
  own: ['fd00:1::1', 'fd00:2::1', 'fd00:2::5', 'fd00:3::1'],
  virtual: ['2001:db8:100::10', '2001:db8:100::11'],
  odd: ['fd00:66::1', 'fd00:67::1', 'fd00:2::200'],
  networks: ['fd00:1::/64', 'fd00:2::/64', 'fd00:3::/64', 'fd00::/16', '2001:db8:100::/64'],
  mapped: 'fd00:3::/64',
  translated: ['fd00:2::7', 'fd00:3::7', 'fd00:50::3', 'fd00:2::1'],
};

/** `ip -batch` commands: policy routing by mark and by source, routes of every kind. */
export function routing(draw: Draw): string[] {
  const lines = [
    'addr add 10.1.0.1/24 brd + dev vx0',
    'addr add 10.2.0.1/24 brd + dev vx1',
    'addr add 10.2.0.5/24 dev vx1',
    'addr add 10.3.0.1/24 brd + dev vx2',
    '-6 addr add fd00:1::1/64 dev vx0 nodad',
    '-6 addr add fd00:2::1/64 dev vx1 nodad',
    '-6 addr add fd00:2::5/64 dev vx1 nodad',
    '-6 addr add fd00:3::1/64 dev vx2 nodad',
    'route add default via 10.1.0.254',
    'route add 10.50.0.0/16 via 10.2.0.254',
    'route add blackhole 10.66.0.0/16',
    'route add unreachable 10.67.0.0/16',
    'route add default via 10.3.0.254 dev vx2 table 100',
    'route add default table 101 nexthop via 10.2.0.254 dev vx1 nexthop via 10.3.0.254 dev vx2',
    '-6 route add default via fd00:1::254 dev vx0',
    '-6 route add fd00:50::/32 via fd00:2::254 dev vx1',
    '-6 route add blackhole fd00:66::/32',
    '-6 route add unreachable fd00:67::/32',
    '-6 route add default via fd00:3::254 dev vx2 table 100',
    '-6 route add default table 101 nexthop via fd00:2::254 dev vx1 nexthop via fd00:3::254 dev vx2',
  ];
  for (const [family, from] of [
    ['', '10.2.0.0/24'],
    ['-6 ', 'fd00:2::/64'],
  ]) {
    if (draw.chance(70)) lines.push(`${family}rule add pref 100 fwmark 0x1/0xff lookup 100`);
    if (draw.chance(50)) lines.push(`${family}rule add pref 110 fwmark 0x2/0xff lookup 101`);
    if (draw.chance(25)) lines.push(`${family}rule add pref 120 from ${from} lookup 100`);
    if (draw.chance(20)) lines.push(`${family}rule add pref 130 ipproto tcp dport 443 lookup 100`);
  }
  return lines;
}

export function settings(draw: Draw): string[] {
  const mode = draw.pick([0, 0, 1, 2]);
  return [
    'net.ipv4.icmp_echo_ignore_all = 1',
    'net.ipv6.icmp.echo_ignore_all = 1',
    `net.ipv4.conf.all.rp_filter = ${draw.pick([0, 0, 0, mode])}`,
    ...DEVICES.map((name) => `net.ipv4.conf.${name}.rp_filter = ${draw.pick([0, 0, mode])}`),
    `net.ipv4.conf.all.src_valid_mark = ${draw.below(2)}`,
  ];
}

const BUILT_IN: Readonly<Record<string, readonly string[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
};

/** Makes matches of a kind that is not among those that any ground has. */
export type MoreMatches = readonly ((draw: Draw) => string)[];

/** Rules for `iptables-restore`: a few in some chains of some tables, and chains of the user's own beside them. */
export function rules(draw: Draw, pool: Pool, more: MoreMatches = []): string {
  const tables = Object.keys(BUILT_IN).filter((table) => draw.chance(table === 'nat' ? 85 : 55));
  return tables.map((table) => tableRules(draw, pool, table, more)).join('');
}

function tableRules(draw: Draw, pool: Pool, table: string, more: MoreMatches): string {
  const builtIn = BUILT_IN[table]!;
  const declared = builtIn.map((chain) => {
    const policy = table === 'filter' && draw.chance(12) ? 'DROP' : 'ACCEPT';
    return `:${chain} ${policy} [0:0]`;
  });
  const lines: string[] = [];
  // One for each built-in chain, so that a rule's chain tells the hook that it is run at.
  for (const chain of builtIn) {
    const own = [`${chain}-A`, `${chain}-B`];
    declared.push(...own.map((name) => `:${name} - [0:0]`));
    lines.push(
      ...some(draw, chain === 'INPUT' ? 3 : 4, () => rule(draw, pool, table, chain, chain, own, more)),
    );
    lines.push(...some(draw, 3, () => rule(draw, pool, table, chain, own[0]!, own.slice(1), more)));
    lines.push(...some(draw, 3, () => rule(draw, pool, table, chain, own[1]!, [], more)));
  }
  return [`*${table}`, ...declared, ...lines, 'COMMIT', ''].join('\n');
}

function some(draw: Draw, most: number, make: () => string): string[] {
  return draw.times(most, make);
}

function rule(
  draw: Draw,
  pool: Pool,
  table: string,
  hook: string,
  chain: string,
  callable: readonly string[],
  more: MoreMatches,
): string {
  const { protocol, words } = matches(draw, pool, table, hook);
  // Without them, the same draw makes the same rules.
  if (more.length > 0 && draw.chance(60)) words.push(draw.pick(more)(draw));
  return `-A ${chain} ${words.join(' ')} ${target(draw, pool, table, hook, callable, protocol)}`;
}

function matches(
  draw: Draw,
  pool: Pool,
  table: string,
  hook: string,
): { protocol: string | null; words: string[] } {
  const words: string[] = [];
  const not = () => (draw.chance(15) ? '! ' : '');
  const address = () =>
    draw.pick([...pool.peers.flat(), ...pool.own, ...pool.virtual, ...pool.virtual, ...pool.networks]);
  if (draw.chance(25)) words.push(`${not()}-s ${address()}`);
  if (draw.chance(30)) words.push(`${not()}-d ${address()}`);
  if (draw.chance(20) && hook !== 'OUTPUT' && hook !== 'POSTROUTING') {
    words.push(`${not()}-i ${draw.pick([...DEVICES, 'vx+', 'lo'])}`);
  }
  if (draw.chance(20) && hook !== 'PREROUTING' && hook !== 'INPUT') {
    words.push(`${not()}-o ${draw.pick([...DEVICES, 'vx+', 'lo'])}`);
  }
  const icmp = pool.family === 4 ? 'icmp' : 'ipv6-icmp';
  const protocol = draw.chance(40) ? draw.pick(['tcp', 'udp', 'udp', icmp]) : null;
  if (protocol !== null) words.push(`-p ${protocol}`, ...transport(draw, pool, protocol));
  else if (draw.chance(5)) words.push(`! -p ${draw.pick(['tcp', 'udp'])}`);
  for (const match of draw.times(2, () => extension(draw, pool, table, hook))) words.push(match);
  return { protocol, words };
}

function transport(draw: Draw, pool: Pool, protocol: string): string[] {
  const not = draw.chance(15) ? '! ' : '';
  if (protocol.includes('icmp')) {
    if (!draw.chance(50)) return [];
    return pool.family === 4
      ? [`-m icmp ${not}--icmp-type ${draw.pick(['8', '0', '3', 'any'])}`]
      : [`-m icmp6 ${not}--icmpv6-type ${draw.pick(['128', '129', '1'])}`];
  }
  const ranges = ['80', '53', '443', '8080', '50:90', ':100', '1000:'];
  switch (draw.below(5)) {
    case 0:
    case 1:
      return [`-m ${protocol} ${not}--dport ${draw.pick(ranges)}`];
    case 2:
      return [`-m ${protocol} ${not}--sport ${draw.pick(['20000:30000', '30000:40000', '1024:'])}`];
    case 3: {
      const list = draw.pick(['80,443', '53,80:90,8080', '443']);
      return [`-m multiport ${not}--${draw.pick(['dports', 'sports', 'ports'])} ${list}`];
    }
    default:
      return protocol === 'tcp'
        ? [`-m tcp ${not}${draw.pick(['--syn', '--tcp-flags SYN,ACK ACK', '--tcp-flags ALL SYN,ACK'])}`]
        : [];
  }
}

function extension(draw: Draw, pool: Pool, table: string, hook: string): string {
  const not = draw.chance(20) ? '! ' : '';
  const kinds: (() => string)[] = [
    () => `-m mark ${not}--mark ${draw.pick(['0x1', '0x2/0x2', '0x0', '0x4000/0x4000', '0x1/0xff'])}`,
    () => `-m connmark ${not}--mark ${draw.pick(['0x1', '0x0', '0x2/0xff'])}`,
    () =>
      `-m conntrack ${not}--ctstate ${draw.pick(['NEW', 'ESTABLISHED', 'INVALID', 'UNTRACKED', 'NEW,UNTRACKED', 'DNAT', 'SNAT', 'ESTABLISHED,RELATED'])}`,
    () => `-m conntrack --ctdir ${draw.pick(['ORIGINAL', 'REPLY'])}`,
    () => `-m conntrack ${not}--ctorigdst ${draw.pick([...pool.virtual, ...pool.networks])}`,
    () => `-m conntrack ${not}--ctreplsrc ${draw.pick([...pool.peers[1]!, ...pool.networks])}`,
    () => `-m conntrack --ctstate NEW,ESTABLISHED ${not}--ctorigdstport ${draw.pick(['80', '50:100'])}`,
    () => `-m conntrack --ctproto ${draw.pick(['6', '17'])}`,
    () => `-m conntrack ${not}--ctstatus ${draw.pick(['SEEN_REPLY', 'EXPECTED', 'NONE'])}`,
    () => `-m addrtype ${not}--dst-type ${draw.pick(['LOCAL', 'UNICAST', 'LOCAL,UNICAST', 'MULTICAST'])}`,
    () => `-m addrtype ${not}--src-type ${draw.pick(['LOCAL', 'UNICAST'])}`,
    () =>
      hook === 'PREROUTING' || hook === 'INPUT'
        ? `-m addrtype ${not}--dst-type LOCAL --limit-iface-in`
        : '-m comment --comment "a \\"quoted\\" -j DROP"',
    () => `-m statistic --mode random ${not}--probability ${draw.pick(['0.5', '0.33333', '0.25', '0', '1'])}`,
    () => `-m statistic --mode nth ${not}--every ${draw.pick(['2', '3'])} --packet 0`,
    () => `-m iprange ${not}--${draw.pick(['src', 'dst'])}-range ${pool.peers[0]![0]}-${pool.peers[0]![1]}`,
    () => `-m dscp ${not}--dscp ${draw.pick(['0x0a', '0x00'])}`,
    () => `-m tos ${not}--tos ${draw.pick(['0x28/0xff', '0x00/0x3f'])}`,
    () => (pool.family === 4 ? `-m ttl --ttl-${draw.pick(['eq 64', 'lt 64', 'gt 40'])}` : '-m hl --hl-eq 64'),
    () => `-m devgroup ${hook === 'OUTPUT' || hook === 'POSTROUTING' ? '--dst-group' : '--src-group'} 0x0`,
    () => '-m comment --comment "plain"',
  ];
  if (hook === 'OUTPUT') kinds.push(() => `-m owner ${not}--uid-owner ${draw.pick(['0', '1-99'])}`);
  if (hook === 'PREROUTING') {
    kinds.push(() => `-m mac ${not}--mac-source ${draw.pick(['02:00:00:00:00:99', '02:00:00:00:00:01'])}`);
  }
  if (hook === 'PREROUTING' && table !== 'nat') {
    const options = ['--loose', '--validmark', '--accept-local', '--invert'];
    const rpfilter = () => `-m rpfilter ${options.filter(() => draw.chance(35)).join(' ')}`;
    kinds.push(rpfilter, rpfilter);
  }
  return draw.pick(kinds)();
}

function target(
  draw: Draw,
  pool: Pool,
  table: string,
  hook: string,
  callable: readonly string[],
  protocol: string | null,
): string {
  const kinds: (() => string)[] = [
    () => '-j ACCEPT',
    () => '-j RETURN',
    () => `-j MARK --set-xmark ${draw.pick(['0x1/0xffffffff', '0x2/0xff', '0x4000/0x4000', '0x3/0x0'])}`,
    () =>
      `-j MARK ${draw.pick(['--set-mark 0x2/0x2', '--and-mark 0xfe', '--or-mark 0x1', '--xor-mark 0x3'])}`,
    () =>
      `-j CONNMARK ${draw.pick(['--set-xmark 0x1/0xffffffff', '--save-mark', '--restore-mark', '--restore-mark --nfmask 0xff --ctmask 0xff', '--set-xmark 0x2/0xff'])}`,
  ];
  if (callable.length > 0) {
    const call = () => `${draw.chance(75) ? '-j' : '-g'} ${draw.pick(callable)}`;
    kinds.push(call, call, call);
  }
  if (table !== 'nat') kinds.push(() => '-j DROP');
  if (table === 'filter') {
    const isTcp = protocol === 'tcp' && draw.chance(50);
    kinds.push(() => (isTcp ? '-j REJECT --reject-with tcp-reset' : '-j REJECT'));
  }
  if (table === 'raw') kinds.push(() => '-j CT --notrack');
  if (table === 'mangle') {
    kinds.push(() => `-j DSCP --set-dscp ${draw.pick(['0x0a', '0x00'])}`);
    kinds.push(() => (pool.family === 4 ? '-j TTL --ttl-set 40' : '-j HL --hl-set 40'));
  }
  if (table === 'nat') {
    const translations = natTargets(draw, pool, hook, protocol);
    kinds.push(...translations, ...translations, ...translations);
  }
  return draw.pick(kinds)();
}

function natTargets(draw: Draw, pool: Pool, hook: string, protocol: string | null): (() => string)[] {
  const ports = protocol === 'tcp' || protocol === 'udp';
  const withPort = (address: string, port: string) => {
    if (!ports || !draw.chance(60)) return address;
    return pool.family === 4 ? `${address}:${port}` : `[${address}]:${port}`;
  };
  if (hook === 'PREROUTING' || hook === 'OUTPUT') {
    const to = () => withPort(draw.pick(pool.translated), draw.pick(['8080', '8080-8090', '53']));
    return [
      () => `-j DNAT --to-destination ${to()}`,
      () => `-j DNAT --to-destination ${to()}`,
      () => `-j REDIRECT${ports && draw.chance(60) ? ' --to-ports 8080' : ''}`,
      () => `-j NETMAP --to ${pool.mapped}`,
    ];
  }
  const from = () => withPort(draw.pick([pool.own[1]!, pool.virtual[1]!]), '20000-60000');
  if (hook === 'INPUT') return [() => `-j SNAT --to-source ${from()}`];
  return [
    () => `-j SNAT --to-source ${from()}`,
    () => '-j MASQUERADE',
    () => '-j MASQUERADE',
    () => `-j NETMAP --to ${pool.mapped}`,
  ];
}

/** A packet that begins something, most of it TCP and UDP. */
export function firstPacket(draw: Draw, pool: Pool, id: number): { packet: TestPacket; device: string } {
  const at = draw.below(DEVICES.length);
  const source = draw.chance(80)
    ? draw.pick(pool.peers[at]!)
    : draw.pick([...pool.peers.flat(), ...pool.own]);
  const destination = draw.pick([
    ...pool.virtual,
    ...pool.virtual,
    ...pool.own,
    ...pool.peers.flat(),
    ...(draw.chance(15) ? pool.odd : []),
  ]);
  const icmp = pool.family === 4 ? ('icmp' as const) : ('ipv6-icmp' as const);
  const protocol = draw.pick(['tcp', 'tcp', 'udp', 'udp', 'udp', icmp] as const);
  const isIcmp = protocol === icmp;
  const type = pool.family === 4 ? draw.pick([8, 8, 0]) : draw.pick([128, 128, 129]);
  return {
    device: DEVICES[at]!,
    packet: {
      id,
      source,
      destination,
      protocol,
      sourcePort: isIcmp ? null : 20000 + (id % 40000),
      destinationPort: isIcmp ? null : draw.pick(PORTS),
      tcp: protocol === 'tcp' ? draw.pick(['syn', 'syn', 'syn', 'ack', 'syn-ack'] as const) : null,
      icmp: isIcmp ? { type, code: 0 } : null,
      echo: isIcmp ? id % 0xffff : 0,
      tos: draw.chance(10) ? 0x28 : 0,
      ttl: 64,
    },
  };
}
