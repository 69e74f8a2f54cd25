/** Targets that translate (xt_nat.c, xt_MASQUERADE.c, xt_REDIRECT.c, xt_NETMAP.c). */
import { formatAddress } from '../../../model/address.js';
import type { Address } from '../../prefix.js';
import { hasPorts } from '../../protocols.js';
import type { FilterPacket } from '../packet.js';
import type { Branch, FilterVerdict, Step } from '../rule-set.js';
import { type Target, valueOfOption } from './target.js';
import { type AddressRange, addressRange, inRange, network } from './values.js';

/** More addresses than this are not told apart. */
const ADDRESSES_LIMIT = 64;

interface NatRange {
  addresses: AddressRange | null;
  ports: PortRange | null;
}

interface PortRange {
  first: number;
  last: number;
  /** Ports are shifted by their distance from it (`8000-8009/80`). */
  base: number | null;
}

/** `10.0.0.1`, `10.0.0.1-10.0.0.9:80-90`, `:8080`, `[fd00::1]:80`, `fd00::1`. */
function natRange(text: string, family: 4 | 6): NatRange | null {
  const inBrackets = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  const at = family === 4 ? text.indexOf(':') : -1;
  const host = inBrackets ? inBrackets[1]! : at < 0 ? text : text.slice(0, at);
  const service = inBrackets ? inBrackets[2] : at < 0 ? undefined : text.slice(at + 1);
  const addresses = host === '' ? null : addressRange(host);
  const ports = service === undefined ? null : portRange(service);
  if ((host !== '' && !addresses) || (service !== undefined && !ports)) return null;
  return { addresses, ports };
}

/** `80`, `8000-8009`, `8000-8009/80`. */
function portRange(text: string): PortRange | null {
  const match = /^(\d+)(?:-(\d+))?(?:\/(\d+))?$/.exec(text);
  if (!match) return null;
  const first = Number(match[1]);
  return {
    first,
    last: match[2] === undefined ? first : Number(match[2]),
    base: match[3] === undefined ? null : Number(match[3]),
  };
}

function translation(option: '--to-destination' | '--to-source'): Target {
  return (options, context) => {
    const range = natRange(valueOfOption(options, option) ?? '', context.family);
    if (!range) return null;
    const random = options.some(({ name }) => name.startsWith('--random'));
    const kind = option === '--to-source' ? 'snat' : 'dnat';
    return [
      (packet, node) =>
        choose(kind, range, random, packet, (text) => node.doubt(`${context.place}: ${text}`)),
    ];
  };
}

/** get_unique_tuple() of nf_nat_core.c, but for ports that another connection has. */
function choose(
  kind: 'dnat' | 'snat',
  { addresses, ports }: NatRange,
  random: boolean,
  packet: FilterPacket,
  doubt: (text: string) => void,
): FilterVerdict | Branch[] {
  const port = choosePort(kind, ports, random, packet, doubt);
  if (!addresses) return { kind, address: null, port };
  const { first, last } = addresses;
  if (first.text === last.text) return { kind, address: first.text, port };
  if (kind === 'snat' && !random && inRange(addresses, packet.source)) return { kind, address: null, port };
  const list = addressesOf(addresses);
  if (list.length > ADDRESSES_LIMIT) {
    doubt(`one of ${list.length} addresses is picked by a hash: taken as the first`);
    return { kind, address: first.text, port };
  }
  // find_best_ips_proto() spreads them by a hash of the addresses.
  return list.map((address, i) => ({
    text: `address ${i + 1} of ${list.length}`,
    chance: 1 / list.length,
    result: { kind, address, port },
  }));
}

function addressesOf({ first, last }: AddressRange): string[] {
  const low = toNumber(first);
  // One more than are told apart is enough to see that there are too many; the text says how many there are.
  const count = Number(toNumber(last) - low) + 1;
  const told = Math.min(count, 1 << 20);
  return Array.from({ length: Math.max(0, told) }, (_, i) => fromNumber(low + BigInt(i), first.family));
}

function toNumber(address: Address): bigint {
  return address.words.reduce((value, word) => (value << 32n) | BigInt(word), 0n);
}

function fromNumber(value: bigint, family: 4 | 6): string {
  const bytes = new Uint8Array(family === 4 ? 4 : 16);
  for (let i = bytes.length - 1, rest = value; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return formatAddress(bytes, 0, family);
}

/** Null where it stays. */
function choosePort(
  kind: 'dnat' | 'snat',
  range: PortRange | null,
  random: boolean,
  packet: FilterPacket,
  doubt: (text: string) => void,
): number | null {
  if (!range || !hasPorts(packet.protocol)) return null;
  const { first, last, base } = range;
  if (first === last) return first;
  const now = kind === 'dnat' ? packet.destinationPort : packet.sourcePort;
  if (base !== null && now !== null) return first + (Math.max(0, now - base) % (last - first + 1));
  if (!random && now !== null && now >= first && now <= last) return null;
  // A destination port is counted up from the first, a source port begins anywhere (nf_nat_l4proto_unique_tuple).
  if (random || kind === 'snat') doubt(`a port from ${first} to ${last} is picked: taken as ${first}`);
  return first;
}

/** A target whose address follows from the interface: `--to-ports` alone can be given. */
function portTarget(kind: 'masquerade' | 'redirect', changed: 'snat' | 'dnat'): Target {
  return (options, context) => {
    const text = valueOfOption(options, '--to-ports');
    const ports = text === undefined ? null : portRange(text);
    if (text !== undefined && !ports) return null;
    const random = options.some(({ name }) => name.startsWith('--random'));
    return [
      (packet, node) => {
        const doubt = (what: string) => node.doubt(`${context.place}: ${what}`);
        return { kind, port: choosePort(changed, ports, random, packet, doubt) };
      },
    ];
  };
}

const masquerade = portTarget('masquerade', 'snat');
const redirect = portTarget('redirect', 'dnat');

/** The network part is replaced, the host part stays. */
const netmap: Target = (options, { half, family }) => {
  const net = network(valueOfOption(options, '--to') ?? '');
  if (!net) return null;
  const step: Step = (packet) => {
    const words = packet[half].words.map(
      (word, i) => ((word & ~net.masks[i]!) | (net.words[i]! & net.masks[i]!)) >>> 0,
    );
    const value = words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n);
    const kind = half === 'destination' ? 'dnat' : 'snat';
    return { kind, address: fromNumber(value, family), port: null };
  };
  return [step];
};

export const NAT_TARGETS: Readonly<Record<string, Target>> = {
  DNAT: translation('--to-destination'),
  SNAT: translation('--to-source'),
  MASQUERADE: masquerade,
  REDIRECT: redirect,
  NETMAP: netmap,
};
