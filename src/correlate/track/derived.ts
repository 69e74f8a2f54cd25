/** Hot path. The numbers that a handshake's packets have by nature: a sighting need not hold what its flow tells. */
import type { FlowTable } from './flow-table.js';
import { Flow, State } from './flow-words.js';
import { Kind } from './sighting-table.js';

/**
 * The sequence number of a flow's SYN, SYN-ACK, or the ACK that ends the handshake, as the flow's row has it.
 */
export function derivedSequence(flows: FlowTable, flow: number, kind: Kind): number {
  if (kind === Kind.synAck) return flows.get(flow, Flow.serverSequence);
  const isn = flows.get(flow, Flow.clientSequence);
  return kind === Kind.syn ? isn : (isn + 1) >>> 0;
}

/** The acknowledgment number in the same way. */
export function derivedAcknowledgment(flows: FlowTable, flow: number, kind: Kind): number {
  if (kind === Kind.syn) return 0;
  return (flows.get(flow, kind === Kind.synAck ? Flow.clientSequence : Flow.serverSequence) + 1) >>> 0;
}

/** Whether both follow from the row, now and later: an initial number that is known does not change. */
export function isDerived(
  flows: FlowTable,
  flow: number,
  kind: Kind,
  sequenceNumber: number,
  acknowledgmentNumber: number,
): boolean {
  if (kind > Kind.ack) return false;
  const known = kind === Kind.syn ? State.syn : State.synAck;
  return (
    (flows.get(flow, Flow.state) & known) !== 0 &&
    derivedSequence(flows, flow, kind) === sequenceNumber &&
    derivedAcknowledgment(flows, flow, kind) === acknowledgmentNumber
  );
}
