/** Nothing of what is redacted is left in any output, and all else is as it was. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { analyze } from '../../src/analyze.js';
import { FORMATS, rendered } from '../../src/cli/print-analysis.js';
import { evidenceFiles } from '../../src/evidence.js';
import { parseAddress, parseMac } from '../../src/model/address.js';
import type { Analysis } from '../../src/model/analysis.js';
import { isGeneric } from '../../src/redact/names.js';
import { Redaction } from '../../src/redact/redaction.js';
import { firstViolation } from '../../src/report/schema/check.js';
import { bundlesIn, readTruth } from '../scenarios/truth.js';
import { scratch } from '../scratch.js';
import { fixture } from '../support.js';

/** Under it no address of these fixtures becomes one of the others. */
const KEY = Buffer.from('a key for the tests');

const FIXTURES = [
  'rp-filter-strict',
  'rp-filter-udp',
  'arp-conflict-stranger',
  'arp-conflict-two-speakers',
  'arp-conflict-ndp',
  'filtered-network-policy',
  'filtered-ipset',
  'filtered-ipv6',
  'untranslated-ipv6',
  'not-delivered-stale-entry-ipv6',
  'two-faults-nodes',
  'stateful-gateway-recorded',
  'wrong-gateway-pod-recipe',
  'wrong-gateway',
];

const NAME_FIELDS = new Set(['node', 'netns', 'namespace', 'name', 'pod', 'file']);

interface Redacted {
  analysis: Analysis;
  redaction: Redaction;
  inputs: string[];
}

async function redacted(name: string): Promise<Redacted> {
  const directory = fixture(name);
  const inputs = bundlesIn(directory);
  const analysis = await analyze(inputs, {
    vips: [readTruth(directory).vip],
    keepGoing: false,
    attempts: 'default',
    quotes: true,
    warn: () => {},
  });
  return { analysis, inputs, redaction: new Redaction(analysis, KEY, inputs) };
}

/** What the inputs themselves name, by their files: every address, MAC and name of a node, pod, service or file. */
function secretsOf(
  t: ExecutionContext,
  { analysis, inputs }: Redacted,
): { addresses: string[]; names: string[] } {
  const root = scratch(t);
  const addresses = new Set<string>();
  const names = new Set<string>(inputs);
  for (const input of inputs) execFileSync('tar', ['-xf', input, '-C', root]);
  const texts = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(json|txt|log)$/.test(path))
    .map((path) => readFileSync(join(root, path), 'utf8'));
  for (const text of [...texts, JSON.stringify(analysis)]) {
    for (const [found] of text.matchAll(
      /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])|(?<![\w:])[\da-f]*:[\da-f]*:[\da-f:]*(?![\w:])/gi,
    ))
      if (parseAddress(found) ?? parseMac(found)) addresses.add(found.toLowerCase());
  }
  JSON.stringify(analysis, (field, value) => {
    if (NAME_FIELDS.has(field) && typeof value === 'string') names.add(value);
    return value;
  });
  return {
    addresses: [...addresses],
    names: [...names].filter((name) => !isGeneric(name) && !/^[\w-]+\.(txt|json|log)$/.test(name)),
  };
}

/** Where a text stands by itself: `192.168.1.1` is not in `192.168.1.10`. */
function standsIn(output: string, secret: string): boolean {
  return new RegExp(
    `(?<![\\w.:])${secret.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}(?![\\w:]|\\.\\d)`,
    'i',
  ).test(output);
}

async function* outputs({ analysis, redaction, inputs }: Redacted): AsyncGenerator<[string, Buffer]> {
  for (const format of FORMATS) {
    const options = { format, output: undefined, 'max-length': undefined };
    yield [format, Buffer.from([...(await rendered(redaction.analysis, options))].join(''))];
  }
  for await (const { name, content } of evidenceFiles(analysis, inputs, 'test', () => {}, redaction))
    yield [name, Buffer.from(content)];
}

/** A MAC, or an address of which it does not follow what it is for; as packets have it. */
function octetsOf(secret: string): Uint8Array {
  return parseMac(secret) ?? parseAddress(secret)!;
}

for (const name of FIXTURES) {
  test(`${name}: no address, MAC or name of the inputs is in any output`, async (t) => {
    const given = await redacted(name);
    const { addresses, names } = secretsOf(t, given);
    const isSame = (secret: string) => {
      const octets = octetsOf(secret);
      return Buffer.from(given.redaction.octets(octets)).equals(octets);
    };
    const hidden = addresses.filter((secret) => !isSame(secret));
    const images = new Set(
      hidden.map((secret) => Buffer.from(given.redaction.octets(octetsOf(secret))).toString('hex')),
    );
    t.true(hidden.length > 10 && names.length >= 3, `${hidden.length} addresses, ${names.length} names`);
    for (const secret of hidden)
      t.false(images.has(Buffer.from(octetsOf(secret)).toString('hex')), `${secret}: choose another key`);
    // These mean the same everywhere.
    for (const secret of addresses.filter(isSame))
      t.regex(secret, /^(0\.|127\.|2(2[4-9]|[345]\d)\.|::1?$|ff|00:00:00:00|01:|33:33)/);
    let files = 0;
    for await (const [file, octets] of outputs(given)) {
      const text = octets.toString('latin1');
      for (const secret of [...hidden, ...names]) t.false(standsIn(text, secret), `${file}: ${secret}`);
      if (!file.endsWith('.pcapng')) continue;
      for (const secret of hidden)
        t.false(octets.includes(Buffer.from(octetsOf(secret))), `${file}: octets of ${secret}`);
      files++;
    }
    t.true(files > 0);
  });

  test(`${name}: the same findings, and every number`, async (t) => {
    const { analysis, redaction } = await redacted(name);
    t.is(firstViolation(redaction.analysis), null);
    t.deepEqual(shapeOf(redaction.analysis), shapeOf(analysis));
    t.deepEqual(graphOf(redaction.analysis), graphOf(analysis));
    t.deepEqual(new Redaction(analysis, KEY).analysis, new Redaction(analysis, KEY).analysis);
  });
}

