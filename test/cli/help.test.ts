import { execFileSync } from 'node:child_process';
import test from 'ava';
import { TRANSPORTS } from '../../src/live/transports/registry.js';
import { returnpath } from './run.js';

const COMMANDS = [
  ...['analyze', 'predict', 'route', 'inspect', 'capture', 'live', 'watch'],
  ...['collect-script', 'merge', 'report', 'diff', 'attach', 'explain'],
];

for (const command of COMMANDS) {
  test(`examples are commands that a shell takes as they stand: ${command}`, async (t) => {
    const { status, stdout } = await returnpath([command, '--help']);
    t.is(status, 0);
    for (const line of stdout.split('\n')) t.true(line.length <= 80, line);
    const [, section] = /\nExamples:\n((?: {2}.+\n)+)/.exec(stdout)!;
    t.notRegex(section!, /[^\\] +$/m);
    const lines = section!
      .replaceAll('\\\n  ', '')
      .trim()
      .split(/\n? {2}/);
    const [about, commands] = [0, 1].map((rest) => lines.filter((_, i) => i % 2 === rest));
    for (const line of about!) t.regex(line, /^# \S/);
    for (const line of commands!) t.regex(line, new RegExp(`returnpath ${command}( |$)`));
  });
}

test('what is said of options is what they take', async (t) => {
  const predict = (await returnpath(['predict', '--help'])).stdout.replace(/\s+/g, ' ');
  t.regex(predict, /--client address of who connects/);
  t.regex(predict, /--add what if: .* or 'NODE:iptables …'/);
  const analyze = (await returnpath(['analyze', '--help'])).stdout;
  t.regex(analyze, /ssh node1 tcpdump .* not port 22 \|/);
});

test('how nodes are reached, with all that their addresses take', async (t) => {
  for (const command of ['live', 'watch']) {
    const { stdout } = await returnpath([command, '--help']);
    // It breaks what is longer than its columns.
    t.true(stdout.replace(/\s+/g, '').includes(TRANSPORTS.replaceAll(' ', '')), command);
  }
});

test("the script's own help tells what it was made with", async (t) => {
  const helpOf = async (...options: string[]) => {
    const { stdout } = await returnpath(['collect-script', ...options]);
    return execFileSync('sh', ['-s', '--', '-h'], { input: stdout, encoding: 'utf8' });
  };
  const given = await helpOf('--duration', '90', '--vip', '192.168.1.100', '--log-martians');
  for (const part of [
    /-t SECONDS .* \(90\)$/m,
    /-v VIP .*192\.168\.1\.100\)$/m,
    /-M .*; yes\)$/m,
    /-D .*; no\)$/m,
  ])
    t.regex(given, part);
  t.regex(await helpOf(), /-t SECONDS .* \(30\)$/m);
});
