/** `-m rpfilter`: whether the way back to a packet's source is the interface that it came in by. */
import {
  isLimitedBroadcast,
  isLinkLocal,
  isLocalMulticast,
  isMulticast,
  isUnspecified,
} from '../../prefix.js';
import type { FilterPacket } from '../packet.js';
import type { FilterNode } from '../rule-set.js';
import { type MatchExtension, tests } from './match.js';

interface Options {
  loose: boolean;
  validMark: boolean;
  acceptLocal: boolean;
}

export const rpfilter: MatchExtension = {
  options: { '--loose': 0, '--validmark': 0, '--accept-local': 0, '--invert': 0 },
  compile: (options) => {
    const given = new Set(options.map(({ name }) => name));
    const asked = {
      loose: given.has('--loose'),
      validMark: given.has('--validmark'),
      acceptLocal: given.has('--accept-local'),
    };
    const invert = given.has('--invert');
    return tests((packet, node) => {
      const found = packet.family === 4 ? hasWayBack4(packet, node, asked) : hasWayBack6(packet, node, asked);
      if (!found) packet.failedCheck = true;
      return found !== invert;
    });
  },
};

/** rpfilter_mt() of ipt_rpfilter.c. */
function hasWayBack4(packet: FilterPacket, node: FilterNode, options: Options): boolean {
  const { source, destination, iif, mark, tos } = packet;
  if (iif === 'lo') return true;
  const toAll = isLimitedBroadcast(destination) || isLocalMulticast(destination);
  if (isUnspecified(source) && toAll) return true;
  const hasNoSource =
    isMulticast(destination) || isLimitedBroadcast(destination) || isUnspecified(destination);
  const { error, route } = node.lookup({
    source: hasNoSource ? null : destination.text,
    destination: source.text,
    iif: 'lo',
    oif: null,
    mark: options.validMark ? mark : 0,
    tos,
  });
  if (error !== null || !route) return false;
  if (route.type !== 'unicast' && !(route.type === 'local' && options.acceptLocal)) return false;
  return options.loose || route.nextHops.some((hop) => hop.interface === iif);
}

/** rpfilter_mt() of ip6t_rpfilter.c. */
function hasWayBack6(packet: FilterPacket, node: FilterNode, options: Options): boolean {
  const { source, destination, iif, mark, tos } = packet;
  // An unspecified source is not passed on anyway.
  if (iif === 'lo' || isUnspecified(source)) return true;
  const { error, route, hops } = node.lookup({
    source: isMulticast(destination) || isUnspecified(destination) ? null : destination.text,
    destination: source.text,
    iif: 'lo',
    oif: options.loose && !isLinkLocal(source) ? null : iif,
    mark: options.validMark ? mark : 0,
    tos,
  });
  if (error !== null || !route || route.type === 'anycast') return false;
  if (route.type === 'local') return options.acceptLocal;
  return options.loose || hops.some((hop) => hop.dev === iif);
}
