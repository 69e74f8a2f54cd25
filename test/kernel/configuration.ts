import type { Random } from './random.js';

export const DEVICES = ['a0', 'b0', 'a1', 'b1', 'a2.7', 'b2'];

const ADDRESSES4 = [
  '10.0.0.1',
  '10.0.0.2',
  '10.0.0.9',
  '10.0.0.255',
  '10.0.1.1',
  '10.0.1.7',
  '10.0.2.1',
  '10.0.2.200',
  '10.0.3.3',
  '10.9.0.4',
  '192.168.1.1',
  '192.168.1.20',
  '172.16.5.5',
  '8.8.8.8',
];
const ODD4 = [
  '0.0.0.0',
  '0.0.0.7',
  '127.0.0.1',
  '127.5.5.5',
  '240.0.0.3',
  '255.255.255.255',
  '224.0.0.1',
  '10.0.1.255',
];
const PREFIXES4 = [
  'default',
  '10.0.0.0/8',
  '10.0.0.0/16',
  '10.0.0.0/24',
  '10.0.0.0/30',
  '10.0.1.0/24',
  '10.0.2.0/24',
  '10.0.2.128/25',
  '10.0.3.3/32',
  '192.168.0.0/16',
  '192.168.1.20/32',
  '172.16.0.0/12',
  '8.0.0.0/7',
  '128.0.0.0/1',
];
const ADDRESSES6 = [
  'fd00::1',
  'fd00::2',
  'fd00:1::1',
  'fd00:1::5',
  'fd00:2::9',
  'fd09::1',
  '2001:db8::5',
  'fe80::77',
];
const PREFIXES6 = [
  'default',
  'fd00::/8',
  'fd00::/16',
  'fd00::/64',
  'fd00:1::/64',
  'fd00:1::5/128',
  'fd00:2::/48',
  '2001:db8::/32',
];
const TABLES = ['main', 'main', 'default', '100', '101', '102'];
const MARKS = ['0', '1', '2', '0x101'];

export interface Family {
  version: 4 | 6;
  addresses: readonly string[];
  odd: readonly string[];
  prefixes: readonly string[];
  lengths: readonly number[];
}

export const IPV4: Family = {
  version: 4,
  addresses: ADDRESSES4,
  odd: ODD4,
  prefixes: PREFIXES4,
  lengths: [24, 24, 24, 30, 32, 16],
};
export const IPV6: Family = {
  version: 6,
  addresses: ADDRESSES6,
  odd: ['fe80::1'],
  prefixes: PREFIXES6,
  lengths: [64, 64, 128, 48],
};

/** `ip` commands that make the devices of a fresh namespace, some of them down or without carrier. */
export function devices(random: Random): string[] {
  const pairs = [0, 2, 4].map((i) => `link add name ${DEVICES[i]} type veth peer name ${DEVICES[i + 1]}`);
  const up = DEVICES.filter(() => !random.chance(12)).map((name) => `link set dev ${name} up`);
  return [...pairs, 'link set dev lo up', ...up];
}

export function addresses(random: Random, family: Family): string[] {
  return random.times(5, () => {
    const address = random.pick(family.addresses);
    const peer = family.version === 4 && random.chance(10) ? ` peer ${random.pick(family.addresses)}` : '';
    const length = peer === '' ? `/${random.pick(family.lengths)}` : '';
    const rest = family.version === 6 ? 'nodad' : random.chance(10) ? 'scope link' : '';
    return `addr add ${address}${length}${peer} dev ${random.pick([...DEVICES, 'lo'])} ${rest}`;
  });
}

export function routes(random: Random, family: Family): string[] {
  const made = random.times(14, () => route(random, family));
  // Last, for a gateway that such a route makes the node's own, when it is added, is no gateway ever after: a
  // past that no snapshot tells.
  const isLocal = (line: string) => / local /.test(line);
  return [...made.filter((line) => !isLocal(line)), ...made.filter(isLocal)].map((line) => `route ${line}`);
}

function route(random: Random, family: Family): string {
  const destination = random.pick(family.prefixes);
  const table = `table ${random.pick(TABLES)}`;
  const metric = random.chance(30) ? ` metric ${random.pick([1, 10, 20])}` : '';
  const tos = family.version === 4 && random.chance(6) ? 'tos 0x10 ' : '';
  const from =
    family.version === 6 && random.chance(20) ? ` from ${random.pick(family.prefixes.slice(1))}` : '';
  const verb = random.chance(10) ? 'append' : 'add';
  if (random.chance(25)) {
    const type = random.pick(['throw', 'unreachable', 'prohibit', 'blackhole']);
    return `${verb} ${type} ${tos}${destination} ${table}${metric}${from}`;
  }
  if (random.chance(6)) {
    return `${verb} local ${destination} dev ${random.pick([...DEVICES, 'lo'])} table ${random.pick(['local', 'main', '100'])}`;
  }
  if (family.version === 4 && random.chance(4)) {
    return `${verb} broadcast ${destination} dev ${random.pick(DEVICES)} ${table}`;
  }
  const source = family.version === 4 && random.chance(10) ? ` src ${random.pick(family.addresses)}` : '';
  if (random.chance(20)) {
    const hops = [0, 1].map(() => `nexthop ${nextHop(random, family)}${onlink(random)}`);
    return `${verb} ${destination} ${table}${metric}${source} ${hops.join(' ')}`;
  }
  return `${verb} ${tos}${destination} ${nextHop(random, family)}${onlink(random)} ${table}${metric}${from}${source}`;
}

const onlink = (random: Random) => (random.chance(70) ? ' onlink' : '');

