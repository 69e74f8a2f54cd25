import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

const BUNDLE = fileURLToPath(new URL('../dist/bin/returnpath.cjs', import.meta.url));

/** Named after all that compiled code is good for: what another Node.js made is never tried. */
export function codeCachePath() {
  const { platform, arch, versions } = process;
  return BUNDLE.replace(/\.cjs$/, `.${platform}-${arch}-${versions.v8}.cache`);
}

/**
 * The program, from the code that was compiled when it was built; compiled now where this Node.js is another one.
 *
 * @returns {{ script: Script, exports: { main: (args: readonly string[]) => Promise<number> } }}
 */
export function load() {
  // Plain ASCII, which is fastest read as Latin-1.
  const text = readFileSync(BUNDLE, 'latin1');
  const script = new Script(`(function (exports, require, module, __filename, __dirname) {${text}\n})`, {
    filename: BUNDLE,
    cachedData: codeCache(),
  });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(BUNDLE), module, BUNDLE, dirname(BUNDLE));
  return { script, exports: module.exports };
}

function codeCache() {
  try {
    return readFileSync(codeCachePath());
  } catch {
    return undefined;
  }
}
