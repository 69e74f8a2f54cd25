/** Addresses that were asked for in vain: what waited for the answer was never sent, and is in no capture. */

import type { NeighbourMessage } from '../../correlate/neighbours/message.js';
import type { FilterDrop } from '../../kernel/netfilter/passage.js';
import type { Gap } from '../../model/analysis.js';
import { isGroupMac } from '../../model/group-mac.js';
import { isSameStation, stationLabel } from '../../model/station.js';
import type { Station } from '../../network/station.js';
import type { DiagnosisContext } from '../context.js';
import { ipCommandFor } from '../ip-command.js';
import { inputInterface } from '../place.js';
import { neighbourFilter } from '../recording.js';
import { shellWord } from '../shell-word.js';
import { discoveryDrop, dropText, type Neighbours, SOLICITATION } from './discovery-filter.js';
import { resolutionOf } from './evidence.js';

/** One that is asked for once may be a scan's; who has something to send asks again. */
export const INSISTENT = 2;

/** Of a node that asks for many, more would hide what else is missing. */
const MOST = 3;

/**
 * Where no attempt is known, to any address or to a VIP: who asked for which address, in vain, and who should have
 * answered. Beside attempts, another address that nobody has is none of theirs as a rule.
 */
export function unansweredGaps(context: DiagnosisContext): Gap[] {
  const byTarget = new Map<string, NeighbourMessage[]>();
  for (const message of context.neighbours) {
    if (message.kind === 'probe' || message.kind === 'announcement') continue;
    if (context.attempts.length > 0 && !isUnseenVip(message.target, context)) continue;
    const known = byTarget.get(message.target) ?? [];
    byTarget.set(message.target, [...known, message]);
  }
  const gaps = [...byTarget].flatMap(([target, messages]) => gapOf(target, messages, context) ?? []);
  // What clients are known to ask for comes first.
  const isVip = (gap: (typeof gaps)[number]) => context.vips.has(gap.target);
  return [...gaps.filter(isVip), ...gaps.filter((gap) => !isVip(gap))]
    .slice(0, MOST)
    .map(({ target: _, ...gap }) => gap);
}

function isUnseenVip(target: string, { vips, attempts }: DiagnosisContext): boolean {
  return vips.has(target) && attempts.every(({ vip, server }) => vip !== target && server.address !== target);
}

function gapOf(
  target: string,
  messages: readonly NeighbourMessage[],
  context: DiagnosisContext,
): (Gap & { target: string }) | null {
  const requests = messages.filter(({ kind }) => kind === 'request');
  const asking = requests.find(({ direction }) => direction === 'out') ?? requests[0];
  if (!asking) return null;
  const ofAsker = requests.filter(({ sender, point }) => {
    return sender === asking.sender && point.capture === asking.point.capture;
  });
  const answers = messages.filter(({ claimedMac }) => claimedMac !== null);
  if (ofAsker.length < INSISTENT || answers.some(({ asker }) => asker !== asking.sender)) return null;
  // An answer to another MAC than asked is one that the asker's node does not take in.
  const astray = answers.find((message) => isAstray(message, asking));
  const others = answers.filter((message) => !isAstray(message, asking));
  // Beside one, a cooked capture of who sent it shows it with no MAC.
  if (others.some((m) => !astray || m.etherDestination !== null || m.direction === 'in')) return null;
  const view = context.node(asking.point.node, asking.point.netns);
  const device = view ? inputInterface(asking, view) : asking.point.interface;
  const asker = asking.direction === 'out' ? ` (${stationLabel(asking.point.node, asking.point.netns)})` : '';
  const first = `${asking.sender}${asker} asked for ${target}${device === null ? '' : ` on ${device}`} by ${resolutionOf(target)} again and again, and got no answer: what it had to send there never left, and no packet of it can be in a capture`;
  const owner = ownerOf(target, asking, requests, context);
  const [station, at] = owner ?? [null, null];
  const why = astray
    ? `the answers ${station ? `of ${station.label} ` : ''}go to ${astray.etherDestination ?? 'another MAC'}, not to the one that asked (${asking.senderMac}): whoever answers has a wrong neighbour entry for ${asking.sender}`
    : station
      ? silenceOf(station, at, target, asking, requests).why
      : `no node that was recorded has ${target}: who should answer is down, was not recorded, or is not on that link`;
  const name = at ?? device;
  return {
    target,
    node: station?.node ?? asking.point.node,
    interface: name,
    why: `${first}; ${why}`,
    capture: resolutionCommands(target, asking.sender, name),
  };
}

