import type { Ground } from './ground.js';
import { linksOf } from './grounds/links.js';
import type { Site } from './grounds/plan.js';
import { namespacesOf, nodesOf, type Scenario } from './scenario.js';

/** Builds a scenario's ground, starts its servers, and sets on it what the scenario sets. */
export async function buildSite(ground: Ground, scenario: Scenario): Promise<Site> {
  const site = await scenario.ground.build(ground);
  const machines = new Set([
    ...scenario.ground.nodes,
    ...nodesOf(scenario),
    ...nodesOf(scenario).flatMap((node) => namespacesOf(scenario, node)),
    ...Object.keys(scenario.rpFilter),
  ]);
  for (const machine of machines) {
    await setFilters(ground, machine, scenario.rpFilter[machine] ?? {}, scenario.logMartians);
  }
  for (const [machine, lines] of Object.entries(scenario.changes)) await ground.shell(machine, lines);
  return site;
}

/** Sets every rp_filter and log_martians there is, so that nothing depends on the machine's defaults. */
async function setFilters(
  ground: Ground,
  machine: string,
  rpFilter: Readonly<Record<string, number>>,
  logMartians: boolean,
): Promise<void> {
  const links = await linksOf(ground, machine);
  const values: Record<string, number> = {};
  for (const name of ['all', 'default', ...links.map((link) => link.ifname)]) {
    const conf = `net.ipv4.conf.${name.replaceAll('.', '/')}`;
    values[`${conf}.rp_filter`] = rpFilter[name] ?? 0;
    values[`${conf}.log_martians`] = logMartians && name === 'all' ? 1 : 0;
    values[`${conf}.src_valid_mark`] = 0;
  }
  await ground.sysctl(machine, values);
}
