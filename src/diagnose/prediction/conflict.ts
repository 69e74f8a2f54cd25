import type { Finding } from '../../model/analysis.js';
import type { Announcer } from '../../network/announcers.js';
import { evidence } from '../evidence.js';

/** Nodes that would all answer ARP (or NDP) for one VIP on one link, if they do. */
export function announcerConflict(vip: string, announcers: readonly Announcer[]): Omit<Finding, 'id'> | null {
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
    fix: null,
    alternatives: [],
  };
}
