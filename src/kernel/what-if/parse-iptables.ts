import type { Family } from '../../model/address.js';
import type { IptablesChange, IptablesVerb } from './change.js';
import { notModelled, Refusal } from './refusal.js';
import { readNumber } from './values.js';

const VERBS: Readonly<Record<string, IptablesVerb>> = {
  '-A': 'append',
  '--append': 'append',
  '-I': 'insert',
  '--insert': 'insert',
  '-R': 'replace',
  '--replace': 'replace',
  '-D': 'delete',
  '--delete': 'delete',
};

const EXAMPLE = 'as `iptables -t mangle -A PREROUTING -i eth0 -j CONNMARK --set-xmark 0x10/0x10`';

/**
 * `iptables [-w] [-t TABLE] -I CHAIN [NUMBER] RULE`, and `-A`, `-R` and `-D`; the rule stays as it is written, for quotes
 * may be in it.
 *
 * @param command with its first word
 * @throws Refusal
 */
export function parseIptables(
  command: string,
  family: Family,
): Omit<IptablesChange, 'node' | 'netns' | 'text' | 'command'> {
  let rest = command.trim().replace(/^(sudo\s+)?ip6?tables\s*/, '');
  const take = () => {
    const word = /^\S+/.exec(rest)?.[0] ?? '';
    rest = rest.slice(word.length).trimStart();
    return word;
  };
  let table = 'filter';
  let word = take();
  while (['-w', '--wait', '-t', '--table'].includes(word)) {
    if (word === '-t' || word === '--table') table = take();
    word = take();
  }
  const verb = VERBS[word];
  if (verb === undefined) {
    throw notModelled(
      word === '' ? 'iptables alone' : `iptables ${word}`,
      `use -A, -I, -R or -D, ${EXAMPLE}`,
    );
  }
  const chain = take();
  if (chain === '') throw new Refusal(`option "${word}" requires an argument`, EXAMPLE);
  const position = verb !== 'append' && /^\d+(\s|$)/.test(rest) ? readNumber(take(), 'rule number') : null;
  if (rest === '' && !(verb === 'delete' && position !== null)) {
    throw new Refusal(`the rule for ${chain} is missing`, EXAMPLE);
  }
  if (verb === 'replace' && position === null) throw new Refusal('-R requires a rule number', EXAMPLE);
  return { kind: 'iptables', verb, family, table, chain, position, rule: rest };
}
