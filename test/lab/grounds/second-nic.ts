/** One node with eth0, where its default route leaves, and eth1, where the router sends what is for the VIP. */
import { CLIENT, CLIENT_GATEWAY, NODE1, ROUTER, SERVICE_PORT } from '../addresses.js';
import type { Ground } from '../ground.js';
import { listen } from './actors.js';
import { buildOutside } from './links.js';
import type { Plan, Site } from './plan.js';

const ADDRESS = '10.9.8.11';
const GATEWAY = '10.9.8.1';
const VIP = '10.9.8.7';

export const SECOND_NIC: Plan = { vip: VIP, port: SERVICE_PORT, client: CLIENT, nodes: ['node1'], build };

async function build(ground: Ground): Promise<Site> {
  await buildOutside(ground, 'router', CLIENT, CLIENT_GATEWAY);
  await ground.add('node1');
  await ground.join(['router', 'lan1', ROUTER], ['node1', 'eth0', NODE1.address]);
  await ground.join(['router', 'lan2', GATEWAY], ['node1', 'eth1', ADDRESS]);
  await ground.ip('router', [`addr add ${ROUTER}/24 dev lan1`, `addr add ${GATEWAY}/24 dev lan2`]);
  await ground.ip('node1', [
    `addr add ${NODE1.address}/24 dev eth0`,
    `addr add ${ADDRESS}/24 dev eth1`,
    `addr add ${VIP}/32 dev lo`,
    `route add default via ${ROUTER}`,
  ]);
  await listen(ground, 'node1', { name: 'node1', address: VIP, port: SERVICE_PORT, protocol: 'tcp' });
  const nothing = async () => undefined;
  return {
    interfaces: { node1: ['eth0', 'eth1'], router: ['lan0', 'lan1', 'lan2'] },
    announce: nothing,
    speak: nothing,
    silence: nothing,
    kube: () => ({}),
  };
}
