/**
 * Routers with a snapshot of their own that a client's packets pass before the node that answers for the VIP. What they
 * track, and what they drop, is theirs to tell from the first packet on.
 */
import type { PacketQuestion } from '../kernel/netfilter/passage.js';
import type { Hop } from '../kernel/verdict.js';
import { type Entries, type Entry, entriesOf, knownEntry, serves } from './entry.js';
import { onOneLink, outerInterfaces } from './link.js';
import type { Network } from './network.js';
import { arrivalOf } from './next.js';
import { outsideRouters, senderOf } from './sender.js';
import type { Station } from './station.js';

/** A client's first packet. */
type Request = PacketQuestion & { source: string };

/** More routers in a row than any site has. */
const MOST_ROUTERS = 8;

/**
 * As `entriesOf`, but at the first of the recorded routers before the node that answers: one that hands on to several is
 * one way in.
 */
export function firstEntriesOf(network: Network, packet: Request): Entries {
  const found = entriesOf(network, packet.destination, packet.source);
  // Of several places that are tried, nothing tells to which of them a router hands requests on.
  const isTried = ({ isGuess, assumed }: Entry) =>
    isGuess || (found.entries.length > 1 && assumed.length > 0);
  const first = found.entries.flatMap((entry) =>
    isTried(entry) ? [entry] : traced(network, entry, packet, [entry.station]),
  );
  const byPlace = new Map(first.map((entry) => [`${entry.station.label}\n${entry.interface}`, entry]));
  return { ...found, entries: [...byPlace.values()] };
}

function traced(network: Network, entry: Entry, packet: Request, passed: readonly Station[]): Entry[] {
  if (passed.length > MOST_ROUTERS || !isOpen(network, entry, packet.source)) return [entry];
  const before = network.stations
    .filter((station) => station.netns === null && !passed.includes(station))
    .flatMap((station) => handingOver(network, station, entry, packet) ?? []);
  const isGuess = entry.isGuess || before.length > 1;
  const earlier = before.flatMap((one) =>
    traced(network, { ...one, isGuess }, packet, [...passed, one.station]),
  );
  return earlier.length > 0 ? earlier : [entry];
}

/** Whether a router that is in no snapshot may not be who hands the packets over. */
function isOpen(network: Network, { station, interface: name, sender }: Entry, client: string): boolean {
  if (name === null || sender !== null) return false;
  return outsideRouters(network, station, name, client.includes(':') ? 6 : 4).length === 0;
}

/** Null where the station, if it got a client's packet from where its own way to the client leads, would not pass it to `entry`. */
function handingOver(
  network: Network,
  station: Station,
  { station: next, interface: at, assumed, unknown }: Entry,
  packet: Request,
): Entry | null {
  const { source: client, destination: vip } = packet;
  if (!outerInterfaces(station).some((name) => onOneLink(station, name, next, at!))) return null;
  const back = station.model.output({ source: null, destination: client });
  if (back.verdict !== 'output') return null;
  const [{ dev: name } = { dev: null }, ...others] = back.hops;
  // Where packets of clients come in is not for a choice of ways to them to tell.
  if (name === null || others.some(({ dev }) => dev !== name) || onOneLink(station, name, next, at!))
    return null;
  const isHandedOver = waysOn(station, name, packet).some((hop) => {
    const arrival = arrivalOf(network, station, hop, { source: client, destination: vip });
    return arrival?.station === next && arrival.interface === at;
  });
  if (!isHandedOver || serves(station, vip)) return null;
  const sender = senderOf(network, station, name, client);
  const taken = `${station.label}: requests are taken to come in by ${name}, by which it would send what is for ${client}`;
  return {
    ...knownEntry(
      station,
      name,
      `${station.label} hands on what is for ${vip} to ${next.label}`,
      sender.address,
    ),
    assumed: [...assumed, ...sender.unknown, ...(sender.address === client ? [] : [taken])],
    unknown,
  };
}

/** Where routing leads it on, also what a rule drops then: with no mark, and with the one that rules give it. */
function waysOn({ model, path }: Station, name: string, packet: Request): Hop[] {
  const { source, destination, protocol } = packet;
  const marks = path.receive(packet, name).map((passage) => passage.packet.mark);
  return [...new Set([0, ...marks])].flatMap((mark) => {
    const way = model.input({ source, destination, interface: name, mark, protocol });
    return way.verdict === 'forward' ? way.hops : [];
  });
}
