import type { Evidence, Gap } from '../../model/analysis.js';
import type { Neighbour } from '../../model/snapshot.js';
import { evidence, packetEvidence, QUOTED } from '../evidence.js';
import type { UntakenAnswer } from '../neighbours/untaken-answer.js';
import { neighbourFilter } from '../recording.js';
import type { AskedInVain } from './asked-in-vain.js';
import type { Unresolved } from './unresolved.js';

export function unresolvedEvidence({ station, address, errors, entry }: Unresolved): Evidence[] {
  const found = errors
    .slice(0, QUOTED)
    .map((s) =>
      packetEvidence(
        s,
        ` (from ${s.icmp!.from}, type ${s.icmp!.type}, code ${s.icmp!.code}: nobody answers for ${address})`,
      ),
    );
  if (entry) found.push(stateEvidence(entry, station.node));
  return found;
}

/** What shows that a reply's next hop did not answer. */
export function vainEvidence({ stop, entry }: AskedInVain): Evidence {
  return stateEvidence(entry, stop.station.node);
}

export function vainGap({ stop, address }: AskedInVain, untaken: UntakenAnswer | null): Gap {
  const hop = { dev: stop.interface, via: null };
  return unresolvedGap({ station: stop.station, hop, address, untaken });
}

/** What a node's entry says: the MAC, where it has one, and its state. */
export function stateEvidence({ address, interface: name, mac, states }: Neighbour, node: string): Evidence {
  const said = [...(mac === null ? [] : [mac]), ...states].join(', ');
  return evidence('neighbour', `${address} on ${name}: ${said}`, {
    node,
    file: 'ip-neigh.json',
  });
}

export function unresolvedGap({
  station,
  hop,
  address,
  untaken,
}: Pick<Unresolved, 'station' | 'hop' | 'address' | 'untaken'>): Gap {
  if (untaken) {
    const why = `${address} answers ${station.label}, which does not take the answers in: what filters them there, its rules and their counters tell`;
    const rules = address.includes(':') ? 'ip6tables-save -c; ' : 'arptables-save -c; ';
    return { node: station.node, interface: hop.dev, why, capture: `${rules}nft list ruleset` };
  }
  return {
    node: station.node,
    interface: hop.dev,
    why: `nobody answers ${station.label} for ${address}: whether it is asked on the right link, and who should answer, is to be seen there`,
    capture: address.includes(':')
      ? `ip -6 neigh show ${address}; ndisc6 ${address} '${hop.dev}'; tcpdump -i '${hop.dev}' -n -e '${neighbourFilter(address)}'`
      : `ip neigh show ${address}; arping -c 3 -I '${hop.dev}' ${address}; tcpdump -i '${hop.dev}' -n -e arp`,
  };
}
