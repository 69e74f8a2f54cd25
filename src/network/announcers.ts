/** Who answers ARP, or neighbour solicitations, for a VIP on its link. */
import { isOnLink, outerInterfaces } from './link.js';
import { speakerAnswer } from './metallb-speaker.js';
import type { Network } from './network.js';
import { senderOf } from './sender.js';
import type { Station } from './station.js';

export interface Announcer {
  station: Station;
  interface: string;
  /** In its answers; null where not known. */
  mac: string | null;
  /** By the kernel, or by a speaker (MetalLB) that answers whatever the kernel is set to. */
  by: 'kernel' | 'speaker';
  why: string;
  unknown: string[];
}

/** Who asks, where it is not known who would: as in duplicate address detection. */
const PROBE = { 4: '0.0.0.0', 6: '::' } as const;

/**
 * Everyone who answers for the VIP, on the interfaces where it is asked for: those in whose network it is. Where it
 * is in none's (a router has a route to it, or the interface has no address), speakers alone can tell.
 */
export function announcersOf(network: Network, vip: string, client: string): Announcer[] {
  const places = network.stations
    .filter((station) => station.netns === null)
    .flatMap((station) => outerInterfaces(station).map((name) => ({ station, name })));
  const onLink = places.filter(({ station, name }) => isOnLink(station, name, vip));
  const asked = onLink.length > 0 ? onLink : places;
  const found = asked.flatMap(({ station, name }): Announcer[] => {
    const sender = senderOf(network, station, name, client).address;
    const spoken = bySpeaker(network, station, name, vip, sender);
    const answering = spoken ?? (onLink.length > 0 ? byKernel(station, name, vip, sender) : null);
    return answering ? [answering] : [];
  });
  if (onLink.length > 0 || found.length < 2) return found;
  const open = `${vip} is in no interface's network: by which interface it is asked for is not in the snapshots`;
  return found.map((announcer) => ({ ...announcer, unknown: [open, ...announcer.unknown] }));
}

function bySpeaker(
  { speakers }: Network,
  station: Station,
  name: string,
  vip: string,
  sender: string | null,
): Announcer | null {
  const answer = speakerAnswer(speakers.metallb, speakers.announcements, {
    snapshot: station.snapshot,
    node: station.node,
    interface: name,
    target: vip,
    // Not as a probe: a speaker leaves those unanswered that it would answer to a router.
    sender: sender ?? vip,
  });
  if (!answer?.answers) return null;
  const { mac, why, unknown } = answer;
  return { station, interface: name, mac, by: 'speaker', why, unknown };
}

function byKernel(station: Station, name: string, vip: string, sender: string | null): Announcer | null {
  const answer = station.model.answersFor(vip, name, sender ?? PROBE[vip.includes(':') ? 6 : 4]);
  if (!answer.answers) return null;
  const { mac, why, unknown } = answer;
  return { station, interface: name, mac, by: 'kernel', why, unknown };
}
