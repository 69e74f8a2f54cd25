import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { scratch } from '../scratch.js';
import { fixture, ROOT } from '../support.js';
import { returnpath } from './run.js';

const NODE = fixture('rp-filter-strict', 'node2.tar.gz');
const BOTH = fixture('rp-filter-strict');
/** The request of the recorded scenario as node2 sees it, and as its kernel dropped it. */
const DROPPED = { from: '192.168.1.50', to: '10.244.2.10', iif: 'flannel.1', mark: 0 };
const WHY = 'strict on flannel.1 (max of all=1, flannel.1=1); the way back to 192.168.1.50 is eth0';

const lines = (...questions: (object | string)[]) =>
  questions.map((q) => `${typeof q === 'string' ? q : JSON.stringify(q)}\n`).join('');

async function batch(input: string, ...args: string[]) {
  const { status, stdout, stderr } = await returnpath(['route', NODE, '--batch', ...args], { input });
  const answers = stdout.split('\n').filter((line) => line !== '');
  return { status, stderr, answers: answers.map((line) => JSON.parse(line)) };
}

async function bundle(t: ExecutionContext, files: Record<string, string>): Promise<string> {
  const directory = scratch(t);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(directory, name, '..'), { recursive: true });
    await writeFile(join(directory, name), text);
  }
  return directory;
}

test('batch: one answer a line, in order; blank lines are passed over', async (t) => {
  const { status, stderr, answers } = await batch(
    lines(DROPPED, '', { to: '8.8.8.8', mark: 0 }, '  ', { ...DROPPED, to: '192.168.1.12', iif: 'eth0' }),
  );
  t.is(status, 0);
  t.is(stderr, '');
  t.deepEqual(answers[0], { verdict: 'rp-filter', why: WHY });
  t.like(answers[1], {
    verdict: 'output',
    dev: 'eth0',
    via: '192.168.1.1',
    table: 'main',
    src: '192.168.1.12',
  });
  t.is(answers[2].verdict, 'local');
  t.is(answers.length, 3);
});

test('batch: via is null on the link, and is told', async (t) => {
  const { answers } = await batch(lines({ to: '192.168.1.77', mark: 0 }));
  t.deepEqual(Object.keys(answers[0]), ['verdict', 'why', 'dev', 'via', 'table', 'src']);
  t.is(answers[0].via, null);
});

test('batch: what was assumed is listed', async (t) => {
  const { answers } = await batch(lines({ from: '10.244.1.9', to: '8.8.8.8', iif: 'eth0' }));
  t.regex(answers[0].unknown.join(), /mark, which is not known/);
});

test('batch: what is asked in a field that there is none of is told', async (t) => {
  const { answers } = await batch(lines({ ...DROPPED, sprot: 80 }, DROPPED));
  t.is(answers[0].verdict, 'rp-filter');
  t.regex(
    answers[0].unknown.join(),
    /^"sprot" is no field of a question .*; the fields are from, to, .*sport/,
  );
  t.is(answers[1].unknown, undefined);
});

