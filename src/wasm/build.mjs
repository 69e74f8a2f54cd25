/**
 * Compiles the AssemblyScript of this folder, and writes the module as text into `module.js`, so that it is loaded like
 * any other and needs no file at run time: `node src/wasm/build.mjs OUTDIR`.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

const directory = process.argv[2] ?? 'dist/src/wasm';
let module = null;
const { error, stderr } = await asc.main(
  [
    'src/wasm/index.ts',
    ...['--outFile', 'module.wasm', '--runtime', 'stub', '-O3', '--noAssert'],
    // Function names, for profiles.
    '--debug',
  ],
  {
    writeFile(name, contents) {
      if (name.endsWith('.wasm')) module = contents;
    },
  },
);
if (error || module === null) {
  process.stderr.write(`${error?.message ?? 'no module was written'}\n${stderr.toString()}`);
  process.exit(1);
}
await mkdir(directory, { recursive: true });
const text = Buffer.from(module).toString('base64');
await writeFile(join(directory, 'module.js'), `export const MODULE = '${text}';\n`);
