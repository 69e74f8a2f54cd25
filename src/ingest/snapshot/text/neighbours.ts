import { familyOf } from '../../../model/address.js';
import type { Entry } from '../json.js';
import { entryOf, type Line, linesOf, notA } from './lines.js';
import { readValues, Words } from './words.js';

const VALUES = new Map([
  ['dev', 'dev'],
  ['lladdr', 'lladdr'],
  ['proto', 'protocol'],
]);

const STATES = new Set('INCOMPLETE REACHABLE STALE DELAY PROBE FAILED NOARP PERMANENT'.split(' '));

/** The text of `ip neigh show`, with or without `-s`, as `ip -j` prints the same. @throws InputError */
export function neighboursOfText(text: string, file: string): Entry[] {
  return linesOf(text).map((line) => entryOf(readNeighbour(line, file), line, file));
}

function readNeighbour(line: Line, file: string): Record<string, unknown> {
  const words = new Words(line, file);
  const dst = words.next();
  if (familyOf(dst) === null) throw notA('a neighbour as `ip neigh` prints it', line, file);
  const fields: Record<string, unknown> = { dst };
  const state: string[] = [];
  readValues(words, VALUES, fields, (word) => {
    if (word === 'router' || word === 'proxy') fields[word] = null;
    // busybox joins several by commas.
    else state.push(...word.split(',').filter((part) => STATES.has(part)));
  });
  return { ...fields, state };
}
