/** Runs the bundle on what most people give it, and keeps V8's compiled code of all that ran beside it. */
import { writeFile } from 'node:fs/promises';
import program from '../bin/load.js';

const FIXTURES = ['rp-filter-strict', 'healthy-masquerade'];

const { script, exports } = program.load();
for (const fixture of FIXTURES) {
  const bundles = ['node1', 'node2'].map((node) => `fixtures/${fixture}/${node}.tar.gz`);
  await exports.main(['analyze', ...bundles, '--vip', '192.168.1.100']);
}
await writeFile(program.codeCachePath(), script.createCachedData());
process.exitCode = 0;
