/** A pod that asks for a Service and is its own backend. */
import type { Attempt } from '../../correlate/attempt.js';
import { stationLabel } from '../../model/station.js';
import { evidence } from '../evidence.js';
import { lossOf } from '../loss.js';
import type { KnownOfLoss } from './known-of-loss.js';

/**
 * Translated and sent back, the request bears the pod's own address at both ends, and the pod takes it for a martian
 * (fib_validate_source(): the source is local to it) unless accept_local is set there. kube-proxy masquerades such
 * requests for that reason. IPv6 has no such check.
 */
export function ownRequest(attempt: Attempt): KnownOfLoss | null {
  const last = lossOf(attempt)?.last;
  if (last?.direction !== 'out') return null;
  const { source, destination, point } = last;
  if (source.address !== destination.address || source.address.includes(':')) return null;
  if (attempt.server.address === destination.address) return null;
  const label = stationLabel(point.node, point.netns);
  return {
    words: `${label} sends it back to ${source.address}, which asked, with that address as its source as well: a host takes no such packet, and it has to be masqueraded before`,
    evidence: [
      evidence('model', `its source and its destination are ${source.address}`, { node: point.node }),
    ],
    gap: {
      node: point.node,
      interface: point.interface,
      why: `whether rules masquerade what a pod sends to itself, as kube-proxy's do (KUBE-MARK-MASQ), is to be seen on ${label}`,
      capture: 'iptables-save -t nat; nft list ruleset',
    },
  };
}
