import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import test from 'ava';
import { has, ROOT } from '../support.js';

/** An import may point to its own folder or to one further down, never up. */
const ORDER = [
  'cli',
  'live',
  'attach',
  'top',
  'redact',
  'report',
  'diagnose',
  'network',
  'kernel',
  'correlate',
  'decode',
  'ingest',
  'wasm',
  'model',
];

/** Opening files and sockets belongs to these alone. */
const MAY_OPEN = new Set(['cli', 'live', 'attach', 'ingest']);
const OPENING = /from 'node:(fs|fs\/promises|net|http|https|child_process|dgram|tls)'/;

interface Source {
  path: string;
  layer: string;
  text: string;
  imports: string[];
  /** Without those of types alone, which are gone when it runs. */
  loads: string[];
}

const SRC = join(ROOT, 'src');
const sources: Source[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => {
    const text = readFileSync(join(SRC, path), 'utf8');
    const imports = importsOf(text, path);
    const loads = importsOf(text.replace(/^import type [^;]+;$/gm, ''), path);
    return { path, layer: layerOf(path), text, imports, loads };
  });

function importsOf(text: string, path: string): string[] {
  const all = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) =>
    relative(SRC, resolve(SRC, dirname(path), match[1]!)),
  );
  // The package's own description is no source.
  return all.filter((target) => target !== '../package.json');
}

function layerOf(path: string): string {
  return path.includes('/') ? path.split('/')[0]! : 'top';
}

test('every folder of src has its place in the order', (t) => {
  for (const { path, layer } of sources) t.true(ORDER.includes(layer), path);
  t.true(sources.length > 50);
});

const TOP = 'README.md bin biome.json fixtures package-lock.json package.json src test tsconfig.json';

(has(['git']) && existsSync(join(ROOT, '.git')) ? test : test.skip)('the top level stays as it is', (t) => {
  // The checkout may be another user's.
  const files = execFileSync('git', ['-c', 'safe.directory=*', 'ls-files'], { cwd: ROOT, encoding: 'utf8' });
  const top = new Set(
    files
      .trim()
      .split('\n')
      .map((path) => path.split('/')[0]!),
  );
  t.is(
    [...top]
      .filter((name) => !name.startsWith('.'))
      .sort()
      .join(' '),
    TOP,
  );
});

test('imports point down', (t) => {
  for (const { path, layer, imports } of sources) {
    for (const target of imports) {
      t.true(ORDER.indexOf(layer) <= ORDER.indexOf(layerOf(target)), `${path} imports ${target}`);
    }
  }
});

test('the model imports nothing but the model', (t) => {
  for (const { path, text } of sources.filter((s) => s.layer === 'model')) {
    t.notRegex(text, /from '(?!\.\/)/, path);
  }
});

test('reports see the analysis alone', (t) => {
  for (const { path, imports } of sources.filter((s) => s.layer === 'report')) {
    for (const target of imports) t.regex(target, /^(report|model)\//, `${path} imports ${target}`);
  }
});

test('kernel sees snapshots alone: no packet, no capture', (t) => {
  for (const { path, imports } of sources.filter((s) => s.layer === 'kernel')) {
    for (const target of imports)
      t.regex(target, /^(kernel|model|ingest\/snapshot)\//, `${path} imports ${target}`);
  }
});

test('files, sockets and processes are opened in ingest, live and the command line', (t) => {
  for (const { path, layer, text } of sources) {
    if (!MAY_OPEN.has(layer)) t.notRegex(text, OPENING, path);
  }
});

test('what the sources import are dependencies, and none is there for nothing', (t) => {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const declared = Object.keys({ ...dependencies, ...optionalDependencies });
  const packages = sources.flatMap(({ text }) =>
    [...text.matchAll(/(?:from|import)\s*\(?\s*'((?!node:)[\w@][^']*)'/g)].map((match) => match[1]!),
  );
  t.deepEqual([...new Set(packages)].sort(), declared.sort());
});

test('threads are started for reading inputs, and for the analysis of what comes in meanwhile', (t) => {
  const starters = sources.filter(({ text }) => text.includes("from 'node:worker_threads'"));
  t.deepEqual([...new Set(starters.map(({ path }) => dirname(path)))], ['live', 'correlate/reading']);
});

test('no file outgrows a sitting', (t) => {
  for (const { path, text } of sources) t.true(text.split('\n').length <= 500, path);
});

test('imports make no ring', (t) => {
  const byPath = new Map(sources.map((s) => [s.path.replace(/\.tsx?$/, '.js'), s]));
  const done = new Set<string>();
  const visit = (path: string, above: readonly string[]): void => {
    t.false(above.includes(path), [...above, path].join(' > '));
    if (done.has(path) || above.includes(path)) return;
    for (const target of byPath.get(path)?.loads ?? []) visit(target, [...above, path]);
    done.add(path);
  };
  for (const path of byPath.keys()) visit(path, []);
});
