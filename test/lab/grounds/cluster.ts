/**
 * A LoadBalancer Service on two nodes: a router, a switch, the nodes with a pod each, and kube-proxy's rules on both.
 * The first node announces the VIP.
 */
import { type ClusterNode, host, isIPv6, macOf } from '../addresses.js';
import type { Ground } from '../ground.js';
import { kubeObjects } from '../kube-objects.js';
import { iptablesRules, nftablesRules, type Service } from '../kube-proxy.js';
import { idle, listen, Speakers } from './actors.js';
import type { ClusterLayout } from './layouts.js';
import { addAddress, addSwitch, buildOutside, forwardAll, plug } from './links.js';
import type { Plan, Site } from './plan.js';

export interface ClusterOptions {
  layout: ClusterLayout;
  /** The pods that are the Service's endpoints. */
  backends: readonly string[];
  /**
   * False: nothing listens in the backends. `idle`: who listens there never accepts, and its queue is full, once as many
   * connections are half open.
   */
  listening: boolean | { idle: { halfOpen: number } };
  protocol: 'tcp' | 'udp';
  proxy: 'iptables' | 'nftables';
  masquerade: boolean;
  /** Sends what answers a connection that came through the overlay back through it, by a connection mark. */
  returnPolicy: boolean;
  /** False: the second node knows its own networks only. */
  secondDefaultRoute: boolean;
  /** A machine of this name on the LAN, that is no part of the cluster. */
  stranger: { name: string; address: string; mac: string } | null;
  /** Whether the bundles hold Kubernetes' objects. */
  kube: boolean;
}

/** A healthy cluster with its one backend on the second node, masqueraded. */
export function clusterOptions(layout: ClusterLayout): ClusterOptions {
  return {
    layout,
    backends: [layout.nodes[1].pod],
    listening: true,
    protocol: 'tcp',
    proxy: 'iptables',
    masquerade: true,
    returnPolicy: false,
    secondDefaultRoute: true,
    stranger: null,
    kube: false,
  };
}

export function cluster(options: ClusterOptions): Plan {
  const { vip, port, client, nodes } = options.layout;
  return {
    vip,
    port,
    client,
    nodes: nodes.map((node) => node.name),
    build: (ground) => build(ground, options),
  };
}

async function build(ground: Ground, options: ClusterOptions): Promise<Site> {
  const { layout } = options;
  const { nodes, nic, router, vip } = layout;
  await buildOutside(ground, 'router', layout.client, layout.clientGateway);
  await addSwitch(ground, 'switch');
  await plug(ground, 'switch', 'router', 'lan1', router);
  await buildNode(ground, layout, nodes[0], nodes[1]);
  await buildNode(ground, layout, nodes[1], nodes[0]);
  // The router knows the pod networks, so that a client's reset of an untranslated reply finds its pod.
  await ground.ip(
    'router',
    nodes.map((node) => `route add ${node.podNetwork} via ${node.address}`),
  );
  if (!options.secondDefaultRoute) {
    await ground.ip(nodes[1].name, [`route del default via ${router}`]);
  }
  if (options.stranger) {
    const { name, address, mac } = options.stranger;
    await ground.add(name, isIPv6(address));
    await plug(ground, 'switch', name, 'eth0', address, mac);
  }

  const backends = nodes.filter((node) => options.backends.includes(node.pod));
  const service = serviceOf(options, backends);
  for (const { name } of nodes) await applyProxy(ground, name, options.proxy, service);
  if (options.returnPolicy) await addReturnPolicy(ground, options);
  if (options.listening !== false) {
    for (const { pod, podAddress } of backends) {
      if (typeof options.listening === 'object') {
        const { halfOpen } = options.listening.idle;
        await idle(ground, pod, { address: podAddress, port: layout.podPort, halfOpen });
        continue;
      }
      const { protocol } = options;
      await listen(ground, pod, { name: pod, address: podAddress, port: layout.podPort, protocol });
    }
  }
  const speakers = new Speakers(ground, vip, (machine) =>
    machine === options.stranger?.name ? 'eth0' : nic,
  );
  const announce = isIPv6(vip)
    ? // The lab's speaker knows ARP alone: here the first node owns the address, as under keepalived.
      // Deprecated, so that the node's own connections are not made from it.
      () => ground.ip(nodes[0].name, [`addr add ${host(vip)} dev ${nic} nodad preferred_lft 0`])
    : () => speakers.start(nodes[0].name);
  const inside = [...(layout.overlay ? [layout.overlay.name] : [])];
  return {
    interfaces: {
      ...Object.fromEntries(
        nodes.flatMap(({ name, pod, podInterface }) => [
          [name, [nic, ...inside, layout.bridge ?? podInterface]],
          [pod, ['eth0']],
        ]),
      ),
      router: ['lan0', 'lan1'],
      client: ['eth0'],
    },
    announce,
    speak: (machine, rhythm) => speakers.start(machine, rhythm),
    silence: (machine) => speakers.stop(machine),
    kube: () => (options.kube ? kubeObjects(layout, service, backends, speakers.history) : {}),
  };
}