/** The one recorded node that has an address which another asked for in vain. */
export interface SilentOwner {
  station: Station;
  /** Why it did not answer, as far as that is known. */
  why: string;
  /** By which its own rules drop who asks it, where it would answer; null where none is known that does. */
  refusal: { drop: FilterDrop; neighbours: Neighbours } | null;
}

/** @param asker the station that was seen to ask */
export function silentOwner(target: string, asker: Station, context: DiagnosisContext): SilentOwner | null {
  const requests = context.neighbours.filter((m) => m.kind === 'request' && m.target === target);
  const asking = requests.find(({ point, direction }) => direction === 'out' && isSameStation(point, asker));
  const owner = asking ? ownerOf(target, asking, requests, context) : null;
  if (!asking || !owner) return null;
  const [station, device] = owner;
  return { station, ...silenceOf(station, device, target, asking, requests) };
}

/** By the frame, or as the asker's own node overheard it. */
function isAstray(
  { etherDestination, direction, point }: NeighbourMessage,
  asking: NeighbourMessage,
): boolean {
  if (etherDestination === null)
    return asking.direction === 'out' && direction === null && isSameStation(point, asking.point);
  return asking.senderMac !== null && etherDestination !== asking.senderMac && !isGroupMac(etherDestination);
}

/** The one node that has the address, and its interface that the requests came to, or else that which has it. */
function ownerOf(
  target: string,
  asking: NeighbourMessage,
  requests: readonly NeighbourMessage[],
  context: DiagnosisContext,
): [Station, string | null] | null {
  const owners = context.network.stations.filter(
    (station) =>
      station.model.hasAddress(target) &&
      (!isSameStation(station, asking.point) || asking.direction !== 'out'),
  );
  if (owners.length !== 1) return null;
  const [station] = owners;
  const view = context.node(station!.node, station!.netns);
  const heard = requests.find((m) => isSameStation(m.point, station!) && m.direction !== 'out');
  const name = heard && view ? inputInterface(heard, view) : null;
  const holder = station!.model.localAddresses.find(({ address }) => address === target)?.interface ?? null;
  return [station!, name ?? holder];
}

function silenceOf(
  station: Station,
  device: string | null,
  target: string,
  { sender }: NeighbourMessage,
  requests: readonly NeighbourMessage[],
): Pick<SilentOwner, 'why' | 'refusal'> {
  const came = requests.some((m) => isSameStation(m.point, station) && m.direction !== 'out');
  const has = `${station.label} has ${target}`;
  const because = (why: string) => ({ why: `${has}${why}`, refusal: null });
  if (device === null) return because(', and should answer');
  const { answers, why } = station.model.answersFor(target, device, sender);
  const got = came ? `, and the requests came to its ${device}` : '';
  if (!answers) return because(`${got}, and by its settings it does not answer ${sender} there: ${why}`);
  const neighbours = { device, own: target, neighbour: sender };
  const drop = came && target.includes(':') ? discoveryDrop(station, SOLICITATION, neighbours) : null;
  if (drop) return { why: `${has}${got}, where ${dropText(drop)}`, refusal: { drop, neighbours } };
  return because(
    came
      ? `${got}, which by its settings would answer: a filter for ${resolutionOf(target)}, or what changed since, may be why it did not`
      : `, and by its settings would answer on ${device}: whether the requests come to it there is to be seen`,
  );
}

/** What shows why an address is not answered for. */
export function resolutionCommands(target: string, asker: string, device: string | null): string {
  const name = shellWord(device ?? 'any');
  const ip = ipCommandFor(target);
  const settings = target.includes(':') ? '' : `sysctl -ar '\\.(arp_|rp_filter)'; `;
  return `${settings}${ip} route get ${asker} from ${target}; ${ip} neigh show ${asker}; tcpdump -i ${name} -n -e '${neighbourFilter(target)}'`;
}
