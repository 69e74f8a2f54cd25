import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { dump } from 'js-yaml';
import { analyze } from '../../../src/analyze.js';
import type { Analysis } from '../../../src/model/analysis.js';
import { bundlesIn } from '../../scenarios/truth.js';
import { scratch } from '../../scratch.js';
import { fixture } from '../../support.js';
import { unpack, write } from './dumps.js';

const SCENARIO = 'arp-conflict-two-speakers';

interface KubeObject {
  kind: string;
  apiVersion?: string;
  metadata: { name: string; namespace?: string };
}

interface Recorded {
  /** Without `kube/`. */
  bundles: string[];
  objects: KubeObject[];
  /** By pod. */
  logs: Map<string, string>;
}

/** The objects and speakers' logs of a scenario, apart from its nodes. */
function recorded(t: ExecutionContext): Recorded {
  const objects = new Map<string, KubeObject>();
  const logs = new Map<string, string>();
  const bundles = bundlesIn(fixture(SCENARIO)).map((archive, i) => {
    const directory = unpack(archive, join(scratch(t), String(i)));
    const kube = join(directory, 'kube');
    for (const name of existsSync(kube) ? readdirSync(kube) : []) {
      const text = readFileSync(join(kube, name), 'utf8');
      if (name.endsWith('.log')) logs.set(name.replace(/\.log$/, ''), text);
      else for (const object of itemsOf(text)) objects.set(JSON.stringify(object), object);
    }
    rmSync(kube, { recursive: true, force: true });
    return directory;
  });
  return { bundles, objects: [...objects.values()], logs };
}

function itemsOf(text: string): KubeObject[] {
  const parsed = JSON.parse(text);
  return parsed.items ? parsed.items : [parsed];
}

/** The objects of a kind in one list, by namespace; '' for those of none. */
function listsOf({ objects }: Recorded): [kind: string, namespace: string, list: object][] {
  const groups = new Map<string, KubeObject[]>();
  for (const object of objects) {
    const key = `${object.kind}\n${object.metadata.namespace ?? ''}`;
    groups.set(key, [...(groups.get(key) ?? []), object]);
  }
  return [...groups].map(([key, items]) => {
    const [kind = '', namespace = ''] = key.split('\n');
    return [
      `${kind.toLowerCase()}s`.replace(/ss$/, 'ses'),
      namespace,
      { apiVersion: 'v1', kind: 'List', items },
    ];
  });
}

/** Under which of must-gather's directories a kind is. */
function groupOf(kind: string): string {
  if (kind === 'endpointslices') return 'discovery.k8s.io';
  return /pool|l2/.test(kind) ? 'metallb.io' : 'core';
}

const STAMP = '2026-01-31T12:00:00.123456789Z ';

const DUMPS: Record<string, (from: Recorded, into: string) => void> = {
  'must-gather'(from, into) {
    const image = join(into, 'quay-io-openshift-release-dev-ocp-v4-0-art-dev-sha256-abc');
    for (const [kind, namespace, list] of listsOf(from)) {
      if (kind === 'nodes') {
        for (const node of (list as { items: KubeObject[] }).items)
          write(
            join(image, 'cluster-scoped-resources/core/nodes', `${node.metadata.name}.yaml`),
            `---\n${dump(node)}`,
          );
      } else write(join(image, 'namespaces', namespace, groupOf(kind), `${kind}.yaml`), `---\n${dump(list)}`);
    }
    for (const [pod, log] of from.logs) {
      const directory = join(image, 'namespaces/metallb-system/pods', pod, 'speaker/speaker/logs');
      write(join(directory, 'current.log'), log.replace(/^(?=.)/gm, STAMP));
    }
  },
  'kubectl cluster-info dump'(from, into) {
    for (const [kind, namespace, list] of listsOf(from))
      write(join(into, namespace, `${kind}.json`), JSON.stringify(list, null, 4));
    for (const [pod, log] of from.logs) {
      const title = `logs for container speaker of pod metallb-system/${pod} ====\n`;
      write(join(into, 'metallb-system', pod, 'logs.txt'), `==== START ${title}${log}==== END ${title}`);
    }
  },
  "MetalLB's collect.sh, and what it lacks from kubectl"(from, into) {
    for (const [kind, , list] of listsOf(from)) {
      const isOwn = /pool|l2/.test(kind);
      write(join(into, isOwn ? 'report/crds' : 'saved', `${kind}.yaml`), dump(list));
    }
    for (const [pod, log] of from.logs) write(join(into, 'report/pods', pod, 'speaker.log'), log);
  },
  'one file of several documents'(from, into) {
    write(join(into, 'services.yaml'), from.objects.map((object) => dump(object)).join('---\n'));
    for (const [pod, log] of from.logs) write(join(into, `${pod}.log`), log);
  },
};

function told({ findings, vips, services, inputs }: Analysis) {
  return {
    findings: findings.map(({ cause, node, interface: name, confidence, severity, vip, claimants }) => ({
      ...{ cause, node, name, confidence, severity, vip, claimants },
    })),
    ...{ vips, services },
    nodes: inputs.map(({ node }) => node),
  };
}

function run(inputs: string[]): Promise<Analysis> {
  return analyze(inputs, { vips: [], keepGoing: false, attempts: 'all', warn: () => {} });
}

for (const [name, writeDump] of Object.entries(DUMPS)) {
  test(`${name} says of the cluster what a bundle's kube/ does, and is no node`, async (t) => {
    const expected = told(await run(bundlesIn(fixture(SCENARIO))));
    t.true(expected.findings.length > 0);
    t.is(expected.vips[0]?.source, 'kubernetes');
    const from = recorded(t);
    const dump = join(scratch(t), 'dump');
    writeDump(from, dump);
    t.deepEqual(told(await run([...from.bundles, dump])), expected);
    t.deepEqual(told(await run([dump, ...from.bundles])), expected, 'in any order');
  });
}

test('a dump of the cluster beside a bare capture', async (t) => {
  const from = recorded(t);
  const directory = scratch(t);
  DUMPS['must-gather']!(from, join(directory, 'must-gather.local.1'));
  copyFileSync(join(from.bundles[0]!, 'any.pcap'), join(directory, 'any.pcap'));
  const { vips, inputs } = await run([`worker-a=${directory}`]);
  t.is(vips[0]?.source, 'kubernetes');
  t.deepEqual(
    inputs.map(({ node }) => node),
    ['worker-a'],
  );
});

test('saved objects beside a capture, and of several namespaces below it', async (t) => {
  const from = recorded(t);
  const directory = scratch(t);
  DUMPS['kubectl cluster-info dump']!(from, directory);
  // Behind `nodes.json` in the order of their names.
  copyFileSync(join(from.bundles[0]!, 'any.pcap'), join(directory, 'zany.pcap'));
  const { vips, services, inputs } = await run([`worker-a=${directory}`]);
  t.is(vips[0]?.source, 'kubernetes');
  t.truthy(services?.[0]?.pool, 'of another namespace than the Service');
  t.deepEqual(
    inputs.map(({ node }) => node),
    ['worker-a'],
  );
});