function serviceOf(options: ClusterOptions, backends: readonly ClusterNode[]): Service {
  const { layout } = options;
  return {
    ...layout.service,
    clusterIp: layout.clusterIp,
    loadBalancerIp: layout.vip,
    protocol: options.protocol,
    port: layout.port,
    endpoints: backends.map(({ podAddress }) =>
      isIPv6(podAddress) ? `[${podAddress}]:${layout.podPort}` : `${podAddress}:${layout.podPort}`,
    ),
    masquerade: options.masquerade,
  };
}

/** Has a machine translate for a Service as kube-proxy does in one of its modes. */
export async function applyProxy(
  ground: Ground,
  machine: string,
  mode: ClusterOptions['proxy'],
  service: Service,
): Promise<void> {
  if (mode === 'nftables') {
    await ground.run(machine, ['nft', '-f', '-'], { input: nftablesRules(service) });
  } else {
    const restore = isIPv6(service.loadBalancerIp) ? 'ip6tables-restore' : 'iptables-restore';
    await ground.run(machine, [restore, '--noflush'], { input: iptablesRules(service) });
  }
}

/** A node with its overlay to `peer`, and its pod, as flannel or Calico set them up. */
async function buildNode(
  ground: Ground,
  layout: ClusterLayout,
  node: ClusterNode,
  peer: ClusterNode,
): Promise<void> {
  const { nic, overlay, bridge } = layout;
  const ipv6 = isIPv6(node.address);
  await ground.add(node.name, ipv6);
  await ground.add(node.pod, ipv6);
  await forwardAll(ground, node.name);
  await plug(ground, 'switch', node.name, nic, node.address);
  await ground.join([node.pod, 'eth0', node.podAddress], [node.name, node.podInterface]);
  await ground.ip(node.name, [`route add default via ${layout.router}`]);
  if (overlay) {
    await ground.ip(node.name, [
      `link add ${overlay.name} address ${macOf(node.vtep)} mtu 1450 type vxlan id ${overlay.vni} local ${node.address} dev ${nic} dstport ${overlay.port} nolearning`,
      `link set ${overlay.name} up`,
      `addr add ${host(node.vtep)} dev ${overlay.name}`,
      `neigh add ${peer.vtep} lladdr ${macOf(peer.vtep)} dev ${overlay.name} nud permanent`,
      `route add ${peer.podNetwork} via ${peer.vtep} dev ${overlay.name} onlink`,
    ]);
    await ground.run(node.name, [
      ...['bridge', 'fdb', 'add', macOf(peer.vtep), 'dev', overlay.name],
      ...['dst', peer.address, 'self', 'permanent'],
    ]);
  } else {
    await ground.ip(node.name, [`route add ${peer.podNetwork} via ${peer.address} dev ${nic}`]);
  }
  const mtu = overlay ? 1450 : 1500;
  if (bridge) {
    await ground.ip(node.name, [
      `link add ${bridge} address ${macOf(node.podGateway)} mtu ${mtu} type bridge mcast_snooping 0`,
      `link set ${bridge} up`,
      addAddress(node.podGateway, bridge),
      `link set ${node.podInterface} mtu ${mtu} master ${bridge}`,
    ]);
    await ground.ip(node.pod, [
      `link set eth0 mtu ${mtu}`,
      addAddress(node.podAddress, 'eth0'),
      `route add default via ${node.podGateway}`,
    ]);
  } else {
    // The pod asks for an address that nobody has, and the node answers for all that it has a route to.
    await ground.sysctl(node.name, {
      [`net.ipv4.conf.${node.podInterface}.proxy_arp`]: 1,
      [`net.ipv4.neigh.${node.podInterface}.proxy_delay`]: 0,
    });
    await ground.ip(node.name, [`route add ${host(node.podAddress)} dev ${node.podInterface} scope link`]);
    await ground.ip(node.pod, [
      `link set eth0 mtu ${mtu}`,
      `addr add ${host(node.podAddress)} dev eth0`,
      `route add ${node.podGateway} dev eth0 scope link`,
      `route add default via ${node.podGateway} dev eth0`,
    ]);
  }
}

/**
 * On the second node: marks connections that come in through the overlay, and routes what answers them back through it.
 * The lookup of the way back in `fib_validate_source` does not know the mark (src_valid_mark is 0).
 */
async function addReturnPolicy(ground: Ground, { layout, proxy }: ClusterOptions): Promise<void> {
  const [first, second] = layout.nodes;
  const overlay = layout.overlay!.name;
  const inside = layout.bridge ?? second.podInterface;
  if (proxy === 'iptables') {
    const input = `*mangle
-A PREROUTING -i ${overlay} -j CONNMARK --set-mark 0x100
-A PREROUTING -i ${inside} -j CONNMARK --restore-mark
COMMIT
`;
    await ground.run(second.name, ['iptables-restore', '--noflush'], { input });
  } else {
    const input = `table ip return-policy {
  chain prerouting {
    type filter hook prerouting priority mangle; policy accept;
    iifname "${overlay}" ct mark set 0x100
    iifname "${inside}" meta mark set ct mark
  }
}
`;
    await ground.run(second.name, ['nft', '-f', '-'], { input });
  }
  await ground.ip(second.name, [
    `rule add from ${second.podNetwork} fwmark 0x100 lookup 100`,
    `route add default via ${first.vtep} dev ${overlay} onlink table 100`,
  ]);
}
