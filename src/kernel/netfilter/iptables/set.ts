/** xt_set.c: whether a packet is in an ipset. */
import { addressAt } from '../ipset/parts.js';
import type { FilterPacket } from '../packet.js';
import type { FilterNode } from '../rule-set.js';
import type { MatchExtension } from './match.js';

export const set: MatchExtension = {
  options: {
    '--match-set': 2,
    '--return-nomatch': 0,
    '--update-counters': 0,
    '--update-subcounters': 0,
    '--packets-eq': 1,
    '--packets-lt': 1,
    '--packets-gt': 1,
    '--bytes-eq': 1,
    '--bytes-lt': 1,
    '--bytes-gt': 1,
  },
  compile: (options) => {
    const match = options.find(({ name }) => name === '--match-set');
    const [name, sides] = match?.values ?? [];
    if (name === undefined || sides === undefined) return null;
    const question = {
      sides: sides.split(','),
      returnNomatch: options.some((option) => option.name === '--return-nomatch'),
    };
    const isCounted = options.some((option) => /^--(?:packets|bytes)-/.test(option.name));
    const ask = (packet: FilterPacket, node: FilterNode) => {
      const answer = node.ipset(name, packet, question);
      if (typeof answer !== 'boolean') return answer;
      return answer && isCounted ? { missing: 'how often a packet was in the set is not known' } : answer;
    };
    return {
      kind: 'test',
      taken: false,
      test: (packet, node) => {
        const answer = ask(packet, node);
        return typeof answer === 'boolean' ? answer !== match!.not : null;
      },
      missed: (packet) => {
        const ends = question.sides.map((side) => addressAt(packet, side).text);
        return `${ends.join(',')} (${sides}) is ${match!.not ? '' : 'not '}in the set ${name}`;
      },
      missing: (packet, node) => {
        const answer = ask(packet, node);
        return typeof answer === 'boolean' ? '' : answer.missing;
      },
    };
  },
};
