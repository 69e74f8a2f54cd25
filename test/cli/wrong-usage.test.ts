/** What `live`, `watch` and `attach` are told wrongly: one clear line each, before anything is recorded or sent. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { testWith } from '../gates.js';
import { scratch } from '../scratch.js';
import { fixture, ROOT } from '../support.js';
import { returnpath } from './run.js';

const run = promisify(execFile);

const TOO_MANY = 'returnpath: too many files are open: it takes a higher limit (ulimit -n 64)';
const NO_MORE = 'too many files are open; it takes a higher limit (ulimit -n)';

const NODE = ['--node', 'n1=netns://no-such-place', '--duration', '1'];

test('an earlier recording is not written over', async (t) => {
  const out = scratch(t);
  const log = join(out, 'n1', 'drops.txt');
  mkdirSync(join(out, 'n1'));
  writeFileSync(log, 'of another incident');
  const { status, stdout, stderr } = await returnpath(['live', ...NODE, '--out', out]);
  t.deepEqual([status, stdout], [2, '']);
  t.is(stderr, `returnpath: --out: ${join(out, 'n1')} is not empty; name another directory\n`);
  t.is(readFileSync(log, 'utf8'), 'of another incident');
});

const BUNDLE = fixture('rp-filter-strict', 'node1.tar.gz');
const ONCE: [flag: string, ...string[]][] = [
  ['--format', 'analyze', BUNDLE, '--format', 'json', '--format', 'html'],
  ['--output', 'analyze', BUNDLE, '-o', 'a', '--output', 'b'],
  ['--protocol', 'predict', BUNDLE, '--protocol', 'tcp', '--protocol', 'udp'],
  ['--port', 'predict', BUNDLE, '--vip', '192.168.1.100', '--port', '80', '--port', '443'],
];
for (const [flag, ...args] of ONCE) {
  test(`${flag} is given twice`, async (t) => {
    const { status, stdout, stderr } = await returnpath(args);
    t.deepEqual([status, stdout], [2, '']);
    t.is(stderr, `returnpath: ${flag}: is given twice; give it once\n`);
  });
}

test('what may be given several times still may', async (t) => {
  const vips = ['--vip', '192.168.1.100', '--vip', '10.1.1.1'];
  const { status, stderr } = await returnpath([
    'analyze',
    BUNDLE,
    fixture('rp-filter-strict', 'node2.tar.gz'),
    ...vips,
  ]);
  t.not(status, 2, stderr);
});

test('an output below a file', async (t) => {
  const below = join(BUNDLE, 'x');
  const { status, stderr } = await returnpath(['analyze', BUNDLE, '-o', below]);
  t.is(status, 2);
  t.is(stderr, `returnpath: ${below}: cannot be written: a part of its path is a file\n`);
});

test('attach without an incident', async (t) => {
  const { status, stderr } = await returnpath(['attach', 'analysis.json']);
  t.is(status, 2);
  t.is(
    stderr,
    'returnpath: name an analysis to read, and the address of the incident; see: returnpath attach --help\n',
  );
});

test('no node is named', async (t) => {
  for (const command of ['live', 'watch']) {
    const { status, stderr } = await returnpath([command]);
    t.is(status, 2);
    t.is(
      stderr,
      `returnpath: name the nodes with --node NAME=TRANSPORT; see: returnpath ${command} --help\n`,
    );
  }
});

const COMPLAINTS: [args: string[], line: string][] = [
  [['analyze'], 'name a bundle or capture to read; see: returnpath analyze --help'],
  [['--vip', '192.168.1.100', 'analyze'], 'give the command before its options; see: returnpath --help'],
  [
    ['analyze', BUNDLE, '--vpi', '1'],
    '--vpi: there is no such option (did you mean --vip?); see: returnpath analyze --help',
  ],
  [
    ['route', BUNDLE, '--sprot=80'],
    '--sprot: there is no such option (did you mean --sport?); see: returnpath route --help',
  ],
  [
    ['analyze', BUNDLE, '--keep'],
    '--keep: there is no such option (did you mean --keep-going?); see: returnpath analyze --help',
  ],
  [
    ['analyze', BUNDLE, '--wireshark'],
    '--wireshark: there is no such option; see: returnpath analyze --help',
  ],
  [['analyze', BUNDLE, '-q'], '-q: there is no such option; see: returnpath analyze --help'],
  [['report', 'a.json', 'b.json'], 'b.json: is one more than is taken; see: returnpath report --help'],
  [['anlyze', BUNDLE], 'anlyze: there is no such command (did you mean analyze?); see: returnpath --help'],
  [['frobnicate', '--vip', '1'], 'frobnicate: there is no such command; see: returnpath --help'],
  [['analyze', BUNDLE, '--threads'], '--threads: give it a value; see: returnpath analyze --help'],
  [['analyze', BUNDLE, '--threads', 'many'], '--threads many: is no number'],
  [['predict', BUNDLE, '--port=http'], '--port http: is no number'],
  [['capture', '--snaplen', 'abc'], '--snaplen abc: is no number'],
  [['live', '--node', 'n1=local', '--node', 'n1=local'], '--node: local is given twice; name each node once'],
  [
    ['live', '--node', 'a=netns://x', '--node', 'b=netns://x'],
    '--node: netns://x is given twice, as a and b; name each node once',
  ],
  [
    ['live', '--node', 'n=netns://x', '--node', 'n=netns://y'],
    '--node: two nodes are called n; name one of them otherwise',
  ],
  [
    ['analyze', BUNDLE, '--format', 'jsn'],
    '--format jsn: is none of terminal, text, markdown, html, json (did you mean json?)',
  ],
  [['predict', BUNDLE, '--protocol=icmp'], '--protocol icmp: is none of tcp, udp, sctp'],
  [['schema', 'dif'], 'dif: is none of analysis, diff (did you mean diff?)'],
  [['analyze', BUNDLE, '--format'], '--format: give it a value; see: returnpath analyze --help'],
  [['inspect', BUNDLE, '--format'], '--format: give it a value; see: returnpath inspect --help'],
  [['diff', '--format'], '--format: give it a value; see: returnpath diff --help'],
  [
    ['route', BUNDLE, '--to', '10.0.0.5', '--format'],
    '--format: give it a value; see: returnpath route --help',
  ],
  [['analyze', BUNDLE, '--attempts'], '--attempts: give it a value; see: returnpath analyze --help'],
  [['capture', '--engine'], '--engine: give it a value; see: returnpath capture --help'],
  [
    ['watch', ...NODE, '--webhook-severity'],
    '--webhook-severity: give it a value; see: returnpath watch --help',
  ],
  [['attach', 'a.json', 'b', '--kind'], '--kind: give it a value; see: returnpath attach --help'],
  [['analyze', BUNDLE, '--redact=yes'], '--redact=yes: is neither true nor false; --redact alone means true'],
  [
    ['predict', BUNDLE, '--vip', '0.0.0.0'],
    "--vip 0.0.0.0: is no host's address; no connection over the network has it",
  ],
  [
    ['predict', BUNDLE, '--vip', 'ff02::1'],
    '--vip ff02::1: is a multicast address; no connection over the network has it',
  ],
  [
    ['predict', BUNDLE, '--vip', '192.168.1.100', '--client', '127.0.0.1'],
    '--client 127.0.0.1: is a loopback address; no connection over the network has it',
  ],
  [['collect-script', '--vip', '10.0.0.300'], '--vip 10.0.0.300: is no IPv4 or IPv6 address'],
  [['analyze', BUNDLE, '--vip', ''], '--vip: its value is empty; give it one, or leave it out'],
  [
    ['analyze', BUNDLE, '--max-attempts='],
    '--max-attempts: its value is empty; give it one, or leave it out',
  ],
  [['analyze', BUNDLE, '-o', ''], '-o: its value is empty; give it one, or leave it out'],
  [['live', '--node', ''], '--node: its value is empty; give it one, or leave it out'],
];
for (const [args, line] of COMPLAINTS) {
  test(`one line, with the cure: ${line}`, async (t) => {
    const { status, stdout, stderr } = await returnpath(args);
    t.deepEqual([status, stdout], [2, '']);
    t.is(stderr, `returnpath: ${line}\n`);
  });
}

test('a webhook with a password in its address: it is not shown', async (t) => {
  const { status, stderr } = await returnpath([
    'watch',
    ...NODE,
    '--webhook',
    'https://me:sEcReT@hook.example/x',
  ]);
  t.is(status, 2);
  t.is(stderr, 'returnpath: --webhook: a name or password before its host is not taken\n');
});

test('too few file descriptors are no bug of the program', async (t) => {
  const program = `exec '${process.execPath}' bin/returnpath.js analyze '${BUNDLE}' --format html`;
  const outcomes: string[] = [];
  // Below that, Node.js itself cannot start.
  for (let limit = 17; limit <= 26; limit++) {
    const { status, stderr } = await run('sh', ['-c', `ulimit -n ${limit}; ${program}`], { cwd: ROOT }).then(
      () => ({ status: 0, stderr: '' }),
      (failed: { code: number | null; stderr: string }) => ({ status: failed.code, stderr: failed.stderr }),
    );
    t.notRegex(stderr, /this is a bug/, `${limit}`);
    // Where it is the input that is not opened, it is named.
    if (stderr.startsWith('returnpath: ')) {
      t.true(stderr === `${TOO_MANY}\n` || stderr === `returnpath: ${BUNDLE}: ${NO_MORE}\n`, stderr);
    }
    outcomes.push(`${status} ${stderr.split('\n')[0]}`);
  }
  t.true(outcomes.includes(`2 ${TOO_MANY}`), outcomes.join('\n'));
  t.is(outcomes.at(-1), '1 ');
});

test('what is one more than is taken is named as it was typed', async (t) => {
  for (const name of ['-', '/dev/stdin']) {
    const { status, stderr } = await returnpath(['report', name, name]);
    t.is(status, 2);
    t.is(stderr, `returnpath: ${name}: is one more than is taken; see: returnpath report --help\n`);
  }
});

test('a name that begins with a dash is no help that is asked for', async (t) => {
  const { status, stdout, stderr } = await returnpath(['live', ...NODE, '-i', '-dash']);
  t.deepEqual([status, stdout], [2, '']);
  t.is(stderr, 'returnpath: -i -dash: a name that begins with a dash is given as -i=-dash\n');
  t.regex((await returnpath(['live', ...NODE, '-i=-dash'])).stderr, /no-such-place/);
  t.regex((await returnpath(['live', '-h'])).stdout, /^returnpath live\n/);
});

test('a node whose name is too long for a file is told so, and no directory is blamed', async (t) => {
  const out = scratch(t);
  const { status, stderr } = await returnpath(['capture', '--node', 'n'.repeat(250), '--out', out]);
  t.is(status, 2);
  t.regex(
    stderr,
    /^returnpath: --node: a name of 250 octets is too long for a file's; give one of up to \d+\n$/,
  );
  t.deepEqual(readdirSync(out), []);
});

/** Standard input is what the file descriptor is of. */
function withInput(input: number, args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [join(ROOT, 'bin/returnpath.js'), ...args], {
    stdio: [input, 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  closeSync(input);
  return child;
}

test('a directory on standard input is told as one', async (t) => {
  const child = withInput(openSync('/', 'r'), ['analyze', '-']);
  let told = '';
  child.stderr!.on('data', (text) => {
    told += text;
  });
  const [status] = await once(child, 'close');
  t.is(status, 2);
  t.is(told, 'returnpath: standard input: is a directory\n');
});

testWith('script')('on a terminal that shows no table it is said how a run is ended', async (t) => {
  const argv = `${process.execPath} ${join(ROOT, 'bin/returnpath.js')} live --node n1=netns://no-such-place --duration 0`;
  for (const [term, told] of [
    ['dumb', true],
    ['xterm', false],
  ] as const) {
    const { stdout } = await run('script', ['-qfc', argv, '/dev/null'], {
      env: { ...process.env, TERM: term },
    });
    t.is(/^returnpath: recording; Ctrl-C ends it\r$/m.test(stdout), told, stdout);
  }
});
