import { formatAddress, parseAddress } from '../model/address.js';
import { commonBits, PrefixPreserving } from './prefix-preserving.js';
import type { Pseudorandom } from './pseudorandom.js';

/** A network of which the first bits stay. */
interface Kept {
  octets: Uint8Array;
  /** Bits. */
  length: number;
}

const kept = (network: string): Kept => {
  const [address, length] = network.split('/');
  return { octets: parseAddress(address!)!, length: Number(length) };
};

/**
 * An address is in one of these exactly if what stands for it is, so that private, shared and link-local addresses are
 * told as such: the bits that lead to them stay, in addresses of other networks too as far as they have them.
 */
const KEPT4 = ['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'].map(kept);
const KEPT6 = ['fe80::/64', 'fd00::/8', '2000::/3', '64:ff9b::/96'].map(kept);
/** These mean the same everywhere: this network, loopback, multicast, netmasks and the limited broadcast. */
const WHOLE4 = ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/3'].map(kept);
/** Unspecified, loopback, multicast. */
const WHOLE6 = ['::/127', 'ff00::/8'].map(kept);

/** Their last four octets are an IPv4 address: mapped ones, and those of NAT64. */
const HOLDS_IPV4 = ['::ffff:0:0/96', '64:ff9b::/96'].map(kept);
const SOLICITED_NODE = kept('ff02::1:ff00:0/104');

/** The first and the last host of a /24: its own address, and its broadcast. */
const HOST_ENDS = [Uint8Array.of(0), Uint8Array.of(255)];

/** Virtual MACs of VRRP tell that an address is shared. */
const VRRP_MAC = Uint8Array.of(0, 0, 0x5e, 0, 1);
const VRRP6_MAC = Uint8Array.of(0, 0, 0x5e, 0, 2);
const GROUP_BIT = 1;
/** Inverted where a MAC becomes an interface identifier (RFC 4291 appendix A). */
const LOCAL_BIT = 2;
/** Of an interface identifier: universal/local, and individual/group. */
const FLAG_BITS = [6, 7];
/** In an interface identifier, between the halves of the MAC that it is made of. */
const EUI64 = Uint8Array.of(0xff, 0xfe);
const EUI64_FIRST = 24;

/**
 * Addresses to those that stand for them: prefixes are preserved, and what an address is for (`KEPT4`, …) is seen as
 * before. Of IPv4 a /24's own address and broadcast stay such, and with them x.y.z.1 and x.y.z.254.
 *
 * IPv6 addresses are mapped in three parts, each by itself: network, the high part of the interface identifier, and its
 * last 24 bits, so that a solicited-node group follows its address. A MAC is mapped as the interface identifier that
 * it would make, and so an address that was made of it remains so.
 */
export class Addresses {
  readonly #four: PrefixPreserving;
  readonly #network6: PrefixPreserving;
  readonly #highIdentifier: PrefixPreserving;
  readonly #lowIdentifier: PrefixPreserving;
  readonly #known = new Map<string, string>();

  constructor(random: Pseudorandom) {
    this.#four = new PrefixPreserving(random, 'ipv4');
    this.#network6 = new PrefixPreserving(random, 'ipv6 network');
    this.#highIdentifier = new PrefixPreserving(random, 'interface identifier');
    this.#lowIdentifier = new PrefixPreserving(random, 'low interface identifier');
  }

