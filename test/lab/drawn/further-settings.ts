/** Settings that are rarer than routes, checks and rules of iptables, and lose packets in ways of their own. */
import fc from 'fast-check';
import { host } from '../addresses.js';
import type { Machine } from './machines.js';
import type { World } from './settings.js';

type Lines = fc.Arbitrary<string[]>;

/** @param toward where a route may lead, as `ip route` takes it */
export function furtherSettings(world: World, machine: Machine, toward: fc.Arbitrary<string>): Lines[] {
  const isIPv6 = world.vip.includes(':');
  const ip = isIPv6 ? 'ip -6' : 'ip';
  const links = machine.links.filter(({ name }) => name !== 'lo');
  const device = fc.constantFrom(...links.map(({ name }) => name));
  const end = fc.constantFrom(
    world.client,
    world.vip,
    ...world.machines.flatMap((one) => one.links.flatMap(({ addresses }) => addresses)),
  );
  return [
    ...routing(world, ip, { toward, device, end }),
    ...translation(world, isIPv6 ? 'ip6tables' : 'iptables', { device, end }),
    ...early(world, isIPv6 ? 'ip6tables' : 'iptables', device),
    nftRule(world, isIPv6, device),
    fc
      .tuple(device, fc.constantFrom('down', 'arp off', 'mtu 1280', 'mtu 700'))
      .map(([dev, what]) => [`ip link set ${dev} ${what}`]),
    ...(isIPv6 ? [] : sysctls(device)),
  ];
}

interface Pool {
  device: fc.Arbitrary<string>;
  end: fc.Arbitrary<string>;
}

function routing(
  { protocol, port }: World,
  ip: string,
  { toward, device, end }: Pool & { toward: fc.Arbitrary<string> },
): Lines[] {
  const ports = protocol === 'icmp' ? [] : [`dport ${port}`, `sport ${port}`];
  const selector = fc.constantFrom(`ipproto ${protocol === 'icmp' && ip !== 'ip' ? 'ipv6-icmp' : protocol}`);
  return [
    fc
      .tuple(toward, selector, fc.constantFrom('', ...ports), fc.constantFrom(81, 82))
      .map(([route, proto, ofPort, table]) => [
        `${ip} route replace ${route} table ${table}`,
        `${ip} rule add ${proto} ${ofPort} lookup ${table}`,
      ]),
    fc
      .tuple(fc.constantFrom('blackhole', 'unreachable', 'prohibit', 'throw'), end, device)
      .map(([type, address, dev]) => [
        `${ip} route replace ${type} ${host(address)} table 83`,
        `${ip} rule add iif ${dev} lookup 83`,
      ]),
    fc
      .tuple(fc.constantFrom('blackhole', 'unreachable', 'prohibit'), end, fc.constantFrom('from', 'to'))
      .map(([type, address, way]) => [`${ip} rule add ${way} ${address} ${type}`]),
    end.map((address) => [`${ip} route replace local ${host(address)} dev lo table local`]),
    fc.tuple(end, device).map(([address, dev]) => [`${ip} addr add ${host(address)} dev ${dev} || true`]),
    fc.tuple(device, end).map(([dev, address]) => [`${ip} route replace ${host(address)} dev ${dev}`]),
  ];
}

function translation({ protocol, port }: World, tables: string, { device, end }: Pool): Lines[] {
  const named = protocol === 'icmp' && tables === 'ip6tables' ? 'icmpv6' : protocol;
  const ofPort = protocol === 'icmp' ? '' : ` --dport ${port}`;
  return [
    fc
      .tuple(device, end)
      .map(([dev, address]) => [
        `${tables} -t nat -A POSTROUTING -o ${dev} -p ${named} -j SNAT --to-source ${address}`,
      ]),
    fc
      .tuple(device, end)
      .map(([dev, address]) => [
        `${tables} -t nat -I PREROUTING -i ${dev} -p ${named}${ofPort} -j DNAT --to-destination ${address}`,
      ]),
    fc
      .tuple(device, fc.constantFrom('PREROUTING', 'OUTPUT'))
      .map(([dev, chain]) => [
        `${tables} -t raw -A ${chain} ${chain === 'OUTPUT' ? '-o' : '-i'} ${dev} -p ${named} -j CT --notrack`,
      ]),
    fc.constant([`${tables} -I FORWARD -m conntrack --ctstate INVALID -j DROP`]),
    fc.constant([
      `${tables} -I FORWARD -p ${named} -j DROP`,
      `${tables} -I FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT`,
    ]),
  ];
}

