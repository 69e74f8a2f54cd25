/** Live runs on real grounds: over OpenSSH servers of their own, what is found is what is found offline. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { analyze } from '../../src/analyze.js';
import { testInNamespaces } from '../gates.js';
import { buildSite } from '../lab/build.js';
import { Ground } from '../lab/ground.js';
import { runClient } from '../lab/record.js';
import { expectations, nodesOf, type Scenario } from '../lab/scenario.js';
import { scratch } from '../scratch.js';
import { found, scenarioNamed } from './found.js';
import { leftovers } from './leftovers.js';
import { LiveRun } from './live-run.js';
import { serveSsh } from './ssh-servers.js';

const test = testInNamespaces('tcpdump', 'ssh', 'ssh-keygen', 'nft', 'nstat');

interface Ready {
  ground: Ground;
  site: Awaited<ReturnType<typeof buildSite>>;
  scenario: Scenario;
  nodes: readonly string[];
  config: string;
  out: string;
}

/** A scenario's ground, with an OpenSSH server for each of its nodes. */
async function ready(t: ExecutionContext, name: string): Promise<Ready> {
  const scenario = scenarioNamed(name);
  const ground = new Ground();
  t.teardown(() => ground.teardown());
  const site = await buildSite(ground, scenario);
  const nodes = nodesOf(scenario);
  for (const node of nodes) await ground.sysctl(node, { 'net.ipv4.conf.all.log_martians': 0 });
  const directory = scratch(t);
  const config = await serveSsh(ground, nodes, directory);
  return { ground, site, scenario, nodes, config, out: join(directory, 'out') };
}

function nodeFlags({ nodes, config }: Ready): string[] {
  return nodes.flatMap((node) => ['--node', `${node}=ssh://${node}?config=${config}`]);
}

for (const name of [
  'rp-filter-strict',
  'arp-conflict-stranger',
  'wrong-gateway',
  'wrong-gateway-ipv6',
  'healthy-no-masquerade',
]) {
  test(`${name}, live over ssh: the findings of the scenario, and of analyze on the bundles kept`, async (t) => {
    t.timeout(120_000);
    const here = await ready(t, name);
    const { ground, site, scenario, nodes, out } = here;
    const left = await leftovers(ground, nodes);
    const flags = ['--vip', scenario.ground.vip, '--duration', '0', '--log-martians', '--out', out];
    const run = new LiveRun([...nodeFlags(here), ...flags]);
    t.teardown(() => run.end('SIGKILL'));
    await run.capturing(nodes);
    await site.announce();
    await runClient(ground, site, scenario);
    await ground.sleep(1500);
    const { status, analysis } = await run.end();
    t.not(analysis, null, run.messages.join('\n'));
    const causes = expectations(scenario).map(({ cause }) => cause);
    t.deepEqual(
      found(analysis!).map((text) => text.split(' ')[0]),
      causes,
    );
    t.is(status, causes.length > 0 ? 1 : 0);
    t.deepEqual(readdirSync(out).sort(), [...nodes].sort());
    const offline = await analyze(
      nodes.map((node) => `${node}=${join(out, node)}`),
      { vips: [scenario.ground.vip], keepGoing: false, attempts: 'default', warn: () => {} },
    );
    t.deepEqual(found(offline), found(analysis!));
    t.deepEqual(offline.totals, analysis!.totals);
    t.deepEqual(await leftovers(ground, nodes), left);
  });
}
