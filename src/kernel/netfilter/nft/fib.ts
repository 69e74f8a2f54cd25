/** Questions to the routing (net/ipv4/netfilter/nft_fib_ipv4.c, net/ipv6/netfilter/nft_fib_ipv6.c). */
import {
  type Address,
  isLimitedBroadcast,
  isLinkLocal,
  isLocalMulticast,
  isLoopback,
  isMulticast,
  isUnspecified,
} from '../../prefix.js';
import type { LookupResult } from '../../verdict.js';
import type { FilterPacket } from '../packet.js';
import type { FilterNode } from '../rule-set.js';
import { type Expression, selector, UNKNOWN, unknownSelector } from './expression.js';
import { type JsonObject, list, text } from './json.js';
import { ADDRESS_TYPES } from './names.js';
import * as types from './types.js';

/** What is looked up, and what of the packet is told. */
interface Question {
  of: 'source' | 'destination';
  mark: boolean;
  iif: boolean;
  oif: boolean;
}

/** `{"fib": {"result": "oif", "flags": ["saddr", "iif"]}}`; for `exists` and `missing` also `"result": "check"`. */
export function compileFib(body: JsonObject, right: unknown): Expression {
  const flags = new Set(list(body.flags));
  const question: Question = {
    of: flags.has('daddr') ? 'destination' : 'source',
    mark: flags.has('mark'),
    iif: flags.has('iif'),
    oif: flags.has('oif'),
  };
  const result = text(body.result);
  const wayBack = question.of === 'source' && result !== 'type';
  const read = (packet: FilterPacket, node: FilterNode) => deviceOf(question, packet, node);
  const more = { wayBack, unsure: 'which of several next hops a hash picks is not known' };
  // NFTA_FIB_F_PRESENT: `exists` and `missing` are written as true and false.
  if (result === 'check' || typeof right === 'boolean') {
    const exists = (device: string | typeof UNKNOWN) =>
      device === UNKNOWN ? UNKNOWN : device === '' ? 0 : 1;
    return selector(types.BOOLEAN, (packet, node) => exists(read(packet, node)), more);
  }
  if (result === 'oif') return selector(types.INTERFACE_INDEX, read, more);
  if (result === 'oifname') return selector(types.INTERFACE_NAME, read, more);
  if (result === 'type') {
    return selector(types.ADDRESS_TYPE, (packet, node) => addressType(question, packet, node));
  }
  return unknownSelector(`"fib … ${result ?? '?'}" is not modelled`);
}

/** The device that the looked up address is reached by; empty where there is none. */
function deviceOf(question: Question, packet: FilterPacket, node: FilterNode): string | typeof UNKNOWN {
  // nft_fib_can_skip()
  if (packet.iif === 'lo') return packet.iif;
  if (isConfiguration(packet)) return packet.iif ?? '';
  const { device, result } = lookup(question, packet, node);
  const { route } = result;
  if (result.error !== null || !route || route.type === 'local') return '';
  if (packet.family === 4) {
    // fib_info_nh_uses_dev(): any next hop counts, also a dead one.
    if (device !== null) return route.nextHops.some((hop) => hop.interface === device) ? device : '';
    return result.hops[0]?.dev ?? '';
  }
  if (route.type === 'anycast') return '';
  // fib6_select_path(): one next hop is picked by a hash of the flow, and it alone counts.
  const devices = new Set(result.hops.map((hop) => hop.dev));
  const [first = ''] = devices;
  if (device !== null && !devices.has(device)) return '';
  if (devices.size > 1) return UNKNOWN;
  return first;
}

/** A host that has no address yet and looks for one: DHCP, or IPv6 autoconfiguration (nft_fib_v6_skip_icmpv6()). */
function isConfiguration({ family, source, destination, protocol, oif, iif }: FilterPacket): boolean {
  if (!isUnspecifiedNet(source)) return false;
  if (family === 4) return isLimitedBroadcast(destination) || isLocalMulticast(destination);
  const prerouting = iif !== null && oif === null;
  return prerouting && protocol === 'ipv6-icmp' && (isLinkLocal(destination) || isMulticast(destination));
}

/** 0/8 (ipv4_is_zeronet()), or ::. */
function isUnspecifiedNet(address: Address): boolean {
  return address.family === 4 ? address.words[0]! >>> 24 === 0 : isUnspecified(address);
}

function lookup(
  question: Question,
  packet: FilterPacket,
  node: FilterNode,
): { device: string | null; result: LookupResult } {
  const device = question.iif ? packet.iif : question.oif ? packet.oif : null;
  const forwarded = packet.iif !== null && packet.oif !== null;
  const target = packet[question.of];
  const other = question.of === 'source' ? packet.destination : packet.source;
  const result = node.lookup({
    destination: target.text,
    source: packet.family === 4 ? knownSource(other) : other.text,
    // On the way back of a forwarded packet, its way out is the way in.
    iif: question.of === 'source' && question.iif && forwarded ? packet.oif! : 'lo',
    // Only link-local addresses are looked up on one device (RT6_LOOKUP_F_IFACE).
    oif: isLinkLocal(target) ? (device ?? packet.iif ?? packet.oif) : null,
    mark: question.mark ? packet.mark : 0,
    tos: packet.tos,
  });
  return { device, result };
}

/** get_saddr(): what can be no source is not told. */
function knownSource(address: Address): string | null {
  const none =
    isMulticast(address) || isLimitedBroadcast(address) || isLoopback(address) || isUnspecifiedNet(address);
  return none ? null : address.text;
}

/** nft_fib4_eval_type() is inet_dev_addr_type(); nft_fib6_eval_type() does a lookup of its own. */
function addressType(question: Question, packet: FilterPacket, node: FilterNode): number {
  const device = question.iif ? packet.iif : question.oif ? packet.oif : null;
  const address = packet[question.of];
  const named = (type: string) => ADDRESS_TYPES[type] ?? ADDRESS_TYPES.unspec!;
  if (packet.family === 4) return named(node.addressType(address.text, device));
  const { result } = lookup(question, packet, node);
  if (result.error !== null) return named(LOOKUP_ERRORS[result.error] ?? 'unreachable');
  if (result.route?.type === 'anycast') return named('anycast');
  if (device !== null) {
    if (node.addressType(address.text, device) === 'local') return named('local');
  } else if (result.route?.type === 'local') return named('local');
  if (isMulticast(address)) return named('multicast');
  // ipv6_addr_type() has no kind of its own for ::.
  return named(isUnspecified(address) ? 'unspec' : 'unicast');
}

const LOOKUP_ERRORS: Readonly<Record<string, string>> = { blackhole: 'blackhole', prohibit: 'prohibit' };
