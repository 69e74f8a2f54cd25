/** Matches on the tracked connection (xt_conntrack.c, xt_state.c, xt_connmark.c). */

import { protocolNumber } from '../../protocols.js';
import type { Connection, FilterPacket } from '../packet.js';
import { all, type MatchExtension, negatedIf, type Test, tests } from './match.js';
import { masked, network, numberRange, within } from './values.js';
import type { Option } from './words.js';

/** The state as `--ctstate` names it, and what was translated beside it. */
function statesOf({ connection, direction, untracked }: FilterPacket): readonly string[] {
  if (!connection) return [untracked ? 'UNTRACKED' : 'INVALID'];
  const states = [direction === 'reply' ? 'ESTABLISHED' : connection.state.toUpperCase()];
  if (connection.sourceNat) states.push('SNAT');
  if (connection.destinationNat) states.push('DNAT');
  return states;
}

function stateTest({ not, values }: Option): Test {
  const wanted = new Set((values[0] ?? '').split(','));
  return negatedIf(not, (packet) =>
    isError(packet) ? null : statesOf(packet).some((state) => wanted.has(state)),
  );
}

/** An ICMP error belongs to the connection of the packet that it quotes. */
function isError({ icmp, protocol, connection, untracked }: FilterPacket): boolean {
  if (icmp === null || connection || untracked) return false;
  return protocol === 'icmp' ? [3, 4, 5, 11, 12].includes(icmp.type) : icmp.type < 128;
}

const STATE_MISSING = 'it asks for the state of an ICMP error, which is that of the packet that it quotes';

const state: MatchExtension = {
  options: { '--state': 1 },
  compile: (options) => {
    const test = all(options.map(stateTest));
    return test && tests(test, STATE_MISSING);
  },
};

type ConnectionTest = (connection: Connection, packet: FilterPacket) => boolean | null;

const ADDRESSES: Readonly<Record<string, readonly ['original' | 'reply', 'source' | 'destination']>> = {
  '--ctorigsrc': ['original', 'source'],
  '--ctorigdst': ['original', 'destination'],
  '--ctreplsrc': ['reply', 'source'],
  '--ctrepldst': ['reply', 'destination'],
};
const PORTS: Readonly<Record<string, readonly ['original' | 'reply', 'sourcePort' | 'destinationPort']>> = {
  '--ctorigsrcport': ['original', 'sourcePort'],
  '--ctorigdstport': ['original', 'destinationPort'],
  '--ctreplsrcport': ['reply', 'sourcePort'],
  '--ctrepldstport': ['reply', 'destinationPort'],
};

function connectionTest({ name, values }: Option): ConnectionTest | null {
  const value = values[0] ?? '';
  const address = ADDRESSES[name];
  if (address) {
    const net = network(value);
    return net && ((connection) => within(net, connection[address[0]][address[1]]));
  }
  const port = PORTS[name];
  if (port) {
    const range = numberRange(value, 0xffff);
    if (!range) return null;
    return (connection) => {
      const found = connection[port[0]][port[1]];
      return found === null ? null : found >= range[0] && found <= range[1];
    };
  }
  if (name === '--ctdir') return (_, { direction }) => direction === value.toLowerCase();
  if (name === '--ctproto') return ({ protocol }) => protocolNumber(protocol) === protocolNumber(value);
  if (name === '--ctstatus') return statusTest(value.split(','));
  return name === '--ctexpire' ? () => null : null;
}

function statusTest(wanted: readonly string[]): ConnectionTest {
  return (connection, { direction }) => {
    const seen = direction === 'reply' || connection.state === 'established';
    if (wanted.includes('SEEN_REPLY') && seen) return true;
    if (wanted.includes('EXPECTED') && connection.state === 'related') return true;
    return wanted.some((status) => status === 'ASSURED' || status === 'CONFIRMED') ? null : false;
  };
}

const conntrack: MatchExtension = {
  options: {
    '--ctstate': 1,
    '--ctstatus': 1,
    '--ctproto': 1,
    '--ctdir': 1,
    '--ctexpire': 1,
    ...Object.fromEntries([...Object.keys(ADDRESSES), ...Object.keys(PORTS)].map((name) => [name, 1])),
  },
  compile: (options) => {
    const ofState = options.filter(({ name }) => name === '--ctstate');
    const others = options.filter(({ name }) => name !== '--ctstate');
    const states = all(ofState.map(stateTest))!;
    const read = others.map((option): Test | null => {
      const test = connectionTest(option);
      // conntrack_mt(): without a connection, the state alone is looked at; with none asked for, nothing matches.
      return (
        test &&
        ((packet, node) =>
          packet.connection
            ? negatedIf(option.not, () => test(packet.connection!, packet))(packet, node)
            : ofState.length > 0)
      );
    });
    const test = all([states, ...read]);
    return (
      test && tests(test, others.length > 0 ? 'what it asks of the connection is not known' : STATE_MISSING)
    );
  },
};

const connmark: MatchExtension = {
  options: { '--mark': 1 },
  compile: (options) => {
    const test = all(
      options.map(({ not, values }): Test | null => {
        const wanted = masked(values[0]);
        if (!wanted) return null;
        return ({ connection }) =>
          connection !== null && ((connection.mark & wanted.mask) >>> 0 === wanted.value) !== not;
      }),
    );
    return test && tests(test);
  },
};

export const CONNECTION_MATCHES: Readonly<Record<string, MatchExtension>> = { conntrack, state, connmark };
