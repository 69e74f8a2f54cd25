import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's root, from the compiled test's place (`dist/test/…`). */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The path of a committed fixture. */
export function fixture(...parts: string[]): string {
  return join(ROOT, 'fixtures', ...parts);
}
