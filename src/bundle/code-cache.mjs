/** Runs the bundle on what most people give it, and keeps V8's compiled code of all that ran beside it. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import program from '../../bin/load.js';

const { files, codeCachePath, DIRECTORY, MAIN, PACK, PACKED_FROM } = program;
const FIXTURES = ['rp-filter-strict', 'healthy-masquerade'];
const VIP = ['--vip', '192.168.1.100'];
const bundles = FIXTURES.map((name) => ['node1', 'node2'].map((node) => `fixtures/${name}/${node}.tar.gz`));

// Each run listens anew.
for (const emitter of [process, process.stdout, process.stderr]) emitter.setMaxListeners(0);
let { main } = program.runFile(MAIN);
await analyze();
await keep();
const names = [...files.keys()];
// Only then, and only of what they alone load: more code takes longer to read, and analyze comes first.
await run('analyze', bundles[0][0], '--format', 'json');
await run('analyze', bundles[0][0], '--format', 'html');
await run('predict', ...bundles[0], ...VIP);
await run('route', bundles[0][1], '--from', '10.0.0.5', '--to', '10.244.1.10', '--iif', 'flannel.1');
await run('explain', 'rp-filter');
await keep();

// Another program, as it were, which is run from the pack.
files.clear();
const from = names.findIndex((name) => name.startsWith(PACKED_FROM));
const text = program.packOf(names.slice(from));
await writeFile(join(DIRECTORY, PACK), text);
program.unpack();
({ main } = program.runFile(MAIN));
await analyze();
await writeFile(codeCachePath(PACK), files.get(names[from]).script.createCachedData());
process.exitCode = 0;

async function analyze() {
  for (const nodes of bundles) await run('analyze', ...nodes, ...VIP);
  await run('analyze', bundles[0][1]);
}

async function run(...args) {
  if ((await main(args)) > 1) throw new Error(`it failed: ${args.join(' ')}`);
}

/** Files that have it already are left as they are. */
async function keep() {
  for (const [name, { script }] of files) {
    const path = codeCachePath(name);
    if (!existsSync(path)) await writeFile(path, script.createCachedData());
  }
}
