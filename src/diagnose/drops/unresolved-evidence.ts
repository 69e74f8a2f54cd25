import type { Evidence, Gap } from '../../model/analysis.js';
import { evidence, packetEvidence, QUOTED } from '../evidence.js';
import type { Unresolved } from './unresolved.js';

export function unresolvedEvidence({ station, hop, address, errors, entry }: Unresolved): Evidence[] {
  const at = { node: station.node };
  const found = errors
    .slice(0, QUOTED)
    .map((s) =>
      packetEvidence(
        s,
        ` (from ${s.icmp!.from}, type ${s.icmp!.type}, code ${s.icmp!.code}: nobody answers for ${address})`,
      ),
    );
  if (entry) {
    const text = `${address} on ${hop.dev}: ${entry.states.join(', ')}`;
    found.push(evidence('neighbour', text, { ...at, file: 'ip-neigh.json' }));
  }
  return found;
}

export function unresolvedGap({ station, hop, address }: Unresolved): Gap {
  return {
    node: station.node,
    interface: hop.dev,
    why: `nobody answers ${station.label} for ${address}: whether it is asked on the right link, and who should answer, is to be seen there`,
    capture: address.includes(':')
      ? `ip -6 neigh show ${address}; ndisc6 ${address} '${hop.dev}'; tcpdump -i '${hop.dev}' -n -e icmp6`
      : `ip neigh show ${address}; arping -c 3 -I '${hop.dev}' ${address}; tcpdump -i '${hop.dev}' -n -e arp`,
  };
}
