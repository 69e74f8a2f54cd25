import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's root, from the compiled test's place (`dist/test/…`). */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The path of a committed fixture. */
export function fixture(...parts: string[]): string {
  return join(ROOT, 'fixtures', ...parts);
}

/** Whether the commands are on this machine (and, where asked for, whether this is root on Linux). */
export function has(commands: readonly string[], root = false): boolean {
  if (root && (process.platform !== 'linux' || process.getuid?.() !== 0)) return false;
  const directories = (process.env.PATH ?? '').split(delimiter);
  return commands.every((command) => directories.some((d) => existsSync(join(d, command))));
}
