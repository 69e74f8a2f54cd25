/**
 * Where a client's request for a VIP comes into the cluster: at the client itself, where it is a node or a pod; else
 * at whoever answers for the VIP on its link.
 */
import { KUBE_IPVS } from '../kernel/ipvs.js';
import { translationsOf } from '../kernel/translations.js';
import { type Announcer, announcersOf } from './announcers.js';
import { isOnLink, outerInterfaces, TUNNELS } from './link.js';
import type { Network } from './network.js';
import { senderOf } from './sender.js';
import type { Station } from './station.js';

export interface Entry {
  station: Station;
  /** Null where the client is the station itself. */
  interface: string | null;
  /** Who hands the request over, and should get the reply: a router, or the client; null where not known. */
  sender: string | null;
  /** Whether the client is a pod of the station's. */
  isPod: boolean;
  /** Whether nothing says that requests come in here: the place is one of those that are tried. */
  isGuess: boolean;
  /** Why the request is taken to come in here. */
  why: string;
  /** What had to be assumed for it to come in here: another place is tried as well, or is not for routes and rules to decide. */
  assumed: string[];
  /** For want of what it may be otherwise here. */
  unknown: string[];
}

export interface Entries {
  entries: Entry[];
  /** Who answers for the VIP on its link; empty where clients do not come from there. */
  announcers: Announcer[];
  /** Where nobody answers for it: the nodes that have it, and why they do not. */
  silent: Silence[];
}

export interface Silence {
  station: Station;
  interface: string;
  /** Whether it has the VIP on a device that serves no link, as a real server behind a load balancer has. */
  serves: boolean;
  why: string;
}

export function entriesOf(network: Network, vip: string, client: string): Entries {
  const home = network.stations.filter((s) => s.model.hasAddress(client));
  if (home.length === 1) {
    const [station] = home;
    return { entries: [ownEntry(station!, vip, client)], announcers: [], silent: [] };
  }
  const pod = podOf(network, client);
  if (pod) return { entries: [pod], announcers: [], silent: [] };
  // Where it is announced by BGP alone, routers are told the way: what would answer on a link is never asked.
  if (isRouted(network, vip)) return { entries: anyDoor(network, vip, client), announcers: [], silent: [] };
  const announcers = announcersOf(network, vip, client);
  if (announcers.length > 0) {
    const entries = announcers.map(({ station, interface: name, by, why, unknown }) => {
      const sender = senderOf(network, station, name, client);
      const doubts =
        by === 'speaker'
          ? { assumed: [...unknown, ...sender.unknown], unknown: [] }
          : { assumed: sender.unknown, unknown };
      return { station, interface: name, sender: sender.address, why, ...doubts, ...CERTAIN };
    });
    return { entries, announcers, silent: [] };
  }
  const silent = silentHolders(network, vip, client);
  const entries = silent.length > 0 ? [] : anyDoor(network, vip, client);
  return { entries, announcers, silent };
}

function isRouted(network: Network, vip: string): boolean {
  return network.cluster.isAskedFor(vip) === false;
}

const CERTAIN = { isPod: false, isGuess: false };

/** Where a packet was seen to come in, or does by a node's settings: nothing had to be assumed for it. */
export function knownEntry(
  station: Station,
  name: string | null,
  why: string,
  sender: string | null = null,
): Entry {
  return { station, interface: name, sender, why, assumed: [], unknown: [], ...CERTAIN };
}

function ownEntry(station: Station, vip: string, client: string): Entry {
  const why = `${client} is ${station.label} itself`;
  // connect() to an address of its own takes that as source, unless the program binds another.
  const assumed = station.model.hasAddress(vip)
    ? [`${station.label} has ${vip} itself, and would choose that as source: ${client} is taken as bound to`]
    : [];
  return { station, interface: null, sender: null, why, assumed, unknown: [], ...CERTAIN };
}

/**
 * The nodes that have the VIP on a link where it would be asked for, none of which answers. Where a node's rules
 * serve it, a speaker is taken to answer, which no snapshot tells of.
 */
function silentHolders(network: Network, vip: string, client: string): Silence[] {
  const served = network.stations.some(
    (s) => translationsOf(s.snapshot, vip).size > 0 || heldBy(s, vip) === KUBE_IPVS,
  );
  if (served) return [];
  return network.stations
    .filter((station) => station.netns === null && heldBy(station, vip) !== null)
    .flatMap((station) =>
      outerInterfaces(station)
        .filter((name) => isOnLink(station, name, vip))
        .map((name) => {
          const sender = senderOf(network, station, name, client).address ?? client;
          const { why } = station.model.answersFor(vip, name, sender);
          const holder = station.model.link(heldBy(station, vip)!);
          const serves = holder?.type === 'loopback' || holder?.kind === 'dummy';
          return { station, interface: name, serves, why };
        }),
    );
}

function heldBy(station: Station, address: string): string | null {
  return station.model.localAddresses.find((own) => own.address === address)?.interface ?? null;
}

/** A pod without a snapshot of its own: its node has a device that leads to it, and no other node is on that link. */
export function podOf(network: Network, client: string): Entry | null {
  const found: Entry[] = [];
  for (const station of network.stations) {
    const way = station.model.output({ source: null, destination: client });
    if (way.verdict !== 'output' || way.via !== null || way.dev === null) continue;
    if (!way.lookup?.route || way.lookup.prefixLength === 0) continue;
    if (outerInterfaces(station).includes(way.dev) || TUNNELS.has(station.model.link(way.dev)?.kind ?? '')) {
      continue;
    }
    const why = `${way.dev} of ${station.label} leads to ${client}`;
    found.push({ ...knownEntry(station, way.dev, why, client), isPod: true });
  }
  return found.length === 1 ? found[0]! : null;
}

/** Whether it is for the station itself to take what comes to it for the VIP: it has that, or rules for it. */
export function serves({ model, snapshot }: Station, vip: string): boolean {
  return model.hasAddress(vip) || translationsOf(snapshot, vip).size > 0;
}

/** Nothing says who takes requests for the VIP: any node that has it, or rules for it, by any of its outer interfaces. */
function anyDoor(network: Network, vip: string, client: string): Entry[] {
  const serving = network.stations.filter((s) => s.netns === null && serves(s, vip));
  const told = new Set(
    network.cluster.announcements(vip).announcers.flatMap((a) => (a.current ? [a.node] : [])),
  );
  const announcing = serving.filter((station) => told.has(station.node));
  const concerned = announcing.length > 0 ? announcing : serving;
  return concerned.flatMap((station) => {
    const outer = outerInterfaces(station);
    const onLink = outer.filter((name) => isOnLink(station, name, vip));
    const doors = onLink.length > 0 ? onLink : outer;
    const open = concerned.length > 1 || doors.length > 1;
    const what = concerned.length > 1 ? 'which node takes requests' : 'by which interface requests come in';
    const tried = open ? [`${what} for ${vip} is not in the snapshots: each is tried`] : [];
    const asked = onLink.length > 0 && !isRouted(network, vip);
    const nobody = `who answers ${vip.includes(':') ? 'neighbour solicitations' : 'ARP'} for ${vip} is not in the snapshots: a speaker on ${station.label} is taken to`;
    if (asked && !open) tried.push(nobody);
    return doors.map((name) => {
      const sender = senderOf(network, station, name, client);
      return {
        station,
        interface: name,
        sender: sender.address,
        why: `${station.label} has ${station.model.hasAddress(vip) ? vip : `rules for ${vip}`}`,
        assumed: [...tried, ...sender.unknown],
        unknown: [],
        isPod: false,
        isGuess: doors.length > 1,
      };
    });
  });
}
