import type { NeighbourMessage } from '../../correlate/neighbours/message.js';
import type { AddressOwners, OwnerSpell } from '../../model/analysis.js';
import { type Nanoseconds, timeText } from '../../model/time.js';
import type { DiagnosisContext } from '../context.js';
import { type AddressTalk, addressTalks } from './claims.js';
import { ownerOf } from './owner.js';

/** Of one address; where two owners answer every request, each answer is a spell. */
const MOST_SPELLS = 100;
/** Where no VIP is named, every address of a link may be one. */
const MOST_ADDRESSES = 20;

/** Who claimed each VIP on each link in turn: for a picture of hand-overs and conflicts, not for judging them. */
export function vipOwners(context: DiagnosisContext): AddressOwners[] {
  if (!context.neighbours.some(({ target }) => context.vips.has(target))) return [];
  return addressTalks(context)
    .filter(({ address }) => context.vips.has(address))
    .map((talk) => ownersOf(talk, context))
    .filter(({ spells }) => spells.length > 0)
    .slice(0, MOST_ADDRESSES);
}

function ownersOf(talk: AddressTalk, context: DiagnosisContext): AddressOwners {
  const { address } = talk;
  const spells = spellsOf(talk, context);
  const places = new Map<string, Pick<OwnerSpell, 'node' | 'interface'>>();
  const placeOf = (mac: string) => {
    const known = places.get(mac);
    if (known) return known;
    const sent = talk.messages.filter(({ claimedMac }) => claimedMac === mac);
    const { node, interface: name } = ownerOf(mac, address, sent, context);
    const place = { node, interface: name };
    places.set(mac, place);
    return place;
  };
  const leftOut = spells.length - MOST_SPELLS;
  return {
    address,
    protocol: address.includes(':') ? 'ndp' : 'arp',
    spells: spells.slice(0, MOST_SPELLS).map(({ mac, claims, first, last }) => ({
      mac,
      ...placeOf(mac),
      claims,
      firstTime: timeText(first)!,
      lastTime: timeText(last)!,
    })),
    ...(leftOut > 0 && { leftOut }),
  };
}

interface Spell {
  mac: string;
  claims: number;
  first: Nanoseconds;
  last: Nanoseconds;
}

function spellsOf({ messages }: AddressTalk, { aligned }: DiagnosisContext): Spell[] {
  const claims = messages
    .flatMap((message) => timedClaim(message, aligned(message)))
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  const spells: Spell[] = [];
  for (const { mac, time } of claims) {
    const current = spells.at(-1);
    if (current?.mac === mac) {
      current.claims++;
      current.last = time;
    } else {
      spells.push({ mac, claims: 1, first: time, last: time });
    }
  }
  return spells;
}

function timedClaim({ claimedMac: mac }: NeighbourMessage, time: Nanoseconds | null) {
  return mac === null || time === null ? [] : [{ mac, time }];
}
