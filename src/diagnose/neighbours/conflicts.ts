import type { NeighbourMessage } from '../../correlate/neighbours/message.js';
import type { Nanoseconds } from '../../model/time.js';
import type { DiagnosisContext } from '../context.js';
import { answeringOf, type Claim } from './claim.js';
import { type AddressTalk, addressTalks, byCapture, elapsed, type Tenure, tenuresOf } from './claims.js';
import { type Exchange, exchangesOf } from './exchanges.js';

/** More than one MAC claims one address of one link, at one time. */
export interface AddressConflict {
  address: string;
  protocol: 'arp' | 'ndp';
  /** Two at least, of different MACs. */
  claims: Claim[];
  /** Requests that several of them answered; empty where only their turns tell of it. */
  exchanges: Exchange[];
  /** What shows that claims overlap, as they came in one capture; empty where `exchanges` tell. */
  turns: NeighbourMessage[];
  /** All that was said of the address on the link, by time. */
  messages: readonly NeighbourMessage[];
  /** When the second of them was seen first, on the first node's clock. */
  since: Nanoseconds | null;
}

/** One owner after the other, as it should be. */
export interface HandOver {
  address: string;
  /** The old owner, and the last that it said of the address. */
  from: NeighbourMessage;
  /** The first that the new owner said of it. */
  to: NeighbourMessage;
}

export interface Ownership {
  conflicts: AddressConflict[];
  handOvers: HandOver[];
  /** Requests that several answered, one at most for itself: a proxy's answer is none's claim, and may mislead. */
  proxied: AddressConflict[];
}

const known = new WeakMap<DiagnosisContext, Ownership>();

/** Who had which address when, by what was captured of ARP and neighbour discovery. */
export function ownershipOf(context: DiagnosisContext): Ownership {
  let ownership = known.get(context);
  if (!ownership) {
    ownership = { conflicts: [], handOvers: [], proxied: [] };
    for (const talk of addressTalks(context)) judge(talk, context, ownership);
    known.set(context, ownership);
  }
  return ownership;
}

function judge(talk: AddressTalk, context: DiagnosisContext, into: Ownership): void {
  const macs = new Set(talk.messages.flatMap((m) => m.claimedMac ?? []));
  if (macs.size < 2) return;
  const claims = [...macs].map((mac) => answeringOf(mac, talk, context));
  const contested = new Set(claims.filter((claim) => !claim.isShared).map((claim) => claim.owner.mac));
  if (sharedByOneBond(claims, context)) return;

  const answered = exchangesOf(talk.messages, context).filter(({ answers }) => answers.size > 1);
  const exchanges = answered.filter(
    ({ answers }) => [...answers.keys()].filter((mac) => contested.has(mac)).length > 1,
  );
  const turns = exchanges.length > 0 ? [] : overlapping(talk, contested);
  const involved = new Set([
    ...exchanges.flatMap(({ answers }) => [...answers.keys()]),
    ...turns.flatMap((message) => message.claimedMac ?? []),
  ]);
  const concerned = claims
    .filter(({ owner }) => involved.has(owner.mac) && contested.has(owner.mac))
    .sort(byOwner);
  if (concerned.length > 1) {
    into.conflicts.push(conflictOf(talk, concerned, exchanges, turns, context));
    return;
  }
  const macsAnswering = new Set(answered.flatMap(({ answers }) => [...answers.keys()]));
  const beside = claims.filter(({ owner }) => macsAnswering.has(owner.mac)).sort(byOwner);
  if (beside.some(isProxy) && !isOneNode(beside))
    into.proxied.push(conflictOf(talk, beside, answered, [], context));
  // A proxy or an anycast address takes turns with others as it likes.
  if (contested.size < claims.length) return;
  const handOver = latestHandOver(talk);
  if (handOver && !isOneNode(claims)) into.handOvers.push(handOver);
}

