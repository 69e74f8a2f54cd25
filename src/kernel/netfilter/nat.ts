import type { KernelModel } from '../model.js';
import { type Address, isLinkLocal, toAddress } from '../prefix.js';
import { bind } from './conntrack.js';
import type { Hook } from './rule-set.js';
import type { NatVerdict } from './rule-walk.js';
import type { Way } from './way.js';

/** HOOK2MANIP(): which end of a packet a hook translates. */
export function natHalf(hook: Hook): 'destination' | 'source' {
  return hook === 'prerouting' || hook === 'output' ? 'destination' : 'source';
}

/**
 * Settles a new connection's translation as a rule says.
 *
 * @returns false where the device has no address to translate to, and the packet is dropped
 */
export function settle(model: KernelModel, way: Way, hook: Hook, verdict: NatVerdict): boolean {
  const { packet } = way;
  const connection = packet.connection!;
  let address: Address | null = null;
  if ('address' in verdict) {
    if (verdict.address !== null) address = toAddress(verdict.address);
  } else {
    const found = verdict.kind === 'masquerade' ? masquerade(model, way) : redirect(model, way, hook);
    if (found === null) return false;
    address = toAddress(found);
    if (verdict.kind === 'masquerade') connection.masqueradedFor = packet.oif!;
  }
  bind(connection, natHalf(hook), address, verdict.port);
  return true;
}

/** nf_nat_masquerade_ipv4(): by the next hop; nf_nat_masquerade_ipv6(): by the destination. */
function masquerade(model: KernelModel, way: Way): string | null {
  const { packet, hops } = way;
  if (packet.oif === null) return null;
  if (model.snapshot.addresses === null) way.node.doubt('ip-addr.json is missing: no address is known');
  const via = packet.family === 4 ? (hops[0]?.via ?? null) : null;
  const towards = via !== null && !via.includes(':') ? via : packet.destination.text;
  return model.selectSource(packet.oif, towards);
}

/** nf_nat_redirect_ipv4(), nf_nat_redirect_ipv6(). */
function redirect(model: KernelModel, way: Way, hook: Hook): string | null {
  const { packet } = way;
  const isIPv6 = packet.family === 6;
  if (hook === 'output') return isIPv6 ? '::1' : '127.0.0.1';
  const narrow = isLinkLocal(packet.destination);
  const own = model.localAddresses.filter(
    (a) => a.interface === packet.iif && a.address.includes(':') === isIPv6,
  );
  const usable = isIPv6 ? own.filter((a) => isLinkLocal(toAddress(a.address)) === narrow) : own;
  return usable[0]?.address ?? null;
}

/** nf_nat_oif_changed(): whether a masqueraded connection's packet leaves by another device than its first one did. */
export function hasMoved(hook: Hook, { packet }: Way): boolean {
  const { connection, direction, oif } = packet;
  const device = connection?.masqueradedFor;
  return hook === 'postrouting' && direction === 'original' && device !== undefined && device !== oif;
}
