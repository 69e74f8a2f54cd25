/**
 * Bundles the compiled program into one file, so that a start reads one file and not five hundred, and compiles it ahead
 * (`code-cache.mjs`): `node build/bundle.mjs`, after `tsc`. What `bin/returnpath.js` runs is in `dist/bin`.
 */
import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { deferred } from './deferred.mjs';
import { notices } from './notices.mjs';

const OUT = 'dist/bin';

await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
const { metafile } = await build({
  entryPoints: ['dist/src/cli/main.js'],
  outfile: `${OUT}/returnpath.cjs`,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  // V8 takes compiled code for scripts alone, not for ES modules.
  format: 'cjs',
  // Not minified: a stack trace in a report of a bug names functions, and compiled code does not care.
  legalComments: 'none',
  charset: 'ascii',
  define: { 'import.meta.url': 'importMetaUrl' },
  // A script whose value is the module's function, as `bin/load.js` runs it.
  banner: {
    js: "(function (exports, require, module, __filename) {const importMetaUrl = require('node:url').pathToFileURL(__filename).href;",
  },
  footer: { js: '})' },
  // Both are for `--help` alone, and slow to load: they build sets of all emoji, and Intl.Segmenter.
  plugins: [deferred({ modules: ['cliui', 'string-width'], importer: /\/yargs\// })],
  metafile: true,
  logLevel: 'warning',
});
await writeFile(`${OUT}/THIRD-PARTY-NOTICES.txt`, await notices(Object.keys(metafile.inputs)));

// In a process of its own: the program is run there.
const compile = fileURLToPath(new URL('code-cache.mjs', import.meta.url));
const { status } = spawnSync(process.execPath, [compile], { stdio: ['ignore', 'ignore', 'inherit'] });
if (status !== 0) throw new Error('the bundle could not be compiled ahead');
