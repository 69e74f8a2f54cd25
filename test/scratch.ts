/** Directories that tests write to. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

const made = new Set<string>();

function remove(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  made.delete(directory);
}

function removeAll(): void {
  for (const directory of made) remove(directory);
}

process.once('exit', removeAll);
// A run that is interrupted, or takes too long for ava, ends its processes so: no teardown is called then.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    removeAll();
    process.kill(process.pid, signal);
  });
}

/** A new directory, gone when the test ends, or without one the process, however it does. */
export function scratch(t?: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'returnpath-test-'));
  made.add(directory);
  t?.teardown(() => remove(directory));
  return directory;
}
