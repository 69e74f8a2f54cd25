import { fileURLToPath } from 'node:url';
import {
  CLIENT,
  CLIENT_GATEWAY,
  CLUSTER_IP,
  type ClusterNode,
  macOf,
  NODE1,
  NODE2,
  POD_PORT,
  ROUTER,
  SECOND_NIC,
  SERVICE_PORT,
  VIP,
} from './addresses.js';
import type { Actor, Ground } from './ground.js';
import { iptablesRules, nftablesRules } from './kube-proxy.js';
import { type ClusterGround, nodesOf, type Scenario } from './scenario.js';

/** A ground that is ready for its client. */
export interface Site {
  vip: string;
  /** The interfaces worth a capture of their own, by node. */
  interfaces: string[];
  /** Lets the VIP be known on the network; done once captures run, so that they see it. */
  announce(): Promise<void>;
}

/** Builds a scenario's ground and starts its servers. */
export async function buildSite(ground: Ground, scenario: Scenario): Promise<Site> {
  const site =
    scenario.ground.kind === 'cluster'
      ? await buildCluster(ground, scenario.ground)
      : await buildSecondNic(ground);
  for (const node of nodesOf(scenario)) {
    await setFilters(ground, node, scenario.rpFilter[node] ?? {}, scenario.logMartians);
  }
  return site;
}

/** Starts one of the lab's own programs in a namespace, ready once it says so. */
function startActor(ground: Ground, namespace: string, program: string, args: string[]): Promise<Actor> {
  const path = fileURLToPath(new URL(`./actors/${program}.js`, import.meta.url));
  return ground.start(namespace, [process.execPath, path, ...args], /^ready$/m);
}

/** client – router: what every ground has. The router forwards and filters nothing. */
async function buildOutside(ground: Ground): Promise<void> {
  await ground.add('client');
  await ground.add('router');
  await ground.sysctl('router', { 'net.ipv4.ip_forward': 1, 'net.ipv4.conf.all.rp_filter': 0 });
  await ground.join(['client', 'eth0', CLIENT], ['router', 'lan0', CLIENT_GATEWAY]);
  await ground.ip('client', [`addr add ${CLIENT}/24 dev eth0`, `route add default via ${CLIENT_GATEWAY}`]);
  await ground.ip('router', [`addr add ${CLIENT_GATEWAY}/24 dev lan0`]);
}

async function buildCluster(ground: Ground, options: ClusterGround): Promise<Site> {
  await buildOutside(ground);
  await ground.add('switch');
  await ground.ip('switch', ['link add lan type bridge mcast_snooping 0', 'link set lan up']);
  await ground.join(['router', 'lan1', ROUTER], ['switch', 'router']);
  await buildNode(ground, NODE1, NODE2);
  await buildNode(ground, NODE2, NODE1);
  await ground.ip(
    'switch',
    ['router', 'node1', 'node2'].map((port) => `link set ${port} master lan`),
  );
  // The router knows the pod networks, so that a client's reset of an untranslated reply finds its pod.
  await ground.ip('router', [
    `addr add ${ROUTER}/24 dev lan1`,
    ...[NODE1, NODE2].map((node) => `route add ${node.subnet}.0/24 via ${node.address}`),
  ]);
  if (!options.node2DefaultRoute) await ground.ip('node2', ['route del default']);

  const backends = [NODE1, NODE2].filter((node) => options.backends.includes(node.pod));
  const rules = options.proxy === 'iptables' ? iptablesRules : nftablesRules;
  const restore = options.proxy === 'iptables' ? ['iptables-restore', '--noflush'] : ['nft', '-f', '-'];
  const service = {
    namespace: 'default',
    name: 'web',
    portName: 'http',
    clusterIp: CLUSTER_IP,
    loadBalancerIp: VIP,
    port: SERVICE_PORT,
    endpoints: backends.map((node) => `${node.podAddress}:${POD_PORT}`),
    masquerade: options.masquerade,
  };
  for (const node of [NODE1, NODE2]) await ground.run(node.name, restore, { input: rules(service) });
  if (options.returnPolicy) await addReturnPolicy(ground, options.proxy);
  if (options.listening) {
    for (const node of backends) {
      await startActor(ground, node.pod, 'server', [node.pod, node.podAddress, String(POD_PORT)]);
    }
  }
  return {
    vip: VIP,
    interfaces: ['eth0', 'flannel.1', 'cni0'],
    announce: async () => {
      await startActor(ground, 'node1', 'speaker', ['eth0', VIP, macOf(NODE1.address)]);
    },
  };
}

