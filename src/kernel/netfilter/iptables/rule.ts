import { protocolNumber } from '../../protocols.js';
import type { FilterPacket } from '../packet.js';
import type { Chain, Step } from '../rule-set.js';
import type { Match, Missing, Test } from './match.js';
import { negatedIf } from './match.js';
import { matchExtension } from './matches.js';
import type { TargetContext } from './target.js';
import { targetNamed } from './targets.js';
import { network, within } from './values.js';
import type { Option, RuleWords } from './words.js';

/** A match of a rule with its own words, for what has to be said of it. */
interface Condition {
  text: string;
  test: Test;
  missing: Missing;
  taken: boolean;
  missed?: (packet: FilterPacket) => string;
}

export interface RuleContext extends TargetContext {
  /** The user-defined chain of that name; null where there is none. */
  chain: (name: string) => Chain | null;
  /** Whether a packet comes back from the user-defined chain of that name as it went in, whatever it is. */
  isIdle: (name: string) => boolean;
  /** False where what `-m recent` finds is one of the outcomes anyway. */
  recentMatters: boolean;
  /** What chance is called in the trace: `random 1 of 3`, and for what it passes over. */
  pick: readonly [string, string];
}

/** The steps of a rule: what always knows first, then chance, then what it does. */
export function compileRule(words: RuleWords, context: RuleContext): Step[] {
  const target = targetSteps(words, context);
  if (target.length === 0) return [];
  const conditions: Condition[] = words.header.map((option) => headerCondition(option));
  const chances: Step[] = [];
  for (const { name, options } of words.matches) {
    const text = matchText(name, options);
    const match = matchExtension(name)?.compile(options, context.family) ?? null;
    if (match?.kind === 'chance') chances.push(chanceStep(match, context.pick));
    else {
      const missing = name.startsWith('-') ? 'the option is not known here' : 'it is not modelled';
      conditions.push({ ...(match ?? { test: () => null, missing, taken: false }), text });
      const last = conditions.at(-1)!;
      if (name === 'recent' && !context.recentMatters) last.missing = '';
    }
  }
  const always = conditions.length === 0;
  const step = conditionsStep(conditions, context.place, () => isIdle(words, context));
  return [...(always ? [] : [step]), ...chances, ...target];
}

/**
 * All conditions at once: what cannot be told is said only where everything else holds, for only then does it
 * decide, and where it matters: not for a chain that only logs.
 */
function conditionsStep(conditions: readonly Condition[], place: string, idle: () => boolean): Step {
  const say = (text: string, missing: string, taken: boolean) =>
    `${place}: "${text}": ${missing}: taken as ${taken ? 'a match' : 'no match'}`;
  return (packet, node) => {
    let open: Condition[] | null = null;
    let missed: Condition['missed'];
    for (const condition of conditions) {
      const result = condition.test(packet, node);
      if (result === false && (missed || !condition.missed)) return false;
      if (result === false) missed = condition.missed;
      if (result === null) open = [...(open ?? []), condition];
    }
    if (missed && !open && !idle()) node.missedSet(`${missed(packet)}, which ${place} asks for`);
    if (missed) return false;
    if (!open) return true;
    if (idle()) return false;
    const failing = open.find((condition) => !condition.taken);
    for (const { text, missing, taken } of failing ? [failing] : open) {
      const what = typeof missing === 'string' ? missing : missing(packet, node);
      if (what !== '') node.doubt(say(text, what, taken));
    }
    return failing === undefined;
  };
}

function isIdle({ target }: RuleWords, { isIdle: isIdleChain }: RuleContext): boolean {
  return target !== null && !target.goto && isIdleChain(target.name);
}

function chanceStep(match: Match & { kind: 'chance' }, [taken, passed]: readonly [string, string]): Step {
  const { chance, every } = match;
  const text = every === null ? taken : `1 packet in ${every}`;
  return () => [
    { text, chance, result: true },
    { text: passed, chance: 1 - chance, result: false },
  ];
}

function headerCondition(option: Option): Condition {
  const { name, not, values } = option;
  const value = values[0] ?? '';
  const test = headerTest(name, value);
  const text = `${not ? '! ' : ''}${name} ${value}`;
  if (test) return { text, test: negatedIf(not, test), missing: '', taken: false };
  return { text, test: () => null, missing: 'it cannot be read', taken: false };
}

function headerTest(name: string, value: string): Test | null {
  switch (name) {
    case '-s':
    case '-d': {
      const net = network(value);
      const end = name === '-s' ? 'source' : 'destination';
      return net && ((packet) => within(net, packet[end]));
    }
    case '-i':
      return interfaceTest('iif', value);
    case '-o':
      return interfaceTest('oif', value);
    case '-p': {
      if (value === 'all' || value === '0') return () => true;
      const number = protocolNumber(value);
      return number === null ? null : (packet) => protocolNumber(packet.protocol) === number;
    }
    default:
      // `-f`: the second and later fragments of a packet, of which there are none here.
      return () => false;
  }
}

/** A name that ends in `+` stands for all that begin so. */
function interfaceTest(key: 'iif' | 'oif', name: string): Test {
  if (!name.endsWith('+')) return (packet) => packet[key] === name;
  const start = name.slice(0, -1);
  return (packet) => (packet[key] ?? '').startsWith(start);
}

function targetSteps({ target }: RuleWords, context: RuleContext): Step[] {
  if (!target) return [];
  const { name, options, goto } = target;
  const chain = context.chain(name);
  if (chain) {
    // What its rules match by does not matter then.
    if (goto) return [() => ({ kind: 'goto', chain })];
    return [() => (context.isIdle(name) ? true : { kind: 'jump', chain })];
  }
  const compiled = targetNamed(name)?.(options, context) ?? null;
  if (compiled) return compiled;
  const text = `${goto ? '-g' : '-j'} ${name}`;
  return [
    (_, node) => {
      node.doubt(`${context.place}: "${text}" is not modelled: taken to do nothing`);
      return true;
    },
  ];
}

function matchText(name: string, options: readonly Option[]): string {
  const parts = options.map(({ not, name: option, values }) => [not ? '!' : '', option, ...values]);
  const words = [name.startsWith('-') ? '' : `-m ${name}`, ...parts.flat()];
  return words.filter((word) => word !== '').join(' ');
}
