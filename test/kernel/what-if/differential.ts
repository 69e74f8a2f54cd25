import { spawnSync } from 'node:child_process';
import { readSnapshot } from '../../../src/ingest/snapshot/snapshot.js';
import { applyChange } from '../../../src/kernel/what-if/apply.js';
import type { Change } from '../../../src/kernel/what-if/change.js';
import { parseChange } from '../../../src/kernel/what-if/parse-change.js';
import { UsageError } from '../../../src/model/errors.js';
import type { InterfaceAddress, Route, Snapshot } from '../../../src/model/snapshot.js';
import { Namespace } from '../namespace.js';
import { SETUP } from './commands.js';

export interface Comparison {
  /** Commands that both carried out. */
  done: number;
  /** Commands that both refused, for one reason. */
  refused: number;
  /** Refused with a plain word that it is not modelled. */
  notModelled: number;
  mismatches: string[];
}

/** Stands between two listings. */
const NEXT = '====';

/** The kernel's words for one errno differ between releases, and between the places that answer it. */
const SAME_ERROR: readonly (readonly string[])[] = [
  ['File exists', 'Address already assigned', 'address already assigned', 'IPv6 address already exists'],
  // ENOENT in place of ESRCH comes of IPv6's null entry, where there is no default route.
  [
    'No such process',
    'FIB table does not exist',
    'No such file or directory',
    'Can not replace route - no match found',
  ],
  ['setting key'],
  ['Invalid scope value', 'Invalid argument'],
  ['Cannot assign requested address', 'Address not found', 'address not found'],
];

/** Carries the commands out one after the other in a fresh namespace, and compares each time. */
export function compareCommands(commands: readonly string[], into: Comparison): void {
  const namespace = new Namespace();
  try {
    namespace.sysctl([
      ['net.ipv6.conf.default.accept_dad', 0],
      ['net.ipv4.conf.default.rp_filter', 0],
    ]);
    namespace.batch(SETUP);
    settle(60);
    let before = namespace.snapshot();
    const done: string[] = [];
    for (const command of commands) {
      const outcome = compareCommand(namespace, before, command);
      before = outcome.after;
      into[outcome.kind]++;
      if (outcome.mismatch !== null) {
        into.mismatches.push(`${[...done, command].join('\n')}\n${outcome.mismatch}`);
      }
      done.push(command);
    }
  } finally {
    namespace.remove();
  }
}

interface Outcome {
  kind: 'done' | 'refused' | 'notModelled';
  after: Snapshot;
  mismatch: string | null;
}

function compareCommand(namespace: Namespace, before: Snapshot, command: string): Outcome {
  const expected = predict(before, command);
  let { error, after } = run(namespace, before, command);
  if (expected instanceof UsageError) {
    if (/ is not modelled/.test(expected.message)) return { kind: 'notModelled', after, mismatch: null };
    const same = error !== null && isSameError(error, expected.message);
    return {
      kind: 'refused',
      after,
      mismatch: same ? null : `kernel: ${error ?? 'done'}\nwe: ${expected.message}`,
    };
  }
  if (error !== null) return { kind: 'refused', after, mismatch: `kernel: ${error}\nwe: done` };
  let differences = compareSnapshots(expected, after, before);
  if (differences.length > 0) {
    // IPv6 makes an address's routes in a work queue.
    settle(30);
    after = run(namespace, after, 'true').after;
    differences = compareSnapshots(expected, after, before);
  }
  return { kind: 'done', after, mismatch: differences.length > 0 ? differences.join('\n') : null };
}

