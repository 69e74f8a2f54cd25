import { InputError } from '../../../../model/errors.js';
import { savedRule } from './rule.js';
import { DECIDING, type Head, type Section, sectionsOf } from './tables.js';

/**
 * Brings `iptables -nvL` (with `--line-numbers` or `-x` as well) and `iptables -S`, of one table or of several, into
 * iptables-save's form. Lines keep their numbers, but where a table follows another with no line between them.
 *
 * @param warn told what the listing does not tell
 * @returns other text as it is
 * @throws InputError where it was made without `-v`: then no rule says for which interfaces it is
 */
export function savedForm(
  text: string,
  family: 4 | 6,
  file: string,
  warn: (message: string) => void,
): string {
  if (/^[ \t]*\*\w+[ \t\r]*$/m.test(text)) return text;
  const lines = text.split('\n').map((line) => line.trimEnd());
  const heads = headsOf(lines);
  if (heads.length === 0) return text;
  if (lines.some((line) => COLUMNS.exec(line)?.[2] === '')) {
    const reason = 'made without -v, so that no rule says for which interfaces it is: run `iptables-save`';
    throw new InputError(file, null, reason);
  }
  const said = (message: string) => warn(`${file}: ${message}`);
  const sections = sectionsOf(heads);
  const form = new SavedForm(lines, family);
  for (const [i, section] of sections.entries()) {
    const end = sections[i + 1]?.heads[0]?.at ?? lines.length;
    if (section.table !== null) form.add(section, section.table, end);
    else {
      const line = section.heads[0]!.at + 1;
      said(`of which table the chains from line ${line} on are cannot be told: taken as absent`);
    }
  }
  const { unread } = form;
  if (unread.length > 0) {
    said(
      `${unread.length} rules are not told in full by such a listing, the first in line ${unread[0]}: taken as no match; iptables-save tells them`,
    );
  }
  const missing = DECIDING.filter((table) => !sections.some((section) => section.table === table));
  if (missing.length > 0) said(`has no table ${missing.join(', ')}: iptables-save has all of them`);
  return form.finish(missing);
}

/** `iptables -t nat -nvL`, as it was typed above what it printed. */
const COMMAND = /^(?:[^|]{0,80}[#$%>+]\s*)?(?:sudo\s+)?(?:\/\S*\/)?ip6?tables(?:-legacy|-nft)?\s+(-.*)$/;
const CHAIN = /^Chain (\S+) \((?:policy (\w+)|\d+ references)/;
/** `-P INPUT ACCEPT`, `-N KUBE-SERVICES` */
const SPECIFICATION = /^(?:-P (\S+) (\w+)|-N (\S+))/;
const COLUMNS = /^\s*(num\s+)?((?:pkts\s+bytes\s+)?)target\s+prot\s+opt\s/;

function headsOf(lines: readonly string[]): Head[] {
  let table: string | null = null;
  return lines.flatMap((line, at): Head[] => {
    const command = COMMAND.exec(line)?.[1];
    if (command !== undefined) table = /(?:^|\s)(?:-t|--table)[\s=]*(\w+)/.exec(command)?.[1] ?? 'filter';
    const chain = CHAIN.exec(line);
    if (chain) return [{ at, chain: chain[1]!, policy: chain[2] ?? null, table }];
    const [, builtIn, policy = null, made] = SPECIFICATION.exec(line) ?? [];
    const name = builtIn ?? made;
    return name === undefined ? [] : [{ at, chain: name, policy, table }];
  });
}

/** iptables-save's form on its way, line by line. */
class SavedForm {
  /** Numbers of the rules that are not read in full. */
  readonly unread: number[] = [];
  readonly #lines: readonly string[];
  readonly #family: 4 | 6;
  /** By number of the line, from 0; of several that stand for one, the first has its number. */
  readonly #saved: string[][];
  readonly #known = new Set<string>();

  constructor(lines: readonly string[], family: 4 | 6) {
    this.#lines = lines;
    this.#family = family;
    // What iptables itself notes, of legacy tables or such as it cannot show, counts as in iptables-save.
    this.#saved = lines.map((line) => [line.startsWith('#') ? line : '']);
  }

  /** @param end the line behind the table's last */
  add({ heads }: Section, table: string, end: number): void {
    const [first] = heads;
    const saved = new Map<number, string>();
    const unread: number[] = [];
    for (const [i, head] of heads.entries()) {
      saved.set(head.at, `:${head.chain} ${head.policy ?? '-'} [0:0]`);
      this.#addRules(head, heads[i + 1]?.at ?? end, saved, unread);
    }
    // Two commands may list one table.
    const content = [table, ...saved.values()].join('\n');
    if (this.#known.has(content)) return;
    this.#known.add(content);
    for (const line of unread) this.unread.push(line);
    for (const [at, line] of saved) this.#saved[at] = [line];
    const declared = this.#saved[first!.at]![0]!;
    this.#saved[first!.at] = [`*${table}`];
    // Wherever it stands, the first chain is declared: the line of its columns' names is free.
    const free = saved.has(first!.at + 1) ? null : first!.at + 1;
    // Lines come in their order.
    const last = [...saved.keys()].at(-1)!;
    const close = free === null || free > last ? [declared, 'COMMIT'] : ['COMMIT'];
    if (close.length === 1) this.#saved[free!] = [declared];
    this.#close(last, end, close);
  }

  /** Puts lines behind the last of a table, in place of empty ones as far as there are any. */
  #close(last: number, end: number, lines: readonly string[]): void {
    const room = [];
    for (let at = last + 1; at < end && this.#saved[at]![0] === ''; at++) room.push(at);
    for (const [i, line] of lines.entries()) {
      const at = room[i];
      if (at === undefined) this.#saved[room.at(-1) ?? last]!.push(line);
      else this.#saved[at] = [line];
    }
  }

  #addRules({ at: head, chain }: Head, end: number, saved: Map<number, string>, unread: number[]): void {
    const columns = COLUMNS.exec(this.#lines[head + 1] ?? '');
    for (let at = head + 1; at < end; at++) {
      const line = this.#lines[at]!;
      if (line.startsWith('-A ')) saved.set(at, line);
      if (!columns || at === head + 1 || !RULE.test(line)) continue;
      const counters = columns[1] === undefined ? /^\s*\S+\s+\S+\s/ : /^\s*\S+\s+\S+\s+\S+\s/;
      const { rule, isUnread } = savedRule(chain, line.replace(counters, ''), this.#family);
      saved.set(at, rule);
      if (isUnread) unread.push(at + 1);
    }
  }

  /** @param missing tables that no command listed */
  finish(missing: readonly string[]): string {
    const note = missing.length === 0 ? [] : [`# Not listed: ${missing.join(', ')}`];
    let surplus = 0;
    const lines = this.#saved.flatMap((own) => {
      const isRoom = surplus > 0 && own.length === 1 && own[0] === '';
      surplus += isRoom ? -1 : own.length - 1;
      return isRoom ? [] : own;
    });
    while (lines.at(-1) === '') lines.pop();
    return `${[...lines, ...note].join('\n')}\n`;
  }
}

/** Begins with its counters, or its number. */
const RULE = /^\s*\d+[KMGT]?\s+\d+/;
