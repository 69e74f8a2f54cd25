import { execFile } from 'node:child_process';
import { readdir, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { bundlesIn } from '../scenarios/truth.js';
import { scratch } from '../scratch.js';
import { fixture, has, ROOT } from '../support.js';
import { returnpath } from './run.js';

const run = promisify(execFile);
const STRICT = bundlesIn(fixture('rp-filter-strict'));

/** Runs the program as `bin/returnpath.js` does, and says what of it was loaded. */
const WATCHED = `
  const { loadProgram, files, PACKED_FROM } = require(process.argv[1]);
  loadProgram().main(process.argv.slice(2)).then((status) => {
    const pack = files.get([...files.keys()].find((name) => name.startsWith(PACKED_FROM)))?.script;
    const loaded = [...files].map(([name, { script }]) => {
      return { name, rejected: script.cachedDataRejected, isPacked: script === pack };
    });
    process.stderr.write('\\n' + JSON.stringify({ status, loaded }));
    process.exitCode = 0;
  });`;

interface Loaded {
  status: number;
  loaded: { name: string; rejected: boolean | undefined; isPacked: boolean }[];
}

async function load(...args: string[]): Promise<Loaded & { sources: string[] }> {
  const { stderr } = await run(process.execPath, ['-e', WATCHED, join(ROOT, 'bin/load.js'), ...args], {
    maxBuffer: 1 << 24,
  });
  const result = JSON.parse(stderr.slice(stderr.lastIndexOf('\n'))) as Loaded;
  const contents = JSON.parse(await readFile(join(ROOT, 'dist/bundle.json'), 'utf8'));
  return { ...result, sources: result.loaded.flatMap(({ name }) => contents[name] as string[]) };
}

/** Folders of `src` and packages, of which anything was loaded. */
function partsOf(sources: readonly string[]): string[] {
  const parts = sources.flatMap(
    (path) => /^dist\/src\/([\w.-]+)|node_modules\/([\w-]+)/.exec(path)?.slice(1) ?? [],
  );
  return [...new Set(parts.filter((part) => part !== undefined))].sort();
}

const LIGHT = [['--version'], ['--help'], ['analyze', '--help'], ['route', '--help'], ['analyze'], ['frob']];
for (const args of LIGHT) {
  test(`${args.join(' ')}: nothing is loaded but the command line`, async (t) => {
    const { sources } = await load(...args);
    const ours = sources.filter((path) => path.startsWith('dist/src/'));
    t.true(ours.includes('dist/src/cli/commands.js'), 'seen at all');
    const allowed = /^dist\/src\/(cli\/|model\/|report\/escape\.js|kernel\/question-fields\.js)/;
    t.deepEqual(
      ours.filter((path) => !allowed.test(path)),
      [],
    );
    for (const heavy of ['js-yaml', 'tar-stream', 'fzstd', 'cli-table3', 'preact']) {
      t.false(partsOf(sources).includes(heavy), heavy);
    }
  });
}

test('a command loads its own work alone', async (t) => {
  const route = await load('route', STRICT[0]!, '--to', '10.0.0.5');
  t.true(partsOf(route.sources).includes('kernel'));
  t.false(partsOf(route.sources).includes('diagnose'));
  const explain = await load('explain', 'rp-filter');
  t.false(partsOf(explain.sources).includes('ingest'));
  const schema = await load('schema');
  t.false(partsOf(schema.sources).some((part) => part === 'ingest' || part === 'diagnose'));
  const json = await load('analyze', STRICT[0]!, '--format', 'json');
  t.false(partsOf(json.sources).includes('cli-table3'));
  const terminal = await load('analyze', STRICT[0]!);
  t.true(partsOf(terminal.sources).includes('cli-table3'));
  t.false(terminal.sources.includes('dist/src/report/json.js'));
  t.false(terminal.sources.includes('dist/src/predict.js'));
});

test('what was compiled ahead is taken, of every file that analyze loads', async (t) => {
  const { loaded, status } = await load('analyze', ...STRICT, '--vip', '192.168.1.100');
  t.is(status, 1);
  t.true(loaded.length > 3);
  for (const { name, rejected } of loaded) t.is(rejected, false, name);
});

test('what an analysis loads is read as one file', async (t) => {
  const { loaded } = await load('analyze', ...STRICT, '--vip', '192.168.1.100');
  const from = loaded.findIndex(({ isPacked }) => isPacked);
  t.true(from > 0, 'the command line is not part of it');
  const apart = loaded.slice(from).filter(({ isPacked }) => !isPacked);
  t.deepEqual(
    apart.map(({ name }) => name),
    [],
  );
});

(has(['npm', 'tar']) ? test : test.skip)('the package works where nothing else is installed', async (t) => {
  const directory = scratch(t);
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', directory], { cwd: ROOT });
  const [archive] = await readdir(directory);
  await run('tar', ['-xzf', join(directory, archive!), '-C', directory]);
  const bin = join(directory, 'package/bin/returnpath.js');
  // As npm installs a command.
  const command = join(directory, 'returnpath');
  await symlink(bin, command);
  const expected = await returnpath(['analyze', ...STRICT]);
  const there = () => run(command, ['analyze', ...STRICT], { cwd: directory }).catch((failed) => failed);
  t.like(await there(), { code: 1, stdout: expected.stdout, stderr: '' });
  t.is((await run(command, ['--version'], { cwd: directory })).stdout, '0.1.0\n');

  const files = join(directory, 'package/dist/bin');
  const notices = await readFile(join(files, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
  for (const name of ['yargs', 'js-yaml', 'tar-stream', 'cli-table3', 'fzstd', 'picocolors']) {
    t.regex(notices, new RegExp(`^${name} \\d.*\\(\\w+\\)$`, 'm'));
  }
  // What one file holds is in others as well.
  for (const name of await readdir(files)) if (/^analyze\.pack/.test(name)) await rm(join(files, name));
  t.like(await there(), { code: 1, stdout: expected.stdout, stderr: '' });
  // With another Node.js, nothing of what was compiled ahead is for it.
  for (const name of await readdir(files)) if (name.endsWith('.cache')) await rm(join(files, name));
  t.like(await there(), { code: 1, stdout: expected.stdout, stderr: '' });
});
