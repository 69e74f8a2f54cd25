import { existsSync } from 'node:fs';
import { UsageError } from '../model/errors.js';

/** What one argument names: `PATH`, `NODE=PATH`, `NODE/NETNS=PATH`, and `-` in place of a path for stdin. */
export interface InputSpecification {
  /** As given; names the input in messages. */
  argument: string;
  path: string;
  /** Null where the argument does not say. */
  node: string | null;
  netns: string | null;
}

/** @throws UsageError where it, or a name before `=`, is empty. */
export function parseInput(argument: string): InputSpecification {
  // A shell's variable that is not set.
  if (argument === '') throw new UsageError('an input is empty: name a file or a directory');
  const equals = argument.indexOf('=');
  // A path may itself hold `=`: what exists as it stands is a path.
  if (argument === '/dev/stdin') return { argument: '-', path: '-', node: null, netns: null };
  if (equals < 0 || existsSync(argument)) return { argument, path: argument, node: null, netns: null };
  const name = argument.slice(0, equals);
  const path = argument.slice(equals + 1);
  const [node = '', ...rest] = name.split('/');
  const netns = rest.length > 0 ? rest.join('/') : null;
  if (node === '' || netns === '' || path === '') {
    throw new UsageError(`${argument}: expected NODE=PATH or NODE/NETNS=PATH`);
  }
  return { argument, path, node, netns };
}
