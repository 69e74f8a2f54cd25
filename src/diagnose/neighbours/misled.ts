/** Requests that went to a host which the address is not on. */
import type { Attempt } from '../../correlate/attempt.js';
import { translationsOf } from '../../kernel/translations.js';
import type { Sighting } from '../../model/sighting.js';
import { announcersOf } from '../../network/announcers.js';
import type { DiagnosisContext } from '../context.js';
import { lossOf } from '../loss.js';

export interface Party {
  mac: string | null;
  node: string | null;
  interface: string | null;
}

/** The request that was lost, or refused by who got it. */
export function misledPacket(attempt: Attempt): Sighting | null {
  const loss = lossOf(attempt);
  if (loss?.role === 'request') {
    const { sightings } = loss.traces.at(-1)!;
    // A switch that does not know the old owner's port any more floods what is for it: others see it as well.
    return sightings.findLast((s) => s.direction !== null) ?? sightings.at(-1)!;
  }
  if (attempt.outcome !== 'refused') return null;
  return attempt.traces.find((trace) => trace.role === 'request')?.sightings.at(-1) ?? null;
}

/** Who has the address by its settings: who answers for it, or where no kernel does, whose rules serve it. */
export function heirsOf({ server, client }: Attempt, { network }: DiagnosisContext): Party[] {
  const announcers = announcersOf(network, server.address, client.address);
  if (announcers.some(({ unknown }) => unknown.length > 0)) return [];
  if (announcers.length > 0)
    return announcers.map(({ mac, station, interface: name }) => ({
      mac,
      node: station.node,
      interface: name,
    }));
  return network.stations
    .filter(({ netns, snapshot }) => netns === null && translationsOf(snapshot, server.address).size > 0)
    .map(({ node }) => ({ mac: null, node, interface: null }));
}

export function partyLabel({ node, interface: name, mac }: Party): string {
  if (node === null) return mac ?? 'another host';
  return [node, name === null ? '' : ` (${name})`].join('');
}
