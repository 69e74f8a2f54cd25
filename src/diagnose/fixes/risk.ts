import { sysctlKey } from '../../kernel/sysctl.js';
import type { Endpoint, Fix } from '../../model/analysis.js';
import type { Leg } from '../../network/journey.js';
import { questionOf } from '../../network/journey.js';
import { roundTripText } from '../../network/narrate.js';
import type { Network } from '../../network/network.js';
import { roundTrips } from '../../network/round-trip.js';
import type { Risk } from '../prediction/risk.js';
import { shellWord } from './commands.js';
import { guardsFor } from './guards.js';
import { chooseFix, type FixIdea, type Trial } from './idea.js';
import { allMended, isMended } from './mended.js';
import { rpFilterIdeas, sourceRouting } from './rp-filter.js';

/**
 * The fix for a predicted loss, walked again with it in place; null where none that is known of helps.
 *
 * @param single whether the clients are these alone, and do not stand for others
 * @param services all that is asked about: what of it works has to go on working
 */
export function fixRisk(
  risks: readonly Risk[],
  network: Network,
  single: boolean,
  services: readonly Endpoint[],
): Fix | null {
  const { station } = risks[0]!;
  const ideas = ideasFor(risks, single).filter((idea) => idea !== null);
  if (ideas.length === 0) return null;
  const clients = [...new Set(risks.map(({ trip }) => trip.client.address))];
  return chooseFix(
    ideas,
    station,
    network,
    risks.map(trialOf),
    guardsFor(network, station, { services, clients }),
  );
}

function ideasFor(risks: readonly Risk[], single: boolean): (FixIdea | null)[] {
  const { cause, station, interface: name, leg, drop, role, trip } = risks[0]!;
  const { packet } = leg.passage;
  if (name === null || trip.entry.isGuess) return [];
  if (cause === 'rp-filter' && drop?.by === 'routing') {
    return rpFilterIdeas({
      station,
      interface: name,
      verdict: drop.verdict,
      role,
      sources: single ? [...new Set(risks.map((risk) => risk.leg.passage.packet.source.text))] : [],
      destination: packet.destination.text,
      gateway: trip.entry.isPod ? null : senderOf(risks[0]!),
      translated: translatedBefore(risks[0]!),
    });
  }
  if (cause === 'forwarding-off') return forwardingIdeas(risks[0]!, name);
  const { interface: door, sender, isPod } = trip.entry;
  // A reply of the node's own, from the VIP: what comes from that address can be routed for itself.
  const ownReply = cause === 'wrong-gateway' && leg.interface === null && !isPod;
  if (ownReply && door !== null && sender !== null && sender !== trip.client.address) {
    return [sourceRouting(station, door, sender, packet.source.text)];
  }
  return [];
}

function forwardingIdeas({ station, trip }: Risk, name: string): FixIdea[] {
  if (trip.client.address.includes(':'))
    return [forwarding(station.node, name, 'net.ipv6.conf.all.forwarding')];
  const own = forwarding(station.node, name, sysctlKey('net.ipv4.conf', name, 'forwarding'));
  // Where all of it is off, one interface alone would not let the reply back.
  const whole = station.snapshot.sysctl?.get('net.ipv4.ip_forward') === '0';
  return whole ? [forwarding(station.node, name, 'net.ipv4.ip_forward')] : [own];
}

function forwarding(node: string, name: string, key: string): FixIdea {
  return {
    summary: `Let ${node} pass on what comes in by ${name}.`,
    commands: [
      { node, command: `sysctl -w ${shellWord(`${key}=1`)}`, persists: false },
      { node, command: `echo '${key} = 1' > /etc/sysctl.d/90-returnpath-forwarding.conf`, persists: true },
    ],
    risk: `${node} then routes between its networks for whoever sends to it: its FORWARD rules have to say what it may pass on.`,
  };
}

/** Who handed the packet to the node that loses it, by address; null where not known. */
function senderOf({ trip, role, leg }: Risk): string | null {
  const before = previousLeg(trip, role, leg);
  if (!before) return role === 'request' ? trip.entry.sender : null;
  const family = leg.passage.packet.family;
  const own = before.station.model.localAddresses.find(
    (a) => a.interface === before.hop?.dev && a.address.includes(':') === (family === 6),
  );
  return own?.address ?? null;
}

function previousLeg({ request, reply }: Risk['trip'], role: Risk['role'], leg: Leg): Leg | null {
  const legs = role === 'request' ? request.legs : reply!.legs;
  return legs[legs.indexOf(leg) - 1] ?? null;
}

function translatedBefore({ trip, role, leg }: Risk): boolean {
  if (role === 'reply') return false;
  return trip.request.legs.some((l) => l !== leg && l.passage.connection?.destinationNat);
}

/** The same connection again: every way to that backend has to be answered. */
function trialOf({ trip }: Risk): Trial {
  return (network) => {
    const { entry, client, server } = trip;
    const station = network.station(entry.station.node, entry.station.netns)!;
    const first = questionOf(trip.request.legs[0]!.passage.packet);
    const question = {
      ...first,
      source: client.address,
      sourcePort: client.port,
      destination: server.address,
      destinationPort: server.port,
    };
    const again = roundTrips(network, { ...entry, station }, question).filter(
      (other) => other.request.packet.destination.text === trip.request.packet.destination.text,
    );
    if (again.length === 0) return null;
    // What was no loss to begin with is mended only by the way that the request came.
    const back = trip.fate.kind === 'answered-elsewhere';
    const mended = allMended(again.map((other) => isMended(other, back)));
    return { mended, text: [...new Set(again.map(roundTripText))].slice(0, 2).join('. ') };
  };
}
