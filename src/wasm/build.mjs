/**
 * Compiles the AssemblyScript of this folder, and writes the module as text into `module.js`, so that it is loaded like
 * any other and needs no file at run time: `node src/wasm/build.mjs OUTDIR`.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

const directory = process.argv[2] ?? 'dist/src/wasm';
/** One module has the tables; another fills a part of its memory from a thread; one looks at what tables were left. */
const MODULES = { module: 'index.ts', 'ahead-module': 'ahead.ts', 'lone-module': 'lone.ts' };
/** Pages of 64 KiB: what is there from the start, and all that there can be. */
const MEMORY = ['--importMemory', '--sharedMemory', '--initialMemory', '16', '--maximumMemory', '65535'];

await mkdir(directory, { recursive: true });
for (const [name, source] of Object.entries(MODULES)) {
  const text = Buffer.from(await compile(`src/wasm/${source}`)).toString('base64');
  await writeFile(join(directory, `${name}.js`), `export const MODULE = '${text}';\n`);
}

async function compile(source) {
  let module = null;
  const { error, stderr } = await asc.main(
    [
      ...[source, '--outFile', 'module.wasm', '--runtime', 'stub', '-O3', '--noAssert'],
      ...[...MEMORY, '--enable', 'threads'],
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
  return module;
}
