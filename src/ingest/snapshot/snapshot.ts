import type { Family } from '../../model/address.js';
import { InputError } from '../../model/errors.js';
import type { KernelLog, Snapshot } from '../../model/snapshot.js';
import type { Nanoseconds } from '../../model/time.js';
import { describeForeign } from '../capture/foreign.js';
import { flawsOf } from '../kube/objects.js';
import { readObjects } from '../kube/read-objects.js';
import { readClock } from './clock.js';
import { readConntrack } from './conntrack.js';
import { readDrops } from './drops.js';
import { readAddresses } from './ip-address.js';
import { readLinks } from './ip-link.js';
import { readNeighbours } from './ip-neighbour.js';
import { readRoutes } from './ip-route.js';
import { readRules } from './ip-rule.js';
import { isKernelLogName, joinKernelLogs } from './join-logs.js';
import { readKernelLog } from './kernel-log.js';
import { readNft } from './nft.js';
import { readCounters } from './nstat.js';
import { locateSysctlFile, readSysctlFile } from './persisted-sysctl.js';
import { readSpeakerLogs } from './speaker-log.js';
import { readSysctl } from './sysctl.js';
import { readIpSets } from './text/ipset.js';
import { savedForm } from './text/iptables/listing.js';
import { readIpvs } from './text/ipvsadm.js';

/** One file on its way into the snapshot. */
interface Source {
  text: string;
  /** As the user would name it. */
  file: string;
  /** Within the bundle. */
  path: string;
  warn: (message: string) => void;
  /** When the dump's captures ended; null where there are none. */
  latest: Nanoseconds | null;
  /** Takes kernel logs, of which a bundle may have many. */
  logs: Map<string, KernelLog>;
}

interface Row {
  /**
   * Path within the bundle; a `*` stands for a file's stem. For `.json`, `.txt` may stand where no `*` does. A function
   * tells those that have many names.
   */
  path: string | ((path: string) => boolean);
  read: (source: Source, into: Snapshot) => void;
  /** The command prints nothing where there is nothing to tell; JSON is never empty. */
  mayBeEmpty?: true | 'as text';
}

const NODE = 'node.json';

/** The bundle's files. The clock comes first, for others are placed in time by it. */
const ROWS: readonly Row[] = [
  // Names the node: whoever groups files into bundles has read it by now.
  { path: NODE, read: () => {} },
  { path: 'clock.txt', read: (s, to) => set(to, 'clock', readClock(s.text, s.file, s.warn)) },
  { path: 'ip-addr.json', read: readAddressFile },
  { path: 'ip-link.json', read: (s, to) => set(to, 'links', readLinks(s.text, s.file)) },
  { path: 'ip-route.json', read: (s, to) => readRouteFile(s, to, 4) },
  { path: 'ip-route6.json', read: (s, to) => readRouteFile(s, to, 6) },
  { path: 'ip-rule.json', read: (s, to) => set(to, 'rules4', readRules(s.text, s.file, 4)) },
  { path: 'ip-rule6.json', read: (s, to) => set(to, 'rules6', readRules(s.text, s.file, 6)) },
  { path: 'ip-neigh.json', read: (s, to) => set(to, 'neighbours', readNeighbours(s.text, s.file)) },
  { path: 'sysctl.txt', read: (s, to) => set(to, 'sysctl', readSysctl(s.text, s.file, s.warn)) },
  {
    path: (path) => locateSysctlFile(path)?.root === '',
    read: (s, to) => set(to, 'persisted', [...(to.persisted ?? []), readSysctlFile(s.text, s.path, s.file)]),
    // One that is empty hides those of its name in other directories.
    mayBeEmpty: true,
  },
  {
    path: 'nstat-before.json',
    read: (s, to) => set(to, 'countersBefore', readCounters(s.text, s.file, s.warn)),
  },
  {
    path: 'nstat-after.json',
    read: (s, to) => set(to, 'countersAfter', readCounters(s.text, s.file, s.warn)),
  },
  {
    path: isKernelLogName,
    read: (s, to) => s.logs.set(s.path, readKernelLog(s.text, s.file, s.warn, to.clock, s.latest)),
    mayBeEmpty: true,
  },
  {
    path: 'drops.txt',
    read: (s, to) => set(to, 'drops', readDrops(s.text, s.file, s.warn, to.clock)),
    mayBeEmpty: true,
  },
  {
    path: 'nft.json',
    read: (s, to) => set(to, 'nft', readNft(s.text, s.file, s.warn)),
    mayBeEmpty: 'as text',
  },
  {
    path: 'iptables-save.txt',
    read: (s, to) => set(to, 'iptables', savedForm(s.text, 4, s.file, s.warn)),
    mayBeEmpty: true,
  },
  {
    path: 'ip6tables-save.txt',
    read: (s, to) => set(to, 'ip6tables', savedForm(s.text, 6, s.file, s.warn)),
    mayBeEmpty: true,
  },
  {
    path: 'conntrack.txt',
    read: (s, to) => set(to, 'conntrack', readConntrack(s.text, s.file, s.warn)),
    mayBeEmpty: true,
  },
  {
    path: 'ipvsadm.txt',
    read: (s, to) => set(to, 'ipvs', readIpvs(s.text, s.file, s.warn)),
    mayBeEmpty: true,
  },
  {
    path: 'ipset.txt',
    read: (s, to) => set(to, 'ipsets', readIpSets(s.text, s.file, s.warn)),
    mayBeEmpty: true,
  },
  { path: 'kube/*.json', read: readKubeFile },
  { path: 'kube/*.yaml', read: readKubeFile },
  { path: 'kube/*.yml', read: readKubeFile },
  { path: 'kube/*.log', read: readSpeakerFile, mayBeEmpty: true },
];

