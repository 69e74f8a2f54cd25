/** An analysis for those outside: with other addresses, MACs and names, and as much to be understood by. */
import { formatMac, parseMac } from '../model/address.js';
import type { Analysis, AnalysisInput, Evidence } from '../model/analysis.js';
import { Addresses } from './addresses.js';
import { isGeneric, type NameKind, Names } from './names.js';
import { namesInText } from './names-in-texts.js';
import { redactPacket } from './packet.js';
import { Pseudorandom } from './pseudorandom.js';
import { Texts } from './texts.js';

/** What is a name by the field that it stands in. */
const NAME_FIELDS: Readonly<Record<string, NameKind>> = {
  node: 'node',
  interface: 'interface',
  input: 'interface',
  output: 'interface',
  netns: 'netns',
  namespace: 'namespace',
  name: 'service',
  pod: 'pod',
  pool: 'pool',
  advertisements: 'advertisement',
  file: 'file',
};

/** Of these the name is another kind of thing's, by the field that the object stands in. */
const NAMES_WITHIN: Readonly<Record<string, Readonly<Record<string, NameKind>>>> = {
  ports: { name: 'port' },
  handOvers: { from: 'node', to: 'node' },
  probes: { from: 'node' },
  arpings: { from: 'node' },
};

/** Words of the format itself, times and numbers: they stay. */
const VERBATIM = new Set(
  `schema id linkType firstTime lastTime time at bound source protocol outcome outcomes role direction cause confidence
  severity kind manager by result fate announcedBy externalTrafficPolicy kubeProxyMode attempt`.split(/\s+/),
);

/** The fields of a string: the one that it stands in, and that of the object (or list) around. */
type Visit = (text: string, field: string, around: string) => string;

/**
 * A redaction of one analysis: the same input and key make the same of it always, and what two analyses have in common
 * is alike in both under one key.
 */
export class Redaction {
  readonly analysis: Analysis;
  readonly #addresses: Addresses;
  readonly #names: Names;
  readonly #texts: Texts;

