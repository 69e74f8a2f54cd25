/** A sender's neighbour entry that has a MAC of nobody whom it stands for. */

import type { NeighbourMessage } from '../../correlate/neighbours/message.js';
import { seenBy } from '../../correlate/overheard.js';
import { neighbourEntry } from '../../model/neighbour-entry.js';
import type { CapturePoint, Sighting } from '../../model/sighting.js';
import { isSameStation } from '../../model/station.js';
import { isVirtualMac } from '../../model/virtual-mac.js';
import { areApart, mayHaveMac } from '../../network/link.js';
import type { Station } from '../../network/station.js';
import type { DiagnosisContext } from '../context.js';
import type { Loss } from '../loss.js';
import { inputInterface, isForOtherLink, nextHopAddress } from '../place.js';

export interface WrongEntry {
  holder: Station;
  interface: string;
  address: string;
  mac: string;
  /** In which the address bears another MAC; empty where the settings of who has the address tell alone. */
  heard: readonly NeighbourMessage[];
}

/**
 * The entry that the packet left its last node by; null where it is right, or where that is not known. One whose MAC is
 * that of another known host on the link is none: that may be a proxy, or have taken the address over.
 *
 * @param address whom that node sent it to, where its routes tell no other next hop
 * @param doors who has the address
 */
export function wrongEntryOf(
  { last }: Loss,
  address: string,
  doors: readonly Station[],
  context: DiagnosisContext,
): WrongEntry | null {
  const { point, direction, encapsulations } = last;
  const view = context.node(point.node, point.netns);
  const holder = context.network.station(point.node, point.netns);
  if (!view || !holder || direction !== 'out' || encapsulations.length > 0 || doors.length === 0) return null;
  const name = inputInterface(last, view);
  if (name === null) return null;
  const hop = nextHopAddress({ ...last, point: { ...point, interface: name } }, view) ?? address;
  if (hop !== address && !doors.every(({ model }) => model.hasAddress(hop))) return null;
  const entry = neighbourEntry(holder.snapshot, name, hop);
  const mac = entry?.mac;
  if (!mac || isVirtualMac(mac) || (last.etherDestination ?? mac) !== mac) return null;
  if (
    doors.some((door) => mayHave(door, mac, holder, name, context)) ||
    !isNobodys(mac, holder, name, context)
  )
    return null;
  return { holder, interface: name, address: hop, mac, heard: [] };
}

/**
 * The entry that a packet left its node by, where it has nobody's MAC though a known node has the address, or though the
 * address itself was heard with another and what is set by hand alone withstands that (arp_process() updates any other
 * entry by what it hears). Null where it is right, or where that is not known.
 *
 * @param address of the next hop, by the node's own routes
 * @param way the interface that the packet left by, as routing knows it, and the MAC that it was sent to where that was seen
 */
export function wrongNextHopOf(
  address: string,
  { node, netns }: Pick<CapturePoint, 'node' | 'netns'>,
  way: { interface: string | null; mac: string | null },
  context: DiagnosisContext,
): WrongEntry | null {
  const holder = context.network.station(node, netns);
  const name = way.interface;
  const entry = neighbourEntry(holder?.snapshot, name, address);
  const mac = entry?.mac;
  if (!holder || name === null || !mac || isVirtualMac(mac) || (way.mac ?? mac) !== mac) return null;
  if (!isNobodys(mac, holder, name, context)) return null;
  if (context.neighbours.some((m) => m.senderMac === mac && mayBeHeardOn(m, holder, name, context)))
    return null;
  const owners = context.network.stations.filter((s) => s !== holder && s.model.hasAddress(address));
  if (owners.some((owner) => mayHave(owner, mac, holder, name, context))) return null;
  const heard = context.neighbours.filter(
    ({ point, sender, senderMac }) =>
      point.node === node && point.netns === netns && sender === address && senderMac !== null,
  );
  const isKnown = owners.length > 0 || (heard.length > 0 && entry.states.includes('PERMANENT'));
  return isKnown ? { holder, interface: name, address, mac, heard } : null;
}

/** Its other namespaces may have interfaces that share one of its own, as macvlan devices do. */
function mayHave(
  { node }: Station,
  mac: string,
  holder: Station,
  device: string,
  { network }: DiagnosisContext,
): boolean {
  return network.stations.some(
    (station) =>
      station.node === node && (station.snapshot.links === null || mayHaveMac(station, mac, holder, device)),
  );
}

/** Nobody else on the link of the device has it, as far as is known; a node that is on another is none. */
function isNobodys(mac: string, holder: Station, device: string, context: DiagnosisContext): boolean {
  const { network, neighbours } = context;
  if (neighbours.some((m) => m.claimedMac === mac && mayBeHeardOn(m, holder, device, context))) return false;
  return !network.stations.some((station) => station !== holder && mayHaveMac(station, mac, holder, device));
}

/** Whether the message may have been on the link of the device. */
function mayBeHeardOn(
  { point }: NeighbourMessage,
  holder: Station,
  device: string,
  { network }: DiagnosisContext,
): boolean {
  const station = network.station(point.node, point.netns);
  if (!station || point.interface === null) return true;
  const name = station.model.link(point.interface)?.master ?? point.interface;
  return !areApart(holder, device, station, name);
}

/** Those at the places that only overheard what was sent there. */
export function overheardAt(
  { traces }: Loss,
  station: Pick<Station, 'node' | 'netns'>,
  context: DiagnosisContext,
): Sighting[] {
  return traces.flatMap((trace) =>
    seenBy(trace).filter(
      (s) => isSameStation(s.point, station) && (s.forOther || isForOtherLink(s, context)),
    ),
  );
}
