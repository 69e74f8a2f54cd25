/**
 * Writes the shell scripts that run on nodes as texts into `agent-script.js` and `probe-script.js`, so that they are
 * loaded like any other module and need no file at run time: `node src/live/agent/build.mjs`.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';

const OUT = 'dist/src/live/agent';
const PARTS = ['base', 'settings', 'changes', 'captures', 'telling', 'run'];

const texts = await Promise.all(
  PARTS.map((part) => readFile(new URL(`parts/${part}.sh`, import.meta.url), 'utf8')),
);
const probe = await readFile(new URL('probe.sh', import.meta.url), 'utf8');
await mkdir(OUT, { recursive: true });
for (const [name, text] of Object.entries({ agent: texts.join(''), probe })) {
  const module = `export const ${name.toUpperCase()} = ${JSON.stringify(text)};\n`;
  await writeFile(`${OUT}/${name}-script.js`, module);
}
