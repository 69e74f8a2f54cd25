/**
 * Hot path. The fold over one capture's packets: `observe` each, ask for the state at any time (`legs.ts`).
 *
 * Every TCP packet updates its flow's row; only those that decide an attempt (SYN, SYN-ACK, RST, the client's
 * first ACK at each interface, ICMP errors) are kept as sightings. UDP and echoes are another file's, and so are ARP and NDP. Nothing
 * here depends on other captures, nor on the order in which captures are read.
 */
import { ACK, FIN, type Packet, RST, SYN } from '../../decode/packet.js';
import type { PacketRecord } from '../../ingest/capture/record.js';
import { NeighbourTable } from '../neighbours/neighbour-table.js';
import { DatagramTracker } from './datagram-tracker.js';
import { Flow, State } from './flow-words.js';
import { PlainSegments } from './plain-segments.js';
import { SightingKeeper } from './sighting-keeper.js';
import { Kind } from './sighting-table.js';

const TCP = 6;
const UDP = 17;

/** Instances of one 5-tuple that a SYN is compared with, newest first: a flood makes thousands, a client few. */
const MAX_INSTANCES_SEARCHED = 64;

/** A SYN or SYN-ACK this far after a flow's last packet, in seconds, is another attempt even with the same numbers. */
const STALE_SECONDS = 300;

export class Tracker extends SightingKeeper {
  readonly neighbours = new NeighbourTable();
  readonly #datagrams = new DatagramTracker(this);

  readonly #plain = new PlainSegments(this);

  /** At the end of the capture: lets go what is not wanted. */
  finish(): void {
    if (this.isAlone) this.settlement.finish();
  }

  /** Takes in a packet where it is plain; false where it is to be decoded and observed. */
  observePlain(record: PacketRecord): boolean {
    return this.#plain.observe(record);
  }

  /** Takes in one decoded packet; nothing of either argument is kept. */
  observe(packet: Packet, record: PacketRecord): void {
    if (packet.protocol === TCP) {
      if (packet.tcpFlags >= 0 && packet.sourcePort >= 0) this.#observeTcp(packet, record);
    } else if (packet.protocol === UDP) {
      if (packet.sourcePort >= 0) this.#datagrams.observeUdp(packet, record);
    } else if (packet.quoted !== null) {
      this.#observeIcmpError(packet, packet.quoted, record);
    } else if (packet.icmpIdentifier >= 0) {
      this.#datagrams.observeEcho(packet, record);
    } else if (packet.arpOperation >= 0 || packet.ndpTarget >= 0) {
      this.neighbours.observe(packet, record);
    }
  }

