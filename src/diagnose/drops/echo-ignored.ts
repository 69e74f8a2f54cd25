/** A machine that answers no pings, by its own settings. */
import type { Attempt } from '../../correlate/attempt.js';
import { stationLabel } from '../../model/station.js';
import type { DiagnosisContext } from '../context.js';
import { sysctlEvidence } from '../evidence.js';
import { lossOf } from '../loss.js';
import type { KnownOfLoss } from './known-of-loss.js';

const IGNORES = { 4: 'net.ipv4.icmp_echo_ignore_all', 6: 'net.ipv6.icmp.echo_ignore_all' } as const;

/** icmp_echo() and icmpv6_echo_reply(): the request is taken in, and dropped without a word. */
export function echoIgnored(attempt: Attempt, context: DiagnosisContext): KnownOfLoss | null {
  const loss = lossOf(attempt);
  if (attempt.protocol !== 'icmp' || loss?.role !== 'request' || loss.last.direction !== 'in') return null;
  const { point, destination } = loss.last;
  const node = context.node(point.node, point.netns);
  const key = IGNORES[destination.address.includes(':') ? 6 : 4];
  if (!node?.model?.hasAddress(destination.address) || node.snapshot?.sysctl?.get(key) !== '1') return null;
  return {
    words: `${stationLabel(point.node, point.netns)} has that address, and answers no echo requests: ${key} is 1`,
    evidence: [sysctlEvidence(node, key)],
    gap: {
      node: point.node,
      interface: point.interface,
      why: 'whether it is meant to answer no echo requests is for whoever set it to say',
      capture: `sysctl ${key}; grep -rs echo_ignore_all /etc/sysctl.conf /etc/sysctl.d`,
    },
  };
}
