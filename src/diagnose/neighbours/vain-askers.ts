/** Who was heard to ask for an address in vain: what it has to send there never left it. */
import type { NeighbourMessage } from '../../correlate/neighbours/message.js';
import type { Evidence, Gap } from '../../model/analysis.js';
import { isSameStation } from '../../model/station.js';
import type { Station } from '../../network/station.js';
import type { DiagnosisContext } from '../context.js';
import { evidence, QUOTED } from '../evidence.js';
import { inputInterface } from '../place.js';
import { remembered } from '../ways/remembered.js';
import { resolutionOf } from './evidence.js';
import { INSISTENT, resolutionCommands } from './unanswered.js';

/** One who asked, as a station heard it that did not answer. */
export interface VainAsker {
  sender: string;
  target: string;
  station: Station;
  /** By which the requests came in. */
  device: string;
  requests: readonly NeighbourMessage[];
  /** Why the station does not answer, by its settings; null where it would. */
  refusal: string | null;
}

/** All that the captured nodes heard and nobody answered. */
export const vainAskers = remembered(
  () => null,
  (_: null, context): readonly VainAsker[] => {
    const groups = new Map<string, NeighbourMessage[]>();
    for (const message of context.neighbours) {
      if (message.kind !== 'request' || message.direction === 'out') continue;
      const { point, target, sender } = message;
      const key = [point.node, point.netns, point.capture, point.interface, target, sender].join(' ');
      const group = groups.get(key);
      if (group) group.push(message);
      else groups.set(key, [message]);
    }
    return [...groups.values()].flatMap((requests) => vainAskerOf(requests, context) ?? []);
  },
);

function vainAskerOf(requests: readonly NeighbourMessage[], context: DiagnosisContext): VainAsker | null {
  const [first] = requests as [NeighbourMessage];
  const { sender, target, point } = first;
  const station = context.network.station(point.node, point.netns);
  const view = context.node(point.node, point.netns);
  const device = view && inputInterface(first, view);
  if (!station || requests.length < INSISTENT || device === null || station.model.hasAddress(sender))
    return null;
  const isAnswer = (m: NeighbourMessage) => m.claimedMac !== null && m.target === target;
  if (context.neighbours.some((m) => isAnswer(m) && isSameStation(m.point, point))) return null;
  const { answers, why } = station.model.answersFor(target, device, sender);
  return { sender, target, station, device, requests, refusal: answers ? null : why };
}

/** Of a backend: it asks the node before it for the next hop of its answer. */
export function vainAskerBehind(
  address: string,
  station: Station,
  device: string | null,
  context: DiagnosisContext,
): VainAsker | null {
  const all = vainAskers(null, context);
  return (
    all.find((a) => a.sender === address && a.station === station && (device ?? a.device) === a.device) ??
    null
  );
}

/** Of the node that has a server's address: who hands requests on to it asks for it, or for its address there, in vain. */
export function vainAskerBefore(server: string, context: DiagnosisContext): VainAsker | null {
  const isOwn = ({ station: { model }, target }: VainAsker) =>
    model.hasAddress(server) && model.hasAddress(target);
  return vainAskers(null, context).find((asker) => asker.refusal !== null && isOwn(asker)) ?? null;
}

/** As a clause. */
export function vainAskerText({ sender, target, station, device, refusal }: VainAsker): string {
  const asks = `${sender} asks for ${target} by ${resolutionOf(target)} on ${device} of ${station.label} again and again, and gets no answer`;
  return refusal === null ? asks : `${asks}: by its settings ${station.label} gives none there, ${refusal}`;
}

export function vainAskerEvidence({ requests, station }: VainAsker): Evidence[] {
  return requests.slice(0, QUOTED).map(({ sender, target, point, packet }) =>
    evidence('packet', `${resolutionOf(target)}: who has ${target}? tell ${sender}; never answered`, {
      node: station.node,
      file: point.file,
      packet,
    }),
  );
}

export function vainAskerGap({ sender, target, station, device }: VainAsker): Gap {
  return {
    node: station.node,
    interface: station.netns === null ? device : null,
    why: `${station.label}, or who else should answer ${sender} for ${target} there, has to: its routes, filters and settings for neighbours tell why it does not`,
    capture: resolutionCommands(target, sender, device),
  };
}
