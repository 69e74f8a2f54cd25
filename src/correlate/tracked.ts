import type { ConntrackEntry, ConntrackTuple, Snapshot } from '../model/snapshot.js';
import type { Leg } from './leg.js';

/** Whether a node's conntrack table has the second leg for what it makes of the first. */
export type Tracks = (front: Leg, back: Leg) => boolean;

/** The translations of UDP and ICMP that the nodes' conntrack tables name. */
export function trackedTranslations(snapshots: readonly Snapshot[]): Tracks {
  const known = new Set<string>();
  for (const { conntrack } of snapshots) {
    for (const entry of conntrack ?? []) if (entry.protocol !== 'tcp') known.add(entryKey(entry));
  }
  if (known.size === 0) return () => false;
  return (front, back) => known.has(`${legKey(front)} ${legKey(back)}`);
}

/** As the client sent it, and as the server answers it, turned round. */
function entryKey({ original, reply }: ConntrackEntry): string {
  const back = {
    ...reply,
    source: reply.destination,
    destination: reply.source,
    sourcePort: reply.destinationPort,
    destinationPort: reply.sourcePort,
  };
  return `${tupleKey(original)} ${tupleKey(back)}`;
}

function tupleKey({ source, destination, sourcePort, destinationPort, icmp }: ConntrackTuple): string {
  return `${source} ${icmp?.id ?? sourcePort} ${destination} ${icmp?.id ?? destinationPort}`;
}

function legKey({ client, server, echo }: Leg): string {
  const identifier = echo?.identifier;
  return `${client.address} ${identifier ?? client.port} ${server.address} ${identifier ?? server.port}`;
}
