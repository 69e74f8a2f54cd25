/** Hot path. The numbers that a handshake's packets have by nature: a sighting need not hold what its flow tells. */
import {
  FLOW_CLIENT_SEQUENCE,
  FLOW_SERVER_SEQUENCE,
  FLOW_STATE,
  KIND_ACK,
  KIND_SYN,
  KIND_SYN_ACK,
  STATE_SYN,
  STATE_SYN_ACK,
} from '../../wasm/layout.js';
import type { Rows } from './rows.js';

/**
 * The sequence number of a flow's SYN, SYN-ACK, or the ACK that ends the handshake, as the flow's row has it.
 */
export function derivedSequence(flows: Rows, flow: number, kind: number): number {
  if (kind === KIND_SYN_ACK) return flows.get(flow, FLOW_SERVER_SEQUENCE);
  const isn = flows.get(flow, FLOW_CLIENT_SEQUENCE);
  return kind === KIND_SYN ? isn : (isn + 1) >>> 0;
}

/** The acknowledgment number in the same way. */
export function derivedAcknowledgment(flows: Rows, flow: number, kind: number): number {
  if (kind === KIND_SYN) return 0;
  return (flows.get(flow, kind === KIND_SYN_ACK ? FLOW_CLIENT_SEQUENCE : FLOW_SERVER_SEQUENCE) + 1) >>> 0;
}

/** Whether both follow from the row, now and later: an initial number that is known does not change. */
export function isDerived(
  flows: Rows,
  flow: number,
  kind: number,
  sequenceNumber: number,
  acknowledgmentNumber: number,
): boolean {
  if (kind > KIND_ACK) return false;
  const known = kind === KIND_SYN ? STATE_SYN : STATE_SYN_ACK;
  return (
    (flows.get(flow, FLOW_STATE) & known) !== 0 &&
    derivedSequence(flows, flow, kind) === sequenceNumber &&
    derivedAcknowledgment(flows, flow, kind) === acknowledgmentNumber
  );
}
