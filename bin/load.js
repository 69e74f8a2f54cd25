const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

const BUNDLE = join(__dirname, '../dist/bin/returnpath.cjs');

/** Named after all that compiled code is good for: what another Node.js made is never tried. */
function codeCachePath() {
  const { platform, arch, versions } = process;
  return BUNDLE.replace(/\.cjs$/, `.${platform}-${arch}-${versions.v8}.cache`);
}

/**
 * The program, from the code that was compiled when it was built; compiled now where this Node.js is another one.
 *
 * @returns {{ script: Script, exports: { main: (args: readonly string[]) => Promise<number> } }}
 */
function load() {
  // It is plain ASCII, and read fastest as Latin-1.
  const script = new Script(readFileSync(BUNDLE, 'latin1'), { filename: BUNDLE, cachedData: codeCache() });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, BUNDLE);
  return { script, exports: module.exports };
}

function codeCache() {
  try {
    return readFileSync(codeCachePath());
  } catch {
    return undefined;
  }
}

module.exports = { codeCachePath, load };
