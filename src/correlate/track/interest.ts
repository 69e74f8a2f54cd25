/**
 * Which packets are wanted, where only the connections of some addresses are: `src/wasm/interest.ts`, for what is not
 * taken in by the module itself. Only TCP is passed over: what else there is, is a small part of most captures.
 */
import type { Packet } from '../../decode/packet.js';
import { parseAddress } from '../../model/address.js';
import { ACK, SYN } from '../../model/tcp-flags.js';
import { NOTE_SHIFT } from '../../wasm/layout.js';
import type { Tables } from './tables.js';

const ADDRESS_OCTETS = 16;

/** What is wanted of captures; plain data. */
export interface Wanted {
  /** VIPs and their backends, in canonical text. */
  addresses: readonly string[];
  /** Words, as notes have them, of the addresses of servers whose connections may be legs of theirs. */
  linked: readonly number[];
  /** Initial sequence numbers of clients, of which alone SYNs are noted; empty: all are. */
  numbers: readonly number[];
  /** Notes of one capture, of either kind, that there is room for. */
  mostNotes: number;
}

/** What a capture had of connections that were passed over; plain data. */
export interface PassedOver {
  /** How many packets; one may count more than once. */
  packets: number;
  /**
   * Of each SYN and SYN-ACK, and of the connections under linked addresses: rows of `NOTE_`. Where no other capture is
   * read, only of those that may be linked.
   */
  notes: Int32Array;
  /** Of each SYN and SYN-ACK of the connections under addresses that were asked for. */
  wanted: Int32Array;
  /** None of the one is missing, nor of the other. */
  areNotesWhole: boolean;
  isWantedWhole: boolean;
}

/** Passes over what is not wanted of one capture. */
export class Interest {
  readonly #tables: Tables;

  /** To be made before the first packet is taken in. */
  constructor(tables: Tables, { addresses, linked, numbers, mostNotes }: Wanted) {
    this.#tables = tables;
    const { functions, octets, view, scratch } = tables;
    functions.startFilter(addresses.length, linked.length, numbers.length, mostNotes);
    for (const address of addresses) {
      const parsed = parseAddress(address);
      // A backend may be a name, which no packet bears.
      if (parsed === null) continue;
      octets.set(parsed, scratch);
      functions.wantAsked(
        parsed.length === ADDRESS_OCTETS ? functions.wordOf6(scratch) : view.getUint32(scratch),
      );
    }
    for (const word of linked) functions.wantLinked(word);
    for (const number of numbers) functions.wantNumber(number);
  }

  /** Whether a TCP segment is passed over. */
  passesOver(packet: Packet): boolean {
    const { functions } = this.#tables;
    const source = this.#word(packet, packet.sourceAddress);
    const destination = this.#word(packet, packet.destinationAddress);
    if (functions.isWanted(source, destination) !== 0) return false;
    const { tcpFlags, sourcePort, destinationPort, sequenceNumber, acknowledgmentNumber } = packet;
    if ((tcpFlags & SYN) === 0) {
      functions.pass(1);
      return true;
    }
    const stamp = (tcpFlags & ACK) !== 0 ? packet.timestampEchoReply : packet.timestampValue;
    functions.passSyn(
      source,
      destination,
      (sourcePort << 16) | destinationPort,
      tcpFlags,
      sequenceNumber,
      acknowledgmentNumber,
      Math.max(0, stamp),
    );
    return true;
  }

  /** Whether an ICMP error about a TCP segment is passed over. */
  passesOverError(quoted: Packet): boolean {
    const { functions } = this.#tables;
    const source = this.#word(quoted, quoted.sourceAddress);
    if (functions.isWanted(source, this.#word(quoted, quoted.destinationAddress)) !== 0) return false;
    functions.pass(1);
    return true;
  }

  /**
   * Of connections that are still there, only what is known at the end of the capture.
   *
   * @param isAlone no other capture is read, and nothing more of this one
   */
  passed(isAlone: boolean): PassedOver {
    const { functions } = this.#tables;
    functions.closeNotes(Number(isAlone));
    const rows = (at: number, count: number) => this.#tables.rows(at, count, NOTE_SHIFT).slice();
    return {
      packets: functions.passedCount() >>> 0,
      notes: rows(functions.passedNotesAt(), functions.passedNoteCount()),
      wanted: rows(functions.wantedNotesAt(), functions.wantedNoteCount()),
      areNotesWhole: functions.arePassedNotesWhole() !== 0,
      isWantedWhole: functions.areWantedNotesWhole() !== 0,
    };
  }

  #word({ ipVersion, bytes, view }: Packet, at: number): number {
    if (ipVersion === 4) return view.getUint32(at);
    const { functions, octets, scratch } = this.#tables;
    octets.set(bytes.subarray(at, at + ADDRESS_OCTETS), scratch);
    return functions.wordOf6(scratch);
  }
}
