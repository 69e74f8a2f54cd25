import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a directory, and those above it that are missing. Not by `recursive`, with which Node never ends below /proc.
 *
 * @throws the system's error where one cannot be made
 */
export function makeDirectory(path: string): void {
  const absolute = resolve(path);
  if (existsSync(absolute)) return;
  makeDirectory(dirname(absolute));
  mkdirSync(absolute);
}
