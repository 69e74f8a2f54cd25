/** Frames to a host on the link for another MAC than it has by the sender's own entry, which was another at the time. */

import type { Attempt } from '../../correlate/attempt.js';
import type { Neighbour } from '../../model/snapshot.js';
import { stationLabel } from '../../model/station.js';
import type { DiagnosisContext } from '../context.js';
import { packetEvidence } from '../evidence.js';
import { ipCommandFor } from '../ip-command.js';
import { type Loss, lossOf } from '../loss.js';
import { shellWord } from '../shell-word.js';
import { PACKETS } from '../words.js';
import type { KnownOfLoss } from './known-of-loss.js';
import { stateEvidence } from './unresolved-evidence.js';

/** The sender's entry for the packet's destination, which has another MAC than the packet's last frame was for. */
export function changedEntry({ last }: Loss, context: DiagnosisContext): Neighbour | null {
  const { point, direction, etherDestination, encapsulations, destination } = last;
  if (direction !== 'out' || etherDestination === null || encapsulations.length > 0) return null;
  const entries = context.node(point.node, point.netns)?.snapshot?.neighbours ?? [];
  const own = entries.filter(
    ({ address, interface: name, mac }) =>
      address === destination.address && name === point.interface && mac !== null,
  );
  return own.every(({ mac }) => mac !== etherDestination) ? (own[0] ?? null) : null;
}

/** @returns null where the frame was for who has the address, or that is not known */
export function sentByChangedEntry(attempt: Attempt, context: DiagnosisContext): KnownOfLoss | null {
  const loss = lossOf(attempt);
  const entry = loss && !loss.made ? changedEntry(loss, context) : null;
  if (!loss || !entry) return null;
  const { last, role } = loss;
  const { node, netns, interface: name } = last.point;
  const label = stationLabel(node, netns);
  const { address } = entry;
  const ip = ipCommandFor(address);
  return {
    words: `${label} sent the ${PACKETS[role]} out by ${name} in frames for the MAC ${last.etherDestination}, and has ${address} at ${entry.mac} by its entry as it was recorded: that was another when they were sent`,
    evidence: [packetEvidence(last, `, in a frame for ${last.etherDestination}`), stateEvidence(entry, node)],
    gap: {
      node,
      interface: name,
      why: `what gave ${label} the other MAC for ${address} is not known: who answers for it, while that happens, would tell`,
      capture: `${ip} monitor neigh dev ${shellWord(name!)}`,
    },
  };
}
