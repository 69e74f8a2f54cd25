const { existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

const DIRECTORY = join(__dirname, '../dist/bin');
const MAIN = 'main.cjs';

/**
 * Five times as much is run of a function as by default before V8 optimizes it: of most, too little is left to be run by
 * then. Beside two threads that read a large capture, its compiler took a fifth of all processors' time.
 */
const FLAGS = '--interrupt-budget=350000';

/** What `runFile` has run, by file name. */
const files = new Map();

/** The program's exports: from code that was compiled when it was built, if this is the Node.js that did that. */
function loadProgram() {
  if (existsSync(codeCachePath(MAIN))) {
    setFlags();
    return runFile(MAIN);
  }
  // Node.js keeps compiled code by itself from version 22 on. Not where all users could write: what is kept is run.
  require('node:module').enableCompileCache?.(join(DIRECTORY, 'compile-cache'));
  return require(join(DIRECTORY, MAIN));
}

/** To be called before `runFile`: V8 takes compiled code only where it has the flags that it was made with. */
function setFlags() {
  setFlagsFromString(FLAGS);
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

module.exports = { MAIN, loadProgram, setFlags, runFile, files, codeCachePath };
