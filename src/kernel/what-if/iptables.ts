/** What a change of one iptables rule makes of the text that `iptables-save` prints. */
import type { Snapshot } from '../../model/snapshot.js';
import { builtInChains } from '../netfilter/iptables/iptables.js';
import type { IptablesChange } from './change.js';
import { notModelled, Refusal } from './refusal.js';

/** @throws Refusal in iptables' words, where it would refuse */
export function changeIptables(snapshot: Snapshot, change: IptablesChange): Snapshot {
  const field = change.family === 4 ? 'iptables' : 'ip6tables';
  const text = snapshot[field];
  if (text === null) {
    const file = change.family === 4 ? 'iptables-save.txt' : 'ip6tables-save.txt';
    throw notModelled('a rule where the others are not known', `record ${file} too`);
  }
  const [, set] = /--match-set (\S+)/.exec(change.verb === 'delete' ? '' : change.rule) ?? [];
  // Of a node without the file it is not known which there are.
  if (set !== undefined && snapshot.ipsets?.every(({ name }) => name !== set)) {
    throw new Refusal(`Set ${set} doesn't exist.`, 'ipset.txt lists those that there are');
  }
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  edit(lines, change);
  return { ...snapshot, [field]: `${lines.join('\n')}\n` };
}

function edit(lines: string[], { verb, table, chain, position, rule }: IptablesChange): void {
  const { start, end } = sectionOf(lines, table, chain);
  const own: number[] = [];
  for (let i = start; i < end; i++) if (isRuleOf(lines[i]!, chain)) own.push(i);
  const line = `-A ${chain} ${rule}`;
  if (verb === 'append') {
    lines.splice((own.at(-1) ?? end - 1) + 1, 0, line);
    return;
  }
  if (verb === 'insert') {
    const at = position ?? 1;
    if (at < 1 || at > own.length + 1) {
      throw new Refusal('Index of insertion too big', `${chain} has ${own.length} rules`);
    }
    lines.splice(own[at - 1] ?? (own.at(-1) ?? end - 1) + 1, 0, line);
    return;
  }
  const at = position === null ? own.find((i) => ruleText(lines[i]!) === line) : own[position - 1];
  if (at === undefined) {
    const cure = 'name it by its number in the chain, or in the words of iptables-save';
    if (position !== null)
      throw new Refusal(`Index of ${verb === 'delete' ? 'deletion' : 'replacement'} too big`, cure);
    throw new Refusal('Bad rule (does a matching rule exist in that chain?)', cure);
  }
  lines.splice(at, 1, ...(verb === 'replace' ? [line] : []));
}

/** The lines of a table between `*table` and `COMMIT`; a table that nobody used yet is made, as the kernel does. */
function sectionOf(lines: string[], table: string, chain: string): { start: number; end: number } {
  const builtIn = builtInChains(table);
  if (builtIn === null) {
    throw new Refusal(
      `can't initialize iptables table '${table}': Table does not exist`,
      'raw, mangle, nat, filter or security',
    );
  }
  let start = lines.findIndex((line) => line.trim() === `*${table}`);
  if (start < 0) {
    start = lines.length;
    lines.push(`*${table}`, ...builtIn.map((name) => `:${name} ACCEPT [0:0]`), 'COMMIT');
  }
  const length = lines.slice(start).findIndex((line) => line.trim() === 'COMMIT');
  const end = length < 0 ? lines.length : start + length;
  const known = lines
    .slice(start, end)
    .some((line) => line.startsWith(`:${chain} `) || isRuleOf(line, chain));
  if (!known && !builtIn.includes(chain)) {
    throw new Refusal('No chain/target/match by that name.', `${table} has no chain ${chain}`);
  }
  return { start: start + 1, end };
}

function ruleText(line: string): string {
  return line.trim().replace(/^\[\d+:\d+\]\s*/, '');
}

function isRuleOf(line: string, chain: string): boolean {
  return ruleText(line).startsWith(`-A ${chain} `) || ruleText(line) === `-A ${chain}`;
}
