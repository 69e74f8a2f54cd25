/** A node with many routes and rules, questions to it, and a bundle with a small capture: the recorded node, enlarged. */
import { createWriteStream } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import * as tar from 'tar-stream';
import { unpack } from '../correlate/recorded.js';
import { fixture } from '../support.js';
import type { NodeInputs } from './comparisons.js';
import { generate, random } from './generate.js';

const ROUTES = 200;
const RULES = 20;
const QUESTIONS = 100_000;

/** Forty connections of five packets. */
const TWO_HUNDRED_PACKETS = {
  flows: 40,
  segments: 0,
  payload: 0,
  concurrent: 10,
  link: 'sll2',
  beginnings: {},
} as const;

/** The tables that the rules lead to. */
const FIRST_TABLE = 100;
const FIRST_PRIORITY = 1000;

/** @param directory where they are written */
export async function writeNodeInputs(directory: string): Promise<NodeInputs> {
  const recorded = join(directory, 'recorded');
  await unpack(fixture('rp-filter-strict', 'node2.tar.gz'), recorded);
  const node = join(recorded, 'node2');
  const bundle = join(directory, 'bundle.tar.gz');
  generate(join(node, 'any.pcap'), TWO_HUNDRED_PACKETS);
  await pack(node, bundle);
  await rm(join(node, 'any.pcap'));
  await enlarge(join(node, 'ip-route.json'), ROUTES, route);
  await enlarge(join(node, 'ip-rule.json'), RULES, rule);
  const questions = join(directory, 'questions.ndjson');
  await writeFile(questions, makeQuestions());
  return { bundle, node, questions };
}

async function enlarge(file: string, size: number, make: (i: number) => object): Promise<void> {
  const entries = JSON.parse(await readFile(file, 'utf8')) as object[];
  for (let i = 0; entries.length < size; i++) entries.push(make(i));
  await writeFile(file, JSON.stringify(entries));
}

/** Networks of pods by the overlay, and a table for each of the rules. */
function route(i: number): object {
  const table = i < RULES ? { table: String(FIRST_TABLE + i) } : {};
  const dst = i < RULES ? 'default' : `10.244.${i}.0/24`;
  return i % 3 === 0
    ? { dst, gateway: '192.168.1.1', dev: 'eth0', flags: [], ...table }
    : { dst, gateway: `10.244.${i}.0`, dev: 'flannel.1', flags: ['onlink'], ...table };
}

/** By source, by mark and by both. */
function rule(i: number): object {
  const source = i % 3 === 1 ? { src: 'all' } : { src: `10.244.${100 + i}.0`, srclen: 24 };
  const mark = i % 3 === 0 ? {} : { fwmark: `0x${(i + 1).toString(16)}` };
  return { priority: FIRST_PRIORITY + i, ...source, ...mark, table: String(FIRST_TABLE + i) };
}

function makeQuestions(): string {
  const next = random(1);
  const interfaces = ['eth0', 'flannel.1', 'cni0'];
  let text = '';
  for (let i = 0; i < QUESTIONS; i++) {
    const dice = next();
    const from = dice % 2 === 0 ? `10.244.${next() % 256}.${next() % 256}` : `10.0.${next() % 256}.5`;
    const to = `10.244.${next() % 256}.${next() % 256}`;
    const mark = dice % 3 === 0 ? next() % RULES : 0;
    text += `${JSON.stringify({ from, to, iif: interfaces[next() % interfaces.length], mark })}\n`;
  }
  return text;
}

async function pack(directory: string, into: string): Promise<void> {
  const archive = tar.pack();
  const written = pipeline(archive, createGzip(), createWriteStream(into));
  for (const name of await readdir(directory)) {
    archive.entry({ name: `node2/${name}` }, await readFile(join(directory, name)));
  }
  archive.finalize();
  await written;
}
