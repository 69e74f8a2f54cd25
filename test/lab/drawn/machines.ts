/** What the machines of a ground have, read from the ground as it stands before anything is set on it. */
import { buildSite } from '../build.js';
import { Ground } from '../ground.js';
import { nodesOf, type Scenario } from '../scenario.js';

export interface Link {
  name: string;
  mac: string;
  addresses: string[];
}

export interface Machine {
  name: string;
  links: Link[];
  /** Of the main table. */
  routes: { destination: string; gateway: string | null; device: string }[];
}

interface AddressLine {
  ifname: string;
  address: string;
  addr_info: { family: string; local: string; scope: string }[];
}

interface RouteLine {
  dst: string;
  gateway?: string;
  dev?: string;
}

/** The machines that scenarios on one ground record, and the client. */
export async function machinesOf(scenarios: readonly Scenario[]): Promise<Machine[]> {
  const [first] = scenarios as [Scenario];
  const names = new Set([...first.ground.nodes, ...scenarios.flatMap(nodesOf), 'client']);
  const ground = new Ground();
  try {
    await buildSite(ground, { ...first, changes: {}, rpFilter: {} });
    const machines: Machine[] = [];
    for (const name of names) machines.push(await machineOf(ground, name, first.ground.vip.includes(':')));
    return machines;
  } finally {
    await ground.teardown();
  }
}

async function machineOf(ground: Ground, name: string, isIPv6: boolean): Promise<Machine> {
  const lines = async <T>(...argv: string[]) => JSON.parse(await ground.run(name, argv)) as T[];
  const addresses = await lines<AddressLine>('ip', '-j', 'addr');
  const routes = await lines<RouteLine>('ip', '-j', isIPv6 ? '-6' : '-4', 'route');
  return {
    name,
    links: addresses.map(({ ifname, address, addr_info }) => ({
      name: ifname,
      mac: address,
      addresses: addr_info
        .filter(({ family, scope }) => family === (isIPv6 ? 'inet6' : 'inet') && scope === 'global')
        .map(({ local }) => local),
    })),
    routes: routes.flatMap(({ dst, gateway = null, dev }) =>
      dev === undefined ? [] : [{ destination: dst, gateway, device: dev }],
    ),
  };
}
