import type { IpSet, IpSetElement } from '../../../model/snapshot.js';
import { type Address, toAddress } from '../../prefix.js';
import type { FilterPacket } from '../packet.js';
import type { Membership, PacketSet, Unknown } from './ip-sets.js';
import { addressAt, addressKey, barePort, type Part, portKey, printedPortKey, TYPES } from './parts.js';

/** An element under its key: of those that differ in nothing but the interface, there may be several. */
interface Stored {
  element: IpSetElement;
  iface: string | null;
}

/** A set, ready to be asked. */
export function compileSet(set: IpSet): PacketSet {
  const { name, type, family, bitmask } = set;
  const parts = Object.hasOwn(TYPES, type) && bitmask === null ? TYPES[type]! : null;
  if (!parts) {
    const what = bitmask === null ? `sets of the type ${type}` : 'sets with a bitmask';
    return unknownSet(set, `${what}, as ${name} is one, are not modelled`);
  }
  const table = new Table(set, parts);
  return {
    family: type === 'bitmap:ip' ? 4 : family,
    dimensions: parts.length,
    excepts: parts.includes('net'),
    membership: (packet, sides) => table.membership(packet, sides),
  };
}

function unknownSet({ family }: IpSet, missing: string): PacketSet {
  return { family, dimensions: 1, excepts: false, membership: () => ({ missing }) };
}

class Table {
  readonly #set: IpSet;
  readonly #parts: readonly Part[];
  readonly #stored = new Map<string, Stored[]>();
  /** Lengths of the prefixes that are in it, the longest first: the kernel asks for them in this order. */
  readonly #lengths: readonly number[];
  /** Whether all elements are known. */
  readonly #isWhole: boolean;

  constructor(set: IpSet, parts: readonly Part[]) {
    this.#set = set;
    this.#parts = parts;
    const lengths = new Set<number>();
    let isWhole = set.isWhole;
    for (const element of set.elements) {
      // Of a bridge's port: no rule asks for one, and the kernel keeps them apart.
      if (parts.includes('iface') && element.value.includes(',physdev:')) continue;
      const read = this.#read(element);
      if (!read) {
        isWhole = false;
        continue;
      }
      if (read.length !== null) lengths.add(read.length);
      const known = this.#stored.get(read.key);
      if (known) known.push(read.stored);
      else this.#stored.set(read.key, [read.stored]);
    }
    this.#isWhole = isWhole;
    this.#lengths = [...lengths].sort((a, b) => b - a);
  }

  membership(packet: FilterPacket, sides: readonly string[]): Membership {
    const keys = this.#keys(packet, sides);
    if (keys === 'none') return 'out';
    if (keys === null)
      return { missing: `the port of the packet, by which the set ${this.#set.name} goes, is not known` };
    const at = this.#parts.indexOf('iface');
    const iface = at < 0 ? null : sides[at] === 'src' ? packet.iif : packet.oif;
    // Where the hook has no such interface, the kernel looks for none.
    if (at >= 0 && iface === null) return 'out';
    for (const key of keys) {
      const there = this.#stored.get(key);
      if (!there) continue;
      const found = there.filter((stored) => isOf(stored, iface));
      if (found.length > 0) return this.#found(found);
      // mtype_test_cidrs(): where a net is listed, though for other interfaces alone, no wider one is asked for.
      break;
    }
    return this.#isWhole && !this.#set.expires ? 'out' : this.#unknown();
  }

  #found(found: readonly Stored[]): Membership {
    const [{ element }] = found as [Stored];
    // A narrower one may be among those that are not known, or are gone by now.
    if ((!this.#isWhole || this.#set.expires) && this.#lengths.length > 0) return this.#unknown();
    if (found.some((other) => other.element.nomatch !== element.nomatch || other.element.expires))
      return this.#unknown();
    return element.nomatch ? 'excepted' : 'in';
  }

  #unknown(): Unknown {
    const { name, expires } = this.#set;
    return {
      missing: expires
        ? `elements of the set ${name} go by themselves after some time`
        : `not all of the set ${name} can be read`,
    };
  }

  /** What it may lie under, the narrowest first; `none`: under nothing; null: that is not known. */
  #keys(packet: FilterPacket, sides: readonly string[]): readonly string[] | 'none' | null {
    let keys: string[] = [''];
    for (const [i, part] of this.#parts.entries()) {
      const side = sides[i]!;
      if (part === 'iface') continue;
      let own: readonly string[] | 'none' | null;
      if (part === 'net') own = this.#lengths.map((length) => addressKey(addressAt(packet, side), length));
      else if (part === 'ip') own = this.#addressKeys(addressAt(packet, side), i);
      else own = this.#portKeys(packet, side);
      if (own === null || own === 'none') return own;
      keys = keys.flatMap((key) => (own as readonly string[]).map((more) => `${key}|${more}`));
    }
    return keys;
  }

  #addressKeys(address: Address, at: number): readonly string[] | 'none' {
    const { type, range, netmask } = this.#set;
    const length = netmask ?? address.words.length * 32;
    // hash_ip4_kadt(): not for the address 0.
    if (type === 'hash:ip' && at === 0 && addressKey(address, length) === addressKey(zero(address), length))
      return 'none';
    if (range !== null && !isWithin(address, range)) return 'none';
    return [addressKey(address, length)];
  }

  #portKeys(packet: FilterPacket, side: string): readonly string[] | 'none' | null {
    if (this.#set.type !== 'bitmap:port') {
      const key = portKey(packet, side);
      return key === null ? null : [key];
    }
    const port = barePort(packet, side);
    return port === null || port === 'none' ? port : [String(port)];
  }

  /** Null where it cannot be read. */
  #read(element: IpSetElement): { key: string; stored: Stored; length: number | null } | null {
    const texts = element.value.split(',');
    if (texts.length !== this.#parts.length) return null;
    let key = '';
    let iface: string | null = null;
    let length: number | null = null;
    for (const [i, part] of this.#parts.entries()) {
      const text = texts[i]!;
      if (part === 'iface') iface = text;
      else if (part === 'port') {
        const own = this.#set.type === 'bitmap:port' ? text : printedPortKey(text);
        if (own === null) return null;
        key += `|${own}`;
      } else {
        const [address, bits] = addressOf(text);
        if (!address) return null;
        const width = address.words.length * 32;
        const own = part === 'net' ? (bits ?? width) : (this.#set.netmask ?? width);
        if (part === 'net') length = own;
        key += `|${addressKey(address, own)}`;
      }
    }
    return { key, stored: { element, iface }, length };
  }
}

function isOf({ element, iface }: Stored, asked: string | null): boolean {
  if (iface === null) return true;
  return element.wildcard ? asked!.startsWith(iface) : asked === iface;
}

function addressOf(text: string): [address: Address | null, bits: number | null] {
  const [address = '', bits] = text.split('/');
  try {
    return [toAddress(address), bits === undefined ? null : Number(bits)];
  } catch {
    return [null, null];
  }
}

function zero({ words }: Address): Address {
  return toAddress(words.length === 1 ? '0.0.0.0' : '::');
}

/** `10.0.0.0-10.0.255.255`, which bitmaps of IPv4 addresses alone have. */
function isWithin({ words }: Address, range: string): boolean {
  const [first, last] = range.split('-').map((end) => addressOf(end)[0]?.words[0]);
  return first !== undefined && last !== undefined && words[0]! >= first && words[0]! <= last;
}
