import { InputError } from '../../model/errors.js';
import type { Snapshot } from '../../model/snapshot.js';
import { flawsOf } from '../kube/objects.js';
import { readClock } from './clock.js';
import { readConntrack } from './conntrack.js';
import { readDrops } from './drops.js';
import { readAddresses } from './ip-address.js';
import { readLinks } from './ip-link.js';
import { readNeighbours } from './ip-neighbour.js';
import { readRoutes } from './ip-route.js';
import { readRules } from './ip-rule.js';
import { parseJson } from './json.js';
import { readKernelLog } from './kernel-log.js';
import { readCounters } from './nstat.js';
import { readSpeakerLogs } from './speaker-log.js';
import { readSysctl } from './sysctl.js';

/** One file on its way into the snapshot. */
interface Source {
  text: string;
  /** As the user would name it. */
  file: string;
  /** Within the bundle. */
  path: string;
  warn: (message: string) => void;
}

interface Row {
  /** Path within the bundle; a `*` stands for a file's stem. */
  path: string;
  read: (source: Source, into: Snapshot) => void;
  /** The command prints nothing where there is nothing to tell. */
  mayBeEmpty?: true;
}

/** The bundle's files. The clock comes first, for others are placed in time by it. */
const ROWS: readonly Row[] = [
  // Names the node: whoever groups files into bundles has read it by now.
  { path: 'node.json', read: () => {} },
  { path: 'clock.txt', read: (s, to) => set(to, 'clock', readClock(s.text, s.file)) },
  { path: 'ip-addr.json', read: readAddressFile },
  { path: 'ip-link.json', read: (s, to) => set(to, 'links', readLinks(s.text, s.file)) },
  { path: 'ip-route.json', read: (s, to) => set(to, 'routes4', readRoutes(s.text, s.file, 4)) },
  { path: 'ip-route6.json', read: (s, to) => set(to, 'routes6', readRoutes(s.text, s.file, 6)) },
  { path: 'ip-rule.json', read: (s, to) => set(to, 'rules4', readRules(s.text, s.file, 4)) },
  { path: 'ip-rule6.json', read: (s, to) => set(to, 'rules6', readRules(s.text, s.file, 6)) },
  { path: 'ip-neigh.json', read: (s, to) => set(to, 'neighbours', readNeighbours(s.text, s.file)) },
  { path: 'sysctl.txt', read: (s, to) => set(to, 'sysctl', readSysctl(s.text, s.file, s.warn)) },
  { path: 'nstat-before.json', read: (s, to) => set(to, 'countersBefore', readCounters(s.text, s.file)) },
  { path: 'nstat-after.json', read: (s, to) => set(to, 'countersAfter', readCounters(s.text, s.file)) },
  {
    path: 'kernel.log',
    read: (s, to) => set(to, 'kernelLog', readKernelLog(s.text, s.file, s.warn, to.clock)),
    mayBeEmpty: true,
  },
  {
    path: 'drops.txt',
    read: (s, to) => set(to, 'drops', readDrops(s.text, s.file, s.warn, to.clock)),
    mayBeEmpty: true,
  },
  { path: 'nft.json', read: (s, to) => set(to, 'nft', parseJson(s.text, s.file)) },
  { path: 'iptables-save.txt', read: (s, to) => set(to, 'iptables', s.text), mayBeEmpty: true },
  { path: 'ip6tables-save.txt', read: (s, to) => set(to, 'ip6tables', s.text), mayBeEmpty: true },
  {
    path: 'conntrack.txt',
    read: (s, to) => set(to, 'conntrack', readConntrack(s.text, s.file)),
    mayBeEmpty: true,
  },
  {
    path: 'kube/*.json',
    read: readKubeFile,
  },
  { path: 'kube/*.log', read: readSpeakerFile, mayBeEmpty: true },
];

export interface SnapshotOptions {
  /** How messages and evidence name a file of the bundle. */
  nameOf?: (path: string) => string;
  /** Called where a file cannot be parsed; it is absent then. By default the error is thrown. */
  onError?: (error: unknown) => void;
}

/** Warnings of one file of objects: more of them tell no more. */
const MOST_FLAWS = 5;

function rethrow(error: unknown): never {
  throw error;
}

