import fc from 'fast-check';
import { readSnapshot } from '../../../../src/ingest/snapshot/snapshot.js';
import type { Snapshot } from '../../../../src/model/snapshot.js';
import { testInNamespaces } from '../../../gates.js';
import { Namespace } from '../../../kernel/namespace.js';
import { node, PAIRS } from './arbitrary.js';

const test = testInNamespaces();

// RETURNPATH_TEXT_RUNS asks for more configurations than a check can wait for, RETURNPATH_TEXT_SEED for others.
const RUNS = Number(process.env.RETURNPATH_TEXT_RUNS ?? 16);
const SEED = Number(process.env.RETURNPATH_TEXT_SEED ?? 1);

interface Form {
  /** Arguments of `ip`, by the file of the bundle that takes what it prints. */
  files: Readonly<Record<string, string>>;
  /** What it tells as much of as the JSON form does. */
  fields: readonly (keyof Snapshot)[];
  /** The JSON form that has as much; without it all of `JSON_FORM`. */
  json?: Readonly<Record<string, string>>;
}

const JSON_FORM: Form['files'] = {
  'ip-addr.json': '-j addr show',
  'ip-link.json': '-j -d link show',
  'ip-route.json': '-j -4 route show table all',
  'ip-route6.json': '-j -6 route show table all',
  'ip-rule.json': '-j -4 rule show',
  'ip-rule6.json': '-j -6 rule show',
  'ip-neigh.json': '-j neigh show',
};

const ROUTES = ['routes4', 'routes6'] as const;
const RULES = ['rules4', 'rules6'] as const;

/**
 * What text has less: addresses printed one a line tell nothing of links, and a listing of nothing is an empty file, which
 * is also what a command leaves that failed.
 */
const FORMS: readonly Form[] = [
  { files: { 'ip-addr.txt': 'addr show', 'ip-link.txt': '-d link show' }, fields: ['addresses', 'links'] },
  {
    files: { 'ip-addr.txt': 'addr show' },
    fields: ['addresses', 'links'],
    json: { 'ip-addr.json': '-j addr show' },
  },
  { files: { 'ip-addr.txt': '-d addr show' }, fields: ['addresses', 'links'] },
  { files: { 'ip-addr.txt': '-o addr', 'ip-link.json': '-o -d link' }, fields: ['addresses', 'links'] },
  { files: { 'ip-addr.json': '-o -j addr' }, fields: ['addresses'] },
  {
    files: { 'ip-addr.json': '-s -d -c=always addr', 'ip-link.json': '-s -s -d link' },
    fields: ['addresses', 'links'],
  },
  {
    files: { 'ip-route.txt': '-4 route show table all', 'ip-route6.txt': '-6 route show table all' },
    fields: ROUTES,
  },
  { files: { 'ip-route.json': 'route show table all' }, fields: ROUTES },
  { files: { 'ip-route.json': '-j route show table all' }, fields: ROUTES },
  { files: { 'ip-route.txt': '-d -s route show table all' }, fields: ROUTES },
  {
    files: { 'ip-route.txt': '-o route show table all', 'ip-route6.json': '-N -6 route show table all' },
    fields: ROUTES,
  },
  {
    files: {
      'ip-route.txt': '-o -d -4 route show table all',
      'ip-route6.json': '-o -d -6 route show table all',
    },
    fields: ROUTES,
  },
  { files: { 'ip-route.txt': '-j -N route show table all' }, fields: ROUTES },
  { files: { 'ip-rule.txt': 'rule', 'ip-rule6.txt': '-6 rule' }, fields: RULES },
  { files: { 'ip-rule.json': '-d rule', 'ip-rule6.json': '-o -6 rule' }, fields: RULES },
  { files: { 'ip-neigh.txt': 'neigh' }, fields: ['neighbours'] },
  { files: { 'ip-neigh.json': '-s -s neigh' }, fields: ['neighbours'] },
];

const LISTS = ['addresses', 'links', 'neighbours', ...ROUTES, ...RULES] as const;

const END = '-- end of a listing --';

/** What each of the commands prints. */
function printedBy(namespace: Namespace, commands: readonly string[]): Map<string, string> {
  const script = commands.map((command) => `ip ${command}; echo '${END}'`).join('\n');
  const texts = namespace.run('sh', '-c', script).split(`${END}\n`);
  return new Map(commands.map((command, i) => [command, texts[i]!]));
}

const JSON_COMMANDS = Object.values(JSON_FORM);
const TEXT_COMMANDS = [...new Set(FORMS.flatMap(({ files }) => Object.values(files)))];

