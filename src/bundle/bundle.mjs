/**
 * Bundles the compiled program into a few files, so that a start reads ten and not five hundred, and compiles them
 * ahead (`code-cache.mjs`): `node src/bundle/bundle.mjs`, after `tsc`. `bin/load.js` runs what it writes to `dist/bin`.
 */
import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { deferred } from './deferred.mjs';
import { notices } from './notices.mjs';

const OUT = 'dist/bin';
/** What threads and processes of their own run. */
const ENTRIES = {
  thread: 'correlate/reading/thread',
  'ahead-thread': 'correlate/reading/ahead-thread',
  'analyst-thread': 'live/analyst-thread',
  'cap-process': 'live/engines/cap-process',
};
const NODE = { platform: 'node', target: 'node20.19' };

// A file for what each `import()` loads, and one for what several of them share.
const { outputFiles, metafile } = await build({
  ...NODE,
  entryPoints: ['dist/src/cli/main.js', ...Object.values(ENTRIES).map((path) => `dist/src/${path}.js`)],
  entryNames: '[name]',
  outdir: OUT,
  write: false,
  bundle: true,
  format: 'esm',
  // Puts numbers in place of the constants' names: from another file each is asked of a getter, for every field of every
  // row of the tables.
  minifySyntax: true,
  splitting: true,
  chunkNames: '[name]-[hash]',
  outExtension: { '.js': '.cjs' },
  charset: 'ascii',
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  alias: {
    // By it yargs looks for a package.json in all directories above, for a version that it is told.
    'escalade/sync': './src/bundle/no-search.mjs',
    // For two functions that check what yargs makes itself; a dozen modules of Node.js stand behind them.
    assert: './src/bundle/assert.mjs',
    'node:module': './src/bundle/create-require.mjs',
  },
  // Native, and optional.
  external: ['cap'],
  define: { 'import.meta.url': 'importMetaUrl' },
  inject: ['src/bundle/import-meta-url.mjs'],
  plugins: [
    // For `--help` alone, and slow to load: they build sets of all emoji, and Intl.Segmenter.
    deferred({ cliui: ['default'], 'string-width': ['default'] }, /\/yargs\//),
    deferred({ 'js-yaml': ['dump', 'loadAll'] }, /\/dist\/src\//),
    // Of Node.js, what most commands do without: a millisecond or several each.
    deferred(
      {
        'node:child_process': ['execFile', 'spawn'],
        'node:crypto': ['createHash', 'createHmac', 'randomBytes', 'randomInt'],
        'node:dgram': ['createSocket'],
        'node:net': ['connect', 'createServer', 'isIP', 'isIPv6'],
        'node:os': ['availableParallelism', 'tmpdir', 'totalmem'],
      },
      /\/dist\/src\//,
    ),
  ],
});
await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
for (const { path, text } of outputFiles) {
  // V8 keeps compiled code of scripts alone, not of ES modules. Not minified: a stack trace in the report of a bug names
  // functions, and compiled code does not care.
  const { code } = await transform(text, { ...NODE, format: 'cjs', supported: { 'dynamic-import': false } });
  await writeFile(`${OUT}/${basename(path)}`, code);
}
// They are started by the name that their file has before it is bundled. As a CommonJS module, a thread starts sooner.
for (const name of Object.keys(ENTRIES)) await writeFile(`${OUT}/${name}.js`, `require('./${name}.cjs');\n`);
await writeFile(`${OUT}/package.json`, '{ "type": "commonjs" }\n');
// What is in which file, for the tests.
const contents = Object.entries(metafile.outputs).map(([path, { inputs }]) => [
  basename(path),
  Object.keys(inputs),
]);
await writeFile('dist/bundle.json', JSON.stringify(Object.fromEntries(contents)));
await writeFile(`${OUT}/THIRD-PARTY-NOTICES.txt`, await notices(Object.keys(metafile.inputs)));

// In a process of its own: the program is run there.
const compile = fileURLToPath(new URL('code-cache.mjs', import.meta.url));
const { status } = spawnSync(process.execPath, [compile], { stdio: ['ignore', 'ignore', 'inherit'] });
if (status !== 0) throw new Error('the bundle could not be compiled ahead');
