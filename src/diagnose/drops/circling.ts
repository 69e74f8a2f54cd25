/** Packets that routers send back and forth until their hop limit is used up. */

import type { Attempt } from '../../correlate/attempt.js';
import { isHopLimitExceeded } from '../../correlate/icmp-errors.js';
import type { Sighting } from '../../model/sighting.js';
import { stationLabel } from '../../model/station.js';
import type { DiagnosisContext } from '../context.js';
import { packetEvidence } from '../evidence.js';
import { ipCommandFor } from '../ip-command.js';
import { type Loss, lossOf } from '../loss.js';
import { packetQuestion } from '../packet-question.js';
import { inputInterface } from '../place.js';
import { shellWord } from '../shell-word.js';
import { PACKETS } from '../words.js';
import type { KnownOfLoss } from './known-of-loss.js';

/** A packet passes one place this often that goes in circles; twice it may after another decision by mark. */
const ROUNDS = 3;

/** More routers than a way through the Internet has: who had as many hops left does not run out of them on one. */
const MOST_ROUTERS = 32;

/** @returns null where nothing says that the packet went in circles */
export function circling(attempt: Attempt, context: DiagnosisContext): KnownOfLoss | null {
  const loss = lossOf(attempt);
  if (!loss || loss.made) return null;
  const rounds = roundsOf(loss.trace.sightings);
  return rounds.length >= ROUNDS ? circle(attempt, loss, rounds, context) : usedUp(attempt, loss);
}

/** The sightings of one packet at the place that it came to, or else passed, most often: each with another hop limit. */
function roundsOf(sightings: readonly Sighting[]): Sighting[] {
  const places = new Map<string, Map<number, Sighting>>();
  for (const sighting of sightings) {
    const { point, direction, source, destination, encapsulations, forOther, ttl } = sighting;
    if (forOther || encapsulations.length > 0) continue;
    const at = [point.node, point.netns, point.interface, direction].join(' ');
    const key = [at, source.address, destination.address].join(' ');
    const passed = places.get(key) ?? new Map<number, Sighting>();
    places.set(key, passed.set(ttl, sighting));
  }
  const each = [...places.values()].map((passed) => [...passed.values()]).sort((a, b) => b.length - a.length);
  const comingIn = each.find(([one]) => one!.direction === 'in');
  const most = comingIn && comingIn.length >= ROUNDS ? comingIn : (each[0] ?? []);
  return most.sort((a, b) => b.ttl - a.ttl);
}

function circle(
  attempt: Attempt,
  { role, last }: Loss,
  rounds: readonly Sighting[],
  context: DiagnosisContext,
): KnownOfLoss {
  const [first, second, final] = [rounds[0]!, rounds[1]!, rounds.at(-1)!];
  // With as many hops left as a round takes, it does not come by again.
  const until = final.ttl <= first.ttl - second.ttl ? ', until its hop limit is used up' : '';
  const { node, netns } = first.point;
  const label = stationLabel(node, netns);
  const view = context.node(node, netns);
  const name = (view && inputInterface(first, view)) ?? first.point.interface;
  const station = context.network.station(node, netns);
  const into = first.direction === 'in' ? name : null;
  const passages = into === null ? [] : station?.path.receive(packetQuestion(attempt, first, role), into);
  const hop = passages?.[0]?.hops[0];
  const [from, to] = [first.source.address, first.destination.address];
  const times = `each ${rounds.length} times${until}`;
  const way = hop && `sends them on by ${hop.dev}${hop.via === null ? '' : ` to ${hop.via}`}`;
  const next = hop?.via ?? 'who gets them next';
  const ip = ipCommandFor(to);
  return {
    words: way
      ? `the ${PACKETS[role]} go in circles: ${label} ${way}, and they come back by ${into}, ${times}`
      : `the ${PACKETS[role]} go in circles: they pass ${name === null ? label : `${name} of ${label}`}, ${times}`,
    evidence: [
      packetEvidence(first, `, with ${hopsLeft(first)}`),
      packetEvidence(final, ` again, with ${hopsLeft(final)}`),
    ],
    gap: {
      node,
      interface: name ?? last.point.interface,
      why: `whether ${label} should have a route to ${to} that leads elsewhere, or ${next} should not send there what is for it, their routing tables tell`,
      capture: `ip route get ${to} from ${from}${into === null ? '' : ` iif ${shellWord(into)}`}; ${ip} route show table all match ${to}`,
    },
  };
}

/** A router that is in no capture says so. */
function usedUp(attempt: Attempt, { role, last }: Loss): KnownOfLoss | null {
  const error = attempt.others.find((s) => isHopLimitExceeded(s) && s.fromClient === (role === 'request'));
  if (!error) return null;
  if (last.ttl < MOST_ROUTERS) return tooFewHops({ last, role }, error);
  const { node, netns, interface: name } = last.point;
  const { from } = error.icmp!;
  const to = last.destination.address;
  return {
    words: `${from} answers that the hop limit of the ${PACKETS[role]} is used up, of which ${last.ttl} were left on ${stationLabel(node, netns)}: behind it they go in circles`,
    // The error is told in any case.
    evidence: [packetEvidence(last, `, with ${hopsLeft(last)}`)],
    gap: {
      node,
      interface: name,
      why: `which routers behind ${stationLabel(node, netns)} send what is for ${to} to each other, ${from} among them, is to be asked there: one of them lacks a route to it`,
      capture: `traceroute -n ${to}; ip route get ${to}`,
    },
  };
}

/** What sent it, or a rule of a node on its way, gave it too few. */
function tooFewHops({ last, role }: Pick<Loss, 'last' | 'role'>, error: Sighting): KnownOfLoss {
  const { node, netns } = last.point;
  const [source, destination] = [last.source.address, last.destination.address];
  const label = stationLabel(node, netns);
  const limit = destination.includes(':')
    ? "sysctl -ar '\\.hop_limit$'; ip6tables-save -t mangle"
    : 'sysctl net.ipv4.ip_default_ttl; iptables-save -t mangle';
  return {
    words: `the ${PACKETS[role]} have too few hops left, ${last.ttl} on ${label}: the hop limit is used up at ${error.icmp!.from}, which says so by ICMP time exceeded`,
    evidence: [packetEvidence(last, `, with ${hopsLeft(last)}`)],
    gap: {
      node,
      interface: last.point.interface,
      why: `what gives them so few hops, ${source} that sends them or a rule on their way to ${label}, is to be seen at both`,
      capture: `${limit}; nft list ruleset`,
    },
  };
}

/** `1 hop left` */
function hopsLeft({ ttl }: Sighting): string {
  return `${ttl} ${ttl === 1 ? 'hop' : 'hops'} left`;
}
