/** What of a node's routing tables, rule priorities and marks nobody uses yet. */

import type { Snapshot } from '../../../model/snapshot.js';
import { ipCommand } from '../../ip-command.js';
import { shellWord } from '../../shell-word.js';
import type { Problem } from '../idea.js';
import type { WayIn } from './way-in.js';

const KNOWN_TABLES: ReadonlySet<string> = new Set(['local', 'main', 'default', 'unspec']);

/** A table that leads back by the way in, another than fixes of other ways were given; and the command that fills it. */
export function tableBack(
  { allotted, risks }: Problem,
  family: 4 | 6,
  door: WayIn,
): { table: string; fill: string } {
  const { label, snapshot } = risks[0]!.station;
  const table = allotted.give(`${label} table ${family}`, purposeOf(door), freeTables(snapshot, family))!;
  const ip = ipCommand(family);
  const way = `via ${door.gateway} dev ${shellWord(door.interface)}`;
  return { table, fill: `${ip} route replace default ${way} onlink table ${table}` };
}

function purposeOf({ interface: name, gateway }: WayIn): string {
  return `${gateway} ${name}`;
}

/** Without end. */
function* freeTables(
  { links, routes4, rules4, routes6, rules6 }: Snapshot,
  family: 4 | 6,
): Generator<string, never> {
  const entries =
    family === 4 ? [...(routes4 ?? []), ...(rules4 ?? [])] : [...(routes6 ?? []), ...(rules6 ?? [])];
  const ofVrfs = (links ?? []).map((link) => link.vrfTable ?? null);
  const used = new Set([...entries.map((entry) => entry.table), ...ofVrfs]);
  // A table with a name has a number that is in no snapshot: most are below this.
  const named = [...used].some((table) => table !== null && !KNOWN_TABLES.has(table) && !/^\d+$/.test(table));
  for (let table = named ? 24_100 : 100; ; table++) if (!used.has(String(table))) yield String(table);
}

/** The first of two priorities in a row before all rules but that of `local`; null where there is no room. */
export function firstPriority({ rules4, rules6 }: Snapshot, family: 4 | 6): number | null {
  const rules = (family === 4 ? rules4 : rules6) ?? [];
  const first = Math.min(102, ...rules.map((rule) => rule.priority).filter((priority) => priority > 0));
  return first < 3 ? null : first - 2;
}

/** The one before: a rule for some clients counts also where a fix for all others is carried out beside it. */
export function clientPriority(snapshot: Snapshot, family: 4 | 6): number | null {
  const first = firstPriority(snapshot, family);
  return first === null || first < 2 ? null : first - 1;
}

/**
 * Below what kube-proxy (0x4000, 0x8000), Calico (0xffff0000), Cilium (0x0f00) and Tailscale (0xff0000) mark with by
 * default.
 */
const MARK_BITS = [0x10, 0x20, 0x40, 0x80, 0x1, 0x2, 0x4, 0x8];

/**
 * A bit of the packet mark for what comes in by a way, as `0x10`, that no rule of the node's names, nor a fix for another
 * way; null where all are taken.
 */
export function freeMark({ allotted, risks }: Problem, door: WayIn): string | null {
  const { label, snapshot } = risks[0]!.station;
  return allotted.give(`${label} mark`, purposeOf(door), freeMarks(snapshot));
}

function freeMarks({ rules4, rules6, iptables, ip6tables, nft }: Snapshot): string[] {
  const rules = [...(rules4 ?? []), ...(rules6 ?? [])];
  const texts = `${iptables ?? ''}${ip6tables ?? ''}`.matchAll(/mark\S* (?:! )?(0x[0-9a-f]+)/gi);
  const numbers = nft === null ? [] : marksIn(nft);
  const used = [
    ...rules.map((rule) => rule.fwmark ?? 0),
    ...[...texts].map(([, m]) => Number(m)),
    ...numbers,
  ];
  return MARK_BITS.filter((bit) => used.every((mark) => (mark & bit) === 0)).map(
    (bit) => `0x${bit.toString(16)}`,
  );
}

/**
 * The name of an nft table for the rules of one fix: it can be loaded anew without taking another's along.
 *
 * @param purpose letters, digits and underscores, of which none is of an address: who redacts texts finds them in no name
 */
export function nftTable(purpose: string): string {
  return `returnpath_${purpose}`;
}

/** Every number that an nft listing has beside a mark. */
function marksIn(value: unknown): number[] {
  if (Array.isArray(value)) return value.flatMap(marksIn);
  if (value === null || typeof value !== 'object') return [];
  const inner = Object.values(value).flatMap(marksIn);
  const { left, right, key, value: written } = value as Record<string, unknown>;
  const ofMark = (of: unknown) => JSON.stringify(of ?? null).includes('"mark"');
  const own = [...(ofMark(left) ? numbersIn([left, right]) : []), ...(ofMark(key) ? numbersIn(written) : [])];
  return [...own, ...inner];
}

function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (value === null || typeof value !== 'object') return [];
  return Object.values(value).flatMap(numbersIn);
}
