/** `{"mangle": {"key": …, "value": …}}`: what a rule writes into the packet, or notes of it. */

import type { FilterPacket } from '../packet.js';
import type { Chain, Step } from '../rule-set.js';
import { chanceText, DRAWS, type Expression, UNKNOWN } from './expression.js';
import { compileExpression, overDraws } from './expressions.js';
import { kindOf, record, text } from './json.js';
import { doubt, type Scope } from './scope.js';
import { effect, effectBefore, NEUTRAL, type Statement } from './statement.js';
import * as types from './types.js';

interface Target {
  type: types.DataType;
  /** Whether the packet has such a thing; the rule ends where not. */
  has: (packet: FilterPacket) => boolean;
  write: (packet: FilterPacket, value: types.Atom) => void;
}

const always = () => true;
const byFamily = (family: 4 | 6) => (packet: FilterPacket) => packet.family === family;
const octet = types.numbers('integer', 8);

const address = (family: 4 | 6, side: 'source' | 'destination'): Target => ({
  type: family === 4 ? types.IPV4_ADDRESS : types.IPV6_ADDRESS,
  has: byFamily(family),
  write: (packet, value) => {
    packet[side] = types.atomAddress(value, family);
  },
});

const port = (protocol: string | null, side: 'sourcePort' | 'destinationPort'): Target => ({
  type: types.PORT,
  has: (packet) => (protocol === null || packet.protocol === protocol) && packet[side] !== null,
  write: (packet, value) => {
    packet[side] = Number(value);
  },
});

const dscp = (family: 4 | 6): Target => ({
  type: types.DSCP,
  has: byFamily(family),
  write: (packet, value) => {
    packet.tos = (Number(value) << 2) | (packet.tos & 3);
  },
});

const ecn = (family: 4 | 6): Target => ({
  type: types.ECN,
  has: byFamily(family),
  write: (packet, value) => {
    packet.tos = (packet.tos & 0xfc) | Number(value);
  },
});

const ttl = (family: 4 | 6): Target => ({
  type: octet,
  has: byFamily(family),
  write: (packet, value) => {
    packet.ttl = Number(value);
  },
});

const TARGETS: Readonly<Record<string, Target>> = {
  'meta mark': {
    type: types.MARK,
    has: always,
    write: (packet, value) => {
      packet.mark = Number(value);
    },
  },
  'ct mark': {
    type: types.MARK,
    has: always,
    write: (packet, value) => {
      if (packet.connection) packet.connection.mark = Number(value);
    },
  },
  'ip saddr': address(4, 'source'),
  'ip daddr': address(4, 'destination'),
  'ip6 saddr': address(6, 'source'),
  'ip6 daddr': address(6, 'destination'),
  'tcp sport': port('tcp', 'sourcePort'),
  'tcp dport': port('tcp', 'destinationPort'),
  'udp sport': port('udp', 'sourcePort'),
  'udp dport': port('udp', 'destinationPort'),
  'th sport': port(null, 'sourcePort'),
  'th dport': port(null, 'destinationPort'),
  'ip dscp': dscp(4),
  'ip6 dscp': dscp(6),
  'ip ecn': ecn(4),
  'ip6 ecn': ecn(6),
  'ip ttl': ttl(4),
  'ip6 hoplimit': ttl(6),
};

/** What no later decision of rules or routing looks at. */
const WITHOUT_CONSEQUENCE = new Set([
  'meta priority',
  'meta nftrace',
  'meta pkttype',
  'meta rtclassid',
  'meta secmark',
  'ct event',
  'ct label',
  'ct secmark',
  'ip id',
  'ip6 flowlabel',
  'udp checksum',
]);

export function compileMangle(body: unknown, scope: Scope): Statement {
  const fields = record(body);
  const name = nameOf(fields?.key);
  if (WITHOUT_CONSEQUENCE.has(name) || name.startsWith('tcp option')) return NEUTRAL;
  const target = Object.hasOwn(TARGETS, name) ? TARGETS[name]! : null;
  if (!target) {
    return effect((_packet, node) => {
      doubt(scope, node, `setting "${name}" is not modelled: taken as unchanged`);
      return true;
    });
  }
  const value = compileExpression(fields?.value, scope, { wanted: target.type });
  if (!value.draw) return effect(plainStep(name, target, value, scope));
  return effectBefore((rest) => chanceStep(name, target, value, scope, rest));
}

function nameOf(key: unknown): string {
  const [kind = '?', body] = kindOf(key) ?? [];
  const fields = record(body);
  if (kind === 'payload') return `${text(fields?.protocol) ?? '?'} ${text(fields?.field) ?? '?'}`;
  return `${kind} ${text(fields?.key) ?? text(fields?.name) ?? ''}`.trim();
}

function plainStep(name: string, target: Target, value: Expression, scope: Scope): Step {
  return (packet, node) => {
    if (!target.has(packet)) return false;
    const read = value.read(packet, node, 0);
    if (read === null) return false;
    if (value.assumes !== null) doubt(scope, node, value.assumes);
    if (read[0] === UNKNOWN) doubt(scope, node, `${value.unsure}: ${name} is taken as unchanged`);
    else target.write(packet, read[0]!);
    return true;
  };
}

/** A branch cannot write into its packet: it goes to a chain that writes, and goes on as this one does. */
function chanceStep(
  name: string,
  target: Target,
  value: Expression,
  scope: Scope,
  rest: readonly Step[],
): Step {
  const { count, word } = value.draw!;
  return (packet, node) => {
    if (!target.has(packet)) return false;
    if (count > DRAWS) {
      doubt(scope, node, `a random number of ${count} is not modelled here: ${name} is taken as unchanged`);
      return true;
    }
    const groups = overDraws(value.draw, (draw) => {
      const read = value.read(packet, node, draw);
      return read === null ? null : read[0]!;
    });
    return groups.map(({ result, draws }) => {
      const write: Step = (own, ownNode) => {
        if (result === UNKNOWN) doubt(scope, ownNode, `${value.unsure}: ${name} is taken as unchanged`);
        else if (result !== null) target.write(own, result);
        return true;
      };
      return {
        text: chanceText(word, draws, count),
        chance: draws / count,
        result: result === null ? false : { kind: 'goto' as const, chain: goingOn(scope, [write, ...rest]) },
      };
    });
  };
}

/** The rest of the chain that a rule stands in, from these steps of the rule on. */
function goingOn({ chain, index }: Scope, steps: readonly Step[]): Chain {
  const { source, onlyDrops } = chain.rules[index]!;
  const rest = { steps: [...steps], source, onlyDrops };
  return { name: chain.name, rules: [rest, ...chain.rules.slice(index + 1)] };
}
