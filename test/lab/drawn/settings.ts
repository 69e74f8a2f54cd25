/** Shell lines that set something on a machine, drawn from what there is on its ground: they may do harm, or none. */
import fc from 'fast-check';
import { host } from '../addresses.js';
import { furtherSettings } from './further-settings.js';
import type { Link, Machine } from './machines.js';

export interface World {
  machines: readonly Machine[];
  client: string;
  vip: string;
  port: number;
  protocol: 'tcp' | 'udp' | 'icmp';
}

type Lines = fc.Arbitrary<string[]>;

/** What a machine of the world may have set on it. */
export function settingOf(world: World, machine: Machine): Lines {
  const isIPv6 = world.vip.includes(':');
  const ip = isIPv6 ? 'ip -6' : 'ip';
  const tables = isIPv6 ? 'ip6tables' : 'iptables';
  const devices = outward(machine).map(({ name }) => name);
  const device = fc.constantFrom(...devices);
  const ends = [world.client, world.vip, ...addressesOf(world.machines)];
  const end = fc.constantFrom(...new Set(ends));
  const prefix = fc.constantFrom(
    'default',
    ...new Set([...ends.map(host), ...machine.routes.map((route) => route.destination)]),
  );
  const nextHop = nextHopOf(world, machine);
  const toward = fc
    .tuple(prefix, nextHop)
    .map(([to, [gateway, dev]]) => `${to} via ${gateway} dev ${dev} onlink`);
  const table = fc.constantFrom(77, 78);
  const conf = isIPv6 ? 'net/ipv6/conf' : 'net/ipv4/conf';
  const set = (name: string, values: readonly number[]): Lines =>
    fc
      .tuple(fc.constantFrom('all', ...devices), fc.constantFrom(...values))
      .map(([scope, value]) => [`sysctl -qw ${conf}/${scope}/${name}=${value}`]);
  const filtered = filterOf(world, devices, tables);
  const either: [number, Lines][] = [
    [2, set('forwarding', [0])],
    [3, toward.map((route) => [`${ip} route replace ${route}`])],
    [
      2,
      fc
        .tuple(toward, table, end, fc.constantFrom('from', 'to'))
        .map(([route, number, address, which]) => [
          `${ip} route replace ${route} table ${number}`,
          `${ip} rule add ${which} ${address} lookup ${number}`,
        ]),
    ],
    [
      2,
      fc
        .tuple(toward, table, device)
        .map(([route, number, dev]) => [
          `${ip} route replace ${route} table ${number}`,
          `${ip} rule add iif ${dev} lookup ${number}`,
        ]),
    ],
    [
      2,
      fc
        .tuple(toward, table, device, fc.boolean())
        .map(([route, number, dev, isKept]) => [
          `${ip} route replace ${route} table ${number}`,
          `${ip} rule add fwmark 0x5 lookup ${number}`,
          `${tables} -t mangle -A PREROUTING -i ${dev} -j MARK --set-mark 0x5`,
          ...(isKept ? [`${tables} -t mangle -A PREROUTING -i ${dev} -j CONNMARK --save-mark`] : []),
          ...(isKept ? [`${tables} -t mangle -A PREROUTING ! -i ${dev} -j CONNMARK --restore-mark`] : []),
        ]),
    ],
    [
      1,
      fc
        .tuple(fc.constantFrom('blackhole', 'unreachable', 'prohibit', 'throw'), end)
        .map(([type, address]) => [`${ip} route replace ${type} ${host(address)}`]),
    ],
    [5, filtered],
    [1, device.map((dev) => [`${tables} -t nat -A POSTROUTING -o ${dev} -j MASQUERADE`])],
    [1, neighbourOf(world, machine, ip)],
  ];
  if (machine.routes.length > 0) {
    const known = fc.constantFrom(...machine.routes);
    either.push([
      2,
      known.map((route) => [`${ip} route del ${route.destination} dev ${route.device} || true`]),
    ]);
  }
  if (!isIPv6) {
    either.push(
      [6, set('rp_filter', [0, 1, 1, 2])],
      [1, set('src_valid_mark', [1])],
      [1, set('arp_ignore', [1, 2, 8])],
      [1, set('arp_filter', [1])],
    );
  }
  const further = fc.oneof(...furtherSettings(world, machine, toward));
  return fc.oneof(...either.map(([weight, arbitrary]) => ({ weight, arbitrary })), {
    weight: 15,
    arbitrary: further,
  });
}

