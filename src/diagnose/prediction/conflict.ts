import type { Finding } from '../../model/analysis.js';
import type { Announcer } from '../../network/announcers.js';
import type { Silence } from '../../network/entry.js';
import type { Network } from '../../network/network.js';
import { fixConflict } from '../causes/arp-conflict-fix.js';
import { evidence } from '../evidence.js';

/** Nodes that would all answer ARP (or NDP) for one VIP on one link, if they do. */
export function announcerConflict(
  vip: string,
  announcers: readonly Announcer[],
  network: Network,
): Omit<Finding, 'id'> | null {
  // One node that answers on two of its links is none.
  if (new Set(announcers.map((a) => a.station.label)).size < 2) return null;
  const protocol = vip.includes(':') ? 'NDP' : 'ARP';
  const names = announcers.map((a) => `${a.station.label} (${a.interface})`).join(', ');
  return {
    cause: 'arp-conflict',
    confidence: 'possible',
    severity: 'risk',
    vip,
    node: null,
    interface: null,
    claimants: announcers.map(({ station, interface: name, mac }) => ({
      node: station.node,
      interface: name,
      mac: mac ?? '',
    })),
    attempts: [],
    summary: `${names} would each answer ${protocol} for ${vip}: whose answer a router takes is a matter of time.`,
    evidence: announcers.map(({ station, why }) => evidence('model', why, { node: station.node })),
    fix: fixConflict(
      vip,
      announcers.map(({ station, interface: name, mac, by }) => ({ station, interface: name, mac, by })),
      network,
    ),
    alternatives: [],
  };
}

/** Nodes that have the VIP on the link where it is asked for, none of which answers. */
export function silenceFinding(vip: string, silent: readonly Silence[]): Omit<Finding, 'id'> {
  const protocol = vip.includes(':') ? 'neighbour solicitations' : 'ARP';
  const { station, interface: name, why } = silent[0]!;
  const only = silent.length === 1 ? silent[0]! : null;
  // Behind a load balancer in direct routing mode, real servers have the VIP so, and are not to answer.
  const meant = silent.every((s) => s.serves);
  const unless = meant
    ? 'unless a speaker or a load balancer does'
    : 'unless a speaker does of which nothing is known';
  return {
    cause: 'not-delivered',
    confidence: 'possible',
    severity: meant ? 'info' : 'risk',
    vip,
    node: only?.station.node ?? null,
    interface: only?.interface ?? null,
    claimants: [],
    attempts: [],
    summary: `Nobody would answer ${protocol} for ${vip}, ${unless}: ${station.label} has it and does not answer on ${name} (${why}).`,
    evidence: silent.map((s) =>
      evidence('model', `asked on ${s.interface}: ${s.why}`, { node: s.station.node }),
    ),
    known: `nobody would answer ${protocol} for it, ${unless}`,
    fix: null,
    noFix: 'whether a speaker or a load balancer is meant to answer is not in the snapshots',
    alternatives: [],
  };
}
