/** A packet with an address that the kernel takes on no interface, or not on that one: no filter, and no reverse-path check. */
import type { Attempt } from '../../correlate/attempt.js';
import { sysctlKey } from '../../kernel/sysctl.js';
import type { Verdict, VerdictName } from '../../kernel/verdict.js';
import { stationLabel } from '../../model/station.js';
import type { DiagnosisContext } from '../context.js';
import { QUOTED, recordEvidence } from '../evidence.js';
import { nearestDrops } from '../kernel-records.js';
import { lossOf } from '../loss.js';
import { shellWord } from '../shell-word.js';
import { timesAt } from './examine.js';
import type { KnownOfLoss } from './known-of-loss.js';

/** What the kernel gives as its reason of each. */
const REASONS: Readonly<Partial<Record<VerdictName, readonly string[]>>> = {
  'martian-source': ['IP_LOCAL_SOURCE', 'IP_INVALID_SOURCE', 'IP_LOCALNET'],
  'martian-destination': ['IP_LOCALNET', 'IP_INVALID_DEST'],
};

/**
 * ip_handle_martian_source() and the martian_destination of ip_route_input_slow(): a source that is the node's own
 * without accept_local, a loopback address without route_localnet.
 *
 * @param verdict of the node where the packet was seen last; null where it cannot be told
 */
export function martianAddress(
  attempt: Attempt,
  verdict: Verdict | null,
  context: DiagnosisContext,
): KnownOfLoss | null {
  const loss = lossOf(attempt);
  const reasons = verdict && REASONS[verdict.verdict];
  if (!loss || loss.made || !reasons || verdict.unknown.length > 0) return null;
  const { point, source, destination } = loss.last;
  // A pod that is its own backend.
  const own =
    source.address === destination.address
      ? ', and has to be masqueraded before it is sent back to who asked'
      : '';
  const node = context.node(point.node, point.netns);
  if (!node) return null;
  const label = stationLabel(point.node, point.netns);
  const keys = [
    ['all', 'accept_local'],
    [point.interface ?? 'IFACE', 'accept_local'],
    [point.interface ?? 'IFACE', 'route_localnet'],
  ] as const;
  const names = keys.map(([name, setting]) => shellWord(sysctlKey('net.ipv4.conf', name, setting)));
  const records = nearestDrops(node, timesAt(loss, node, context), ({ reason }) => reasons.includes(reason));
  return {
    words: `${label} takes the ${loss.role} for a martian packet and drops it: ${verdict.why}${own}`,
    evidence: records.slice(0, QUOTED).map((record) => recordEvidence(node, record)),
    gap: {
      node: point.node,
      interface: point.interface,
      why: `whether ${label} is to take such packets is for its settings to say: accept_local for a source of its own, route_localnet for loopback addresses; else what gave the packet that address is at fault`,
      capture: `sysctl ${names.join(' ')}; ip -4 addr show; iptables-save -t nat; nft list ruleset`,
    },
  };
}
