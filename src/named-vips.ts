import type { KubeService } from './ingest/kube/services.js';
import { isLimitedBroadcast, isLoopback, isMulticast, isUnspecified, toAddress } from './kernel/prefix.js';
import { parseAddressFlag } from './model/address-flag.js';
import type { AnalysisVip } from './model/analysis.js';
import { UsageError } from './model/errors.js';

/**
 * An address that a connection over the network may have at one of its ends.
 *
 * @throws UsageError naming the flag
 */
export function parseHostFlag(flag: string, text: string): string {
  const address = parseAddressFlag(flag, text);
  const kind = KINDS_OF_NONE.find(({ is }) => is(toAddress(address)));
  if (kind) throw new UsageError(`${flag} ${text}: is ${kind.name}; no connection over the network has it`);
  return address;
}

const KINDS_OF_NONE = [
  { is: isUnspecified, name: "no host's address" },
  { is: isLoopback, name: 'a loopback address' },
  { is: isMulticast, name: 'a multicast address' },
  { is: isLimitedBroadcast, name: 'the broadcast address' },
];

/** Those that were asked for, else those that Services have; each once. */
export function namedVips(flagged: readonly string[], services: readonly KubeService[]): AnalysisVip[] {
  if (flagged.length > 0) return [...new Set(flagged)].map((address) => ({ address, source: 'flag' }));
  const named = new Set(services.flatMap((service) => service.vips));
  return [...named].map((address) => ({ address, source: 'kubernetes' }));
}
