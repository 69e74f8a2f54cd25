import type { RuleCounts } from '../rule-counts.js';
import type { BaseChain, Chain, Hook, Rule, RuleSet } from '../rule-set.js';
import { matchExtension } from './matches.js';
import { compileRule } from './rule.js';
import { doesNothing } from './targets.js';
import { parseRule, type RuleWords } from './words.js';

/** Where the kernel hangs each table's built-in chains (NF_IP_PRI_*), and the type that iptables-nft gives them. */
const TABLES: Readonly<Record<string, Readonly<Record<string, readonly [Hook, number, BaseChain['type']]>>>> =
  {
    raw: { PREROUTING: ['prerouting', -300, 'filter'], OUTPUT: ['output', -300, 'filter'] },
    mangle: {
      PREROUTING: ['prerouting', -150, 'filter'],
      INPUT: ['input', -150, 'filter'],
      FORWARD: ['forward', -150, 'filter'],
      OUTPUT: ['output', -150, 'route'],
      POSTROUTING: ['postrouting', -150, 'filter'],
    },
    nat: {
      PREROUTING: ['prerouting', -100, 'nat'],
      INPUT: ['input', 100, 'nat'],
      OUTPUT: ['output', -100, 'nat'],
      POSTROUTING: ['postrouting', 100, 'nat'],
    },
    filter: {
      INPUT: ['input', 0, 'filter'],
      FORWARD: ['forward', 0, 'filter'],
      OUTPUT: ['output', 0, 'filter'],
    },
    security: {
      INPUT: ['input', 50, 'filter'],
      FORWARD: ['forward', 50, 'filter'],
      OUTPUT: ['output', 50, 'filter'],
    },
  };

/** The chains that the kernel has in a table; null where it has no such table. */
export function builtInChains(table: string): string[] | null {
  return Object.hasOwn(TABLES, table) ? Object.keys(TABLES[table]!) : null;
}

interface RuleLine {
  line: number;
  text: string;
  /** As `iptables-save -c` has it. */
  packets: number | null;
}

interface ParsedRule extends RuleLine {
  words: RuleWords;
}

/** One `*table … COMMIT`. */
interface Section {
  table: string;
  /** Policies of built-in chains, `-` for user-defined ones. */
  policies: Map<string, string>;
  rules: Map<string, RuleLine[]>;
  line: number;
  committed: boolean;
}

/**
 * Compiles the output of `iptables-save` or `ip6tables-save`, with counters or without.
 *
 * @param file as it is called where something is said of it
 * @param counts of its rules, as another file has them
 */
export function compileIptables(
  text: string,
  family: 4 | 6,
  file: string,
  counts: RuleCounts = () => [],
): RuleSet {
  const unknown: string[] = [];
  const sections = parse(text, file, unknown);
  const baseChains: BaseChain[] = [];
  for (const section of sections) {
    const builtIn = TABLES[section.table];
    if (!builtIn) {
      unknown.push(`${file} line ${section.line}: table ${section.table} is not known`);
      continue;
    }
    const chains = new ChainCompiler(section, family, file, counts);
    for (const [name, [hook, priority, type]] of Object.entries(builtIn)) {
      const policy = section.policies.get(name);
      if (policy === undefined && !section.rules.has(name)) continue;
      if (policy === undefined) unknown.push(`${file}: the policy of ${section.table} ${name} is not in it`);
      baseChains.push({
        families: [family],
        hook,
        priority,
        type,
        policy: policy === 'DROP' ? 'drop' : 'accept',
        chain: chains.compile(name, hook === 'prerouting' || hook === 'output' ? 'destination' : 'source'),
      });
    }
  }
  return { baseChains, unknown };
}

/** iptables-save's own words for rules that it does not print. */
const LEGACY = /^# Warning: iptables-legacy tables present/;

function parse(text: string, file: string, unknown: string[]): Section[] {
  const sections: Section[] = [];
  let section: Section | null = null;
  const unread: string[] = [];
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    const place = `${file} line ${i + 1}`;
    if (LEGACY.test(line)) {
      unknown.push(`${place}: there are legacy tables besides, whose rules the file does not have`);
    }
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('*')) {
      section = {
        table: line.slice(1).trim(),
        policies: new Map(),
        rules: new Map(),
        line: i + 1,
        committed: false,
      };
      sections.push(section);
    } else if (!section || !take(section, line, i + 1)) {
      unread.push(`${place} cannot be read: ${line.slice(0, 80)}`);
    }
  }
  if (unread.length > 0) {
    unknown.push(unread.length === 1 ? unread[0]! : `${unread[0]}; and ${unread.length - 1} more lines`);
  }
  for (const { table, committed } of sections) {
    if (!committed) unknown.push(`${file} is cut: table ${table} has no COMMIT`);
  }
  return sections;
}

/** @returns false where the line says nothing known */
function take(section: Section, line: string, number: number): boolean {
  if (line === 'COMMIT') {
    section.committed = true;
    return true;
  }
  const declared = /^(?::|-P |-N )(\S+)(?:\s+(\S+))?/.exec(line);
  if (declared) {
    section.policies.set(declared[1]!, declared[2] ?? '-');
    return true;
  }
  const counted = /^\[(\d+):\d+\]\s*/.exec(line);
  const text = counted ? line.slice(counted[0].length) : line;
  const packets = counted ? Number(counted[1]) : null;
  const chain = /^-A (\S+)/.exec(text)?.[1];
  if (chain === undefined) return false;
  const rules = section.rules.get(chain);
  if (rules) rules.push({ line: number, text, packets });
  else section.rules.set(chain, [{ line: number, text, packets }]);
  return true;
}

