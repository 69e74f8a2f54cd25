import type { PacketQuestion } from '../../kernel/netfilter/passage.js';
import type { Finding, Gap, PredictedStep, PredictedWay, Prediction } from '../../model/analysis.js';
import type { Entries } from '../../network/entry.js';
import { type Journey, legsOnce } from '../../network/journey.js';
import { ackText, wayText } from '../../network/narrate.js';
import type { Network } from '../../network/network.js';
import { type RoundTrip, roundTrips } from '../../network/round-trip.js';
import { firstEntriesOf } from '../../network/upstream.js';
import { withUndo } from '../fixes/undo.js';
import { announcerConflict, silenceFinding } from './conflict.js';
import { riskFinding } from './finding.js';
import { type Risk, riskOf } from './risk.js';

/** A connection to walk: one client, one port of one VIP. */
export interface PredictionRequest {
  vip: string;
  protocol: string;
  port: number;
  client: string;
  /** Whether the client stands for all beyond the routers. */
  anyone: boolean;
}

export interface Predicted {
  predictions: Prediction[];
  findings: Finding[];
  gaps: Gap[];
}

/** A port of the range that Linux gives out (ip_local_port_range), for rules that ask for it. */
const CLIENT_PORT = 40000;

/** What the nodes' settings make of each of these connections, and what of it is a risk. */
export function predictConnections(network: Network, requests: readonly PredictionRequest[]): Predicted {
  const walked = requests.map((request) => walk(network, request));
  const groups = new Map<string, { request: PredictionRequest; risks: Risk[] }>();
  for (const { request, risks } of walked) {
    for (const risk of risks.values()) {
      const key = [risk.cause, risk.station.label, risk.interface, risk.role, request.vip].join('\n');
      const group = groups.get(key);
      if (group) group.risks.push(risk);
      else groups.set(key, { request, risks: [risk] });
    }
  }
  const services = requests.map(({ vip, port }) => ({ address: vip, port }));
  const findings: Finding[] = [];
  const ids = new Map<RoundTrip, string>();
  const add = (finding: Omit<Finding, 'id'>) => {
    const id = `f${findings.length + 1}`;
    findings.push({ id, ...withUndo(finding, network) });
    return id;
  };
  for (const { request, risks } of groups.values()) {
    const id = add(riskFinding(request, risks, network, services));
    for (const { trip } of risks) ids.set(trip, id);
  }
  for (const [vip, { announcers, silent }] of new Map(walked.map((w) => [w.request.vip, w.entries]))) {
    const conflict = announcerConflict(vip, announcers, network);
    if (conflict) add(conflict);
    if (silent.length > 0) add(silenceFinding(vip, silent));
  }
  return {
    predictions: walked.map((w) => describe(w, ids)),
    findings,
    gaps: walked.flatMap(gapsOf),
  };
}

interface Walked {
  request: PredictionRequest;
  entries: Entries;
  trips: RoundTrip[];
  risks: Map<RoundTrip, Risk>;
}

function walk(network: Network, request: PredictionRequest): Walked {
  const { vip, protocol, port, client } = request;
  const packet: PacketQuestion & { source: string } = {
    source: client,
    destination: vip,
    protocol,
    sourcePort: CLIENT_PORT,
    destinationPort: port,
    tcp: protocol === 'tcp' ? 'syn' : null,
  };
  const entries = firstEntriesOf(network, packet);
  const trips = entries.entries.flatMap((entry) => roundTrips(network, entry, packet));
  const risks = new Map<RoundTrip, Risk>();
  for (const trip of trips) {
    const risk = riskOf(trip);
    if (risk) risks.set(trip, risk);
  }
  return { request, entries, trips, risks };
}

function describe({ request, entries, trips }: Walked, ids: ReadonlyMap<RoundTrip, string>): Prediction {
  return {
    ...request,
    announcers: entries.announcers.map(({ station, interface: name, mac, why }) => ({
      node: station.node,
      interface: name,
      mac,
      why,
    })),
    ways: trips.map((trip) => describeWay(trip, ids.get(trip) ?? null)),
  };
}

function describeWay(trip: RoundTrip, finding: string | null): PredictedWay {
  const { entry, request, reply, fate, backend, lostAck } = trip;
  const open = [...entry.unknown, ...request.unknown, ...(reply?.unknown ?? [])];
  return {
    entry: {
      node: entry.station.node,
      netns: entry.station.netns,
      interface: entry.interface,
      sender: entry.sender,
      why: entry.why,
    },
    backend,
    chance: (reply ?? request).chance,
    fate: fateOf(trip),
    why: fate.kind === 'unknown' ? fate.why : lostAck ? ackText(lostAck) : wayText(reply ?? request),
    finding,
    steps: [
      ...stepsOf(request, 'request'),
      ...(reply ? stepsOf(reply, 'reply') : []),
      ...(lostAck ? stepsOf(lostAck.journey, `${lostAck.by}-ack`) : []),
    ],
    unknown: [...new Set([...entry.assumed, ...open])],
    ...(entry.assumed.length > 0 && open.length === 0 && { assumesEntry: true as const }),
  };
}

function fateOf({ fate, lostAck }: RoundTrip): PredictedWay['fate'] {
  if (lostAck) return `lost-${lostAck.by}-ack`;
  return fate.kind === 'lost' ? `lost-${fate.role}` : fate.kind;
}

function stepsOf(journey: Journey, role: PredictedStep['role']): PredictedStep[] {
  return legsOnce(journey).map(({ station, interface: name, passage, hop }) => {
    const { source, sourcePort, destination, destinationPort } = passage.packet;
    return {
      role,
      node: station.node,
      netns: station.netns,
      input: name,
      output: hop?.dev ?? null,
      via: hop?.via ?? null,
      source: { address: source.text, port: sourcePort },
      destination: { address: destination.text, port: destinationPort },
      did: passage.steps.map((step) => step.text),
    };
  });
}

/** What cannot be foretold, and for want of what. */
function gapsOf({ request, trips, entries }: Walked): Gap[] {
  const gaps: Gap[] = [];
  if (entries.entries.length === 0 && entries.silent.length === 0) {
    const why = `no snapshot tells of a node that has ${request.vip}, announces it, or has rules for it`;
    const capture =
      'ip -j addr show > ip-addr.json; iptables-save > iptables-save.txt; nft -j list ruleset > nft.json';
    gaps.push({ node: null, interface: null, why, capture });
  }
  for (const { fate, request: journey, reply } of trips) {
    if (fate.kind !== 'unknown') continue;
    const { station, hop } = (reply ?? journey).legs.at(-1)!;
    gaps.push({ node: station.node, interface: hop?.dev ?? null, why: fate.why, capture: null });
  }
  const seen = new Set<string>();
  return gaps.filter(({ node, why }) => {
    const key = `${node}\n${why}`;
    return !seen.has(key) && seen.add(key);
  });
}