  /**
   * @param key a secret
   * @param paths that messages may name beside the files of the analysis: the inputs, as on the command line
   */
  constructor(analysis: Analysis, key: Uint8Array, paths: readonly string[] = []) {
    const random = new Pseudorandom(key);
    this.#addresses = new Addresses(random);
    const mac = (text: string) => formatMac(this.#addresses.mac(parseMac(text)!));
    const sayings = sayingsOf(analysis);
    this.#names = new Names(random, mac, sayings.names.get('node') ?? new Set());
    const known = knownNames(sayings, paths, this.#names);
    this.#texts = new Texts(this.#addresses, this.#names, known);
    const redacted = changed(analysis, '', '', (text, field, around) => this.#string(text, field, around));
    this.analysis = { ...(redacted as Analysis), redacted: true };
    this.#redactOctets(analysis);
  }

  /** What stands for a name. */
  name(kind: NameKind, name: string): string {
    return this.#names.of(kind, name);
  }

  /** What stands for the octets of an address or MAC. @param octets 4, 16 or 6 */
  octets(octets: Uint8Array): Uint8Array {
    return octets.length === 6 ? this.#addresses.mac(octets) : this.#addresses.octets(octets);
  }

  /** See `redactPacket`. */
  packet(linkType: number, octets: Uint8Array): Uint8Array {
    return redactPacket(linkType, octets, this.#addresses);
  }

  #string(text: string, field: string, around: string): string {
    const kind = kindOf(field, around);
    if (kind) return this.#names.of(kind, text);
    return isVerbatim(field, around) ? text : this.#texts.redact(text);
  }

  /** Of packets that are quoted the link type is not told but by their file. */
  #redactOctets({ inputs, findings }: Analysis): void {
    const linkTypes = new Map(inputs.map((input) => [input.file, linkTypeOf(input)]));
    for (const [i, { evidence }] of findings.entries()) {
      for (const [k, { octets, file }] of evidence.entries()) {
        if (octets === undefined) continue;
        const linkType = linkTypes.get(file ?? '') ?? null;
        const item: Evidence = this.analysis.findings[i]!.evidence[k]!;
        if (linkType === null) delete item.octets;
        else item.octets = Buffer.from(this.packet(linkType, Buffer.from(octets, 'hex'))).toString('hex');
      }
    }
  }
}

function kindOf(field: string, around: string): NameKind | undefined {
  return NAMES_WITHIN[around]?.[field] ?? NAME_FIELDS[field];
}

function isVerbatim(field: string, around: string): boolean {
  return VERBATIM.has(field) || (field === 'attempts' && around === 'findings');
}

/** A copy in which every string is what `visit` makes of it. */
function changed(value: unknown, field: string, around: string, visit: Visit): unknown {
  if (typeof value === 'string') return visit(value, field, around);
  if (Array.isArray(value)) return value.map((item) => changed(item, field, around, visit));
  if (value === null || typeof value !== 'object') return value;
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) copy[key] = changed(item, key, field, visit);
  return copy;
}

/** The names that an analysis has in fields, by kind, and what else it says. */
function sayingsOf(analysis: Analysis): { names: Map<NameKind, Set<string>>; texts: Set<string> } {
  const names = new Map<NameKind, Set<string>>();
  const texts = new Set<string>();
  const collect = (value: unknown, field: string, around: string): void => {
    if (typeof value === 'string') {
      const kind = kindOf(field, around);
      if (kind) names.set(kind, (names.get(kind) ?? new Set()).add(value));
      else if (!isVerbatim(field, around)) texts.add(value);
    } else if (Array.isArray(value)) {
      for (const item of value) collect(item, field, around);
    } else if (value !== null && typeof value === 'object') {
      for (const [key, item] of Object.entries(value)) collect(item, key, field);
    }
  };
  collect(analysis, '', '');
  return { names, texts };
}

/** All names that fields hold, and texts, and what stands for them. */
function knownNames(
  { names: given, texts }: ReturnType<typeof sayingsOf>,
  paths: readonly string[],
  names: Names,
): Map<string, string> {
  const known = new Map<string, string>();
  const add: Add = (kind, name, of = name, dot = '.') => {
    if (!known.has(name)) known.set(name, names.of(kind, of).replaceAll('.', dot));
  };
  for (const [kind, all] of given) {
    for (const name of all) {
      if (kind === 'file') addPath(name, add);
      else addName(kind, name, add);
    }
  }
  for (const path of paths) addPath(path.replace(/^[^=/]+=/, ''), add);
  for (const text of texts)
    for (const [kind, name] of namesInText(text)) {
      // As sysctl writes it, an interface has no dots.
      if (!isGeneric(name)) addName(kind, kind === 'interface' ? name.replaceAll('/', '.') : name, add);
    }
  return known;
}

/** @param of what it stands for another writing of, with something in place of its dots */
type Add = (kind: NameKind, name: string, of?: string, dot?: string) => void;

function addName(kind: NameKind, name: string, add: Add): void {
  add(kind, name);
  const parts = name.split('/');
  if (kind === 'pod' && parts.length === 2) {
    add('namespace', parts[0]!);
    add('pod', parts[1]!);
  }
  // Of a node's full name, logs have the first part.
  const [host] = name.split('.');
  if (kind === 'node' && host) add('node', host, name);
  // As sysctl writes it, and files are called.
  if (kind === 'interface') for (const dot of ['/', '-']) add(kind, name.replaceAll('.', dot), name, dot);
}

/** With the archive that a file is in. */
function addPath(path: string, add: Add): void {
  add('file', path);
  const [archive] = path.split(':');
  if (archive && archive !== path) add('file', archive);
}

/** Null where its packets may be of several, or of one that is not decoded. */
function linkTypeOf({ linkType }: AnalysisInput): number | null {
  return LINK_TYPES[linkType] ?? null;
}

const LINK_TYPES: Readonly<Record<string, number>> = {
  NULL: 0,
  ETHERNET: 1,
  PPP: 9,
  PPP_HDLC: 50,
  PPP_ETHER: 51,
  RAW: 101,
  LOOP: 108,
  LINUX_SLL: 113,
  IPV4: 228,
  IPV6: 229,
  LINUX_SLL2: 276,
};
