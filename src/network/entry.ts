/**
 * Where a client's request for a VIP comes into the cluster: at the client itself, where it is a node or a pod; else
 * at whoever answers for the VIP on its link.
 */
import { translationsOf } from '../kernel/translations.js';
import { type Announcer, announcersOf } from './announcers.js';
import { isOnLink, outerInterfaces } from './link.js';
import type { Network } from './network.js';
import { senderOf } from './sender.js';
import type { Station } from './station.js';

export interface Entry {
  station: Station;
  /** Null where the client is the station itself. */
  interface: string | null;
  /** Who hands the request over, and should get the reply: a router, or the client; null where not known. */
  sender: string | null;
  /** Why the request is taken to come in here. */
  why: string;
  /** What had to be assumed for it. */
  unknown: string[];
}

export interface Entries {
  entries: Entry[];
  /** Who answers for the VIP on its link; empty where clients do not come from there. */
  announcers: Announcer[];
}

export function entriesOf(network: Network, vip: string, client: string): Entries {
  const home = network.stations.filter((s) => s.model.hasAddress(client));
  if (home.length === 1) {
    const [station] = home;
    const why = `${client} is ${station!.label} itself`;
    return {
      entries: [{ station: station!, interface: null, sender: null, why, unknown: [] }],
      announcers: [],
    };
  }
  const pod = podOf(network, client);
  if (pod) return { entries: [pod], announcers: [] };
  const announcers = announcersOf(network, vip, client);
  if (announcers.length > 0) {
    const entries = announcers.map(({ station, interface: name, why, unknown }) => {
      const sender = senderOf(network, station, name, client);
      const assumed = [...unknown, ...sender.unknown];
      return { station, interface: name, sender: sender.address, why, unknown: assumed };
    });
    return { entries, announcers };
  }
  return { entries: anyDoor(network, vip, client), announcers };
}

/** A pod without a snapshot of its own: its node has a device that leads to it, and no other node is on that link. */
function podOf(network: Network, client: string): Entry | null {
  const found: Entry[] = [];
  for (const station of network.stations) {
    const way = station.model.output({ source: null, destination: client });
    if (way.verdict !== 'output' || way.via !== null || way.dev === null) continue;
    if (!way.lookup?.route || way.lookup.prefixLength === 0) continue;
    if (outerInterfaces(station).includes(way.dev) && !isHostRoute(way.lookup.prefixLength, client)) continue;
    const why = `${way.dev} of ${station.label} leads to ${client}`;
    found.push({ station, interface: way.dev, sender: client, why, unknown: [] });
  }
  return found.length === 1 ? found[0]! : null;
}

function isHostRoute(prefixLength: number, address: string): boolean {
  return prefixLength === (address.includes(':') ? 128 : 32);
}

/** Nothing says who takes requests for the VIP: any node that has it, or rules for it, by any of its outer interfaces. */
function anyDoor(network: Network, vip: string, client: string): Entry[] {
  const concerned = network.stations.filter(
    (s) => s.netns === null && (s.model.hasAddress(vip) || translationsOf(s.snapshot, vip).size > 0),
  );
  return concerned.flatMap((station) => {
    const outer = outerInterfaces(station);
    const onLink = outer.filter((name) => isOnLink(station, name, vip));
    const doors = onLink.length > 0 ? onLink : outer;
    const open = concerned.length > 1 || doors.length > 1;
    const what = concerned.length > 1 ? 'which node takes requests' : 'by which interface requests come in';
    const tried = open ? [`${what} for ${vip} is not in the snapshots: each is tried`] : [];
    return doors.map((name) => {
      const sender = senderOf(network, station, name, client);
      return {
        station,
        interface: name,
        sender: sender.address,
        why: `${station.label} has ${station.model.hasAddress(vip) ? vip : `rules for ${vip}`}`,
        unknown: [...tried, ...sender.unknown],
      };
    });
  });
}
