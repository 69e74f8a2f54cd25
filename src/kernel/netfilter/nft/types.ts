import { familyOf } from '../../../model/address.js';
import { type Address, toAddress } from '../../prefix.js';
import { PROTOCOLS } from '../../protocols.js';
import { integer, kindOf, text } from './json.js';
import * as names from './names.js';

/** A value as the rules compare it: IPv6 addresses and MACs as one big number, interface names as text. */
export type Atom = number | bigint | string;

/** How nft writes the values of a selector. */
export interface DataType {
  name: string;
  /** 0 for text. */
  bits: number;
  /** Null where the text or number is no such value. */
  parse: (value: unknown) => Atom | null;
}

export const IPV4_ADDRESS: DataType = { name: 'ipv4_addr', bits: 32, parse: (v) => parseAddress(v, 4) };
export const IPV6_ADDRESS: DataType = { name: 'ipv6_addr', bits: 128, parse: (v) => parseAddress(v, 6) };
export const ETHER_ADDRESS: DataType = { name: 'ether_addr', bits: 48, parse: parseMac };
export const MARK = numbers('mark', 32);
export const UID = numbers('uid', 32, { root: 0 });
export const PORT = numbers('inet_service', 16);
export const PROTOCOL = numbers('inet_proto', 8, PROTOCOLS);
export const FAMILY = numbers('nf_proto', 8, names.FAMILIES);
export const ETHER_TYPE = numbers('ether_type', 16, names.ETHER_TYPES);
export const ICMP_TYPE = numbers('icmp_type', 8, names.ICMP_TYPES);
export const ICMP_CODE = numbers('icmp_code', 8, names.ICMP_CODES);
export const ICMPV6_TYPE = numbers('icmpv6_type', 8, names.ICMPV6_TYPES);
export const ICMPV6_CODE = numbers('icmpv6_code', 8, names.ICMPV6_CODES);
export const DSCP = numbers('dscp', 6, names.DSCP);
export const ECN = numbers('ecn', 2, names.ECN);
export const TCP_FLAGS = numbers('tcp_flag', 8, names.TCP_FLAGS);
export const CT_STATE = numbers('ct_state', 32, names.CT_STATES);
export const CT_STATUS = numbers('ct_status', 32, names.CT_STATUS);
export const CT_DIRECTION = numbers('ct_dir', 8, names.CT_DIRECTIONS);
export const ADDRESS_TYPE = numbers('fib_addrtype', 32, names.ADDRESS_TYPES);
export const PACKET_TYPE = numbers('pkt_type', 8, names.PACKET_TYPES);
export const GROUP = numbers('devgroup', 32, { default: 0 });
export const BOOLEAN = numbers('boolean', 1, { exists: 1, missing: 0 });
export const INTERFACE_NAME: DataType = { name: 'ifname', bits: 0, parse: text };
/** Compared by name, which is what nft prints for an index; a number left is of no interface: 0 is none. */
export const INTERFACE_INDEX: DataType = {
  name: 'iface_index',
  bits: 0,
  parse: (value) => (integer(value) === null ? text(value) : integer(value) === 0 ? '' : `#${value}`),
};

/** A plain number of so many bits. */
export function numbers(name: string, bits: number, known: names.Names = {}): DataType {
  const parse = (value: unknown): number | null => {
    if (typeof value === 'boolean') return value ? 1 : 0;
    const number = integer(value);
    if (number !== null) return number < 0 || number >= 2 ** bits ? null : number;
    if (typeof value === 'string') return Object.hasOwn(known, value) ? known[value]! : null;
    return flags(value, parse);
  };
  return { name, bits, parse };
}

/** `["syn", "ack"]` and `{"|": ["syn", "ack"]}` are all of these bits. */
function flags(value: unknown, parse: (value: unknown) => number | null): number | null {
  const kind = kindOf(value);
  const members = kind?.[0] === '|' ? kind[1] : value;
  if (!Array.isArray(members)) return null;
  let bits = 0;
  for (const member of members) {
    const bit = parse(member);
    if (bit === null) return null;
    bits |= bit;
  }
  return bits;
}

function parseAddress(value: unknown, family: 4 | 6): Atom | null {
  const address = text(value);
  if (address !== null) return familyOf(address) === family ? addressAtom(toAddress(address)) : null;
  const number = family === 4 ? integer(value) : null;
  return number !== null && number >= 0 && number <= 0xffffffff ? number : null;
}

function parseMac(value: unknown): Atom | null {
  const mac = text(value);
  return mac !== null && /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)
    ? Number(`0x${mac.replaceAll(':', '')}`)
    : null;
}

export function addressAtom(address: Address): Atom {
  if (address.family === 4) return address.words[0]!;
  return address.words.reduce((all, word) => (all << 32n) | BigInt(word), 0n);
}

export function atomAddress(atom: Atom, family: 4 | 6): Address {
  const octets = (count: number, bits: number) =>
    Array.from(
      { length: count },
      (_, i) => (BigInt(atom) >> BigInt((count - 1 - i) * bits)) & ((1n << BigInt(bits)) - 1n),
    );
  if (family === 4) return toAddress(octets(4, 8).join('.'));
  return toAddress(
    octets(8, 16)
      .map((group) => group.toString(16))
      .join(':'),
  );
}

/** Bitwise arithmetic as the kernel's registers do it: unsigned, of any width. */
export function bitwise(operator: string, left: Atom, right: Atom, bits: number): Atom | null {
  if (typeof left === 'string' || typeof right === 'string') return null;
  const a = BigInt(left);
  const b = BigInt(right);
  const all = (1n << BigInt(bits)) - 1n;
  // A shift by thousands of bits is nobody's rule, and would cost memory.
  if ((operator === '<<' || operator === '>>') && b > 128n) return null;
  const result = OPERATIONS[operator]?.(a, b);
  if (result === undefined) return null;
  return bits <= 48 ? Number(result & all) : result & all;
}

const OPERATIONS: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '<<': (a, b) => a << b,
  '>>': (a, b) => a >> b,
};