function nextHop(random: Random, family: Family): string {
  const device = `dev ${random.pick(DEVICES)}`;
  if (random.chance(35)) return device;
  if (family.version === 4 && random.chance(8)) return `via inet6 fe80::9 ${device}`;
  return `via ${random.pick(family.addresses)} ${device}`;
}

export function rules(random: Random, family: Family): string[] {
  if (random.chance(35)) return [];
  const priorities = [10, 20, 30, 40, 50, 60, 70, 32766];
  return random.times(7, () => {
    const parts = [`rule add pref ${random.pick(priorities)}`];
    if (random.chance(12)) parts.push('not');
    if (random.chance(40))
      parts.push(`from ${random.pick([...family.addresses, ...family.prefixes.slice(1)])}`);
    if (random.chance(30))
      parts.push(`to ${random.pick([...family.addresses, ...family.prefixes.slice(1)])}`);
    if (random.chance(25)) parts.push(`iif ${random.pick([...DEVICES, 'lo', 'gone0'])}`);
    if (random.chance(8)) parts.push(`oif ${random.pick(DEVICES)}`);
    if (random.chance(25)) parts.push(`fwmark ${random.pick(['1', '2', '0x100/0x100', '0/0xff'])}`);
    if (random.chance(6)) parts.push('tos 0x10');
    // `ip -6 route get iif` takes protocol and user as they are told, where a packet is dissected and has none.
    if (family.version === 6) {
      parts.push(action(random));
      return parts.join(' ');
    }
    if (random.chance(6)) parts.push(`ipproto ${random.pick(['tcp', 'udp'])}`);
    if (random.chance(5)) parts.push(`dport ${random.pick(['80', '50-100'])}`);
    if (random.chance(5)) parts.push('sport 1000-2000');
    if (random.chance(4)) parts.push(`uidrange ${random.pick(['0-0', '5-10'])}`);
    parts.push(action(random));
    return parts.join(' ');
  });
}

function action(random: Random): string {
  if (random.chance(12)) return random.pick(['prohibit', 'blackhole', 'unreachable']);
  if (random.chance(12)) return random.pick(['goto 50', 'goto 70', 'goto 77', 'nop']);
  const suppress = random.chance(15)
    ? random.pick([' suppress_prefixlength 0', ' suppress_prefixlength 16', ' suppress_ifgroup 0'])
    : '';
  return `lookup ${random.pick(['main', 'local', '100', '101', '102', '103'])}${suppress}`;
}

/** `ip_forward` comes first, for it sets `forwarding` of every interface. */
export function settings(random: Random): Map<string, number> {
  const values = new Map([['net.ipv4.ip_forward', random.chance(80) ? 1 : 0]]);
  values.set('net.ipv6.conf.all.forwarding', 1);
  const percent: [string, number][] = [
    ['accept_local', 15],
    ['src_valid_mark', 30],
    ['route_localnet', 15],
    ['ignore_routes_with_linkdown', 25],
    ['bc_forwarding', 10],
  ];
  for (const name of ['all', ...DEVICES, 'lo']) {
    const conf = `net.ipv4.conf.${name.replaceAll('.', '/')}`;
    values.set(
      `${conf}.rp_filter`,
      name === 'all' ? random.pick([0, 0, 0, 1, 2]) : random.pick([0, 0, 1, 2]),
    );
    for (const [setting, chance] of percent) {
      values.set(`${conf}.${setting}`, random.chance(name === 'all' ? chance / 3 : chance) ? 1 : 0);
    }
    values.set(`${conf}.send_redirects`, random.chance(60) ? 1 : 0);
    if (name !== 'all' && random.chance(10)) values.set(`${conf}.forwarding`, random.below(2));
    values.set(
      `net.ipv6.conf.${name.replaceAll('.', '/')}.ignore_routes_with_linkdown`,
      random.chance(25) ? 1 : 0,
    );
  }
  return values;
}

/** A question to both the kernel and the model. */
export interface Question {
  to: string;
  from: string | null;
  iif: string | null;
  oif: string | null;
  mark: number;
  tos: number;
  protocol: string;
  sourcePort: number;
  destinationPort: number;
}

export function question(random: Random, family: Family, own: readonly string[]): Question {
  const address = (oddPercent: number) => {
    if (random.chance(oddPercent)) return random.pick(family.odd);
    if (own.length > 0 && random.chance(25)) return random.pick(own);
    return random.pick(family.addresses);
  };
  const input = random.chance(70);
  const bound = own.length > 0 ? random.pick(own) : null;
  return {
    to: address(8),
    from: input ? address(8) : random.chance(45) ? (random.chance(85) ? bound : address(8)) : null,
    iif: input ? random.pick(DEVICES) : null,
    oif: input || random.chance(70) ? null : random.pick(DEVICES),
    mark: Number(random.pick(MARKS)),
    tos: random.chance(10) ? 0x10 : 0,
    protocol: random.pick(['udp', 'tcp']),
    sourcePort: random.pick([1500, 3000]),
    destinationPort: random.pick([80, 443]),
  };
}

/** As `ip route get` takes it. */
export function questionText(q: Question): string {
  const from = q.from === null ? '' : ` from ${q.from}`;
  const device = q.iif !== null ? ` iif ${q.iif}` : q.oif !== null ? ` oif ${q.oif}` : '';
  const tos = q.tos === 0 ? '' : ` tos 0x${q.tos.toString(16)}`;
  return `${q.to}${from}${device} mark ${q.mark}${tos} ipproto ${q.protocol} sport ${q.sourcePort} dport ${q.destinationPort}`;
}
