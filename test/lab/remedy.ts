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

/**
 * What machines have set, before a fix, with it, and after it was taken back.
 *
 * @throws Error where a command fails
 */
export async function statesWith(
  scenario: Scenario,
  fix: Fix,
): Promise<Record<'before' | 'with' | 'after', string[]>> {
  requireTools();
  const ground = new Ground();
  const [doing, undoing] = [linesOf(fix), linesOf({ commands: fix.undo ?? [] })];
  const machines = [...new Set(doing.map(({ machine }) => machine))];
  const state = async () =>
    (await Promise.all(machines.map((machine) => settingsOf(ground, machine)))).flat();
  const carryOut = async (lines: readonly Line[]) => {
    for (const { machine, line } of lines) await ground.run(machine, ['sh', '-c', line]);
  };
  try {
    await buildSite(ground, scenario);
    const before = await state();
    await carryOut(doing);
    const then = await state();
    await carryOut(undoing);
    return { before, with: then, after: await state() };
  } finally {
    await ground.teardown();
  }
}

const SETTINGS = [
  'ip -4 rule; ip -6 rule; ip -4 route show table all; ip -6 route show table all; ip -o addr; ip neigh show nud permanent',
  'iptables-save; ip6tables-save',
  'sysctl -a 2>/dev/null | grep -E "^net.ipv[46].(conf|ip_forward)"',
].join('; ');

/** Without the tables and chains that iptables makes where it is used first, and without counters and lifetimes. */
async function settingsOf(ground: Ground, machine: string): Promise<string[]> {
  const text = await ground.run(machine, ['sh', '-c', SETTINGS]);
  return text
    .split('\n')
    .filter((line) => line !== '' && !/^[#*:]|^COMMIT/.test(line))
    .map((line) => `${machine}: ${line.replace(/ (expires|valid_lft|preferred_lft) \S+/g, '').trim()}`)
    .sort();
}

interface Line {
  machine: string;
  line: string;
}

/** What takes effect at once, and where: the lab's namespaces have names of their own. */
export function linesOf({ commands }: Pick<Fix, 'commands'>): Line[] {
  return commands
    .filter(({ persists }) => !persists)
    .map(({ node, command }) => {
      const [, machine = node, line = command] = /^ip netns exec (\S+) (.*)$/.exec(command) ?? [];
      return { machine, line };
    });
}