function conflictOf(
  { address, messages }: AddressTalk,
  claims: Claim[],
  exchanges: Exchange[],
  turns: NeighbourMessage[],
  context: DiagnosisContext,
): AddressConflict {
  const starts = claims.map(({ first }) => context.aligned(first));
  const since = starts.includes(null) ? null : (starts as Nanoseconds[]).sort((a, b) => (a < b ? -1 : 1))[1]!;
  return { address, protocol: messages[0]!.protocol, claims, exchanges, turns, messages, since };
}

/** By its node's own settings. */
export function isProxy({ kernel }: Claim): boolean {
  return kernel?.by === 'proxy' || kernel?.by === 'proxy-entry';
}

/** Nodes by name, then strangers by MAC. */
function byOwner({ owner: a }: Claim, { owner: b }: Claim): number {
  const key = ({ node, interface: name, mac }: Claim['owner']) => `${node === null} ${node} ${name} ${mac}`;
  return key(a) < key(b) ? -1 : 1;
}

/** Whether all of them are of one node: its interfaces on one link answer for each other's addresses, unless told not to. */
export function isOneNode(claims: readonly Claim[]): boolean {
  const [first, ...rest] = claims.map(({ owner }) => owner);
  return first!.node !== null && rest.every(({ node }) => node === first!.node);
}

/** Of balance-alb, each port answers for the bond's address, to other peers each. */
function sharedByOneBond(claims: readonly Claim[], { network }: DiagnosisContext): boolean {
  const { node } = claims[0]!.owner;
  const station = node === null ? null : network.station(node);
  if (!station || claims.some(({ owner }) => owner.node !== node)) return false;
  const bonds = (station.snapshot.links ?? []).filter((link) => link.kind === 'bond' || link.kind === 'team');
  return bonds.some((bond) =>
    claims.every(({ owner }) =>
      station.model
        .interfacesWithMac(owner.mac)
        .some((name) => name === bond.name || station.model.link(name)?.master === bond.name),
    ),
  );
}

/** Owners that take turns so fast: a fail-over and the way back from it take longer, as each waits for silence. */
const TURNS_WINDOW: Nanoseconds = 10_000_000_000n;

/** An old owner may still answer in the moment of the change. */
const CHANGE: Nanoseconds = 1_000_000_000n;

/**
 * What shows that two had the address at one time, where no request was seen answered twice: they take turns, or one
 * still answers (and does not announce that it has it again) after another had taken over.
 */
function overlapping({ messages }: AddressTalk, contested: ReadonlySet<string>): NeighbourMessage[] {
  const claiming = messages.filter((m) => m.claimedMac !== null && contested.has(m.claimedMac));
  for (const own of byCapture(claiming)) {
    const tenures = tenuresOf(own);
    for (let i = 2; i < tenures.length; i++) {
      const [before, between, again, after] = tenures.slice(i - 2, i + 2) as [
        Tenure,
        Tenure,
        Tenure,
        Tenure?,
      ];
      if (after?.mac === between.mac && before.mac === again.mac) {
        const time = elapsed(before.last, after.first);
        if (time !== null && time <= TURNS_WINDOW) {
          return [before.last, between.first, again.first, after.first];
        }
      }
      if (again.mac === before.mac && stillAnswers(before, between, again)) {
        return [before.last, between.first, again.first];
      }
    }
  }
  return [];
}

function stillAnswers(before: Tenure, between: Tenure, again: Tenure): boolean {
  const { first } = again;
  if (first.kind !== 'reply' || !between.announced || again.announced) return false;
  // Another's question may be answered by another port of one host, as of a bond.
  if (before.last.kind === 'reply' && before.last.asker !== first.asker) return false;
  const time = elapsed(between.first, first);
  return time !== null && time > CHANGE && time <= TURNS_WINDOW;
}

/** The last change of owner, by the capture that saw most of it. */
function latestHandOver({ address, messages }: AddressTalk): HandOver | null {
  let found: HandOver | null = null;
  for (const own of byCapture(messages)) {
    const [old, now] = tenuresOf(own).slice(-2);
    if (old && now) found ??= { address, from: old.last, to: now.first };
  }
  return found;
}
