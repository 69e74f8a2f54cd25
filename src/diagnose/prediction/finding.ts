/** Findings of severity `risk`: what the nodes' settings would lose, with no packet seen. */
import { sysctlKey } from '../../kernel/sysctl.js';
import type { Endpoint, Evidence, Finding } from '../../model/analysis.js';
import { endpointLabel } from '../../model/endpoint.js';
import type { LostAck } from '../../network/lost-ack.js';
import { ackText, packetLabel, wayText } from '../../network/narrate.js';
import type { Network } from '../../network/network.js';
import { evidence, QUOTED, ruleEvidence } from '../evidence.js';
import { fixRisk } from '../fixes/risk.js';
import { listed, PACKETS } from '../words.js';
import type { Risk } from './risk.js';

/**
 * One VIP's risks of one cause, node, interface and direction; never none.
 *
 * @param request `anyone`: whether the client stands for all beyond the routers
 */
export function riskFinding(
  { vip, anyone }: { vip: string; anyone: boolean },
  risks: readonly Risk[],
  network: Network,
  services: readonly Endpoint[],
): Omit<Finding, 'id'> {
  const { cause, station, interface: name } = risks[0]!;
  return {
    cause,
    // By the rule of confidence: the settings alone, and no packet that was seen to vanish.
    confidence: 'possible',
    // Where requests may as well come in elsewhere, nothing says that anybody meets it.
    severity: risks.every((risk) => risk.trip.entry.isGuess) ? 'info' : 'risk',
    vip,
    node: station.node,
    interface: name,
    ...(station.netns === null ? {} : { netns: station.netns }),
    claimants: [],
    attempts: [],
    summary: `${guessOf(risks)}${riskText(risks[0]!)} That concerns ${concerned(risks, anyone)}.`,
    evidence: riskEvidence(risks),
    ...fixRisk(risks, network, !anyone, services),
    ...knownOf(risks),
    alternatives: [],
  };
}

/** No cause is the name of every drop; why the kernel would do it is known all the same. */
function knownOf(risks: readonly Risk[]): Pick<Finding, 'known'> {
  const { cause, station, drop, trip } = risks[0]!;
  if (trip.fate.kind === 'undelivered') {
    const ports = [...new Set(risks.flatMap((risk) => risk.trip.server.port ?? []))];
    const what =
      ports.length === 0 ? 'them' : `port${ports.length === 1 ? '' : 's'} ${listed(ports.map(String))}`;
    const circles = 'the nodes would send them round in circles';
    return {
      known: trip.request.end.kind === 'loop' ? circles : `no rule on the way leads ${what} to a backend`,
    };
  }
  if (cause !== 'undetermined' || drop?.by !== 'routing') return {};
  return { known: `${station.label} would drop them: ${drop.verdict.why}` };
}

function concerned(risks: readonly Risk[], anyone: boolean): string {
  const clients = anyone ? 'clients beyond the routers' : listed(risks.map((r) => r.trip.client.address));
  const backends = risks
    .map(({ trip }) => trip.backend)
    .filter((backend) => backend !== null)
    .map(endpointLabel);
  const behind = backends.length === 0 ? '' : ` whose backend is ${listed(backends)}`;
  const doors = listed(risks.map(({ trip: { entry } }) => doorText(entry)));
  return `connections from ${clients} that come in by ${doors}${behind}`;
}

function guessOf(risks: readonly Risk[]): string {
  if (!risks.every((risk) => risk.trip.entry.isGuess)) return '';
  return `If requests came in by ${listed(risks.map((risk) => doorText(risk.trip.entry)))}, which nothing says: `;
}

function doorText({ station, interface: name }: Risk['trip']['entry']): string {
  return name === null ? station.label : `${name} of ${station.label}`;
}

/** What the nodes' settings would do to which packets, as a sentence. */
export function riskText({ cause, station, interface: name, role, trip, leg, drop, carrier }: Risk): string {
  const what = `${role === 'request' || role === 'reply' ? '' : 'the '}${PACKETS[role]}`;
  const by = name === null ? '' : ` that come in by ${name}`;
  const node = station.label;
  const subject = carrier ? `the tunnel packets that carry ${what}` : what;
  if (drop?.by === 'netfilter') {
    const rule = drop.rule ? `: ${drop.rule.text}` : `: the policy of ${drop.chain}`;
    const verb = drop.answer === null ? 'drop' : `reject (${drop.answer})`;
    const check = drop.check ? ' for want of a way back to their source' : '';
    return `${node} would ${verb} ${subject}${by}${check}, in ${drop.hook}${rule}.`;
  }
  if (drop?.by === 'tunnel') {
    return `${node} would route the packets of its tunnel ${drop.device} into that tunnel itself, and could send none of the ${PACKETS[role]}.`;
  }
  if (drop) return `${node} would drop ${subject}${by}: ${drop.verdict.why}.`;
  const { packet, verdict } = leg.passage;
  const way = `${leg.hop?.dev ?? 'no device'}${leg.hop?.via ? ` via ${leg.hop.via}` : ''}`;
  switch (cause) {
    case 'untranslated-reply':
      return `${node} would send ${what} by ${way} as ${packetLabel(packet)}, round ${translatorsOf(trip)}, which would have to give them the address that the client asked.`;
    case 'stateful-gateway':
      return `${node} would send replies by ${way}, though requests come in by ${doorOf(station, trip)}; ${unacknowledgedText(trip.lostAck!)}`;
    case 'wrong-gateway':
      if (trip.lostAck?.renamedBy) {
        return `${node} would send replies by ${way}, though requests come in by ${doorOf(station, trip)}; ${renamedText(trip.lostAck)}`;
      }
      return `${node} would send replies by ${way}, though requests come in ${cameBy(trip)}; that is a fault where something on that way drops what it did not see the request of. ${verdict ? `${verdict.why}.` : ''}`.trimEnd();
    default:
      return trip.fate.kind === 'undelivered' ? `Requests would not reach a backend: ${trip.fate.why}.` : '';
  }
}