/** Whether a file of this path within a bundle is part of the snapshot (`node.json` included). */
export function isSnapshotFile(path: string): boolean {
  return ROWS.some((row) => matches(row, path));
}

/**
 * Reads what a node said of itself.
 *
 * @param files by path within the bundle, as `ip-route.json` or `kube/services.json`; others are ignored
 * @param node the node's name
 * @param netns of the node; null for its own
 * @param source the directory or archive, as the user named it
 * @throws InputError where a file cannot be parsed. An empty one (the command failed) is absent, with a warning
 */
export function readSnapshot(
  files: ReadonlyMap<string, Uint8Array | string>,
  node: string,
  netns: string | null,
  source: string,
  { nameOf = (path) => memberName(source, path), onError = rethrow }: SnapshotOptions = {},
): Snapshot {
  const snapshot = emptySnapshot(node, netns, source);
  const warn = (message: string) => void snapshot.warnings.push(message);
  for (const row of ROWS) {
    for (const [path, content] of files) {
      if (!matches(row, path)) continue;
      const file = nameOf(path);
      if (content.length === 0 && !row.mayBeEmpty) {
        warn(`${file}: empty, as if the command that wrote it failed; taken as absent`);
      } else {
        try {
          row.read({ text: decodeText(content, file), file, path, warn }, snapshot);
        } catch (error) {
          onError(error);
        }
      }
    }
  }
  return snapshot;
}

/** A snapshot in which every file is absent. */
export function emptySnapshot(node: string, netns: string | null, source: string): Snapshot {
  return {
    node,
    netns,
    source,
    addresses: null,
    links: null,
    routes4: null,
    routes6: null,
    rules4: null,
    rules6: null,
    neighbours: null,
    sysctl: null,
    countersBefore: null,
    countersAfter: null,
    kernelLog: null,
    clock: null,
    drops: null,
    nft: null,
    iptables: null,
    ip6tables: null,
    conntrack: null,
    kube: new Map(),
    speakerLogs: null,
    warnings: [],
  };
}

/** `ip addr` has all of `ip link` but kinds, and stands in until ip-link.json is read after it. */
function readAddressFile(source: Source, into: Snapshot): void {
  into.addresses = readAddresses(source.text, source.file);
  into.links = readLinks(source.text, source.file);
}

/** Objects that are not as they should be are named; whoever reads the file passes them over. */
function readKubeFile(source: Source, into: Snapshot): void {
  const parsed = parseJson(source.text, source.file);
  const flaws = new Set(flawsOf(parsed));
  for (const flaw of [...flaws].slice(0, MOST_FLAWS)) source.warn(`${source.file}: ${flaw}`);
  if (flaws.size > MOST_FLAWS)
    source.warn(`${source.file}: ${flaws.size - MOST_FLAWS} more were passed over`);
  into.kube.set(source.path.slice('kube/'.length), parsed);
}

/** A log of something else than speakers leaves no trace. */
function readSpeakerFile(source: Source, into: Snapshot): void {
  const logs = readSpeakerLogs(source.text, source.file, source.warn);
  if (logs.length > 0) into.speakerLogs = [...(into.speakerLogs ?? []), ...logs];
}

function set<K extends keyof Snapshot>(snapshot: Snapshot, field: K, value: Snapshot[K]): void {
  snapshot[field] = value;
}

function matches(row: Row, path: string): boolean {
  const star = row.path.indexOf('*');
  if (star < 0) return row.path === path;
  const tail = row.path.slice(star + 1);
  const stem = path.slice(star, -tail.length);
  return (
    path.startsWith(row.path.slice(0, star)) && path.endsWith(tail) && stem !== '' && !stem.includes('/')
  );
}

function decodeText(content: Uint8Array | string, file: string): string {
  if (typeof content === 'string') return content;
  try {
    // Strips a byte order mark. A kernel log may hold any octets; the longest string of V8 is 512 MiB.
    return new TextDecoder('utf-8').decode(content);
  } catch {
    throw new InputError(file, null, `is too large to be read as text (${content.length} octets)`);
  }
}

function memberName(source: string, path: string): string {
  if (source === '') return path;
  return /\.(tar|tgz|tar\.\w+)$/i.test(source)
    ? `${source}:${path}`
    : `${source.replace(/\/+$/, '')}/${path}`;
}
