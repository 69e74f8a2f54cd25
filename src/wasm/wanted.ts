/** Notes of the connections that were not passed over, for those that were to be set against. */
import { addresses } from './addresses';
import { isAsked, isFiltering, isNumberNoted, passedNotes, wantedNotes } from './interest';
import {
  CELL_FRAME,
  CELL_NANOSECONDS,
  CELL_TIMESTAMP_ECHO_REPLY,
  CELL_TIMESTAMP_VALUE,
  CLOCK_HAS_TIMESTAMPS,
  FLOW_ADDRESS_A,
  FLOW_ADDRESS_B,
  FLOW_CLIENT_SEQUENCE,
  FLOW_FIRST_SIGHTING,
  FLOW_PORTS,
  FLOW_SERVER_SEQUENCE,
  FLOW_STATE,
  KIND_SHIFT,
  KIND_SYN,
  KIND_SYN_ACK,
  STATE_CLIENT_IS_B,
  STATE_SYN,
  STATE_SYN_ACK,
  STATE_VERSION,
} from './layout';
import { clientMark } from './notes';
import { get, rowsEnd } from './rows';
import { cellAt, nextCell } from './sightings';
import { wordOf6 } from './word-of-6';

/** Notes a connection's SYNs and SYN-ACKs, as far as they were kept. */
export function noteRow(row: u32): void {
  const state = get(row, FLOW_STATE);
  if ((state & (STATE_SYN | STATE_SYN_ACK)) === 0) return;
  const clientIsB = (state & STATE_CLIENT_IS_B) !== 0;
  const ports = get(row, FLOW_PORTS);
  const source = wordOf(get(row, clientIsB ? FLOW_ADDRESS_B : FLOW_ADDRESS_A), state);
  const server = wordOf(get(row, clientIsB ? FLOW_ADDRESS_A : FLOW_ADDRESS_B), state);
  // What was found beforehand to be linked with them may be a leg of theirs, and tells what else is one: as what was
  // passed over does.
  const isLinked = !isAsked(server) && !isAsked(source);
  const client = clientMark(source, clientIsB ? ports & 0xffff : ports >>> 16);
  const number = get(row, FLOW_CLIENT_SEQUENCE);
  if (isLinked && !isNumberNoted(number)) return;
  const notes = isLinked ? passedNotes : wantedNotes;
  for (let cell = get(row, FLOW_FIRST_SIGHTING); cell !== 0; cell = nextCell(cell - 1)) {
    const at = cellAt(cell - 1);
    const isStamped = (load<u32>(at, CELL_NANOSECONDS << 2) & CLOCK_HAS_TIMESTAMPS) !== 0;
    const kind = (load<u32>(at, CELL_FRAME << 2) >>> KIND_SHIFT) & 7;
    if (kind === KIND_SYN) {
      const stamp = isStamped ? load<u32>(at, CELL_TIMESTAMP_VALUE << 2) : 0;
      notes.addSyn(number, server, client, stamp);
    } else if (kind === KIND_SYN_ACK) {
      const echo = isStamped ? load<u32>(at, CELL_TIMESTAMP_ECHO_REPLY << 2) : 0;
      notes.addReply(number, server, client, echo, get(row, FLOW_SERVER_SEQUENCE));
    }
  }
}

/** Notes all that are known. */
export function noteRows(): void {
  if (!isFiltering()) return;
  const end = rowsEnd();
  for (let row: u32 = 0; row < end; row++) noteRow(row);
}

function wordOf(address: u32, state: u32): u32 {
  return (state & STATE_VERSION) === 6 ? wordOf6(addresses.at(address)) : address;
}