const arity = (name: string) => matchExtension(name)?.options ?? null;

/** A chain whose rules are read when a packet comes to it: of kube-proxy's tens of thousands few are ever needed. */
class LazyChain implements Chain {
  readonly name: string;
  private readonly read: () => Rule[];
  private known: Rule[] | null = null;

  constructor(name: string, read: () => Rule[]) {
    this.name = name;
    this.read = read;
  }

  get rules(): Rule[] {
    this.known ??= this.read();
    return this.known;
  }
}

/** Makes the chains of one table. */
class ChainCompiler {
  private readonly section: Section;
  private readonly family: 4 | 6;
  private readonly file: string;
  private readonly counts: RuleCounts;
  /** By which end of a packet their hook translates, then by name: NETMAP differs by it. */
  private readonly made = { destination: new Map<string, Chain>(), source: new Map<string, Chain>() };

  constructor(section: Section, family: 4 | 6, file: string, counts: RuleCounts) {
    this.section = section;
    this.family = family;
    this.file = file;
    this.counts = counts;
  }

  compile(name: string, half: 'destination' | 'source'): Chain {
    const chain = new LazyChain(`${this.tool()} ${this.section.table} ${name}`, () => this.rules(name, half));
    this.made[half].set(name, chain);
    return chain;
  }

  private rules(name: string, half: 'destination' | 'source'): Rule[] {
    const lines = this.section.rules.get(name) ?? [];
    const counts = this.counts(this.section.table, name);
    // Of as many rules, each is the one in its place.
    const isSame = counts.length === lines.length;
    const parsed = lines.map(
      (rule, i): ParsedRule => ({
        ...rule,
        packets: rule.packets ?? (isSame ? counts[i]! : null),
        words: parseRule(rule.text, arity),
      }),
    );
    const picks = pickTexts(parsed);
    return parsed.map((rule, i) => this.rule(rule, i, parsed, picks[i]!, half));
  }

  private rule(
    { words, line, text, packets }: ParsedRule,
    index: number,
    all: readonly ParsedRule[],
    pick: readonly [string, string],
    half: 'destination' | 'source',
  ): Rule {
    const usesRecent = words.matches.some(({ name }) => name === 'recent');
    const context = {
      family: this.family,
      half,
      place: `${this.file} line ${line}`,
      chain: (name: string) => this.userChain(name, half),
      isIdle: (other: string) => this.isIdle(other),
      recentMatters: usesRecent && !mayHappenLater(words, all.slice(index + 1)),
      pick,
    };
    const onlyDrops = words.target?.name === 'DROP' || words.target?.name === 'REJECT';
    return {
      steps: compileRule(words, context),
      source: { file: this.file, line, text, packets },
      onlyDrops,
    };
  }

  private userChain(name: string, half: 'destination' | 'source'): Chain | null {
    if (this.section.policies.get(name) !== '-' && !this.section.rules.has(name)) return null;
    return this.made[half].get(name) ?? this.compile(name, half);
  }

  /** Whether all of a chain's rules log, or lead back. Asked only of chains that a packet comes to. */
  private isIdle(name: string): boolean {
    const rules = this.section.rules.get(name) ?? [];
    return (
      this.userChain(name, 'source') !== null &&
      rules.every(({ text }) => {
        const { target } = parseRule(text, arity);
        return target === null || target.name === 'RETURN' || doesNothing(target.name);
      })
    );
  }

  private tool(): string {
    return this.family === 4 ? 'iptables' : 'ip6tables';
  }
}

/**
 * Whether a later rule leads to the same target under no other condition than chance, so that what this one's
 * `-m recent` finds is one of the outcomes anyway: kube-proxy's session affinity.
 */
function mayHappenLater(words: RuleWords, later: readonly ParsedRule[]): boolean {
  return later.some(
    ({ words: other }) =>
      other.target?.name === words.target?.name &&
      other.header.length === 0 &&
      other.matches.every(({ name }) => name === 'comment' || name === 'statistic'),
  );
}

/**
 * Names for what chance picks. Rules in a row with probabilities of 1/3, 1/2 and none, as kube-proxy writes them,
 * are 1 of 3, 2 of 3 and 3 of 3.
 */
function pickTexts(rules: readonly ParsedRule[]): (readonly [string, string])[] {
  let run = { of: 0, next: 0 };
  return rules.map(({ words }) => {
    const statistic = words.matches.find(({ name }) => name === 'statistic');
    if (!statistic) return ['', ''] as const;
    const probability = Number(statistic.options.find((o) => o.name === '--probability')?.values[0]);
    const left = Math.round(1 / probability);
    if (!(Math.abs(probability * left - 1) < 1e-4)) return [`random ${probability}`, ''] as const;
    if (run.of - run.next !== left) run = { of: left, next: 0 };
    run.next++;
    const passed = left === 2 ? `random ${run.of} of ${run.of}` : '';
    return [`random ${run.next} of ${run.of}`, passed] as const;
  });
}

/** The chains that iptables-save's output declares, by table. */
export function tableChains(text: string): Map<string, Set<string>> {
  const tables = new Map<string, Set<string>>();
  let chains = new Set<string>();
  for (const [, table, chain] of text.matchAll(/^(?:\*(\S+)|:(\S+))/gm)) {
    if (table !== undefined) {
      chains = tables.get(table) ?? new Set();
      tables.set(table, chains);
    } else chains.add(chain!);
  }
  return tables;
}