export interface SnapshotOptions {
  /** How messages and evidence name a file of the bundle. */
  nameOf?: (path: string) => string;
  /** Called where a file cannot be parsed; it is absent then. By default the error is thrown. */
  onError?: (error: unknown) => void;
  /** When the captures beside it ended: stamps without a year are placed by it, for want of a clock.txt. */
  latest?: Nanoseconds | null;
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

/** The file of a bundle that one of this name within it stands for: `nft.json` where `nft.txt` does. */
export function standsFor(name: string): string {
  const row = ROWS.find(({ path }) => typeof path === 'string' && (path === name || isTextOf(path, name)));
  return typeof row?.path === 'string' ? row.path : name;
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
  { nameOf = (path) => memberName(source, path), onError = rethrow, latest = null }: SnapshotOptions = {},
): Snapshot {
  const snapshot = emptySnapshot(node, netns, source);
  const warn = (message: string) => void snapshot.warnings.push(message);
  const logs = new Map<string, KernelLog>();
  for (const row of ROWS) {
    for (const [path, content] of files) {
      if (!matches(row, path)) continue;
      const file = nameOf(path);
      if (typeof row.path === 'string' && path !== row.path && files.has(row.path)) {
        warn(`${file}: passed over for ${nameOf(row.path)}`);
        continue;
      }
      if (isPacked(content)) {
        warn(`${file}: ${describeForeign(content.subarray(0, HEAD))}; taken as absent`);
        continue;
      }
      try {
        const text = decodeText(content, file);
        const mayBeEmpty = row.mayBeEmpty === 'as text' ? path !== row.path : row.mayBeEmpty;
        if (text.trim() !== '' || mayBeEmpty) row.read({ text, file, path, warn, latest, logs }, snapshot);
        else warn(`${file}: empty, as if the command that wrote it failed; taken as absent`);
      } catch (error) {
        onError(error);
      }
    }
  }
  snapshot.kernelLog = joinKernelLogs(logs);
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
    persisted: null,
    countersBefore: null,
    countersAfter: null,
    kernelLog: null,
    clock: null,
    drops: null,
    nft: null,
    iptables: null,
    ip6tables: null,
    conntrack: null,
    ipvs: null,
    ipsets: null,
    kube: new Map(),
    speakerLogs: null,
    warnings: [],
  };
}

/** `ip addr` has all of `ip link` but kinds, and stands in until ip-link.json is read after it. */
function readAddressFile(source: Source, into: Snapshot): void {
  into.addresses = readAddresses(source.text, source.file);
  const links = readLinks(source.text, source.file);
  if (links.length > 0) into.links = links;
}

/** A listing may be of both families; what it has of the other one stands in until that one's own is read. */
function readRouteFile(source: Source, into: Snapshot, family: Family): void {
  const routes = readRoutes(source.text, source.file, family, source.warn);
  const [own, other] = family === 4 ? (['routes4', 'routes6'] as const) : (['routes6', 'routes4'] as const);
  const foreign = routes[family === 4 ? 6 : 4];
  if (foreign.length === 0 || routes[family].length > 0) into[own] = routes[family];
  if (foreign.length > 0) into[other] ??= foreign;
}

/** Objects that are not as they should be are named; whoever reads the file passes them over. */
function readKubeFile(source: Source, into: Snapshot): void {
  const parsed = readObjects(source.text, source.file);
  const flaws = new Set(flawsOf(parsed));
  for (const flaw of [...flaws].slice(0, MOST_FLAWS)) source.warn(`${source.file}: ${flaw}`);
  if (flaws.size > MOST_FLAWS)
    source.warn(`${source.file}: ${flaws.size - MOST_FLAWS} more were passed over`);
  into.kube.set(source.path.slice('kube/'.length), parsed);
}

/** A log of something else than speakers leaves no trace. */
function readSpeakerFile(source: Source, into: Snapshot): void {
  const stem = source.path.slice('kube/'.length, -'.log'.length);
  // In a dump, a log may have the name of its container, and its pod that of a directory.
  const logs = readSpeakerLogs(source.text, source.file, source.warn).map((log) =>
    log.pod === null && !source.file.endsWith(`${stem}.log`) ? { ...log, pod: stem } : log,
  );
  if (logs.length > 0) into.speakerLogs = [...(into.speakerLogs ?? []), ...logs];
}

function set<K extends keyof Snapshot>(snapshot: Snapshot, field: K, value: Snapshot[K]): void {
  snapshot[field] = value;
}

function matches(row: Row, path: string): boolean {
  if (typeof row.path === 'function') return row.path(path);
  const star = row.path.indexOf('*');
  if (star < 0) return path === row.path || isTextOf(row.path, path);
  const tail = row.path.slice(star + 1);
  const stem = path.slice(star, -tail.length);
  return (
    path.startsWith(row.path.slice(0, star)) && path.endsWith(tail) && stem !== '' && !stem.includes('/')
  );
}

/** `ip-addr.txt` is what `ip addr` printed without `-j`. */
function isTextOf(listing: string, path: string): boolean {
  return path.endsWith('.txt') && listing === `${path.slice(0, -'.txt'.length)}.json` && listing !== NODE;
}

/** Enough to tell what a file is. */
const HEAD = 512;

/** Whether it is compressed in a way that is not undone on reading: bzip2, lz4. */
function isPacked(content: Uint8Array | string): content is Uint8Array {
  if (typeof content === 'string') return false;
  const head = Buffer.from(content.subarray(0, 6)).toString('latin1');
  return ['BZh91A', '\x04\x22\x4d\x18'].some((magic) => head.startsWith(magic));
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
