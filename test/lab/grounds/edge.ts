/**
 * One machine that serves an address behind two gateways: `gw1`, where its default route leads, and `gw2`, by which
 * requests come in. Both reach the client through the router `core`. Neither filters, unless a scenario has it.
 */
import { host, isIPv6, onLan } from '../addresses.js';
import type { Ground } from '../ground.js';
import type { Service } from '../kube-proxy.js';
import { listen, Speakers } from './actors.js';
import { applyProxy } from './cluster.js';
import { addAddress, addSwitch, buildOutside, forwardAll, makeRouter, plug } from './links.js';
import type { Plan, Site } from './plan.js';

export interface EdgeLayout {
  client: string;
  clientGateway: string;
  /** Between `core` and each gateway, core's end first. */
  uplinks: readonly [readonly [string, string], readonly [string, string]];
  node: string;
  /** The interface of the default route, and the one that requests come in by. */
  nics: readonly [string, string];
  addresses: readonly [string, string];
  gateways: readonly [string, string];
  vip: string;
  port: number;
  pod: { name: string; address: string; gateway: string; port: number; interface: string; bridge: string };
}

export const EDGE: EdgeLayout = {
  client: '203.0.113.45',
  clientGateway: '203.0.113.1',
  uplinks: [
    ['100.64.1.1', '100.64.1.2'],
    ['100.64.2.1', '100.64.2.2'],
  ],
  node: 'lb-3',
  nics: ['ens18', 'ens19'],
  addresses: ['10.20.30.13', '172.31.255.13'],
  gateways: ['10.20.30.254', '172.31.255.254'],
  vip: '172.31.255.80',
  port: 8443,
  pod: {
    name: 'ingress-7d',
    address: '10.233.64.5',
    gateway: '10.233.64.1',
    port: 10443,
    interface: 'veth77aa01de',
    bridge: 'br-ingress',
  },
};

export const EDGE6: EdgeLayout = {
  client: '2001:db8:b0b::45',
  clientGateway: '2001:db8:b0b::1',
  uplinks: [
    ['2001:db8:c01::1', '2001:db8:c01::2'],
    ['2001:db8:c02::1', '2001:db8:c02::2'],
  ],
  node: 'mx1',
  nics: ['bond0', 'bond0.210'],
  addresses: ['2001:db8:a1::13', '2001:db8:a2::13'],
  gateways: ['2001:db8:a1::fe', '2001:db8:a2::fe'],
  vip: '2001:db8:a2::25',
  port: 25,
  pod: {
    name: 'smtp-0',
    address: 'fd00:0:64::5',
    gateway: 'fd00:0:64::1',
    port: 2525,
    interface: 'veth31c0ffee',
    bridge: 'br-mail',
  },
};

export interface EdgeOptions {
  layout: EdgeLayout;
  /** Where the server runs: on the machine itself, with the VIP bound to `lo`, or in a pod behind DNAT. */
  server: 'node' | 'pod';
  protocol: 'tcp' | 'udp';
  /** Both gateways on the first interface's LAN; the second interface is not there then. */
  oneLan: boolean;
  /** False: the second interface has no address, and a speaker answers for the VIP on it. */
  secondAddress: boolean;
}

export const EDGE_OPTIONS: EdgeOptions = {
  layout: EDGE,
  server: 'node',
  protocol: 'tcp',
  oneLan: false,
  secondAddress: true,
};

export function edge(options: EdgeOptions): Plan {
  const { vip, port, client, node } = options.layout;
  return { vip, port, client, nodes: [node], build: (ground) => build(ground, options) };
}

