/** Matches on the addresses and the header of a packet, and on the frame that it came in. */
import { isMulticast } from '../../prefix.js';
import type { FilterPacket } from '../packet.js';
import type { FilterNode } from '../rule-set.js';
import { each, type MatchExtension, negatedIf, tests } from './match.js';
import { addressRange, dscpClass, inRange, masked, numberRange, wholeNumber } from './values.js';

/** xt_addrtype.c. */
const addrtype: MatchExtension = {
  options: { '--src-type': 1, '--dst-type': 1, '--limit-iface-in': 0, '--limit-iface-out': 0 },
  compile: (options, family) => {
    const limit = options.find(({ name }) => name.startsWith('--limit'))?.name;
    const types = options.filter(({ name }) => !name.startsWith('--limit'));
    return each(types, ({ name, not, values }) => {
      const wanted = (values[0] ?? '').toLowerCase().split(',');
      return negatedIf(not, (packet, node) => {
        const address = name === '--src-type' ? packet.source : packet.destination;
        const device = limit === undefined ? null : limit === '--limit-iface-in' ? packet.iif : packet.oif;
        const type = node.addressType(address.text, device);
        if (family === 4) return wanted.includes(type);
        // match_type6(): every type asked for has to hold, and an address of the node's own is unicast as well.
        const unicast = type !== 'multicast' && type !== 'unspec';
        return wanted.every((one) => one === type || (one === 'unicast' && unicast));
      });
    });
  },
};

const mac: MatchExtension = {
  options: { '--mac-source': 1 },
  compile: (options) =>
    each(
      options,
      ({ not, values }) => {
        const wanted = (values[0] ?? '').toLowerCase();
        return negatedIf(not, ({ macSource }) => (macSource === null ? null : macSource === wanted));
      },
      "the sender's MAC is not known",
    ),
};

const iprange: MatchExtension = {
  options: { '--src-range': 1, '--dst-range': 1 },
  compile: (options) =>
    each(options, ({ name, not, values }) => {
      const range = addressRange(values[0] ?? '');
      const end = name === '--src-range' ? 'source' : 'destination';
      return range && negatedIf(not, (packet) => inRange(range, packet[end]));
    }),
};

const pkttype: MatchExtension = {
  options: { '--pkt-type': 1 },
  compile: (options) =>
    each(options, ({ not, values }) =>
      negatedIf(not, (packet, node) => packetType(packet, node) === values[0]),
    ),
};

/** What a link makes of such a packet: broadcasts and groups go to their own MACs. */
function packetType({ destination }: FilterPacket, node: FilterNode): string {
  if (isMulticast(destination)) return 'multicast';
  return node.addressType(destination.text, null) === 'broadcast' ? 'broadcast' : 'unicast';
}

const length: MatchExtension = {
  options: { '--length': 1 },
  compile: (options) =>
    each(
      options,
      ({ not, values }) => {
        const range = numberRange(values[0] ?? '', 0xffff);
        if (!range) return null;
        return negatedIf(not, (packet) =>
          packet.length === null ? null : packet.length >= range[0] && packet.length <= range[1],
        );
      },
      "the packet's length is not known",
    ),
};

const ttl: MatchExtension = {
  options: { '--ttl-eq': 1, '--ttl-lt': 1, '--ttl-gt': 1, '--hl-eq': 1, '--hl-lt': 1, '--hl-gt': 1 },
  compile: (options) =>
    each(options, ({ name, not, values }) => {
      const wanted = wholeNumber(values[0]);
      if (wanted === null) return null;
      return negatedIf(not, (packet) => {
        if (name.endsWith('-lt')) return packet.ttl < wanted;
        return name.endsWith('-gt') ? packet.ttl > wanted : packet.ttl === wanted;
      });
    }),
};

const dscp: MatchExtension = {
  options: { '--dscp': 1, '--dscp-class': 1 },
  compile: (options) =>
    each(options, ({ name, not, values }) => {
      const wanted = name === '--dscp' ? wholeNumber(values[0]) : dscpClass(values[0] ?? '');
      return wanted === null ? null : negatedIf(not, (packet) => packet.tos >> 2 === wanted);
    }),
};

const tos: MatchExtension = {
  options: { '--tos': 1 },
  compile: (options) =>
    each(options, ({ not, values }) => {
      const wanted = masked(values[0], 0xff);
      return wanted && negatedIf(not, (packet) => (packet.tos & wanted.mask) === wanted.value);
    }),
};

/** No packet of a question is a fragment. */
const frag: MatchExtension = {
  options: { '--fragid': 1, '--fraglast': 0 },
  compile: () => tests(() => false),
};

export const IP_MATCHES: Readonly<Record<string, MatchExtension>> = {
  addrtype,
  mac,
  iprange,
  pkttype,
  length,
  ttl,
  hl: ttl,
  dscp,
  tos,
  frag,
};
