import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

/** The project's root, from the compiled test's place (`dist/test/…`). */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The path of a committed fixture. */
export function fixture(...parts: string[]): string {
  return join(ROOT, 'fixtures', ...parts);
}

/** In CI nothing is skipped: a test whose tools are missing fails there. */
const MUST_RUN = Boolean(process.env.CI);

/** Whether the commands are on this machine (and, where asked for, whether this is root on Linux). */
export function has(commands: readonly string[], root = false): boolean {
  if (root && (process.platform !== 'linux' || process.getuid?.() !== 0)) return false;
  const directories = (process.env.PATH ?? '').split(delimiter);
  return commands.every((command) => directories.some((d) => existsSync(join(d, command))));
}

/** `test` where the independent references that it needs are installed, else `test.skip`. */
export function testWith(...commands: string[]) {
  return MUST_RUN || has(commands) ? test : test.skip;
}

/** The same, one after the other, for tests that make network namespaces and send packets through them. */
export function testInNamespaces(...commands: string[]) {
  return MUST_RUN || has(['ip', ...commands], true) ? test.serial : test.serial.skip;
}