  /**
   * The text of an address; a `%zone` is dropped.
   *
   * @param length of the prefix that stands behind it, if one does: a network's own address stays one
   * @returns null where the text is no address
   */
  address(text: string, length: number | null = null): string | null {
    const key = `${text}/${length}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const octets = parseAddress(text);
    if (!octets) return null;
    const mapped = this.octets(octets);
    if (length !== null && isNetwork(octets, length)) clearHost(mapped, length);
    const result = formatAddress(mapped, 0, mapped.length === 4 ? 4 : 6);
    this.#known.set(key, result);
    return result;
  }

  /** @param octets 4 or 16 */
  octets(octets: Uint8Array): Uint8Array {
    return octets.length === 4 ? this.#ipv4(octets) : this.#ipv6(octets);
  }

  /** @param octets 6; or 3, those of the vendor alone */
  mac(octets: Uint8Array): Uint8Array {
    const isSolicited = octets[0] === 0x33 && octets[1] === 0x33 && octets[2] === 0xff;
    if (isSolicited && octets.length === 6)
      return joined(octets.subarray(0, 3), this.#low(octets.subarray(3)));
    const isVrrp = isWithin(octets, VRRP_MAC) || isWithin(octets, VRRP6_MAC);
    if ((octets[0]! & GROUP_BIT) !== 0 || isVrrp || octets.every((octet) => octet === 0))
      return octets.slice();
    const vendor = this.#high(joined(inverted(octets.subarray(0, 3)), EUI64)).subarray(0, 3);
    return joined(inverted(vendor), this.#low(octets.subarray(3)));
  }

  #ipv4(octets: Uint8Array): Uint8Array {
    if (isIn(octets, WHOLE4)) return octets.slice();
    const network = keptBits(octets, [...KEPT4, ...WHOLE4]);
    const host = octets.subarray(3);
    const end =
      24 +
      keptBits(
        host,
        HOST_ENDS.map((ends) => ({ octets: ends, length: 8 })),
      );
    return this.#four.map(octets, (bit) => bit < network || (bit >= 24 && bit < end));
  }

  #ipv6(octets: Uint8Array): Uint8Array {
    if (isIn(octets, [SOLICITED_NODE])) return joined(octets.subarray(0, 13), this.#low(octets.subarray(13)));
    if (isIn(octets, HOLDS_IPV4)) return joined(octets.subarray(0, 12), this.#ipv4(octets.subarray(12)));
    if (isIn(octets, WHOLE6)) return octets.slice();
    const network = keptBits(octets, KEPT6);
    const first = this.#network6.map(octets.subarray(0, 8), (bit) => bit < network);
    return joined(first, this.#identifier(octets.subarray(8)));
  }

  #identifier(octets: Uint8Array): Uint8Array {
    if (octets[3] !== EUI64[0] || octets[4] !== EUI64[1])
      return joined(this.#high(octets.subarray(0, 5)), this.#low(octets.subarray(5)));
    const mac = this.mac(joined(inverted(octets.subarray(0, 3)), octets.subarray(5)));
    return joined(inverted(mac.subarray(0, 3)), EUI64, mac.subarray(3));
  }

  /** @param octets the first five of an interface identifier */
  #high(octets: Uint8Array): Uint8Array {
    const end = EUI64_FIRST + keptBits(octets.subarray(3), [{ octets: EUI64, length: 16 }]);
    return this.#highIdentifier.map(
      octets,
      (bit) => FLAG_BITS.includes(bit) || (bit >= EUI64_FIRST && bit < end),
    );
  }

  /** @param octets the last three of an interface identifier or MAC */
  #low(octets: Uint8Array): Uint8Array {
    return this.#lowIdentifier.map(octets);
  }
}

/** Up to which bit an address stays, for not to come into one of the networks, or out of it. */
function keptBits(octets: Uint8Array, networks: readonly Kept[]): number {
  const lengths = networks.map((network) => Math.min(network.length, commonBits(octets, network.octets) + 1));
  return Math.max(...lengths);
}

function isIn(octets: Uint8Array, networks: readonly Kept[]): boolean {
  return networks.some((network) => commonBits(octets, network.octets) >= network.length);
}

function isWithin(octets: Uint8Array, prefix: Uint8Array): boolean {
  return commonBits(octets, prefix) === prefix.length * 8;
}

function isNetwork(octets: Uint8Array, length: number): boolean {
  const cleared = octets.slice();
  clearHost(cleared, length);
  return commonBits(octets, cleared) === octets.length * 8;
}

function clearHost(octets: Uint8Array, length: number): void {
  for (let i = 0; i < octets.length; i++) {
    const bits = Math.min(8, Math.max(0, length - i * 8));
    octets[i]! &= 0xff << (8 - bits);
  }
}

function inverted(vendor: Uint8Array): Uint8Array {
  return vendor.map((octet, i) => (i === 0 ? octet ^ LOCAL_BIT : octet));
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
