import { canonicalAddress } from '../../model/address.js';
import { InputError } from '../../model/errors.js';
import type { ConntrackEntry, ConntrackTuple } from '../../model/snapshot.js';

/**
 * Reads `conntrack -L`, with or without `-o extended`, and /proc/net/nf_conntrack.
 *
 * @throws InputError where a line has no two tuples of addresses
 */
export function readConntrack(text: string, file: string): ConntrackEntry[] {
  const entries: ConntrackEntry[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    // `conntrack v1.4.7 (conntrack-tools): 12 flow entries have been shown.` belongs to standard error.
    if (line.trim() === '' || line.startsWith('conntrack v')) continue;
    const entry = readEntry(line);
    if (!entry)
      throw new InputError(file, null, `line ${i + 1}: not a conntrack entry: ${line.slice(0, 60)}`);
    entries.push(entry);
  }
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

function readTuple(fields: ReadonlyMap<string, string>): ConntrackTuple | null {
  const source = canonicalAddress(fields.get('src') ?? '');
  const destination = canonicalAddress(fields.get('dst') ?? '');
  if (source === null || destination === null) return null;
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
