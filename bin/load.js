const { existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

const DIRECTORY = join(__dirname, '../dist/bin');
const MAIN = 'main.cjs';
/**
 * All that an analysis loads, in one: to open and read a hundred files one by one takes as long as Node.js takes for a
 * third of its start.
 */
const PACK = 'analyze.pack.js';
/** How the name of the file begins with which that loading begins. */
const PACKED_FROM = 'analyze-';

/** What `runFile` has run, by file name. */
const files = new Map();
let pack = null;

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
  if (name.startsWith(PACKED_FROM) && existsSync(codeCachePath(PACK))) unpack();
  const packed = pack?.functions[name];
  const script = packed ? pack.script : compile(name, `(${wrap(textOf(name))})`);
  const run = packed ?? script.runInThisContext();
  const module = { exports: {} };
  files.set(name, { script, module });
  const requireFrom = (wanted) => (wanted.startsWith('./') ? runFile(wanted.slice(2)) : require(wanted));
  run(module.exports, requireFrom, module, join(DIRECTORY, name));
  return module.exports;
}

/** Has the files of the pack be run from there. */
function unpack() {
  const script = compile(PACK, textOf(PACK));
  pack = { script, functions: script.runInThisContext() };
}

/** The text of a pack of files. */
function packOf(names) {
  return `({${names.map((name) => `${JSON.stringify(name)}: ${wrap(textOf(name))}`).join(',\n')}})`;
}

function wrap(text) {
  return `function (exports, require, module, __filename) { ${text}\n}`;
}

function compile(name, text) {
  return new Script(text, { filename: join(DIRECTORY, name), cachedData: codeCache(name) });
}

/** Plain ASCII, which is read fastest as Latin-1. */
function textOf(name) {
  return readFileSync(join(DIRECTORY, name), 'latin1');
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

module.exports = {
  DIRECTORY,
  MAIN,
  PACK,
  PACKED_FROM,
  loadProgram,
  runFile,
  unpack,
  packOf,
  files,
  codeCachePath,
};
