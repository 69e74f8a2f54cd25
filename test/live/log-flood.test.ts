/** A kernel that logs more than a node keeps: what was sent is let go of there, and nothing is lost. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { testInNamespaces } from '../gates.js';
import { scratch } from '../scratch.js';
import { PATH } from './capture-run.js';
import { leftovers } from './leftovers.js';
import { LiveRun } from './live-run.js';
import { twoNodes } from './two-nodes.js';

const test = testInNamespaces('tcpdump', 'nft', 'nstat', 'seq');

const LINES = 60_000;

/** A `dmesg` that prints numbered lines as fast as a kernel that logs each packet, and a shell that can make no hole. */
function floodedNode(t: ExecutionContext, withHoles: boolean): NodeJS.ProcessEnv {
  const bin = scratch(t);
  const write = (name: string, ...lines: string[]) =>
    writeFileSync(join(bin, name), ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 });
  write(
    'dmesg',
    'case "$*" in *--help*) echo --follow; exit ;; *--follow*) ;; *) exit ;; esac',
    'n=0',
    `while [ $n -lt ${LINES} ]; do`,
    '  seq -f "[    1.000000] line %.0f of a log that is longer than a million octets" $((n + 1)) $((n + 1000))',
    '  n=$((n + 1000))',
    '  sleep 0.05',
    'done',
    'exec sleep 1000',
  );
  if (!withHoles) write('fallocate', 'exit 1');
  return { ...process.env, PATH: `${bin}:${PATH}` };
}

for (const withHoles of [true, false]) {
  const how = withHoles
    ? 'makes holes: every line comes, once'
    : 'cuts it off: no line comes twice, or garbled';
  test(`a log that is larger than is kept on the node, which ${how}`, async (t) => {
    const ground = await twoNodes(t);
    const before = await leftovers(ground, ['n1']);
    const nodes = ['--node', `n1=netns://${ground.namespace('n1')}`];
    const out = join(scratch(t), 'out');
    const run = new LiveRun([...nodes, '--duration', '0', '--out', out], { env: floodedNode(t, withHoles) });
    t.teardown(() => run.end('SIGKILL'));
    await run.capturing(['n1']);
    const log = join(out, 'n1', 'kernel.log');
    const lines = () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : []);
    while (!lines().at(-1)?.includes(`line ${LINES} of`)) await ground.sleep(500);
    await run.end();
    const numbers = lines().map((line) => Number(/line (\d+) of/.exec(line)?.[1]));
    t.true(numbers.every((number, i) => i === 0 || number > numbers[i - 1]!));
    // Where it is cut off, what is written at that very moment is lost.
    if (withHoles) t.is(numbers.length, LINES);
    t.deepEqual(await leftovers(ground, ['n1']), before);
  });
}