const REFUSED: [question: string, words: RegExp][] = [
  ['not json', /is no JSON/],
  ['[1]', /no JSON object/],
  ['{"from":"10.0.0.5"}', /"to" is missing/],
  ['{"to":"10.0.0"}', /"to" is no IPv4 or IPv6 address: "10\.0\.0"/],
  ['{"to":"10.0.0.5","from":"fd00::1"}', /"from" is of the other family/],
  ['{"to":"10.0.0.5","from":"10.0.0.6","iif":"eth7"}', /"iif" "eth7" is no interface of the node/],
  ['{"to":"10.0.0.5","oif":"eth7"}', /"oif" "eth7" is no interface/],
  ['{"to":"10.0.0.5","mark":-1}', /"mark" is no whole number/],
  ['{"to":"10.0.0.5","sport":70000}', /"sport" is no whole number from 0 to 65535/],
  ['{"to":"10.0.0.5","iif":"eth0","from":"10.0.0.6","oif":"eth0"}', /give one/],
  ['{"to":"10.0.0.5","protocol":"tpc"}', /"protocol" is no protocol's name .*: "tpc"; the names are .*tcp/],
  ['{"to":"10.0.0.5","protocol":"256"}', /"protocol" is no protocol's .* from 0 to 255: "256"/],
];
for (const [question, words] of REFUSED) {
  test(`batch: the answers before it, then one line and status 2: ${question}`, async (t) => {
    const { status, stderr, answers } = await batch(lines(DROPPED, '', question, DROPPED));
    t.is(status, 2);
    t.is(answers.length, 1);
    t.regex(stderr, words);
    t.regex(stderr, /^returnpath: standard input line 3: /);
    t.is(stderr.split('\n').length, 2, 'one line');
  });
}

test('batch: an answer comes before the next question is asked', async (t) => {
  const child = spawn(process.execPath, [join(ROOT, 'bin/returnpath.js'), 'route', NODE, '--batch']);
  child.stdout.setEncoding('utf8');
  child.stdin.write(lines(DROPPED));
  const [first] = await once(child.stdout, 'data');
  t.is(JSON.parse(first).verdict, 'rp-filter');
  child.stdin.end(JSON.stringify({ to: '8.8.8.8' })); // no line feed at the end
  const [second] = await once(child.stdout, 'data');
  t.is(JSON.parse(second).verdict, 'output');
  const [status] = await once(child, 'close');
  t.is(status, 0);
});

test('batch: a reader that has seen enough is no error', async (t) => {
  const child = spawn(process.execPath, [join(ROOT, 'bin/returnpath.js'), 'route', NODE, '--batch']);
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(lines(DROPPED).repeat(20_000));
  await once(child.stdout, 'data');
  child.stdout.destroy();
  await once(child, 'close');
  t.is(stderr, '');
});

test('batch: questions in chunks that part lines', async (t) => {
  const input = lines(DROPPED).repeat(3000);
  const { answers } = await batch(input);
  t.is(answers.length, 3000);
  t.true(answers.every((answer) => answer.why === WHY));
});

test('for a person: the verdict, what led to it, and how to ask the kernel', async (t) => {
  const { status, stdout } = await returnpath([
    'route',
    NODE,
    '--from',
    '192.168.1.50',
    '--to',
    '10.244.2.10',
    '--iif',
    'flannel.1',
    '--mark',
    '0x10',
  ]);
  t.is(status, 0);
  t.regex(stdout, /^RP-FILTER +The packet is dropped by the reverse-path check/);
  t.regex(stdout, /rp_filter on flannel\.1 is 1 \(strict\), the larger of all=1 and flannel\.1=1/);
  t.regex(stdout, /0: from all lookup local -- matches; no route there/);
  t.regex(stdout, /32765: .* does not match: not\s+from 10\.244\.1\.0\/24/);
  t.regex(stdout, /default via 192\.168\.1\.1 dev eth0/);
  t.regex(stdout, /^ +ip route get 10\.244\.2\.10 from 192\.168\.1\.50 iif flannel\.1 mark 0x10$/m);
  for (const line of stdout.split('\n')) t.true(line.length <= 80 || /ip route get/.test(line), line);
});

test('for a person: a VIP that this node translates', async (t) => {
  const { stdout } = await returnpath([
    'route',
    fixture('rp-filter-strict', 'node1.tar.gz'),
    '--to',
    '192.168.1.100',
  ]);
  t.regex(stdout, /Address translation comes first/);
  t.regex(stdout, /10\.244\.\d+\.\d+/);
});

test('for a program: one question as JSON', async (t) => {
  const args = ['route', NODE, '--from', '192.168.1.50', '--to', '10.244.2.10', '--iif', 'flannel.1'];
  const { stdout } = await returnpath([...args, '--format', 'json']);
  const answer = JSON.parse(stdout);
  t.is(answer.verdict, 'rp-filter');
  t.is(answer.command, 'ip route get 10.244.2.10 from 192.168.1.50 iif flannel.1');
  t.true(answer.steps.some((step: { title: string }) => step.title === 'Source address'));
});

test('what if: the answer with another setting, said on standard error', async (t) => {
  const { answers, stderr, status } = await batch(
    lines(DROPPED),
    '--set',
    'net.ipv4.conf.all.rp_filter=0',
    '--set',
    'net.ipv4.conf.flannel/1.rp_filter=2',
  );
  t.is(status, 0);
  t.is(answers[0].verdict, 'forward');
  t.regex(stderr, /what if: .*rp_filter/);
});

test('several nodes: one is named', async (t) => {
  const question = ['--from', '192.168.1.50', '--to', '10.244.2.10', '--iif', 'flannel.1'];
  const open = await returnpath(['route', BOTH, ...question]);
  t.is(open.status, 2);
  t.regex(open.stderr, /node1, node2: name one with --node/);
  const named = await returnpath(['route', BOTH, '--node', 'node2', ...question]);
  t.regex(named.stdout, /^RP-FILTER/);
});

test('a network namespace of the node', async (t) => {
  const link = [{ ifname: 'eth0', ifindex: 2, flags: ['UP', 'LOWER_UP'], link_type: 'ether' }];
  const route = [{ dst: 'default', gateway: '169.254.1.1', dev: 'eth0' }];
  const path = await bundle(t, {
    'ip-link.json': '[]',
    'netns/pod1/ip-link.json': JSON.stringify(link),
    'netns/pod1/ip-route.json': JSON.stringify(route),
  });
  const { stdout } = await returnpath(['route', path, '--netns', 'pod1', '--to', '8.8.8.8']);
  t.regex(stdout, /^OUTPUT .*eth0/);
  t.regex(stdout, /network namespace pod1/);
  t.regex(stdout, /Assumed/);
  const { stderr, status } = await returnpath(['route', path, '--netns', 'pod2', '--to', '8.8.8.8']);
  t.is(status, 2);
  t.regex(stderr, /only pod1/);
});

test('names in a bundle cannot move the cursor', async (t) => {
  const name = 'e\x1b[2J';
  const path = await bundle(t, {
    'ip-route.json': JSON.stringify([{ dst: 'default', dev: name }]),
  });
  const { stdout } = await returnpath(['route', path, '--to', '8.8.8.8']);
  t.false(stdout.includes('\x1b'));
  t.true(stdout.includes('\\x1b'));
});

const BAD_USAGE: [args: string[], words: RegExp][] = [
  [['route'], /--help/],
  [['route', NODE], /--to ADDRESS/],
  [['route', NODE, '--batch', '--to', '10.0.0.1'], /--to: not with --batch/],
  [['route', NODE, '--to', 'banana'], /--to is no IPv4 or IPv6 address: "banana"/],
  [['route', NODE, '--to', '10.0.0.1', '--iif', 'eth0'], /--from ADDRESS/],
  [
    ['route', NODE, '--to', '10.0.0.1', '--from', '10.0.0.2', '--iif', 'eth7'],
    /--iif "eth7" is no interface/,
  ],
  [['route', NODE, '--to', '10.0.0.1', '--mark', 'x'], /--mark is no whole number/],
  [['route', NODE, '--to', '10.0.0.1', '--protocol', 'tpc'], /--protocol is no protocol's name .*: "tpc"/],
  [['route', NODE, '--node', 'node9', '--to', '10.0.0.1'], /--node node9/],
  [['route', '/nonexistent', '--to', '10.0.0.1'], /no such file/],
  [['route', fixture('README.md'), '--to', '10.0.0.1'], /README\.md: holds no file of a bundle/],
  [['route', '-', '--batch'], /standard input holds the questions/],
];
for (const [args, words] of BAD_USAGE) {
  test(`refused in one line: returnpath ${args.map((a) => a.replace(ROOT, '')).join(' ')}`, async (t) => {
    const { status, stdout, stderr } = await returnpath(args);
    t.is(status, 2);
    t.is(stdout, '');
    t.regex(stderr, words);
    t.is(stderr.split('\n').length, 2, 'one line');
  });
}
