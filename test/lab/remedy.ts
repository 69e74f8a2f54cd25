import type { Fix } from '../../src/model/analysis.js';
import { buildSite } from './build.js';
import { Ground } from './ground.js';
import { runClient } from './record.js';
import type { Scenario } from './scenario.js';
import { requireTools } from './tools.js';
import type { ClientResult } from './truth.js';

/**
 * Builds a scenario's ground, carries a fix out on it (what takes effect at once), and lets the client connect.
 *
 * @returns what became of each connection, by the client itself
 * @throws Error where a command fails
 */
export async function connectWith(scenario: Scenario, fix: Fix): Promise<ClientResult[]> {
  requireTools();
  const ground = new Ground();
  try {
    const site = await buildSite(ground, scenario);
    for (const { machine, line } of linesOf(fix)) await ground.run(machine, ['sh', '-c', line]);
    await site.announce();
    return await runClient(ground, site, scenario);
  } finally {
    await ground.teardown();
  }
}

/** What takes effect at once, and where: the lab's namespaces have names of their own. */
export function linesOf({ commands }: Fix): { machine: string; line: string }[] {
  return commands
    .filter(({ persists }) => !persists)
    .map(({ node, command }) => {
      const [, machine = node, line = command] = /^ip netns exec (\S+) (.*)$/.exec(command) ?? [];
      return { machine, line };
    });
}
