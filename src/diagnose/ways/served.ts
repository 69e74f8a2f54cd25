import type { Attempt } from '../../correlate/attempt.js';
import { endpointLabel } from '../../model/endpoint.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { getsOn } from './handshake.js';
import { remembered } from './remembered.js';

/** Whether a node bears the address that the requests of an attempt are for in the end. */
export function isServer(node: NodeView | null, { legs }: Attempt): boolean {
  return node?.model?.hasAddress(legs.at(-1)!.server.address) ?? false;
}

/** Whether other connections of the client to the server are made: its ACKs are dropped nowhere. */
export function isServed(attempt: Attempt, context: DiagnosisContext): boolean {
  return servedPairs(null, context).has(pairOf(attempt));
}

const servedPairs = remembered(
  () => null,
  (_: null, { attempts }): ReadonlySet<string> => new Set(attempts.filter(getsOn).map(pairOf)),
);

function pairOf({ client, server }: Attempt): string {
  return `${client.address} ${endpointLabel(server)}`;
}
