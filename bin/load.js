const { existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

const DIRECTORY = join(__dirname, '../dist/bin');
const MAIN = 'main.cjs';

/** What `runFile` has run, by file name. */
const files = new Map();

/** The program's exports: from code that was compiled when it was built, if this is the Node.js that did that. */
function loadProgram() {
  if (existsSync(codeCachePath(MAIN))) return runFile(MAIN);
  // Node.js keeps compiled code by itself from version 22 on. Not where all users could write: what is kept is run.
  require('node:module').enableCompileCache?.(join(DIRECTORY, 'compile-cache'));
  return require(join(DIRECTORY, MAIN));
}

/**
 * Runs a CommonJS file of the bundle as `require` does, with the code that was compiled ahead where there is any. All
 * files lie in one directory, and ask for each other as `./NAME`.
 */
function runFile(name) {
  const known = files.get(name);
  if (known) return known.module.exports;
  const filename = join(DIRECTORY, name);
  // Plain ASCII, which is read fastest as Latin-1.
  const text = readFileSync(filename, 'latin1');
  const script = new Script(`(function (exports, require, module, __filename) { ${text}\n})`, {
    filename,
    cachedData: codeCache(name),
  });
  const module = { exports: {} };
  files.set(name, { script, module });
  const requireFrom = (wanted) => (wanted.startsWith('./') ? runFile(wanted.slice(2)) : require(wanted));
  script.runInThisContext()(module.exports, requireFrom, module, filename);
  return module.exports;
}

function codeCache(name) {
  try {
    return readFileSync(codeCachePath(name));
  } catch {
    return undefined;
  }
}

/** Named after all that compiled code is good for: what another Node.js made is never tried. */
function codeCachePath(name) {
  const { platform, arch, versions } = process;
  return join(DIRECTORY, `${name}.${platform}-${arch}-v8-${versions.v8}.cache`);
}

module.exports = { MAIN, loadProgram, runFile, files, codeCachePath };