function outward({ links }: Machine): Link[] {
  return links.filter(({ name }) => name !== 'lo');
}

function addressesOf(machines: readonly Machine[]): string[] {
  return machines.flatMap(({ links }) => links.flatMap(({ addresses }) => addresses));
}

/** A machine that shares a link with this one, an address there that nobody has, or what its routes know. */
function nextHopOf(world: World, machine: Machine): fc.Arbitrary<[string, string]> {
  const nobody = outward(machine).flatMap(({ name, addresses }): [string, string][] =>
    addresses.map((own) => [`${netOf(own)}${own.includes(':') ? 'dead' : '199'}`, name]),
  );
  const known = machine.routes.flatMap(({ gateway, device }): [string, string][] =>
    gateway === null ? [] : [[gateway, device]],
  );
  return fc.constantFrom(...nearOf(world, machine), ...nobody, ...known);
}

/** Addresses of others on this one's links, each with the device. */
function nearOf({ machines }: World, machine: Machine): [string, string][] {
  const mine = addressesOf([machine]);
  const others = addressesOf(machines).filter((other) => !mine.includes(other));
  return outward(machine).flatMap(({ name, addresses }) =>
    addresses.flatMap((own) =>
      others.filter((other) => netOf(other) === netOf(own)).map((other): [string, string] => [other, name]),
    ),
  );
}

/** As the lab numbers its LANs: /24 or /64, with the host in what comes last. */
function netOf(address: string): string {
  return address.replace(/[0-9a-f]+$/, '');
}

function filterOf({ client, vip, port, protocol }: World, devices: readonly string[], tables: string): Lines {
  const one = (...words: string[]) => fc.constantFrom('', '', ...words);
  const ports = protocol === 'icmp' ? [] : [`--dport ${port}`, `--sport ${port}`];
  const named = protocol === 'icmp' && tables === 'ip6tables' ? 'icmpv6' : protocol;
  const states = ['INVALID', 'NEW', 'ESTABLISHED'].map((state) => `-m conntrack --ctstate ${state}`);
  const flags = protocol === 'tcp' ? ['SYN,ACK ACK', 'SYN,ACK SYN', 'SYN,ACK SYN,ACK'] : [];
  return fc
    .tuple(
      fc.constantFrom('FORWARD', 'FORWARD', 'INPUT', 'OUTPUT'),
      one(...[client, vip].flatMap((address) => [`-s ${address}`, `-d ${address}`])),
      one(...ports, ...flags.map((text) => `--tcp-flags ${text}`)),
      one(...states),
      fc.constantFrom(...devices),
      fc.constantFrom('-i', '-o', ''),
      fc.constantFrom('DROP', 'DROP', 'REJECT', 'ACCEPT'),
    )
    .map(([chain, address, transport, state, device, way, target]) => {
      const isPossible =
        way !== '' && !(chain === 'INPUT' && way === '-o') && !(chain === 'OUTPUT' && way === '-i');
      const words = [
        `${tables} -I ${chain} -p ${named}`,
        ...[address, transport, state, isPossible ? `${way} ${device}` : ''].filter((word) => word !== ''),
        `-j ${target}`,
      ];
      return [words.join(' ')];
    });
}

/** The MAC of somebody else for an address on a link. */
function neighbourOf(world: World, machine: Machine, ip: string): Lines {
  const macs = world.machines.flatMap((one) => outward(one).map(({ mac }) => mac));
  const near = nearOf(world, machine);
  if (near.length === 0) return fc.constant([]);
  return fc
    .tuple(fc.constantFrom(...near), fc.constantFrom(...macs))
    .map(([[address, dev], mac]) => [
      `${ip} neigh replace ${address} lladdr ${mac} dev ${dev} nud permanent`,
    ]);
}
