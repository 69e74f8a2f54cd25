/** Which signals end a recording. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'ava';
import { ROOT } from '../support.js';

/** Says when it is to end, and answers SIGUSR2. */
const RUN = `
const { interruption } = await import(process.argv[1]);
interruption().addEventListener('abort', () => console.log('ended'));
process.on('SIGUSR2', () => console.log('heard'));
setInterval(() => {}, 1e9);
console.log('ready');
`;

/** Two signals that are there at once may be taken by two threads, in either order; of so many answers, the last is behind all. */
const ANSWERS = 3;

/** @param flags that standard input is opened with */
async function heardOf(flags: 'r' | 'w' | 'r+', signal: NodeJS.Signals): Promise<string[]> {
  const input = openSync('/dev/null', flags);
  const module = join(ROOT, 'dist/src/cli/interruption.js');
  const argv = ['--input-type=module', '-e', RUN, module];
  const child = spawn(process.execPath, argv, { stdio: [input, 'pipe', 'inherit'] });
  closeSync(input);
  const lines: string[] = [];
  let answers = 0;
  for await (const line of createInterface({ input: child.stdout! })) {
    if (line === 'ready') child.kill(signal);
    else if (line === 'heard') answers++;
    else lines.push(line);
    if (line !== 'ended') child.kill(answers < ANSWERS ? 'SIGUSR2' : 'SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  return answers === ANSWERS ? [...lines, 'heard'] : lines;
}

test("under nohup, which gives an input that cannot be read, a session's end is none of a recording", async (t) => {
  t.deepEqual(await heardOf('w', 'SIGHUP'), ['heard']);
  t.deepEqual(await heardOf('w', 'SIGINT'), ['ended', 'heard']);
});

test('its twins: any other input', async (t) => {
  t.deepEqual(await heardOf('r', 'SIGHUP'), ['ended', 'heard']);
  t.deepEqual(await heardOf('r+', 'SIGHUP'), ['ended', 'heard']);
});
