/**
 * Which packets are wanted, where only the connections of some addresses are: `src/wasm/interest.ts`, for what is not
 * taken in by the module itself. Only TCP is passed over; what else there is, is a small part of most captures.
 */
import { ACK, type Packet } from '../../decode/packet.js';
import { parseAddress } from '../../model/address.js';
import type { FlowTable } from './flow-table.js';
import type { Tables } from './tables.js';

const ADDRESS_OCTETS = 16;

/** What a capture had of connections that were passed over. */
export interface PassedOver {
  /** Of each SYN, or SYN-ACK: the client's initial sequence number, and the time stamp of the SYN (0 without one). */
  notes: Int32Array;
  /** None is missing. */
  isWhole: boolean;
}

export class Interest {
  readonly #tables: Tables;

  /**
   * @param addresses VIPs and their backends, in canonical text
   * @param numbers the initial sequence numbers of their clients, where they are known: of a capture that is read again
   */
  constructor(tables: Tables, addresses: Iterable<string>, numbers: Iterable<number>) {
    this.#tables = tables;
    const { functions, octets, view, scratch } = tables;
    functions.startFilter();
    for (const address of addresses) {
      octets.set(parseAddress(address)!, scratch);
      if (address.includes(':')) functions.wantAddress6(scratch);
      else functions.wantAddress4(view.getUint32(scratch));
    }
    for (const number of numbers) functions.wantNumber(number);
  }

  /** The SYNs that were passed over, as far as there was room for notes of them. */
  passed(): PassedOver {
    const { functions, words } = this.#tables;
    const at = functions.notesAt() / 4;
    const end = at + functions.noteCount() * 2;
    return { notes: words.slice(at, end), isWhole: functions.isNotesFull() === 0 };
  }

  /** Whether a TCP segment is passed over. */
  passesOver(packet: Packet, flows: FlowTable): boolean {
    if (this.#isWanted(packet, packet.sourceAddress) || this.#isWanted(packet, packet.destinationAddress)) {
      return false;
    }
    flows.find(packet);
    const { tcpFlags, sequenceNumber, acknowledgmentNumber } = packet;
    const isReply = (tcpFlags & ACK) !== 0;
    const stamp = isReply ? packet.timestampEchoReply : packet.timestampValue;
    const { functions } = this.#tables;
    return functions.passesOver(tcpFlags, sequenceNumber, acknowledgmentNumber, Math.max(0, stamp)) !== 0;
  }

  #isWanted({ ipVersion, bytes, view }: Packet, at: number): boolean {
    const { functions, octets, scratch } = this.#tables;
    if (ipVersion === 4) return functions.isWanted4(view.getUint32(at)) !== 0;
    octets.set(bytes.subarray(at, at + ADDRESS_OCTETS), scratch);
    return functions.isWanted6(scratch) !== 0;
  }
}
