/** What is wrong with a predicted way, in the words of the causes. */
import type { CauseId, PacketRole } from '../../model/analysis.js';
import type { Drop, Journey, Leg } from '../../network/journey.js';
import type { LostAck } from '../../network/lost-ack.js';
import type { RoundTrip } from '../../network/round-trip.js';
import type { Station } from '../../network/station.js';

export interface Risk {
  cause: CauseId;
  station: Station;
  interface: string | null;
  role: PacketRole;
  trip: RoundTrip;
  /** The leg on which it happens. */
  leg: Leg;
  drop: Drop | null;
  /** Whether it is the tunnel packet around it that is dropped. */
  carrier: boolean;
}

/** @returns null where the connection is made, and where its fate is not known */
export function riskOf(trip: RoundTrip): Risk | null {
  const { request, reply, fate } = trip;
  switch (fate.kind) {
    case 'answered':
    case 'unknown':
      return trip.lostAck ? unacknowledged(trip, trip.lostAck) : null;
    case 'lost':
      return lost(trip, fate.role === 'request' ? request : reply!, fate.role);
    case 'undelivered': {
      const leg = request.legs.at(-1)!;
      return {
        cause: 'not-delivered',
        station: leg.station,
        interface: leg.interface,
        role: 'request',
        trip,
        leg,
        drop: null,
        carrier: false,
      };
    }
    case 'untranslated':
    case 'answered-elsewhere': {
      if (trip.lostAck) return unacknowledged(trip, trip.lostAck);
      const isElsewhere = fate.kind === 'answered-elsewhere';
      const leg = releaseOf(trip, reply!) ?? reply!.legs.at(-1)!;
      return released(trip, leg, isElsewhere ? 'wrong-gateway' : 'untranslated-reply', 'reply');
    }
  }
}

function released(trip: RoundTrip, leg: Leg, cause: CauseId, role: PacketRole): Risk {
  const { station, hop } = leg;
  return { cause, station, interface: hop?.dev ?? null, role, trip, leg, drop: null, carrier: false };
}

/** An ACK is dropped, for a rule alone or because the reply went round who drops it; or it is no longer its connection's. */
function unacknowledged(trip: RoundTrip, { by, journey, wantsReply, renamedBy }: LostAck): Risk | null {
  if (renamedBy) return by === 'server' ? renamed(trip, renamedBy) : null;
  if (journey.end.kind !== 'dropped') {
    const leg = behindTranslation(trip, journey) ?? journey.legs.at(-1)!;
    return released(trip, leg, 'untranslated-reply', `${by}-ack`);
  }
  const risk = lost(trip, journey, `${by}-ack`);
  const leg = risk && wantsReply ? roundOf(risk.station, trip) : undefined;
  return leg ? released(trip, leg, 'stateful-gateway', 'reply') : risk;
}

/** What the server sends after its SYN-ACK passes a translator that the request went round. */
function renamed(trip: RoundTrip, by: Station): Risk | null {
  const { request, reply } = trip;
  const at = reply!.legs.findIndex(({ station }) => station === by);
  const asked = request.legs.map(({ station }) => station);
  if (asked.includes(by)) return null;
  const leg = reply!.legs.slice(0, at).findLast(({ station }) => asked.includes(station));
  return leg ? released(trip, leg, 'wrong-gateway', 'reply') : null;
}

/** Where the reply left the way by which it would have come to a station that the request passed. */
function roundOf(station: Station, { request, reply }: RoundTrip): Leg | undefined {
  const at = request.legs.findIndex((leg) => leg.station === station);
  const behind = request.legs.slice(at + 1).map((leg) => leg.station);
  return reply!.legs.findLast((leg) => behind.includes(leg.station));
}

/** Where a reply was sent another way than it should have gone. */
function releaseOf(trip: RoundTrip, reply: Journey): Leg | undefined {
  const { fate, request } = trip;
  if (fate.kind !== 'answered-elsewhere') return behindTranslation(trip, reply);
  const { parting } = fate;
  return parting ? reply.legs.find(({ station }) => station === parting) : partingOf(request, reply);
}

/** Where a reply parts from its request's way: nodes that only the reply passes were handed it. */
export function partingOf(request: Journey, reply: Journey): Leg | undefined {
  return reply.legs.findLast(({ station }) =>
    request.legs.some((leg) => leg.station.label === station.label),
  );
}

/** Where a reply is let go that should have gone to the translator: routers after it, which the request may have passed before, only hand it on. */
function behindTranslation({ request, backend }: RoundTrip, reply: Journey): Leg | undefined {
  if (!backend) return undefined;
  const had = request.legs.filter(({ passage }) => passage.packet.destination.text === backend.address);
  return reply.legs.findLast(({ station }) => had.some((leg) => leg.station.label === station.label));
}

function lost(trip: RoundTrip, { legs, end }: Journey, role: PacketRole): Risk | null {
  if (end.kind !== 'dropped') return null;
  const { station, interface: name, drop, carrier } = end;
  return { cause: causeOf(drop), station, interface: name, role, trip, leg: legs.at(-1)!, drop, carrier };
}

/** What a drop is called. */
export function causeOf(drop: Drop): CauseId {
  if (drop.by === 'tunnel') return 'no-route';
  if (drop.by === 'netfilter') return drop.check ? 'netfilter-rpfilter' : 'filtered';
  switch (drop.verdict.verdict) {
    case 'rp-filter':
    case 'forwarding-off':
      return drop.verdict.verdict;
    case 'no-route':
    case 'unreachable':
    case 'blackhole':
    case 'prohibit':
      return 'no-route';
    default:
      return 'undetermined';
  }
}
