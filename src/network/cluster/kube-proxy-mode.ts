/** kube-proxy's mode by the traces that it leaves on a node, where no ConfigMap tells it. */

import { fields, list } from '../../ingest/kube/objects.js';
import { KUBE_IPVS } from '../../kernel/ipvs.js';
import type { Snapshot } from '../../model/snapshot.js';

/** What each mode alone makes; all of them make KUBE-SERVICES and the like. */
const TRACES: Readonly<Record<string, (snapshot: Snapshot) => boolean>> = {
  iptables: ({ iptables, ip6tables }) =>
    [iptables, ip6tables].some((text) => /^:KUBE-SVC-/m.test(text ?? '')),
  ipvs: ({ links }) => links?.some(({ name }) => name === KUBE_IPVS) ?? false,
  nftables: ({ nft }) =>
    list(fields(nft).nftables).some((item) => fields(fields(item).table).name === 'kube-proxy'),
};

/**
 * The mode that all traces on all nodes agree on. A change of mode may leave the traces of the one before, so that
 * two are as good as none.
 */
export function kubeProxyModeOf(snapshots: readonly Snapshot[]): string | null {
  const found = Object.keys(TRACES).filter((mode) => snapshots.some((snapshot) => TRACES[mode]!(snapshot)));
  return found.length === 1 ? found[0]! : null;
}