  #observeTcp(packet: Packet, record: PacketRecord): void {
    const flows = this.flows;
    let row = flows.find(packet);
    const fromB = flows.sourceIsB;
    const flags = packet.tcpFlags;
    if ((flags & (SYN | RST)) === 0) {
      if (row < 0) row = this.#begun();
      if (row >= 0) this.#observeSegment(row, fromB, packet, record);
    } else if ((flags & SYN) !== 0) {
      if (row < 0) row = flows.reopen();
      this.#observeSyn(row, fromB, packet, record);
    } else {
      if (row < 0) row = this.#begun();
      if (row < 0) return;
      flows.set(row, Flow.state, flows.get(row, Flow.state) | (fromB ? State.bReset : State.aReset));
      this.touch(row, record);
      this.keep(Kind.rst, row, fromB, packet, packet, record, null);
    }
  }

  /**
   * The connection that a packet is of that is not open: one that it comes late for, or one that began before the
   * capture; -1 where it comes late for one that was let go.
   */
  #begun(): number {
    const { flows, settlement } = this;
    const row = flows.reopen();
    if (row >= 0) return row;
    return settlement.graves.has(flows.hashed) ? -1 : flows.insert(-1);
  }

  /** A segment of an open connection: most packets of most captures end here. */
  #observeSegment(row: number, fromB: boolean, packet: Packet, record: PacketRecord): void {
    const flows = this.flows;
    const before = flows.get(row, Flow.state);
    let state = before | (fromB ? State.bSpoke : State.aSpoke);
    if (packet.payloadLength > 0) state |= fromB ? State.bData : State.aData;
    if ((packet.tcpFlags & FIN) !== 0) state |= fromB ? State.bFin : State.aFin;
    if ((state & (State.syn | State.synAck)) === 0) {
      // Midstream: the first number from each end tells later which connection of these ports it was.
      if (fromB && (state & State.bSequence) === 0) {
        flows.set(row, Flow.serverSequence, packet.sequenceNumber);
        state |= State.bSequence;
      } else if (!fromB && (state & State.aSequence) === 0) {
        flows.set(row, Flow.clientSequence, packet.sequenceNumber);
        state |= State.aSequence;
      }
    }
    if (state !== before) flows.set(row, Flow.state, state);
    this.touch(row, record);
    const clientIsB = (state & State.clientIsB) !== 0;
    if ((state & State.clientKnown) === 0 || clientIsB !== fromB || (packet.tcpFlags & ACK) === 0) return;
    const isFirst = (before & (fromB ? State.bSpoke : State.aSpoke)) === 0;
    if (isFirst || this.#isHandshakeElsewhere(row, packet, record)) {
      this.keep(Kind.ack, row, fromB, packet, packet, record, null);
    }
  }

  /** Whether it is the ACK that was kept last, at another interface or on its way out of the node that it came in to. */
  #isHandshakeElsewhere(row: number, packet: Packet, record: PacketRecord): boolean {
    if ((packet.tcpFlags & FIN) !== 0) return false;
    const isEarly = packet.sequenceNumber === (this.flows.get(row, Flow.clientSequence) + 1) >>> 0;
    return isEarly && packet.payloadLength === 0 && this.repeatsElsewhere(Kind.ack, row, packet, record);
  }

  #observeSyn(newest: number, fromB: boolean, packet: Packet, record: PacketRecord): void {
    const flows = this.flows;
    const isReply = (packet.tcpFlags & ACK) !== 0;
    const clientIsB = isReply ? !fromB : fromB;
    const clientSequence = isReply ? (packet.acknowledgmentNumber - 1) >>> 0 : packet.sequenceNumber;
    let row = this.#instance(newest, clientIsB, clientSequence, record);
    if (row < 0) {
      row = flows.insert(newest);
      flows.set(row, Flow.clientSequence, clientSequence);
    }
    let state = flows.get(row, Flow.state) | State.clientKnown | (clientIsB ? State.clientIsB : 0);
    if (isReply) {
      if ((state & State.synAck) === 0) flows.set(row, Flow.serverSequence, packet.sequenceNumber);
      state |= State.synAck;
    } else {
      state |= State.syn;
    }
    flows.set(row, Flow.state, state);
    this.touch(row, record);
    this.keep(isReply ? Kind.synAck : Kind.syn, row, fromB, packet, packet, record, null);
  }

  /** The instance that a SYN or SYN-ACK belongs to: same client, same initial sequence number; -1 for none. */
  #instance(newest: number, clientIsB: boolean, clientSequence: number, record: PacketRecord): number {
    const flows = this.flows;
    let row = newest;
    for (let i = 0; i < MAX_INSTANCES_SEARCHED && row >= 0; i++, row = flows.get(row, Flow.older) - 1) {
      const state = flows.get(row, Flow.state);
      if (
        (state & State.clientKnown) !== 0 &&
        ((state & State.clientIsB) !== 0) === clientIsB &&
        flows.get(row, Flow.clientSequence) === clientSequence &&
        !(record.seconds - flows.get(row, Flow.lastSeconds) > STALE_SECONDS)
      ) {
        return row;
      }
    }
    return -1;
  }

  #observeIcmpError(packet: Packet, quoted: Packet, record: PacketRecord): void {
    if (quoted.protocol !== TCP) {
      this.#datagrams.observeIcmpError(packet, quoted, record);
      return;
    }
    if (quoted.sourcePort < 0) return;
    const flows = this.flows;
    let row = flows.find(quoted);
    const fromB = flows.sourceIsB;
    if (row < 0) row = this.#begun();
    if (row < 0) return;
    flows.set(row, Flow.state, flows.get(row, Flow.state) | State.icmpError);
    this.touch(row, record);
    this.keep(Kind.icmpError, row, fromB, quoted, packet, record, null);
  }
}
