/** As `src/wasm/first-data.ts`, of decoded packets. */
import type { Packet } from '../../decode/packet.js';
import type { PacketRecord } from '../../ingest/capture/record.js';
import { ACK, FIN } from '../../model/tcp-flags.js';
import {
  DATA_AGAIN,
  DATA_SHIFT,
  DATA_WENT_ON,
  FLOW_CLIENT_SEQUENCE,
  FLOW_FIRST_DATA,
  FLOW_SERVER_SEQUENCE,
  OLDEST_DATA,
  SENT_AGAIN,
  STATE_ANSWERED,
  STATE_PAYLOAD,
  STATE_SERVER_PAYLOAD,
  STATE_SYN_ACK,
  STATE_UNANSWERED,
  UNANSWERED,
} from '../../wasm/layout.js';
import type { FlowTable } from './flow-table.js';

/** The state behind an ACK of the client's, which shows whether it gets on. */
export function behindClient(
  flows: FlowTable,
  row: number,
  state: number,
  packet: Packet,
  record: PacketRecord,
): number {
  const hasPayload = packet.payloadLength > 0;
  const now = hasPayload ? state | STATE_PAYLOAD : state;
  const hasHeard = packet.acknowledgmentNumber !== behind(flows.get(row, FLOW_SERVER_SEQUENCE));
  if ((state & STATE_SERVER_PAYLOAD) !== 0) return hasHeard ? goneOn(flows, row, now) : now;
  if ((state & STATE_PAYLOAD) === 0) {
    if (hasPayload) begin(flows, row, record);
    return now;
  }
  const isNext = packet.sequenceNumber === behind(flows.get(row, FLOW_CLIENT_SEQUENCE));
  if (hasPayload && isNext) return repeated(flows, row, now, packet, record);
  if (!hasPayload && !hasHeard && (packet.tcpFlags & FIN) === 0) return now;
  return (state & STATE_ANSWERED) !== 0 ? goneOn(flows, row, now) : now & ~STATE_UNANSWERED;
}

/** The state behind a segment of the server's. */
export function behindServer(
  flows: FlowTable,
  row: number,
  state: number,
  packet: Packet,
  record: PacketRecord,
): number {
  if ((state & STATE_SYN_ACK) === 0) return state;
  let now = state;
  if ((state & STATE_ANSWERED) === 0 && acknowledges(flows, row, packet)) {
    now = (state & ~STATE_UNANSWERED) | STATE_ANSWERED;
    if ((state & STATE_PAYLOAD) !== 0) begin(flows, row, record);
  }
  const isFirst =
    packet.payloadLength > 0 && packet.sequenceNumber === behind(flows.get(row, FLOW_SERVER_SEQUENCE));
  if (!isFirst) return now;
  if ((state & STATE_SERVER_PAYLOAD) !== 0) return repeated(flows, row, now, packet, record);
  begin(flows, row, record);
  return (now | STATE_SERVER_PAYLOAD) & ~STATE_UNANSWERED;
}

function acknowledges(flows: FlowTable, row: number, { tcpFlags, acknowledgmentNumber }: Packet): boolean {
  if ((tcpFlags & ACK) === 0) return false;
  return acknowledgmentNumber !== behind(flows.get(row, FLOW_CLIENT_SEQUENCE));
}

function begin(flows: FlowTable, row: number, record: PacketRecord): void {
  flows.set(row, FLOW_FIRST_DATA, (millisecondOf(record) << DATA_SHIFT) >>> 0);
}

function goneOn(flows: FlowTable, row: number, state: number): number {
  flows.set(row, FLOW_FIRST_DATA, (flows.get(row, FLOW_FIRST_DATA) | DATA_WENT_ON) >>> 0);
  return state & ~STATE_UNANSWERED;
}

function repeated(
  flows: FlowTable,
  row: number,
  state: number,
  { payloadLength }: Packet,
  record: PacketRecord,
): number {
  if (payloadLength === 1) return state;
  const first = flows.get(row, FLOW_FIRST_DATA);
  const now = millisecondOf(record);
  const age = (now - (first >>> DATA_SHIFT)) & (0xffffffff >>> DATA_SHIFT);
  if (Number.isNaN(now) || age < SENT_AGAIN || age > OLDEST_DATA) return state;
  const isAgain = (first & DATA_AGAIN) !== 0;
  const isAnswered = (state & (STATE_ANSWERED | STATE_SERVER_PAYLOAD)) === STATE_ANSWERED;
  if (age < UNANSWERED || (isAnswered && !isAgain)) {
    flows.set(row, FLOW_FIRST_DATA, (first | DATA_AGAIN) >>> 0);
    return state;
  }
  return isAgain ? state | STATE_UNANSWERED : state;
}

function behind(sequenceNumber: number): number {
  return (sequenceNumber + 1) >>> 0;
}

function millisecondOf({ seconds, nanoseconds }: PacketRecord): number {
  return seconds * 1000 + Math.floor(nanoseconds / 1e6);
}
