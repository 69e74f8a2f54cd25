/**
 * A machine with a VLAN for addresses of its own, whose client is one of its pods. The server runs on the machine; what
 * the address sends back leaves by the VLAN's gateway, by rule. That gateway knows no pods.
 */
import { host } from '../addresses.js';
import type { Ground } from '../ground.js';
import { listen } from './actors.js';
import { addAddress, forwardAll, makeRouter } from './links.js';
import type { Plan, Site } from './plan.js';

const NODE = 'edge-7';
const VIP = '203.0.113.80';
const VIP_NETWORK = '203.0.113.0/24';
const PORT = 6443;
const CLIENT = '10.112.3.19';
const BRIDGE = 'kube-bridge';
const POD_GATEWAY = '10.112.3.1';
const [NIC, ADDRESS, ROUTER] = ['ens18', '10.71.4.27', '10.71.4.1'];
const [VLAN, VLAN_ADDRESS, VLAN_GATEWAY] = ['bond0.100', '203.0.113.27', '203.0.113.1'];

export const OWN_POD: Plan = { vip: VIP, port: PORT, client: CLIENT, nodes: [NODE], build };

async function build(ground: Ground): Promise<Site> {
  await ground.add(NODE);
  await forwardAll(ground, NODE);
  for (const [router, device, address, gateway] of [
    ['router', NIC, ADDRESS, ROUTER],
    ['vlangw', VLAN, VLAN_ADDRESS, VLAN_GATEWAY],
  ] as const) {
    await ground.add(router);
    await makeRouter(ground, router);
    await ground.join([NODE, device, address], [router, 'lan', gateway]);
    await ground.ip(router, [addAddress(gateway, 'lan')]);
    await ground.ip(NODE, [addAddress(address, device)]);
  }
  // Private addresses do not leave a provider's network (RFC 1918, section 3).
  await ground.ip('vlangw', ['route add blackhole 10.0.0.0/8']);
  await ground.add('client');
  await ground.join(['client', 'eth0', CLIENT], [NODE, 'veth5b1d9e70']);
  await ground.ip(NODE, [
    `link add ${BRIDGE} type bridge mcast_snooping 0`,
    `link set ${BRIDGE} up`,
    addAddress(POD_GATEWAY, BRIDGE),
    `link set veth5b1d9e70 master ${BRIDGE}`,
    `addr add ${host(VIP)} dev lo`,
    `route add default via ${ROUTER} dev ${NIC}`,
    `route add ${VIP_NETWORK} dev ${VLAN} table 100`,
    `route add default via ${VLAN_GATEWAY} dev ${VLAN} table 100`,
    `rule add from ${VIP_NETWORK} lookup 100`,
  ]);
  await ground.ip('client', [addAddress(CLIENT, 'eth0'), `route add default via ${POD_GATEWAY}`]);
  await listen(ground, NODE, { name: NODE, address: VIP, port: PORT, protocol: 'tcp' });
  const nothing = async () => undefined;
  return {
    interfaces: { [NODE]: [NIC, VLAN, BRIDGE], client: ['eth0'] },
    announce: nothing,
    speak: nothing,
    silence: nothing,
    kube: () => ({}),
  };
}
