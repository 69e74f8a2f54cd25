import { neighbourEntry } from '../../model/neighbour-entry.js';
import type { Neighbour } from '../../model/snapshot.js';
import type { Station } from '../../network/station.js';
import type { Stop } from './stops.js';

/** A next hop that did not answer ARP, or neighbour solicitations: what was to go there has not left. */
export interface AskedInVain {
  /** Where the packet would have left. */
  stop: Stop;
  /** That was asked for. */
  address: string;
  entry: Neighbour;
}

/** States of an entry that nobody answered for. */
export const IN_VAIN: ReadonlySet<string> = new Set(['FAILED', 'INCOMPLETE']);

/** The station's neighbour entry of an address that it asked for in vain; null where it has none. */
export function entryInVain({ snapshot }: Station, device: string, address: string): Neighbour | null {
  const known = neighbourEntry(snapshot, device, address);
  return known?.states.some((state) => IN_VAIN.has(state)) ? known : null;
}

/**
 * Who asks for a packet's next hop asks with the packet's source, where that is its own (arp_announce=0), and the
 * reverse-path filter there validates the sender of an ARP request as it would the packet's source (arp_process()).
 *
 * @param device of `to`, by which the request comes in
 */
export function refusesAsker({ stop, address }: AskedInVain, to: Station, device: string): boolean {
  const { station, interface: name, source } = stop;
  const { sender } = station.model.asksAs({ interface: name, target: address, packetSource: source.address });
  return sender === source.address && to.model.answersFor(address, device, sender).by === null;
}