/** Words of an analysis, in order. */
function wordsOf(analysis: Analysis): string[] {
  const words: string[] = [];
  JSON.stringify(analysis, (_, value) => {
    if (typeof value === 'string')
      words.push(...value.replace(/--comment "[^"]*"/g, '').split(/[\s"'=,;:/()]+/));
    return value;
  });
  // Those of digits and letters to f are parts of addresses.
  return words.filter((word) => /^-{0,2}[a-z_]{2,}$/i.test(word) && !/^[\da-f]+$/i.test(word));
}

for (const name of FIXTURES) {
  test(`${name}: words that are no names stay, in commands above all`, async (t) => {
    const { analysis, redaction } = await redacted(name);
    const isName = new Set<string>();
    JSON.stringify(analysis, (field, value) => {
      if (NAME_FIELDS.has(field) && typeof value === 'string')
        for (const part of value.split(/[^\w]+/)) isName.add(part);
      return value;
    });
    const count = (words: string[]) => {
      const counts = new Map<string, number>();
      for (const word of words) if (!isName.has(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
      return counts;
    };
    const [before, after] = [count(wordsOf(analysis)), count(wordsOf(redaction.analysis))];
    for (const [word, times] of before)
      t.true((after.get(word) ?? 0) >= times, `${word}: ${after.get(word)} of ${times}`);
  });
}

/** All but texts: they are as they were, but for what is replaced. */
function shapeOf({ redacted: _, ...analysis }: Analysis): unknown {
  const kept =
    /^(id|cause|confidence|severity|outcome|role|direction|kind|.*[tT]ime|fate|source|linkType|protocol)$/;
  return JSON.parse(
    JSON.stringify(analysis, (field, value) => (typeof value === 'string' && !kept.test(field) ? '' : value)),
  );
}

/** Who is the same as whom, by numbers in place of names. */
function graphOf({ attempts, findings }: Analysis): unknown {
  const numbers = new Map<string, number>();
  const numberOf = (text: string | null) => {
    if (text === null) return null;
    if (!numbers.has(text)) numbers.set(text, numbers.size);
    return numbers.get(text)!;
  };
  return [
    attempts.map(({ client, server, path }) => [
      numberOf(client.address),
      numberOf(server.address),
      path.map((step) =>
        [
          step.node,
          step.interface,
          step.netns,
          step.file,
          step.source.address,
          step.destination.address,
          ...step.tunnels
            .join(' ')
            .split(' ')
            .filter((word) => parseAddress(word)),
        ].map(numberOf),
      ),
    ]),
    findings.map((finding) => [
      [finding.vip, finding.node, finding.interface].map(numberOf),
      finding.claimants.map((one) => [one.node, one.interface, one.mac].map(numberOf)),
      finding.fix?.commands.map((command) => numberOf(command.node)),
    ]),
  ];
}

/** Without what depends on the files' names. */
async function analyzed(
  t: ExecutionContext,
  given: Redacted,
  redaction: Redaction | null,
): Promise<Analysis[]> {
  const directory = scratch(t);
  const all: Analysis[] = [];
  for await (const { name, content } of evidenceFiles(
    given.analysis,
    given.inputs,
    'test',
    () => {},
    redaction,
  )) {
    if (!name.endsWith('.pcapng')) continue;
    const path = join(directory, name);
    writeFileSync(path, content);
    all.push(await analyze([path], { vips: [], keepGoing: false, attempts: 'all', warn: () => {} }));
  }
  return all;
}

for (const name of FIXTURES) {
  test(`${name}: the redacted evidence is analyzed as the evidence itself is`, async (t) => {
    const given = await redacted(name);
    const [plain, other] = [await analyzed(t, given, null), await analyzed(t, given, given.redaction)];
    const told = (analysis: Analysis) => [
      graphOf(analysis),
      analysis.totals.map(({ outcomes }) => outcomes),
      analysis.attempts.map(({ id, outcome, tries, firstTime }) => [id, outcome, tries, firstTime]),
      analysis.findings.map(({ id, cause, confidence, severity, attempts }) => [
        id,
        cause,
        confidence,
        severity,
        attempts,
      ]),
    ];
    t.true(plain.length > 0);
    t.deepEqual(other.map(told), plain.map(told));
  });
}