function predict(before: Snapshot, command: string): Snapshot | UsageError {
  try {
    return applyChange(before, read(command));
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}

function read(command: string): Change {
  const setting = /^sysctl -w (.*)$/.exec(command);
  return setting ? parseChange(`node1:${setting[1]}`, 'set') : parseChange(`node1:${command}`, 'add');
}

/** All of it in one process: starting one takes longest. Links stay as they are, and settings change by `sysctl` alone. */
function run(
  namespace: Namespace,
  before: Snapshot,
  command: string,
): { error: string | null; after: Snapshot } {
  const settings = command.startsWith('sysctl');
  const listings = [
    ['ip-addr.json', 'ip -j addr show'],
    ['ip-route.json', 'ip -j -4 route show table all'],
    ['ip-route6.json', 'ip -j -6 route show table all'],
    ['ip-rule.json', 'ip -j -4 rule show'],
    ['ip-rule6.json', 'ip -j -6 rule show'],
    ['sysctl.txt', settings ? "sysctl -a -r '^net\\.ipv[46]\\.(conf|ip_forward)'" : 'true'],
  ] as const;
  const script = [
    `${command} >&2`,
    'echo $?',
    ...listings.flatMap(([, listing]) => [listing, `echo ${NEXT}`]),
  ].join('\n');
  const { stdout, stderr } = spawnSync('ip', ['netns', 'exec', namespace.name, 'sh', '-c', script], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const status = stdout.slice(0, stdout.indexOf('\n'));
  const texts = stdout.slice(stdout.indexOf('\n') + 1).split(`${NEXT}\n`);
  const files = new Map(listings.map(([file], i) => [file, texts[i]!]));
  if (!settings) files.delete('sysctl.txt');
  const after = readSnapshot(files, 'node1', null, '');
  const failed = status !== '0' || /setting key/.test(stderr);
  return {
    error: failed ? stderr.trim() : null,
    after: { ...after, links: before.links, sysctl: settings ? after.sysctl : before.sysctl },
  };
}

function isSameError(kernel: string, ours: string): boolean {
  const words = /^(?:.*\n)*(?:Error: |RTNETLINK answers: |sysctl: )?(?:ipv[46]: )?(.*?)\.?$/.exec(
    kernel.split('\n').find((line) => /Error|answers|sysctl|Cannot find/.test(line)) ?? kernel,
  )![1]!;
  const includes = (text: string) => ours.toLowerCase().includes(text.toLowerCase());
  if (includes(words)) return true;
  return SAME_ERROR.some((same) => same.some((one) => kernel.includes(one)) && same.some(includes));
}

function settle(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function compareSnapshots(expected: Snapshot, actual: Snapshot, before: Snapshot): string[] {
  return [
    ...compare('addresses', addressLines(expected.addresses!), addressLines(actual.addresses!)),
    ...compare('routes4', routeLines(expected.routes4!), routeLines(actual.routes4!)),
    ...compare('routes6', routeLines(expected.routes6!), routeLines(actual.routes6!)),
    ...compare('rules4', expected.rules4!.map(line), actual.rules4!.map(line)),
    ...compare('rules6', expected.rules6!.map(line), actual.rules6!.map(line)),
    ...compare('sysctl', sysctlLines(expected, before), sysctlLines(actual, before)),
  ];
}

function compare(what: string, expected: readonly string[], actual: readonly string[]): string[] {
  if (expected.join('\n') === actual.join('\n')) return [];
  const missing = actual.filter((text) => !expected.includes(text));
  const extra = expected.filter((text) => !actual.includes(text));
  return [`${what}: kernel has\n  ${missing.join('\n  ')}\nwe have\n  ${extra.join('\n  ')}`];
}

const line = (value: unknown) => JSON.stringify(value);

/** By interface and family, in order. */
function addressLines(addresses: readonly InterfaceAddress[]): string[] {
  return byKey(
    addresses.map((own) => ({ ...own, flags: [...own.flags].sort() })),
    (own) => `${own.interface} ${own.address.includes(':')}`,
  );
}

/** By destination, in order: the order within one decides a look-up. */
function routeLines(routes: readonly Route[]): string[] {
  const plain = routes.map((route) => ({
    ...route,
    flags: [...route.flags].sort(),
    nextHops: route.nextHops.map((hop) => ({ ...hop, flags: [...hop.flags].sort() })),
  }));
  return byKey(plain, (route) => `${route.table} ${route.destination} ${route.from}`);
}

function byKey<T>(items: readonly T[], key: (item: T) => string): string[] {
  const groups = new Map<string, string[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), line(item)]);
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, lines]) => `${name}: ${lines.join(' | ')}`);
}

/** Without those that nobody can foretell: what is set as default, on interfaces without an address. */
function sysctlLines({ sysctl }: Snapshot, before: Snapshot): string[] {
  const bare = before
    .links!.map((link) => link.name)
    .filter((name) => !before.addresses!.some((own) => own.interface === name && !own.address.includes(':')));
  const keys = [...sysctl!].filter(
    ([key]) =>
      !bare.some((name) => key.startsWith(`net.ipv4.conf.${name.replace('.', '/')}.`)) ||
      key.endsWith('.forwarding'),
  );
  return keys.map(([key, value]) => `${key}=${value}`).sort();
}
