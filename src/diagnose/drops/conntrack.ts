/** What the connections that nodes track say of the way of an attempt's packets. */
import type { Attempt } from '../../correlate/attempt.js';
import type { Tuple } from '../../kernel/netfilter/packet.js';
import type { Endpoint, Role } from '../../model/analysis.js';
import type { ConntrackEntry, Snapshot } from '../../model/snapshot.js';
import type { Journey } from '../../network/journey.js';
import type { Station } from '../../network/station.js';
import type { DiagnosisContext } from '../context.js';
import { remembered } from '../ways/remembered.js';

/** A node's entries by their original direction: many attempts ask, and tables are long. */
const INDEXED = new WeakMap<Snapshot, Map<string, ConntrackEntry>>();

/** The entry that a node has for an attempt, under whichever of its addresses; null where it has none. */
export function entryOf({ protocol, legs }: Attempt, { snapshot }: Station): ConntrackEntry | null {
  const entries = indexOf(snapshot);
  for (const { client, server } of legs) {
    const entry = entries.get(keyOf(protocol, client, server));
    if (entry) return entry;
  }
  return null;
}

function indexOf(snapshot: Snapshot): ReadonlyMap<string, ConntrackEntry> {
  let index = INDEXED.get(snapshot);
  if (!index) {
    // An echo has no ports to be told by.
    const entries = (snapshot.conntrack ?? []).filter((entry) => entry.original.sourcePort !== null);
    index = new Map(entries.map((entry) => [originalKey(entry), entry]));
    INDEXED.set(snapshot, index);
  }
  return index;
}

function originalKey({ protocol, original: o }: ConntrackEntry): string {
  const [client, server] = [
    { address: o.source, port: o.sourcePort },
    { address: o.destination, port: o.destinationPort },
  ];
  return keyOf(protocol, client, server);
}

function keyOf(protocol: string, client: Endpoint, server: Endpoint): string {
  return `${protocol} ${client.address} ${client.port} ${server.address} ${server.port}`;
}

/**
 * Whether a node's table speaks against a journey. An entry is made when the first packet has passed all hooks
 * (nf_conntrack_confirm); it knows the backend; and it loses `[UNREPLIED]` when a reply comes to the first hook. No
 * entry says nothing: they time out.
 */
export function disproves(
  attempt: Attempt,
  { legs, end }: Journey,
  role: Role,
  context: DiagnosisContext,
): boolean {
  // A client that asks again from the same port has the entry of its last attempt.
  if (isReused(attempt, context)) return false;
  for (const { station, interface: name, passage } of legs) {
    const entry = entryOf(attempt, station);
    if (!entry) continue;
    if (role === 'request' && passage.connection && !hasReply(entry, passage.connection.reply)) return true;
    const dropped = end.kind === 'dropped' && end.station === station && !end.carrier && passage.drop;
    if (!dropped) continue;
    const hook = passage.drop!.by === 'netfilter' ? passage.drop!.hook : null;
    // What leaves has passed the hooks of the IP layer.
    if (role === 'request' && hook !== 'egress') return true;
    // What the node itself cannot route has never been a packet.
    const isTracked = hook === null ? name !== null : hook !== 'prerouting' && hook !== 'ingress';
    if (role === 'reply' && entry.unreplied && isTracked) return true;
  }
  return false;
}

/** Whether another attempt went by the same ends, under any of their addresses. */
function isReused(attempt: Attempt, context: DiagnosisContext): boolean {
  const reused = reusedKeys(null, context);
  return keysOf(attempt).some((key) => reused.has(key));
}

const reusedKeys = remembered(
  () => null,
  (_: null, { attempts }): ReadonlySet<string> => {
    const seen = new Set<string>();
    const twice = new Set<string>();
    for (const key of attempts.flatMap(keysOf)) {
      if (seen.has(key)) twice.add(key);
      seen.add(key);
    }
    return twice;
  },
);

function keysOf({ protocol, legs }: Attempt): string[] {
  return [...new Set(legs.map(({ client, server }) => keyOf(protocol, client, server)))];
}

function hasReply({ reply }: ConntrackEntry, expected: Tuple): boolean {
  return reply.source === expected.source.text && reply.sourcePort === expected.sourcePort;
}
