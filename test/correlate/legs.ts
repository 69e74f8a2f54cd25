import type { CapturePoints } from '../../src/correlate/capture-points.js';
import type { Leg } from '../../src/correlate/leg.js';
import { CaptureLegs } from '../../src/correlate/legs.js';
import { divideRows } from '../../src/correlate/lone-rows.js';
import type { Observations } from '../../src/correlate/track/observations.js';
import type { Endpoint } from '../../src/model/analysis.js';
import type { Sighting } from '../../src/model/sighting.js';

export const end = (address: string, port: number): Endpoint => ({ address, port });

export interface Seen {
  node?: string;
  interface?: string;
  direction?: 'in' | 'out' | null;
  ttl?: number;
  time?: bigint;
  packet?: number;
  identification?: number | null;
  timestamp?: number | null;
  echo?: number | null;
}

/** All legs of a capture of which all is known, in the order of their rows. */
export function legsOf(observations: Observations, points: CapturePoints): Leg[] {
  const source = new CaptureLegs(observations, points);
  const rows = divideRows([observations]).flatMap(({ lone, others }) => [...lone, ...others]);
  return rows.sort((a, b) => a - b).map((row) => source.leg(row));
}

/** A SYN or SYN-ACK of the leg, as one place saw it. */
export function sighting(kind: 'syn' | 'syn-ack', leg: Leg, seen: Seen): Sighting {
  const fromClient = kind === 'syn';
  const node = seen.node ?? 'node1';
  return {
    kind,
    fromClient,
    point: {
      node,
      netns: null,
      interface: seen.interface ?? 'eth0',
      file: `${node}/any.pcap`,
      capture: `${node}/any.pcap`,
    },
    direction: seen.direction ?? null,
    time: seen.time ?? 0n,
    packet: seen.packet ?? 1,
    source: fromClient ? leg.client : leg.server,
    destination: fromClient ? leg.server : leg.client,
    etherSource: null,
    etherDestination: null,
    forOther: false,
    encapsulations: [],
    vlan: null,
    ttl: seen.ttl ?? 64,
    identification: seen.identification === undefined ? 7 : seen.identification,
    sequenceNumber: (fromClient ? leg.clientIsn : leg.serverIsn) ?? 0,
    acknowledgmentNumber: fromClient ? 0 : ((leg.clientIsn ?? 0) + 1) >>> 0,
    timestampValue: seen.timestamp === undefined ? 1000 : seen.timestamp,
    timestampEchoReply: seen.echo ?? null,
    window: 64_240,
    payload: null,
    icmp: null,
  };
}

/** A leg with one SYN sighting a `seen`. */
export function leg(client: Endpoint, server: Endpoint, isn: number, ...seen: Seen[]): Leg {
  const made: Leg = {
    protocol: 'tcp',
    echo: null,
    serverFirst: false,
    client,
    server,
    clientKnown: true,
    clientIsn: isn,
    serverIsn: null,
    clientFirstSequence: null,
    serverFirstSequence: null,
    syn: true,
    synAck: false,
    clientSpoke: false,
    serverSpoke: false,
    dataIgnored: false,
    unanswered: null,
    wentOn: false,
    witnesses: [],
    clientReset: false,
    serverReset: false,
    firstTime: 0n,
    lastTime: 0n,
    standsFor: 1,
    sightings: [],
  };
  made.sightings = seen.map((s) => sighting('syn', made, s));
  return made;
}
