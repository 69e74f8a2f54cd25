/** Neighbours that answered a node whose own entry says that nobody did: it did not take the answer in. */
import type { NeighbourMessage } from '../../correlate/neighbours/message.js';
import type { FilterDrop } from '../../kernel/netfilter/passage.js';
import type { Evidence } from '../../model/analysis.js';
import { isGroupMac } from '../../model/group-mac.js';
import { isSameStation } from '../../model/station.js';
import type { Station } from '../../network/station.js';
import type { DiagnosisContext } from '../context.js';
import { evidence } from '../evidence.js';
import { ADVERTISEMENT, discoveryDrop, dropText, type Neighbours } from './discovery-filter.js';
import { resolutionOf } from './evidence.js';

export interface UntakenAnswer {
  station: Station;
  /** To its last question. */
  message: NeighbourMessage;
  neighbours: Neighbours;
  /** By which the node's own rules drop such answers; null where none is known that does. */
  drop: FilterDrop | null;
}

/**
 * The answer that came in to a node's last question for an address.
 *
 * @param device by which it asks
 * @returns null where none was seen: then nobody may have answered
 */
export function untakenAnswer(
  station: Station,
  device: string,
  address: string,
  context: DiagnosisContext,
): UntakenAnswer | null {
  const own = context.neighbours.filter((m) => m.target === address && isSameStation(m.point, station));
  const asked = own.findLast(({ kind, direction }) => kind === 'request' && direction === 'out');
  if (!asked || asked.time === null) return null;
  const message = own.find((m) => m.time !== null && m.time >= asked.time! && isAnswerTo(station, m));
  if (!message) return null;
  const neighbours = { device, own: asked.sender, neighbour: message.sender };
  const drop = address.includes(':') ? discoveryDrop(station, ADVERTISEMENT, neighbours) : null;
  return { station, message, neighbours, drop };
}

/** It is told to the station, in a frame that is for it. */
function isAnswerTo({ model }: Station, message: NeighbourMessage): boolean {
  const { kind, claimedMac, direction, asker, etherDestination: mac } = message;
  if (kind !== 'reply' || claimedMac === null || direction === 'out') return false;
  if (asker === null || !model.hasAddress(asker)) return false;
  return mac === null ? direction === 'in' : !isGroupMac(mac) && model.ownerOfMac(mac) !== null;
}

/** As a clause: what it did not do, and by which rule. */
export function untakenText({ station, message: { target }, drop }: UntakenAnswer): string {
  const answers = target.includes(':') ? 'neighbour solicitations' : 'ARP requests';
  const what = `its ${answers} for that address are answered, but ${station.label} does not take the answers in`;
  return drop === null
    ? `${what}: what filters ${resolutionOf(target)} there may drop them`
    : `${what}: ${dropText(drop)}`;
}

export function untakenEvidence({ station, message }: UntakenAnswer): Evidence {
  const { target, claimedMac, point, packet } = message;
  return evidence('packet', `${resolutionOf(target)}: ${target} is at ${claimedMac}; not taken in`, {
    node: station.node,
    file: point.file,
    packet,
  });
}
