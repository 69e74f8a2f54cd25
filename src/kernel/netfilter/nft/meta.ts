/** Selectors on what the kernel knows of the packet beside its octets (nft_meta_get_eval()). */
import { isMulticast } from '../../prefix.js';
import type { FilterPacket } from '../packet.js';
import type { FilterNode } from '../rule-set.js';
import { type Expression, selector, UNKNOWN, unknownSelector, type Value } from './expression.js';
import { etherType, protocolOf } from './payload.js';
import * as types from './types.js';

const LINK_UNKNOWN = { unsure: 'the interface is not in the snapshot' };

const FIELDS: Readonly<Record<string, Expression>> = {
  mark: selector(types.MARK, (packet) => packet.mark),
  // Without such an interface the kernel compares with an empty name, and with index 0.
  iifname: selector(types.INTERFACE_NAME, (packet) => packet.iif ?? ''),
  oifname: selector(types.INTERFACE_NAME, (packet) => packet.oif ?? ''),
  iif: selector(types.INTERFACE_INDEX, (packet) => packet.iif ?? ''),
  oif: selector(types.INTERFACE_INDEX, (packet) => packet.oif ?? ''),
  iifgroup: group('iif'),
  oifgroup: group('oif'),
  iifkind: kind('iif'),
  oifkind: kind('oif'),
  nfproto: selector(types.FAMILY, (packet) => (packet.family === 4 ? 2 : 10)),
  l4proto: selector(types.PROTOCOL, protocolOf, { unsure: 'the protocol has no known number' }),
  protocol: selector(types.ETHER_TYPE, etherType),
  length: selector(types.numbers('integer', 32), (packet) => packet.length ?? UNKNOWN, {
    unsure: 'the length of the packet is not known',
  }),
  pkttype: selector(types.PACKET_TYPE, packetType),
  // What comes in belongs to no socket yet.
  skuid: selector(types.UID, (packet) => (packet.iif === null ? (packet.uid ?? UNKNOWN) : null), {
    unsure: 'the user of the sending process is not known',
  }),
  skgid: unknownSelector('"meta skgid" is not in a snapshot', (packet) => packet.iif === null),
  random: selector(types.numbers('integer', 32), () => null, {
    read: (_packet, _node, draw) => [draw],
    draw: { count: 2 ** 32, word: 'random' },
  }),
};

/** `{"meta": {"key": "iifname"}}` */
export function compileMeta(key: string): Expression {
  return Object.hasOwn(FIELDS, key) ? FIELDS[key]! : unknownSelector(`"meta ${key}" is not in a snapshot`);
}

function group(side: 'iif' | 'oif'): Expression {
  return selector(
    types.GROUP,
    (packet, node) => ofLink(packet[side], node, (link) => types.GROUP.parse(link.group) ?? UNKNOWN),
    LINK_UNKNOWN,
  );
}

function kind(side: 'iif' | 'oif'): Expression {
  return selector(
    { ...types.INTERFACE_NAME, name: 'string' },
    (packet, node) => ofLink(packet[side], node, (link) => link.kind),
    LINK_UNKNOWN,
  );
}

type Link = NonNullable<ReturnType<FilterNode['link']>>;

function ofLink(name: string | null, node: FilterNode, read: (link: Link) => Value | null): Value | null {
  if (name === null) return null;
  const link = node.link(name);
  return link ? read(link) : UNKNOWN;
}

function packetType(packet: FilterPacket, node: FilterNode): number {
  if (packet.iif === null) return 0;
  if (isMulticast(packet.destination)) return 2;
  return packet.family === 4 && node.addressType(packet.destination.text, null) === 'broadcast' ? 1 : 0;
}
