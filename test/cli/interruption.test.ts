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

/** @param flags that standard input is opened with */
async function heardOf(flags: 'r' | 'w' | 'r+', signal: NodeJS.Signals): Promise<string[]> {
  const input = openSync('/dev/null', flags);
  const module = join(ROOT, 'dist/src/cli/interruption.js');
  const argv = ['--input-type=module', '-e', RUN, module];
  const child = spawn(process.execPath, argv, { stdio: [input, 'pipe', 'inherit'] });
  closeSync(input);
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout! })) {
    if (line === 'ready') {
      // The lesser number comes first where both are there at once.
      child.kill(signal);
      child.kill('SIGUSR2');
      continue;
    }
    lines.push(line);
    if (line === 'heard') child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  return lines;
}

test("under nohup, which gives an input that cannot be read, a session's end is none of a recording", async (t) => {
  t.deepEqual(await heardOf('w', 'SIGHUP'), ['heard']);
  t.deepEqual(await heardOf('w', 'SIGINT'), ['ended', 'heard']);
});

test('its twins: any other input', async (t) => {
  t.deepEqual(await heardOf('r', 'SIGHUP'), ['ended', 'heard']);
  t.deepEqual(await heardOf('r+', 'SIGHUP'), ['ended', 'heard']);
});
