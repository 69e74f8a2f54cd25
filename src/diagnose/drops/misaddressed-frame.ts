/** Frames that come to an interface for the MAC of another one of the same node, which does not take them in. */

import type { Attempt } from '../../correlate/attempt.js';
import type { Neighbour } from '../../model/snapshot.js';
import { stationLabel } from '../../model/station.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { packetEvidence } from '../evidence.js';
import { ipCommandFor } from '../ip-command.js';
import { lossOf } from '../loss.js';
import { isForOtherLink } from '../place.js';
import { shellWord } from '../shell-word.js';
import { listed, PACKETS } from '../words.js';
import type { KnownOfLoss } from './known-of-loss.js';
import { stateEvidence } from './unresolved-evidence.js';

/** @returns null where the packet's last frame was for who got it, or that is not known */
export function misaddressedFrame(attempt: Attempt, context: DiagnosisContext): KnownOfLoss | null {
  const loss = lossOf(attempt);
  if (!loss || loss.made || !isForOtherLink(loss.last, context)) return null;
  const { last, role } = loss;
  const { node, netns, interface: name } = last.point;
  const station = context.network.station(node, netns)!;
  const mac = last.etherDestination!;
  const label = stationLabel(node, netns);
  const own = station.model.link(name!)?.mac ?? null;
  const sender = last.etherSource === null ? null : context.ownerOfMac(last.etherSource);
  const entry = sender && entryWith(sender, mac);
  const outer = last.encapsulations[0];
  const address = entry?.address ?? outer?.destination ?? null;
  const who =
    sender?.name ?? (last.etherSource === null ? 'who sends them' : `the host at ${last.etherSource}`);
  const what = outer ? `what carries the ${PACKETS[role]} comes` : `the ${PACKETS[role]} come`;
  const ip = ipCommandFor(address ?? '');
  const device = entry ? ` dev ${shellWord(entry.interface)}` : '';
  return {
    words: `${what} to ${label} by ${name} in frames for the MAC ${mac}, which is that of its ${listed(station.model.interfacesWithMac(mac))} and not of ${name}${own === null ? '' : ` (${own})`}: it does not take them in, and ${who} has the wrong MAC for ${address ?? 'it'}`,
    evidence: [
      packetEvidence(last, `, in a frame for ${mac}`),
      ...(sender && entry ? [stateEvidence(entry, sender.name)] : []),
    ],
    gap: {
      node: sender?.name ?? null,
      interface: entry?.interface ?? null,
      why: `${who} has to forget that entry and ask anew; where it is a permanent one, or somebody answers with that MAC, some configuration sets it`,
      capture: `${ip} neigh show${address === null ? '' : ` ${address}${device}; ${ip} neigh del ${address}${device === '' ? ' dev IFACE' : device}; ping -c 1 ${address}; ${ip} neigh show ${address}`}`,
    },
  };
}

function entryWith({ snapshot }: NodeView, mac: string): Neighbour | null {
  return (snapshot?.neighbours ?? []).find((entry) => entry.mac === mac) ?? null;
}