function read(files: Form['files'], printed: ReadonlyMap<string, string>): Snapshot {
  const contents = Object.entries(files).map(([file, command]) => [file, printed.get(command)!] as const);
  return readSnapshot(new Map(contents), 'node1', null, '');
}

/** All listings of one state: the kernel may still have been at work. */
function listings(namespace: Namespace): Map<string, string> {
  for (let tries = 0; tries < 50; tries++) {
    const before = printedBy(namespace, JSON_COMMANDS);
    const texts = printedBy(namespace, TEXT_COMMANDS);
    const after = printedBy(namespace, JSON_COMMANDS);
    if (isSame(read(JSON_FORM, before), read(JSON_FORM, after))) return new Map([...before, ...texts]);
  }
  throw new Error('the namespace does not settle');
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one, keepMaps) === JSON.stringify(other, keepMaps);
}

function keepMaps(_: string, value: unknown): unknown {
  return value instanceof Map ? [...value] : value;
}

/** What most of the commands need. */
function prepare(namespace: Namespace, other: Namespace): void {
  // Else the kernel's own addresses are tentative for a second or two.
  namespace.sysctl([['net.ipv6.conf.default.accept_dad', 0]]);
  const commands = [
    'link set lo up',
    ...PAIRS.map(([one, other]) => `link add name ${one} type veth peer name ${other}`),
    ...PAIRS.flat().map((name) => `link set dev ${name} up`),
    `link add name far type veth peer netns ${other.name}`,
    'link add name .$+ type bridge',
    'addr add 10.16.0.1/24 dev a0',
    'addr add fd00::1/64 dev a0',
  ];
  namespace.batch(commands.map(quoted));
}

/** Carries the commands out, those of IPv6 last; what the kernel refuses is passed over. */
function carryOut(namespace: Namespace, commands: readonly string[]): void {
  const ipv6 = commands.filter((command) => command.startsWith('-6 '));
  const others = commands.filter((command) => !command.startsWith('-6 '));
  const script = [
    ...batches('ip', others),
    ...batches(
      'ip -6',
      ipv6.map((command) => command.slice(3)),
    ),
  ];
  namespace.run('sh', '-c', `{ ${script.join('\n')}\ntrue\n} 2>&1`);
}

/** Some refusals end a batch: what follows in it is passed over too. */
function batches(ip: string, commands: readonly string[]): string[] {
  const script: string[] = [];
  for (let i = 0; i < commands.length; i += BATCH) {
    script.push(`${ip} -force -batch - <<'END'`, ...commands.slice(i, i + BATCH).map(quoted), 'END');
  }
  return script;
}

const BATCH = 3;

/** As `ip -batch` takes words apart. */
function quoted(command: string): string {
  return command
    .split(' ')
    .map((word) => `'${word.replaceAll('~', ' ')}'`)
    .join(' ');
}

/** The first of a list that is not as expected. */
function differences(actual: Snapshot, expected: Snapshot, field: keyof Snapshot): string | null {
  if (isSame(actual[field], expected[field])) return null;
  const [found, wanted] = [actual[field], expected[field]].map((value) =>
    Array.isArray(value) ? value : [value],
  );
  const at = wanted!.findIndex((value, i) => !isSame(value, found![i]));
  return `${field}: ${JSON.stringify(found!.at(at))}\nin place of ${JSON.stringify(wanted!.at(at))}`;
}

test('text and JSON of one node give the same snapshot', (t) => {
  const told = new Map<string, number>();
  const agrees = fc.property(node, (commands) => {
    const [namespace, other] = [new Namespace(), new Namespace()];
    try {
      prepare(namespace, other);
      const fresh = read(JSON_FORM, printedBy(namespace, JSON_COMMANDS));
      carryOut(namespace, commands);
      const printed = listings(namespace);
      const expected = read(JSON_FORM, printed);
      for (const field of LISTS) {
        told.set(field, (told.get(field) ?? 0) + expected[field]!.length - fresh[field]!.length);
      }
      for (const { files, fields, json } of FORMS) {
        if (Object.values(files).some((command) => printed.get(command)!.trim() === '')) continue;
        const actual = read(files, printed);
        const wanted = json ? read(json, printed) : expected;
        for (const field of fields) {
          const difference = differences(actual, wanted, field);
          if (difference !== null) throw new Error(`${JSON.stringify(files)}: ${difference}`);
        }
      }
    } finally {
      namespace.remove();
      other.remove();
    }
  });
  const result = fc.check(agrees, { seed: SEED, numRuns: RUNS });
  if (result.failed) t.fail(`${result.counterexample?.flat().join('\n')}\n${result.errorInstance}`);
  t.log(Object.fromEntries(told));
  for (const field of LISTS) t.true(told.get(field)! > RUNS, `${field}: too few to prove anything`);
});
