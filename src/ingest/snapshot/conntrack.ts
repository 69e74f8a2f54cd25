import { canonicalAddress } from '../../model/address.js';
import { InputError } from '../../model/errors.js';
import type { ConntrackEntry, ConntrackTuple } from '../../model/snapshot.js';
import { eachLine } from './lines.js';

/** It belongs to standard error: `conntrack v1.4.7 (conntrack-tools): 12 flow entries have been shown.` */
const SUMMARY = /^conntrack v\S+ .*\bshown\b/;

/**
 * Reads `conntrack -L`, with or without `-o extended`, and /proc/net/nf_conntrack.
 *
 * @param warn told how many lines cannot be read
 * @throws InputError where none can
 */
export function readConntrack(text: string, file: string, warn: (message: string) => void): ConntrackEntry[] {
  const entries: ConntrackEntry[] = [];
  const unread: number[] = [];
  const unended = text.slice(text.lastIndexOf('\n') + 1);
  let number = 0;
  for (const line of eachLine(text)) {
    number++;
    if (line.trim() === '' || SUMMARY.test(line)) continue;
    // What is cut within a number or an address would pass for another one.
    const isCut = line === unended && !/ use=\d/.test(line);
    const entry = isCut ? null : readEntry(line);
    if (entry) entries.push(entry);
    else unread.push(number);
  }
  if (unread.length === 0) return entries;
  const first = `the first is line ${unread[0]}`;
  if (entries.length === 0)
    throw new InputError(file, null, `no entry as \`conntrack -L\` prints it; ${first}`);
  warn(`${file}: ${unread.length} lines are no whole entries, and are passed over; ${first}`);
  return entries;
}

function readEntry(line: string): ConntrackEntry | null {
  const words = line.trim().split(/\s+/);
  // nf_conntrack and `-o extended` start with the family's name and number.
  if (words[0] === 'ipv4' || words[0] === 'ipv6') words.splice(0, 2);
  const protocol = words[0]!;
  const tuples: Map<string, string>[] = [];
  const common = new Map<string, string>();
  let state: string | null = null;
  for (const word of words.slice(2)) {
    const at = word.indexOf('=');
    if (at < 0) {
      if (tuples.length === 0 && /^[A-Z][A-Z0-9_]+$/.test(word)) state = word;
      continue;
    }
    const key = word.slice(0, at);
    const value = word.slice(at + 1);
    if (key === 'src') tuples.push(new Map());
    (COMMON.has(key) ? common : (tuples.at(-1) ?? common)).set(key, value);
  }
  const original = tuples[0] && readTuple(tuples[0]);
  const reply = tuples[1] && readTuple(tuples[1]);
  if (!original || !reply) return null;
  return {
    family: original.source.includes(':') ? 6 : 4,
    protocol,
    state,
    original,
    reply,
    mark: Number(common.get('mark') ?? 0),
    zone: Number(common.get('zone') ?? common.get('zone-orig') ?? common.get('zone-reply') ?? 0),
    unreplied: words.includes('[UNREPLIED]'),
    assured: words.includes('[ASSURED]'),
  };
}

/** Keys of the entry, wherever among the tuples they stand. */
const COMMON = new Set(['mark', 'zone', 'zone-orig', 'zone-reply', 'use', 'secctx', 'delta-time']);

const NUMBERS = ['sport', 'dport', 'type', 'code', 'id'];

function readTuple(fields: ReadonlyMap<string, string>): ConntrackTuple | null {
  const source = canonicalAddress(fields.get('src') ?? '');
  const destination = canonicalAddress(fields.get('dst') ?? '');
  if (source === null || destination === null) return null;
  if (NUMBERS.some((key) => fields.has(key) && !/^\d+$/.test(fields.get(key)!))) return null;
  const number = (key: string) => (fields.has(key) ? Number(fields.get(key)) : null);
  return {
    source,
    destination,
    sourcePort: number('sport'),
    destinationPort: number('dport'),
    icmp: fields.has('type')
      ? { type: number('type')!, code: number('code') ?? 0, id: number('id') ?? 0 }
      : null,
  };
}
