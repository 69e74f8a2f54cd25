import type { NeighbourMessage } from '../../correlate/neighbours/message.js';
import { isOnLink } from '../../network/link.js';
import type { Station } from '../../network/station.js';
import type { DiagnosisContext } from '../context.js';
import { inputInterface } from '../place.js';

/** Who is behind a MAC, as far as the inputs tell. */
export interface Owner {
  mac: string;
  /** Null: no node among the inputs has it, or several have. */
  node: string | null;
  interface: string | null;
  station: Station | null;
}

/** Devices that hand their frames to another one, which ARP and the routes know in their place. */
const TAKES_FRAMES = new Set(['bridge', 'bond', 'team']);

/**
 * The node and interface behind a MAC that claims an address: by who was seen to send it, else by who has the MAC. A
 * bridge, a bond, a VLAN and what is below them may share one: the interface is that on whose link the address is.
 *
 * @param sent messages in which the MAC claims the address
 */
export function ownerOf(
  mac: string,
  address: string,
  sent: readonly NeighbourMessage[],
  context: DiagnosisContext,
): Owner {
  const stations = context.network.stations.filter((s) => s.model.interfacesWithMac(mac).length > 0);
  const seen = sent.find((message) => message.direction === 'out' && isOwnFrame(message, sent, stations));
  const sender = seen?.point ?? null;
  const holders = sender
    ? stations.filter((s) => s.node === sender.node && s.netns === sender.netns)
    : stations;
  if (holders.length === 1) {
    const station = holders[0]!;
    return { mac, node: station.node, interface: facing(station, mac, address), station };
  }
  if (seen && sender) {
    const view = context.node(sender.node, sender.netns);
    const name = view ? inputInterface(seen, view) : sender.interface;
    return { mac, node: sender.node, interface: name, station: null };
  }
  return { mac, node: null, interface: null, station: null };
}

/** Not one that a bridge passed on: it came in before, or has another node's MAC. */
function isOwnFrame(
  { point: { node, netns } }: NeighbourMessage,
  sent: readonly NeighbourMessage[],
  stations: readonly Station[],
): boolean {
  const isHere = (at: { node: string; netns: string | null }) => at.node === node && at.netns === netns;
  if (stations.length > 0) return stations.some(isHere);
  return !sent.some((other) => other.direction === 'in' && isHere(other.point));
}

function facing(station: Station, mac: string, address: string): string | null {
  const { model } = station;
  const heads = model.interfacesWithMac(mac).filter((name) => {
    const master = model.link(name)?.master ?? null;
    return master === null || !TAKES_FRAMES.has(model.link(master)?.kind ?? '');
  });
  return heads.find((name) => isOnLink(station, name, address)) ?? heads[0] ?? model.ownerOfMac(mac);
}
