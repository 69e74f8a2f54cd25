/** Selectors on the tracked connection (nft_ct_get_eval()). */

import type { Connection, FilterPacket, Tuple } from '../packet.js';
import { type Expression, selector, unknownSelector } from './expression.js';
import { type JsonObject, text } from './json.js';
import { CT_STATES, CT_STATUS } from './names.js';
import * as types from './types.js';

const isTracked = (packet: FilterPacket) => packet.connection !== null;

const FIELDS: Readonly<Record<string, Expression>> = {
  state: selector(types.CT_STATE, state),
  direction: selector(types.CT_DIRECTION, (packet) => {
    if (!packet.connection) return null;
    return packet.direction === 'original' ? 0 : 1;
  }),
  status: selector(types.CT_STATUS, (packet) => packet.connection && status(packet.connection), {
    knownBits: CT_STATUS.snat! | CT_STATUS.dnat! | CT_STATUS['seen-reply']!,
  }),
  mark: selector(types.MARK, (packet) => packet.connection?.mark ?? null),
  zone: selector(types.numbers('integer', 16), (packet) => packet.connection?.zone ?? null),
  l3proto: selector(types.FAMILY, (packet) => packet.connection && (packet.connection.family === 4 ? 2 : 10)),
  protocol: selector(
    types.PROTOCOL,
    (packet) => packet.connection && types.PROTOCOL.parse(packet.connection.protocol),
  ),
};

const ADDRESSES: Readonly<Record<string, 'source' | 'destination'>> = {
  saddr: 'source',
  daddr: 'destination',
};
const PORTS: Readonly<Record<string, 'sourcePort' | 'destinationPort'>> = {
  'proto-src': 'sourcePort',
  'proto-dst': 'destinationPort',
};

/**
 * `{"ct": {"key": "state"}}`, `{"key": "ip saddr", "dir": "original"}`; older: `{"key": "saddr", "dir": "original",
 * "family": "ip"}`.
 */
export function compileCt(body: JsonObject, chainFamily: string): Expression {
  const [last = '', family = text(body.family) ?? chainFamily] = (text(body.key) ?? '').split(' ').reverse();
  const direction = text(body.dir);
  const tuple = (packet: FilterPacket): Tuple | null =>
    packet.connection && (direction === 'reply' ? packet.connection.reply : packet.connection.original);
  const address = ADDRESSES[last];
  if (direction !== null && address) return tupleAddress(tuple, address, family);
  const port = PORTS[last];
  if (direction !== null && port) return selector(types.PORT, (packet) => tuple(packet)?.[port] ?? null);
  if (Object.hasOwn(FIELDS, last)) return FIELDS[last]!;
  return unknownSelector(`"ct ${text(body.key) ?? '?'}" is not in a snapshot`, isTracked);
}

function tupleAddress(
  tuple: (packet: FilterPacket) => Tuple | null,
  key: 'source' | 'destination',
  family: string,
): Expression {
  // An `inet` chain's rule without a family has the addresses' own (`meta nfproto` is left away in the listing).
  const type = family === 'ip6' ? types.IPV6_ADDRESS : family === 'ip' ? types.IPV4_ADDRESS : EITHER_ADDRESS;
  const wanted = family === 'ip6' ? 6 : family === 'ip' ? 4 : null;
  return selector(type, (packet) => {
    const address = tuple(packet)?.[key];
    if (!address || (wanted !== null && address.family !== wanted)) return null;
    return types.addressAtom(address);
  });
}

const EITHER_ADDRESS: types.DataType = {
  name: 'address',
  bits: 32,
  parse: (value) => types.IPV4_ADDRESS.parse(value) ?? types.IPV6_ADDRESS.parse(value),
};

function state({ connection, untracked, direction }: FilterPacket): number {
  if (!connection) return untracked ? CT_STATES.untracked! : CT_STATES.invalid!;
  // A reply is never new (IP_CT_ESTABLISHED_REPLY).
  if (direction === 'reply' && connection.state === 'new') return CT_STATES.established!;
  return CT_STATES[connection.state]!;
}

function status(connection: Connection): number {
  return (
    (connection.sourceNat ? CT_STATUS.snat! : 0) |
    (connection.destinationNat ? CT_STATUS.dnat! : 0) |
    (connection.state === 'established' ? CT_STATUS['seen-reply']! : 0)
  );
}
