/** Flows by 5-tuple: `src/wasm/flows.ts`, for packets that were decoded. */
import type { Packet } from '../../decode/packet.js';
import {
  FLOW_FIRST_NANOSECONDS,
  FLOW_FIRST_SECONDS,
  FLOW_LAST_NANOSECONDS,
  FLOW_LAST_SECONDS,
  FLOW_SHIFT,
  FLOW_STATE,
  STATE_FINISHED,
  STATE_TIMED,
  TRANSPORT_ECHO,
} from '../../wasm/layout.js';
import { Rows } from './rows.js';
import type { Tables } from './tables.js';

const ADDRESS_OCTETS = 16;

/** In place of an address's number: there is no room for another. */
const NONE = -1;

export class FlowTable extends Rows {
  readonly #tables: Tables;
  /** An address of what was looked up last had no number, and no flow has that address. */
  #isNameless = false;
  /** Seconds of the packet that was seen last. */
  #now = 0;
  /** Whether the source of the packet looked up last is end b. */
  sourceIsB = false;

  constructor(tables: Tables) {
    super(tables.words.subarray(tables.functions.rowsBase() >>> 2), FLOW_SHIFT);
    this.#tables = tables;
  }

  /** How many rows there are. */
  get count(): number {
    return this.#tables.functions.rowsInUse();
  }

  /**
   * The newest open instance of the packet's 5-tuple, -1 where there is none. Sets `sourceIsB`.
   *
   * @param transport 0 for TCP, or one of `TRANSPORT_`
   */
  find(packet: Packet, transport = 0): number {
    const { view, sourcePort, destinationPort } = packet;
    let source: number;
    let destination: number;
    if (packet.ipVersion === 4) {
      source = view.getUint32(packet.sourceAddress);
      destination = view.getUint32(packet.destinationAddress);
    } else {
      source = this.#intern(packet.bytes, packet.sourceAddress);
      destination = this.#intern(packet.bytes, packet.destinationAddress);
    }
    this.#isNameless = packet.ipVersion === 6 && (source === NONE || destination === NONE);
    if (this.#isNameless) return -1;
    const isEcho = transport === TRANSPORT_ECHO;
    const swap = source > destination || (source === destination && !isEcho && sourcePort > destinationPort);
    this.sourceIsB = swap;
    const ports = isEcho
      ? (packet.icmpIdentifier << 16) | packet.icmpSequence
      : swap
        ? (destinationPort << 16) | sourcePort
        : (sourcePort << 16) | destinationPort;
    const { functions } = this.#tables;
    return swap
      ? functions.findFlow(destination, source, ports, packet.ipVersion | transport)
      : functions.findFlow(source, destination, ports, packet.ipVersion | transport);
  }

  /** The newest instance of what was looked up last, where that is settled: it is open again. -1 where there is none. */
  reopen(): number {
    return this.#isNameless ? -1 : this.#tables.functions.reopen();
  }

  /** Whether what was looked up last is a connection that was counted and let go a short while ago. */
  isLate(): boolean {
    return !this.#isNameless && this.#tables.functions.isLate() !== 0;
  }

  /** Whether a SYN of what was looked up last, or the answer to it, was of one that was. */
  isLateSyn(number: number): boolean {
    return !this.#isNameless && this.#tables.functions.isLateSyn(number) !== 0;
  }

  /** Adds a new instance of what was looked up last, in front of `older` (-1 for none). -1 where there is no room. */
  insert(older: number): number {
    return this.#isNameless ? -1 : this.#tables.functions.insertFlow(older, this.#now);
  }

  /** Notes the initial sequence number of a new connection's client. */
  setNumber(row: number, number: number): void {
    this.#tables.functions.setNumber(row, number);
  }

  /** To be called after all else of a packet: the flow may be gone then. */
  finishIfBothDid(row: number, before: number): void {
    const isDone = (this.get(row, FLOW_STATE) & STATE_FINISHED) === STATE_FINISHED;
    if (isDone && (before & STATE_FINISHED) !== STATE_FINISHED) this.#tables.functions.finished(row);
  }

  /** Notes that a packet of the flow was seen at a time. */
  touch(row: number, seconds: number, nanoseconds: number): void {
    this.#now = seconds;
    const state = this.get(row, FLOW_STATE);
    if ((state & STATE_TIMED) === 0) {
      this.set(row, FLOW_STATE, state | STATE_TIMED);
      this.set(row, FLOW_FIRST_SECONDS, seconds);
      this.set(row, FLOW_FIRST_NANOSECONDS, nanoseconds);
    }
    this.set(row, FLOW_LAST_SECONDS, seconds);
    this.set(row, FLOW_LAST_NANOSECONDS, nanoseconds);
  }

  #intern(bytes: Uint8Array, offset: number): number {
    const { octets, scratch, functions } = this.#tables;
    octets.set(bytes.subarray(offset, offset + ADDRESS_OCTETS), scratch);
    return functions.internAddress(scratch);
  }
}
