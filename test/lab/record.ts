import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SERVICE_PORT } from './addresses.js';
import { pack } from './archive.js';
import { type DropTrace, traceDrops } from './drops.js';
import { command, Ground } from './ground.js';
import { kernelLog, NodeRecorder } from './recorder.js';
import { type NodeName, nodesOf, type Scenario } from './scenario.js';
import { requireTools } from './tools.js';
import { buildSite, type Site } from './topology.js';
import { type ClientResult, contradictions, counterDeltas, type Errand, type Truth } from './truth.js';

/** SYNs go out again after 1, 2 and 3 seconds: each lost connection is four tries. */
const TIMEOUT_MS = 3600;
const STAGGER_MS = 130;
const FIRST_SOURCE_PORT = 40001;
const SETTLE_MS = 400;

/** What `recordScenario` made. */
export interface Recording {
  /** Holds the bundles, truth.json and README.md. */
  directory: string;
  /** The bundles' paths, node1 first. */
  bundles: string[];
  truth: Truth;
}

/**
 * Builds a scenario's ground, drives its traffic, records its nodes into the directory `into` (emptied first)
 * and takes everything down again.
 *
 * @param signal ends the run early, with everything taken down
 * @throws UsageError where a tool or the right to use it is missing; Error where what happened is not what the
 *   scenario says, with nothing written
 */
export async function recordScenario(
  scenario: Scenario,
  into: string,
  signal?: AbortSignal,
): Promise<Recording> {
  requireTools();
  const ground = new Ground(signal);
  const workshop = await mkdtemp(join(tmpdir(), `${ground.id}-`));
  ground.onTeardown(() => rm(workshop, { recursive: true, force: true }));
  try {
    const truth = await recordNodes(ground, scenario, workshop);
    await rm(into, { recursive: true, force: true });
    await mkdir(into, { recursive: true });
    const bundles: string[] = [];
    for (const node of nodesOf(scenario)) {
      bundles.push(await pack(join(workshop, node), node, scenario.form.container, into));
    }
    await writeFile(join(into, 'truth.json'), `${JSON.stringify(truth, null, 2)}\n`);
    await writeFile(join(into, 'README.md'), await readme(scenario));
    return { directory: into, bundles, truth };
  } finally {
    await ground.teardown();
  }
}

/** Records every node of the scenario into a directory of its name in `workshop`, and checks the truth. */
async function recordNodes(ground: Ground, scenario: Scenario, workshop: string): Promise<Truth> {
  const start = new Date();
  const site = await buildSite(ground, scenario);
  const drops = scenario.form.drops ? await traceDrops(ground) : null;
  const recorders = new Map<NodeName, NodeRecorder>();
  for (const node of nodesOf(scenario)) {
    await mkdir(join(workshop, node));
    const recorder = new NodeRecorder(ground, node, join(workshop, node), scenario.form);
    await recorder.start(site.interfaces);
    recorders.set(node, recorder);
  }
  await site.announce();
  const client = await runClient(ground, site, scenario.connections);
  await ground.sleep(SETTLE_MS);
  return finish(scenario, site, recorders, drops, client, start);
}

/** Sends the client to the VIP. @returns what became of each connection, by the client itself */
export async function runClient(ground: Ground, site: Site, connections: number): Promise<ClientResult[]> {
  const errand: Errand = {
    address: site.vip,
    port: SERVICE_PORT,
    sourcePorts: Array.from({ length: connections }, (_, i) => FIRST_SOURCE_PORT + i),
    staggerMs: STAGGER_MS,
    timeoutMs: TIMEOUT_MS,
  };
  const program = fileURLToPath(new URL('./actors/client.js', import.meta.url));
  return JSON.parse(await ground.run('client', [process.execPath, program, JSON.stringify(errand)]));
}

async function finish(
  scenario: Scenario,
  site: Site,
  recorders: Map<NodeName, NodeRecorder>,
  drops: DropTrace | null,
  client: ClientResult[],
  start: Date,
): Promise<Truth> {
  // Neither the kernel's log nor kfree_skb knows network namespaces: each node gets what the machine says.
  const log = await kernelLog(scenario.form.kernelLog, start);
  const dropText = drops ? await drops.read() : null;
  const counters: Truth['counters'] = {};
  for (const [node, recorder] of recorders) {
    await recorder.stop();
    await recorder.add('kernel.log', log);
    if (dropText !== null) await recorder.add('drops.txt', dropText);
    counters[node] = counterDeltas(
      await recorder.read('nstat-before.json'),
      await recorder.read('nstat-after.json'),
    );
  }
  const truth: Truth = {
    scenario: scenario.name,
    description: scenario.description,
    vip: site.vip,
    port: SERVICE_PORT,
    healthy: scenario.expect === null,
    expect: scenario.expect,
    client,
    counters,
  };
  const wrong = contradictions(scenario, truth, { kernelLog: log, drops: dropText });
  if (wrong.length > 0) throw new Error(`${scenario.name}: not what the scenario says: ${wrong.join('; ')}`);
  return truth;
}

async function readme(scenario: Scenario): Promise<string> {
  const version = async (argv: string[]) =>
    (await command(argv, { mayFail: true })).split('\n', 1)[0]!.trim();
  const kernel = (await version(['uname', '-r'])).split('-', 1)[0];
  const iproute = await version(['ip', '-V']);
  const truth = scenario.expect
    ? `${scenario.expect.cause} on ${scenario.expect.node}` +
      (scenario.expect.interface ? `, ${scenario.expect.interface}` : '')
    : 'healthy';
  return `# ${scenario.name}

${scenario.description}

Truth: ${truth}; what happened is in truth.json.

Made by \`npm run lab -- record ${scenario.name}\` on Linux ${kernel} (${iproute}), with real TCP between
network namespaces of one machine. ${scenario.form.drops ? 'kernel.log and drops.txt are' : 'kernel.log is'} the whole machine's, the same in every node's bundle.
`;
}
