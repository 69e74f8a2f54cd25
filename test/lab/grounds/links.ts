/** What every ground is made of: namespaces joined by cables and switches. */
import { isIPv6, onLan } from '../addresses.js';
import type { Ground } from '../ground.js';

interface Link {
  ifname: string;
  address?: string;
}

export async function linksOf(ground: Ground, machine: string): Promise<Link[]> {
  return JSON.parse(await ground.run(machine, ['ip', '-j', 'link', 'show'])) as Link[];
}

export async function macOfLink(ground: Ground, machine: string, device: string): Promise<string> {
  const link = (await linksOf(ground, machine)).find(({ ifname }) => ifname === device);
  if (!link?.address) throw new Error(`${machine} has no ${device}`);
  return link.address;
}

export async function forwardAll(ground: Ground, machine: string): Promise<void> {
  await ground.sysctl(machine, { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 });
}

/** Has a machine forward and filter nothing. */
export async function makeRouter(ground: Ground, machine: string): Promise<void> {
  await forwardAll(ground, machine);
  await ground.sysctl(machine, {
    'net.ipv4.conf.all.rp_filter': 0,
    // Redirects would show the hosts better ways, and be one more thing that happens.
    'net.ipv4.conf.all.send_redirects': 0,
    'net.ipv4.conf.default.send_redirects': 0,
  });
}

/** A switch without addresses; ports are joined by `plug`. */
export async function addSwitch(ground: Ground, name: string): Promise<void> {
  await ground.add(name);
  await ground.ip(name, ['link add lan type bridge mcast_snooping 0', 'link set lan up']);
}

/** A cable from a machine's interface, with its LAN address, to a switch; the switch's port has the machine's name. */
export async function plug(
  ground: Ground,
  sw: string,
  machine: string,
  device: string,
  address: string | null,
  mac?: string,
): Promise<void> {
  const key = mac ?? address ?? undefined;
  await ground.join(key ? [machine, device, key] : [machine, device], [sw, portName(machine)]);
  await ground.ip(sw, [`link set ${portName(machine)} master lan`]);
  if (address) await ground.ip(machine, [addAddress(address, device)]);
}

/** The port of a switch that a machine is plugged into; interface names have 15 characters at most. */
export function portName(machine: string): string {
  return `p-${machine}`.slice(0, 15);
}

/** The `ip` line that gives an interface an address on its LAN. */
export function addAddress(address: string, device: string): string {
  return `addr add ${onLan(address)} dev ${device}${isIPv6(address) ? ' nodad' : ''}`;
}

/** client – router, at the names that every ground has for them. The router forwards and filters nothing. */
export async function buildOutside(
  ground: Ground,
  router: string,
  client: string,
  gateway: string,
): Promise<void> {
  const ipv6 = isIPv6(client);
  await ground.add('client', ipv6);
  await ground.add(router, ipv6);
  await makeRouter(ground, router);
  await ground.join(['client', 'eth0', client], [router, 'lan0', gateway]);
  await ground.ip('client', [addAddress(client, 'eth0'), `route add default via ${gateway}`]);
  await ground.ip(router, [addAddress(gateway, 'lan0')]);
}
