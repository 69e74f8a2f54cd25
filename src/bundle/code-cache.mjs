/** Runs the bundle on what most people give it, and keeps V8's compiled code of all that ran beside it. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import program from '../../bin/load.js';

const FIXTURES = ['rp-filter-strict', 'healthy-masquerade'];
const VIP = ['--vip', '192.168.1.100'];

program.setFlags();
const { main } = program.runFile(program.MAIN);
const run = async (...args) => {
  if ((await main(args)) > 1) throw new Error(`it failed: ${args.join(' ')}`);
};
const bundles = FIXTURES.map((name) => ['node1', 'node2'].map((node) => `fixtures/${name}/${node}.tar.gz`));
for (const nodes of bundles) await run('analyze', ...nodes, ...VIP);
await run('analyze', bundles[0][1]);
await keep();
// Only then, and only of what they alone load: more code takes longer to read, and analyze comes first.
await run('analyze', bundles[0][0], '--format', 'json');
await run('analyze', bundles[0][0], '--format', 'html');
await run('predict', ...bundles[0], ...VIP);
await run('route', bundles[0][1], '--from', '10.0.0.5', '--to', '10.244.1.10', '--iif', 'flannel.1');
await run('explain', 'rp-filter');
await keep();
process.exitCode = 0;

/** Files that have it already are left as they are. */
async function keep() {
  for (const [name, { script }] of program.files) {
    const path = program.codeCachePath(name);
    if (!existsSync(path)) await writeFile(path, script.createCachedData());
  }
}