/** A node with its overlay to `peer`, its bridge, and its pod, all as flannel sets them up. */
async function buildNode(ground: Ground, node: ClusterNode, peer: ClusterNode): Promise<void> {
  const vtep = `${node.subnet}.0`;
  const peerVtep = `${peer.subnet}.0`;
  const bridge = `${node.subnet}.1`;
  await ground.add(node.name);
  await ground.add(node.pod);
  await ground.sysctl(node.name, { 'net.ipv4.ip_forward': 1 });
  await ground.join([node.name, 'eth0', node.address], ['switch', node.name]);
  await ground.join([node.pod, 'eth0', node.podAddress], [node.name, node.podInterface]);
  await ground.ip(node.name, [
    `addr add ${node.address}/24 dev eth0`,
    `route add default via ${ROUTER}`,
    `link add flannel.1 address ${macOf(vtep)} mtu 1450 type vxlan id 1 local ${node.address} dev eth0 dstport 8472 nolearning`,
    'link set flannel.1 up',
    `addr add ${vtep}/32 dev flannel.1`,
    `neigh add ${peerVtep} lladdr ${macOf(peerVtep)} dev flannel.1 nud permanent`,
    `route add ${peer.subnet}.0/24 via ${peerVtep} dev flannel.1 onlink`,
    `link add cni0 address ${macOf(bridge)} mtu 1450 type bridge mcast_snooping 0`,
    'link set cni0 up',
    `addr add ${bridge}/24 dev cni0`,
    `link set ${node.podInterface} mtu 1450 master cni0`,
  ]);
  await ground.run(node.name, [
    ...['bridge', 'fdb', 'add', macOf(peerVtep), 'dev', 'flannel.1'],
    ...['dst', peer.address, 'self', 'permanent'],
  ]);
  await ground.ip(node.pod, [
    'link set eth0 mtu 1450',
    `addr add ${node.podAddress}/24 dev eth0`,
    `route add default via ${bridge}`,
  ]);
}

/**
 * On node2: marks connections that come in through the overlay, and routes what answers them back through it.
 * The lookup of the way back in `fib_validate_source` does not know the mark (src_valid_mark is 0).
 */
async function addReturnPolicy(ground: Ground, proxy: ClusterGround['proxy']): Promise<void> {
  if (proxy === 'iptables') {
    const input = `*mangle
-A PREROUTING -i flannel.1 -j CONNMARK --set-mark 0x100
-A PREROUTING -i cni0 -j CONNMARK --restore-mark
COMMIT
`;
    await ground.run('node2', ['iptables-restore', '--noflush'], { input });
  } else {
    const input = `table ip return-policy {
  chain prerouting {
    type filter hook prerouting priority mangle; policy accept;
    iifname "flannel.1" ct mark set 0x100
    iifname "cni0" meta mark set ct mark
  }
}
`;
    await ground.run('node2', ['nft', '-f', '-'], { input });
  }
  await ground.ip('node2', [
    `rule add from ${NODE2.subnet}.0/24 fwmark 0x100 lookup 100`,
    `route add default via ${NODE1.subnet}.0 dev flannel.1 onlink table 100`,
  ]);
}

/** node1 with eth0, where its default route leaves, and eth1, where the router sends what is for the VIP. */
async function buildSecondNic(ground: Ground): Promise<Site> {
  const { address, gateway, vip } = SECOND_NIC;
  await buildOutside(ground);
  await ground.add('node1');
  await ground.join(['router', 'lan1', ROUTER], ['node1', 'eth0', NODE1.address]);
  await ground.join(['router', 'lan2', gateway], ['node1', 'eth1', address]);
  await ground.ip('router', [`addr add ${ROUTER}/24 dev lan1`, `addr add ${gateway}/24 dev lan2`]);
  await ground.ip('node1', [
    `addr add ${NODE1.address}/24 dev eth0`,
    `addr add ${address}/24 dev eth1`,
    `addr add ${vip}/32 dev lo`,
    `route add default via ${ROUTER}`,
  ]);
  await startActor(ground, 'node1', 'server', ['node1', vip, String(SERVICE_PORT)]);
  return { vip, interfaces: ['eth0', 'eth1'], announce: async () => undefined };
}

/** Sets every rp_filter and log_martians there is, so that nothing depends on the machine's defaults. */
async function setFilters(
  ground: Ground,
  node: string,
  rpFilter: Record<string, number>,
  logMartians: boolean,
): Promise<void> {
  const links = JSON.parse(await ground.run(node, ['ip', '-j', 'link', 'show'])) as { ifname: string }[];
  const values: Record<string, number> = {};
  for (const name of ['all', 'default', ...links.map((link) => link.ifname)]) {
    const conf = `net.ipv4.conf.${name.replaceAll('.', '/')}`;
    values[`${conf}.rp_filter`] = rpFilter[name] ?? 0;
    values[`${conf}.log_martians`] = logMartians && name === 'all' ? 1 : 0;
    values[`${conf}.src_valid_mark`] = 0;
  }
  await ground.sysctl(node, values);
}