async function build(ground: Ground, options: EdgeOptions): Promise<Site> {
  const { layout, oneLan, secondAddress } = options;
  const { node, nics, addresses, gateways, vip } = layout;
  const ipv6 = isIPv6(vip);
  await buildOutside(ground, 'core', layout.client, layout.clientGateway);
  await ground.add(node, ipv6);
  await forwardAll(ground, node);
  for (const [i, name] of (['gw1', 'gw2'] as const).entries()) {
    const [upper, lower] = layout.uplinks[i]!;
    await ground.add(name, ipv6);
    await makeRouter(ground, name);
    await ground.join(['core', `${name}up`, upper], [name, 'wan', lower]);
    await ground.ip('core', [addAddress(upper, `${name}up`)]);
    await ground.ip(name, [addAddress(lower, 'wan'), `route add default via ${upper} dev wan`]);
  }
  // On one LAN the address of the second gateway is the one before the first's.
  const second = oneLan ? neighbourOf(gateways[0]) : gateways[1];
  await addSwitch(ground, 'lan1');
  await plug(ground, 'lan1', node, nics[0], addresses[0]);
  await plug(ground, 'lan1', 'gw1', 'lan', gateways[0]);
  if (oneLan) await plug(ground, 'lan1', 'gw2', 'lan', second);
  else {
    await ground.join([node, nics[1], addresses[1]], ['gw2', 'lan', second]);
    await ground.ip('gw2', [addAddress(second, 'lan')]);
    if (secondAddress) await ground.ip(node, [addAddress(addresses[1], nics[1])]);
  }
  const next = oneLan ? addresses[0] : addresses[1];
  await ground.ip('core', [
    `route add ${host(vip)} via ${layout.uplinks[1][1]}`,
    `route add ${lanOf(addresses[0])} via ${layout.uplinks[0][1]}`,
  ]);
  await ground.ip('gw2', [
    secondAddress ? `route add ${host(vip)} via ${next} dev lan` : `route add ${host(vip)} dev lan`,
  ]);
  await ground.ip(node, [`route add default via ${gateways[0]} dev ${nics[0]}`]);
  await serve(ground, options);

  const speakers = new Speakers(ground, vip, () => (oneLan ? nics[0] : nics[1]));
  const outside = oneLan ? [nics[0]] : nics;
  return {
    interfaces: {
      [node]: [...outside, ...(options.server === 'pod' ? [layout.pod.bridge] : [])],
      gw1: ['lan', 'wan'],
      gw2: ['lan', 'wan'],
      core: ['lan0', 'gw1up', 'gw2up'],
      client: ['eth0'],
    },
    announce: () => (secondAddress ? Promise.resolve() : speakers.start(node)),
    speak: (machine, rhythm) => speakers.start(machine, rhythm),
    silence: (machine) => speakers.stop(machine),
    kube: () => ({}),
  };
}

async function serve(ground: Ground, { layout, server, protocol }: EdgeOptions): Promise<void> {
  const { node, pod, vip, port } = layout;
  if (server === 'node') {
    await ground.ip(node, [`addr add ${host(vip)} dev lo${isIPv6(vip) ? ' nodad' : ''}`]);
    await listen(ground, node, { name: node, address: vip, port, protocol });
    return;
  }
  await ground.add(pod.name, isIPv6(vip));
  await ground.join([pod.name, 'eth0', pod.address], [node, pod.interface]);
  await ground.ip(node, [
    `link add ${pod.bridge} type bridge mcast_snooping 0`,
    `link set ${pod.bridge} up`,
    addAddress(pod.gateway, pod.bridge),
    `link set ${pod.interface} master ${pod.bridge}`,
  ]);
  await ground.ip(pod.name, [addAddress(pod.address, 'eth0'), `route add default via ${pod.gateway}`]);
  const service: Service = {
    namespace: 'ingress',
    name: 'edge',
    portName: 'tls',
    clusterIp: isIPv6(vip) ? 'fd00:53::99' : '10.233.0.99',
    loadBalancerIp: vip,
    protocol,
    port,
    endpoints: [isIPv6(pod.address) ? `[${pod.address}]:${pod.port}` : `${pod.address}:${pod.port}`],
    masquerade: false,
  };
  await applyProxy(ground, node, 'iptables', service);
  await listen(ground, pod.name, { name: pod.name, address: pod.address, port: pod.port, protocol });
}

/** The address before this one. */
function neighbourOf(address: string): string {
  return address.replace(/[0-9a-f]+$/, (last) =>
    isIPv6(address) ? (Number.parseInt(last, 16) - 1).toString(16) : String(Number(last) - 1),
  );
}

function lanOf(address: string): string {
  return onLan(address.replace(/[0-9a-f]+$/, isIPv6(address) ? '' : '0'));
}