/** Who drops the ACK for want of the reply. */
function unacknowledgedText({ journey: { end } }: LostAck): string {
  if (end.kind !== 'dropped' || end.drop.by !== 'netfilter') return 'the ACK is dropped.';
  const { rule, chain, hook } = end.drop;
  return `${end.station.label}, which then saw none, takes the client's ACK for INVALID and drops it in ${hook}: ${rule ? rule.text : `the policy of ${chain}`}.`;
}

/** Who translates what follows the handshake, as a connection of its own. */
function renamedText({ journey: { packet }, renamedBy }: LostAck): string {
  return `${renamedBy!.label}, which then saw no request, takes what follows the SYN-ACK for a new connection and translates it to ${packetLabel(packet)}, which the client knows nothing of.`;
}

/** Of the node that turns the reply, the interface that the request came in by. */
function doorOf(station: Risk['station'], { request, entry }: Risk['trip']): string {
  const leg = request.legs.findLast((one) => one.station === station && one.interface !== null);
  return leg ? `${leg.interface} of ${station.label}` : doorText(entry);
}

function cameBy({ entry }: Risk['trip']): string {
  const from = entry.sender === null ? '' : ` from ${entry.sender}`;
  return `by ${doorText(entry)}${from}`;
}

function translatorsOf({ request }: Risk['trip']): string {
  const nodes = request.legs
    .filter((leg) => leg.passage.connection?.destinationNat)
    .map((leg) => leg.station.label);
  return nodes.length === 0 ? 'the node that translated the request' : listed(nodes);
}

/** What of the nodes' settings says so. */
export function riskEvidence(risks: readonly Risk[]): Evidence[] {
  const found: Evidence[] = [];
  for (const { trip, role } of risks.slice(0, QUOTED)) {
    const ways = [
      ...(role === 'request' ? [`a request goes ${wayText(trip.request)}`] : []),
      ...(role === 'reply' ? [`the reply goes ${wayText(trip.reply!)}`] : []),
      ...(trip.lostAck ? [`the ${trip.lostAck.by}'s ACK goes ${ackText(trip.lostAck)}`] : []),
    ];
    for (const way of ways) found.push(evidence('model', way, { node: risks[0]!.station.node }));
  }
  if (risks.length > QUOTED) found.push(evidence('model', `${risks.length} such ways in all`));
  const { station, drop, leg, interface: name, trip } = risks[0]!;
  const at = { node: station.node };
  const ack = trip.lostAck?.journey.end;
  const dropped = ack?.kind === 'dropped' ? ack : { station, drop };
  if (dropped.drop?.by === 'netfilter' && dropped.drop.rule)
    found.push(ruleEvidence(dropped.station, dropped.drop.rule));
  const verdict = drop?.by === 'routing' ? drop.verdict : leg.passage.verdict;
  if (verdict)
    found.push(evidence('route', `by the routes and rules of ${station.label}: ${verdict.why}`, at));
  if (drop?.by === 'routing' && name !== null) found.push(...settings(risks[0]!, name));
  return found;
}

/** The settings that decided, as `sysctl` prints them. */
function settings({ cause, station, trip }: Risk, name: string): Evidence[] {
  const key = (device: string, setting: string) => sysctlKey('net.ipv4.conf', device, setting);
  const forwarding = trip.client.address.includes(':')
    ? ['net.ipv6.conf.all.forwarding']
    : ['net.ipv4.ip_forward', key(name, 'forwarding')];
  const keys =
    cause === 'rp-filter'
      ? [key('all', 'rp_filter'), key(name, 'rp_filter')]
      : cause === 'forwarding-off'
        ? forwarding
        : [];
  return keys.flatMap((k) => {
    const value = station.snapshot.sysctl?.get(k);
    return value === undefined ? [] : [evidence('sysctl', `${k} = ${value}`, { node: station.node })];
  });
}
