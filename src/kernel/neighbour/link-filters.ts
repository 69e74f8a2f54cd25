import type { KernelState } from '../state.js';

/** One entry of `nft -j list ruleset`: `{"chain": {…}}`, `{"rule": {…}}`. */
type NftEntry = { chain?: { family?: string; table?: string; name?: string; hook?: string; dev?: unknown } };

/**
 * The chains of nft.json that see requests and answers before the model does, each as a doubt: what they let
 * through is not modelled. arptables' own are in no listing.
 *
 * @param family `arp`; chains of the family `netdev` on the device are told for any
 */
export function filtersOf(state: KernelState, family: 'arp' | null, device: string): string[] {
  const ruleset = state.snapshot.nft as { nftables?: unknown } | null;
  if (!ruleset || !Array.isArray(ruleset.nftables)) return [];
  return (ruleset.nftables as NftEntry[]).flatMap((entry) => {
    const chain = entry?.chain;
    if (!chain?.hook) return [];
    const devices = Array.isArray(chain.dev) ? chain.dev : [chain.dev];
    const sees =
      chain.family === 'netdev' ? devices.includes(device) : family !== null && chain.family === family;
    return sees
      ? [
          `nft's chain ${chain.family} ${chain.table} ${chain.name} may drop requests or answers: taken to let them pass`,
        ]
      : [];
  });
}