function early(
  { protocol, port, client, vip }: World,
  tables: string,
  device: fc.Arbitrary<string>,
): Lines[] {
  const named = protocol === 'icmp' && tables === 'ip6tables' ? 'icmpv6' : protocol;
  const ports = protocol === 'icmp' ? [''] : ['', ` --dport ${port}`, ` --sport ${port}`];
  return [
    fc
      .tuple(
        fc.constantFrom('raw PREROUTING', 'mangle PREROUTING', 'mangle FORWARD', 'mangle INPUT'),
        device,
        fc.constantFrom(...ports),
        fc.constantFrom('', ` -s ${client}`, ` -d ${client}`, ` -d ${vip}`),
      )
      .map(([at, dev, ofPort, address]) => {
        const [table, chain] = at.split(' ');
        return [`${tables} -t ${table} -A ${chain} -i ${dev} -p ${named}${ofPort}${address} -j DROP`];
      }),
    ...(tables === 'iptables'
      ? [
          fc
            .tuple(device, fc.constantFrom('', ' --loose', ' --validmark'))
            .map(([dev, how]) => [
              `iptables -t raw -A PREROUTING -i ${dev} -m rpfilter --invert${how} -j DROP`,
            ]),
        ]
      : []),
    fc
      .tuple(device, fc.constantFrom(1, 2, 3))
      .map(([dev, hops]) => [
        tables === 'iptables'
          ? `iptables -t mangle -A PREROUTING -i ${dev} -p ${named} -j TTL --ttl-set ${hops}`
          : `ip6tables -t mangle -A PREROUTING -i ${dev} -p ${named} -j HL --hl-set ${hops}`,
      ]),
  ];
}

function nftRule(
  { client, vip, protocol, port }: World,
  isIPv6: boolean,
  device: fc.Arbitrary<string>,
): Lines {
  const family = isIPv6 ? 'ip6' : 'ip';
  const proto = protocol === 'icmp' && isIPv6 ? 'ipv6-icmp' : protocol;
  const ports = protocol === 'icmp' ? [] : [`${protocol} dport ${port}`, `${protocol} sport ${port}`];
  return fc
    .tuple(
      fc.constantFrom('prerouting', 'input', 'forward', 'postrouting', 'output'),
      fc.constantFrom(-300, -150, 0, 10),
      device,
      fc.constantFrom(
        '',
        `${family} saddr ${client}`,
        `${family} daddr ${client}`,
        `${family} daddr ${vip}`,
        ...ports,
        'ct state invalid',
        'ct state established',
        'fib saddr . iif oif missing',
      ),
      fc.constantFrom('drop', 'drop', 'accept', 'notrack', 'reject', 'meta mark set 0x5'),
    )
    .map(([hook, priority, dev, match, verdict]) => {
      const way = hook === 'postrouting' || hook === 'output' ? 'oifname' : 'iifname';
      const rule = `${way} "${dev}" meta l4proto ${proto} ${match} ${verdict}`;
      return [
        `nft add table inet drawn`,
        `nft add chain inet drawn ${hook}${priority + 300} '{ type filter hook ${hook} priority ${priority}; }'`,
        `nft add rule inet drawn ${hook}${priority + 300} '${rule}'`,
      ];
    });
}

function sysctls(device: fc.Arbitrary<string>): Lines[] {
  const set = (name: string, ...values: number[]): Lines =>
    fc
      .tuple(device, fc.constantFrom(...values))
      .map(([dev, value]) => [`sysctl -qw net/ipv4/conf/${dev}/${name}=${value}`]);
  return [
    set('accept_local', 1),
    set('proxy_arp', 1),
    set('arp_announce', 1, 2),
    set('route_localnet', 1),
    fc.constantFrom(1, 2, 3).map((hops) => [`sysctl -qw net.ipv4.ip_default_ttl=${hops}`]),
  ];
}
