import type { InterfaceAddress } from '../model/snapshot.js';
import { type Address, contains, isLinkLocal, isMulticast, toAddress, toPrefix } from './prefix.js';
import type { KernelState } from './state.js';

const LINK_SCOPE = 2;
const SITE_SCOPE = 5;
const GLOBAL_SCOPE = 14;

/** RFC 6724 section 2.1 as addrlabel.c has it, longest prefix first. `ip addrlabel` may change it, which no snapshot tells. */
const LABELS: readonly [prefix: ReturnType<typeof toPrefix>, label: number][] = (
  [
    ['::1/128', 0],
    ['::ffff:0.0.0.0/96', 4],
    ['::/96', 3],
    ['2001::/32', 6],
    ['2001:10::/28', 7],
    ['2002::/16', 2],
    ['3ffe::/16', 12],
    ['fec0::/10', 11],
    ['fc00::/7', 5],
    ['::/0', 1],
  ] as const
).map(([prefix, label]) => [toPrefix(prefix), label]);
const ORCHID = toPrefix('2001:10::/28');

/**
 * The source that the kernel takes for a packet by a device, of a socket that is bound to none: RFC 6724 section 5
 * as ipv6_dev_get_saddr() of addrconf.c has it.
 *
 * @returns null where no address of the node will do
 */
export function selectSource6(
  { interfaces, settings6 }: KernelState,
  device: string,
  destination: Address,
): string | null {
  const scope = scopeOf(destination);
  const ownAlone =
    isMulticast(destination) || scope <= LINK_SCOPE || settings6.known(device, 'use_oif_addrs_only') === 1;
  const prefersTemporary = (settings6.known(device, 'use_tempaddr') ?? 0) >= 2;
  const label = labelOf(destination);

  /** What each rule gives the candidate, in the rules' order: the first that differs decides, the larger wins. */
  const rank = (own: InterfaceAddress, address: Address): number[] => {
    const ownScope = scopeOf(address);
    return [
      address.text === destination.text ? 1 : 0,
      // The smallest scope that is wide enough; else the widest.
      ownScope >= scope ? -ownScope : ownScope - 128,
      own.flags.includes('deprecated') || own.flags.includes('optimistic') ? 0 : 1,
      own.interface === device ? 1 : 0,
      labelOf(address) === label ? 1 : 0,
      own.flags.includes('temporary') === prefersTemporary ? 1 : 0,
      contains(ORCHID, address) === contains(ORCHID, destination) ? 1 : 0,
      Math.min(commonBits(address, destination), own.prefixLength),
    ];
  };
  let best: { address: string; rank: number[] } | null = null;
  for (const own of interfaces.localAddresses) {
    if (!own.address.includes(':') || (ownAlone && own.interface !== device)) continue;
    if (own.flags.includes('dadfailed')) continue;
    if (own.flags.includes('tentative') && !own.flags.includes('optimistic')) continue;
    const candidate = { address: own.address, rank: rank(own, toAddress(own.address)) };
    if (!best || isHigher(candidate.rank, best.rank)) best = candidate;
  }
  return best?.address ?? null;
}

/** __ipv6_addr_src_scope() */
function scopeOf(address: Address): number {
  if (isMulticast(address)) return (address.words[0]! >>> 16) & 0xf;
  if (isLinkLocal(address) || address.text === '::1') return LINK_SCOPE;
  return address.words[0]! >>> 22 === 0x3fb ? SITE_SCOPE : GLOBAL_SCOPE;
}

function labelOf(address: Address): number {
  return LABELS.find(([prefix]) => contains(prefix, address))![1];
}

function isHigher(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at >= 0 && a[at]! > b[at]!;
}

function commonBits(a: Address, b: Address): number {
  const at = a.words.findIndex((word, i) => word !== b.words[i]);
  return at < 0 ? a.words.length * 32 : at * 32 + Math.clz32(a.words[at]! ^ b.words[at]!);
}
