/** As `src/wasm/first-data.ts`, of decoded packets. */
import type { Packet } from '../../decode/packet.js';
import type { PacketRecord } from '../../ingest/capture/record.js';
import { FIN } from '../../model/tcp-flags.js';
import {
  FLOW_CLIENT_SEQUENCE,
  FLOW_FIRST_DATA,
  FLOW_SERVER_SEQUENCE,
  OLDEST_DATA,
  SENT_AGAIN,
  STATE_PAYLOAD,
  STATE_SERVER_PAYLOAD,
  STATE_SYN_ACK,
  STATE_UNANSWERED,
  UNANSWERED,
} from '../../wasm/layout.js';
import type { FlowTable } from './flow-table.js';

/** The state behind an ACK of the client's, which shows whether it has had anything of the server's. */
export function behindClient(
  flows: FlowTable,
  row: number,
  state: number,
  packet: Packet,
  record: PacketRecord,
): number {
  const hasPayload = packet.payloadLength > 0;
  const now = hasPayload ? state | STATE_PAYLOAD : state;
  const goesOn = now & ~STATE_UNANSWERED;
  const hasHeard = packet.acknowledgmentNumber !== behind(flows.get(row, FLOW_SERVER_SEQUENCE));
  if ((state & STATE_SERVER_PAYLOAD) !== 0) return hasHeard ? goesOn : now;
  if (!hasPayload) return hasHeard || (packet.tcpFlags & FIN) !== 0 ? goesOn : now;
  if ((state & STATE_PAYLOAD) === 0) {
    begin(flows, row, record);
    return now;
  }
  const isNext = packet.sequenceNumber === behind(flows.get(row, FLOW_CLIENT_SEQUENCE));
  return isNext ? repeated(flows, row, now, record) : goesOn;
}

/** The state behind payload of the server's. */
export function behindServer(
  flows: FlowTable,
  row: number,
  state: number,
  packet: Packet,
  record: PacketRecord,
): number {
  if ((state & STATE_SYN_ACK) === 0) return state;
  if (packet.sequenceNumber !== behind(flows.get(row, FLOW_SERVER_SEQUENCE))) return state;
  if ((state & STATE_SERVER_PAYLOAD) !== 0) return repeated(flows, row, state, record);
  begin(flows, row, record);
  return (state | STATE_SERVER_PAYLOAD) & ~STATE_UNANSWERED;
}

function begin(flows: FlowTable, row: number, record: PacketRecord): void {
  flows.set(row, FLOW_FIRST_DATA, (millisecondOf(record) << 1) >>> 0);
}

function repeated(flows: FlowTable, row: number, state: number, record: PacketRecord): number {
  const first = flows.get(row, FLOW_FIRST_DATA);
  const now = millisecondOf(record);
  const age = (now - (first >>> 1)) & 0x7fffffff;
  if (Number.isNaN(now) || age < SENT_AGAIN || age > OLDEST_DATA) return state;
  if (age < UNANSWERED) flows.set(row, FLOW_FIRST_DATA, first | 1);
  else if ((first & 1) !== 0) return state | STATE_UNANSWERED;
  return state;
}

function behind(sequenceNumber: number): number {
  return (sequenceNumber + 1) >>> 0;
}

function millisecondOf({ seconds, nanoseconds }: PacketRecord): number {
  return seconds * 1000 + Math.floor(nanoseconds / 1e6);
}
