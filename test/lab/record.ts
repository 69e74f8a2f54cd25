import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pack } from './archive.js';
import { buildSite } from './build.js';
import { truthOf } from './contents.js';
import { type DropTrace, traceDrops } from './drops.js';
import { command, Ground } from './ground.js';
import type { Site } from './grounds/plan.js';
import { contradictions } from './proofs.js';
import { kernelLog, NodeRecorder } from './recorder.js';
import { expectations, namespacesOf, nodesOf, type Scenario } from './scenario.js';
import { requireTools } from './tools.js';
import { type ClientResult, counterDeltas, type Errand, packetsFiltered, type Truth } from './truth.js';

const FIRST_SOURCE_PORT = 40001;
const SETTLE_MS = 400;

/** What `recordScenario` made. */
export interface Recording {
  /** Holds the bundles, truth.json and README.md. */
  directory: string;
  /** The bundles' paths, in the order of the scenario's nodes. */
  bundles: string[];
  truth: Truth;
}

type Check = typeof contradictions;

/** What happened, or what the kernel told of it, is not what the scenario says. */
export class RecordingError extends Error {
  constructor({ name }: Scenario, wrong: readonly string[]) {
    super(`${name}: not what the scenario says: ${wrong.join('; ')}`);
  }
}

/**
 * Builds a scenario's ground, drives its traffic, records its nodes into the directory `into` (emptied first)
 * and takes everything down again.
 *
 * @param signal ends the run early, with everything taken down
 * @param check what is wrong with what happened; by default, that it is not what the scenario says
 * @throws UsageError where a tool or the right to use it is missing; RecordingError where something is wrong, with nothing
 *   written
 */
export async function recordScenario(
  scenario: Scenario,
  into: string,
  signal?: AbortSignal,
  check: Check = contradictions,
): Promise<Recording> {
  requireTools();
  const ground = new Ground(signal);
  const workshop = await mkdtemp(join(tmpdir(), `${ground.id}-`));
  ground.onTeardown(() => rm(workshop, { recursive: true, force: true }));
  try {
    const { truth, witnesses } = await recordNodes(ground, scenario, workshop);
    const wrong = check(scenario, truth, witnesses);
    if (wrong.length > 0) throw new RecordingError(scenario, wrong);
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

interface Witnessed {
  truth: Truth;
  witnesses: Parameters<Check>[2];
}

/** Records every node of the scenario into a directory of its name in `workshop`. */
async function recordNodes(ground: Ground, scenario: Scenario, workshop: string): Promise<Witnessed> {
  const start = new Date();
  const site = await buildSite(ground, scenario);
  const drops = scenario.form.drops ? await traceDrops(ground) : null;
  const recorders = new Map<string, NodeRecorder>();
  const { lateMs = 0 } = scenario.form;
  for (const node of nodesOf(scenario)) {
    const begin = async (machine: string, directory: string) => {
      await mkdir(directory, { recursive: true });
      const recorder = new NodeRecorder(ground, machine, directory, scenario.form);
      await recorder.begin();
      recorders.set(machine, recorder);
      return recorder;
    };
    const recorder = await begin(node, join(workshop, node));
    await recorder.add('node.json', `${JSON.stringify({ format: 'returnpath-bundle/1', node })}\n`);
    for (const name of namespacesOf(scenario, node)) await begin(name, join(workshop, node, 'netns', name));
  }
  const capture = async () => {
    for (const [machine, recorder] of recorders) await recorder.capture(site.interfaces[machine]!);
  };
  if (lateMs === 0) await capture();
  await site.announce();
  const [client] = await Promise.all([
    runClient(ground, site, scenario),
    lateMs > 0 && ground.sleep(lateMs).then(capture),
  ]);
  await ground.sleep(SETTLE_MS);
  return finish(ground, scenario, site, recorders, drops, client, start);
}

/** Sends the client to the VIP. @returns what became of each connection, by the client itself */
export async function runClient(ground: Ground, site: Site, scenario: Scenario): Promise<ClientResult[]> {
  const { connections, ...traffic } = scenario.traffic;
  const errand: Errand = {
    ...traffic,
    address: scenario.ground.vip,
    port: scenario.ground.port,
    sourcePorts: Array.from({ length: connections }, (_, i) => FIRST_SOURCE_PORT + i),
  };
  const program = fileURLToPath(new URL('./actors/client.js', import.meta.url));
  const [results] = await Promise.all([
    ground.run('client', [process.execPath, program, JSON.stringify(errand)]),
    scenario.meanwhile?.(ground, site),
  ]);
  return JSON.parse(results);
}

async function finish(
  ground: Ground,
  scenario: Scenario,
  site: Site,
  recorders: Map<string, NodeRecorder>,
  drops: DropTrace | null,
  client: ClientResult[],
  start: Date,
): Promise<Witnessed> {
  // Neither the kernel's log nor kfree_skb knows network namespaces: each node gets what the machine says.
  const log = await kernelLog(scenario.form.kernelLog, start);
  const dropText = drops ? await drops.read() : null;
  const counters: Truth['counters'] = {};
  const filtered: Truth['filtered'] = {};
  for (const recorder of recorders.values()) await recorder.stop();
  for (const [i, node] of nodesOf(scenario).entries()) {
    const recorder = recorders.get(node)!;
    await recorder.add('kernel.log', log);
    if (dropText !== null) await recorder.add('drops.txt', dropText);
    // A person asks for the cluster's objects once.
    if (i === 0)
      for (const [file, text] of Object.entries(site.kube())) await recorder.add(`kube/${file}`, text);
    counters[node] = counterDeltas(
      await recorder.read('nstat-before.json'),
      await recorder.read('nstat-after.json'),
    );
    filtered[node] = 0;
    for (const machine of [node, ...namespacesOf(scenario, node)]) {
      filtered[node] += packetsFiltered(await ground.run(machine, ['nft', 'list', 'ruleset']));
    }
  }
  const { vip, port, client: from } = scenario.ground;
  const truth: Truth = {
    scenario: scenario.name,
    description: scenario.description,
    vip,
    protocol: scenario.traffic.protocol,
    port,
    from,
    healthy: expectations(scenario).length === 0,
    expect: scenario.expect,
    also: scenario.also ?? [],
    client,
    counters,
    filtered,
  };
  return { truth, witnesses: { kernelLog: log, drops: dropText } };
}

async function readme(scenario: Scenario): Promise<string> {
  const version = async (argv: string[]) =>
    (await command(argv, { mayFail: true })).split('\n', 1)[0]!.trim();
  const kernel = (await version(['uname', '-r'])).split('-', 1)[0];
  const iproute = await version(['ip', '-V']);
  return `# ${scenario.name}

${scenario.description}

Truth: ${truthOf(scenario)}; what happened is in truth.json.

Made by \`npm run lab -- record ${scenario.name}\` on Linux ${kernel} (${iproute}), with real packets between
network namespaces of one machine. ${scenario.form.drops ? 'kernel.log and drops.txt are' : 'kernel.log is'} the whole machine's, the same in every node's bundle.
`;
}
