/**
 * Hot path. The fold over one capture's packets: `observe` each, ask for the state at any time (`observations`).
 *
 * Every TCP packet updates its flow's row; only those that decide an attempt (SYN, SYN-ACK, RST, the client's
 * first ACK at each interface, ICMP errors) are kept as sightings. UDP and echoes are another file's, and so are ARP and NDP. Nothing
 * here depends on other captures, nor on the order in which captures are read.
 */

import type { Packet } from '../../decode/packet.js';
import type { PacketRecord } from '../../ingest/capture/record.js';
import { ACK, FIN, RST, SYN } from '../../model/tcp-flags.js';
import {
  FLOW_CLIENT_SEQUENCE,
  FLOW_LAST_SECONDS,
  FLOW_OLDER,
  FLOW_SERVER_SEQUENCE,
  FLOW_STATE,
  KIND_ACK,
  KIND_ICMP_ERROR,
  KIND_RST,
  KIND_SYN,
  KIND_SYN_ACK,
  STALE_SECONDS,
  STATE_A_FIN,
  STATE_A_RESET,
  STATE_A_SEQUENCE,
  STATE_A_SPOKE,
  STATE_B_FIN,
  STATE_B_RESET,
  STATE_B_SEQUENCE,
  STATE_B_SPOKE,
  STATE_CLIENT_IS_B,
  STATE_CLIENT_KNOWN,
  STATE_ICMP_ERROR,
  STATE_IGNORED,
  STATE_PAYLOAD,
  STATE_SYN,
  STATE_SYN_ACK,
} from '../../wasm/layout.js';
import { NeighbourTable } from '../neighbours/neighbour-table.js';
import { DatagramTracker } from './datagram-tracker.js';
import { behindClient, behindServer } from './first-data.js';
import { Interest, type Wanted } from './interest.js';
import type { Observations } from './observations.js';
import { PlainPackets } from './plain-packets.js';
import { SightingKeeper } from './sighting-keeper.js';
import { Tables } from './tables.js';

const TCP = 6;
const UDP = 17;

/** Instances of one 5-tuple that a SYN is compared with, newest first: a flood makes thousands, a client few. */
const MAX_INSTANCES_SEARCHED = 64;

/** Octets of data that a SYN may bear: a whole IP packet's. */
const MOST_OF_A_SYN = 0xffff;

/** None is let go. */
export const ALL = 0xffffffff;

/** Connections up to which all are kept: as many as a result lists. */
export const KEPT_WHOLE = 10_000;

/** Connections that may be known at one time, where nothing else is said. */
export const DEFAULT_FLOWS = 1_000_000;

export class Tracker extends SightingKeeper {
  readonly neighbours = new NeighbourTable();
  readonly #datagrams = new DatagramTracker(this);
  /** Takes in plain packets by themselves; the others are to be decoded and observed. */
  readonly plain: PlainPackets;
  readonly #interest: Interest | null;

  /**
   * @param flows that may be known at one time
   * @param whole connections up to which all are kept: of more, those that met nothing are only counted, as far as it
   * does not matter what other captures saw of them
   * @param wanted of which addresses connections are wanted; null: of all
   */
  constructor(flows = DEFAULT_FLOWS, whole = ALL, wanted: Wanted | null = null) {
    const tables = new Tables(flows, whole);
    super(tables);
    this.plain = new PlainPackets(tables);
    this.#interest = wanted && new Interest(tables, wanted);
  }

  /** At the end of the capture: lets go what is not wanted. */
  finish(): void {
    this.tables.functions.finish();
  }

  /**
   * What the packets so far left behind. Its tables are views of this tracker's: what they show holds until the next
   * packet is taken in.
   *
   * @param isAlone no other capture is read, and nothing more of this one
   */
  observations(isAlone = false): Observations {
    const { neighbours } = this;
    return {
      ...this.tables.contents(),
      encapsulations: this.frames.encapsulations.values,
      icmpSenders: this.icmpSenders.values,
      broadcasts: [...this.broadcasts],
      neighbours: { rows: neighbours.rows(), leftOut: neighbours.leftOut },
      unfollowed: { ...this.unfollowed },
      count: this.flows.count,
      capacity: this.tables.capacity,
      isMiscounted: this.tables.functions.isMiscounted() !== 0,
      passedOver: this.#interest?.passed(isAlone) ?? null,
    };
  }

  /** Takes in one decoded packet; nothing of either argument is kept. */
  observe(packet: Packet, record: PacketRecord): void {
    if (!Number.isNaN(record.seconds)) this.tables.functions.noteTime(record.seconds, record.nanoseconds);
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
    if (this.#interest?.passesOver(packet)) return;
    let row = flows.find(packet);
    const fromB = flows.sourceIsB;
    const flags = packet.tcpFlags;
    if ((flags & (SYN | RST)) === 0) {
      if (row < 0) row = this.#begun(record);
      if (row >= 0) this.#observeSegment(row, fromB, packet, record);
    } else if ((flags & SYN) !== 0) {
      if (row < 0) row = flows.reopen();
      this.#observeSyn(row, fromB, packet, record);
    } else {
      if (row < 0) row = this.#begun(record);
      if (row < 0) return;
      flows.set(row, FLOW_STATE, flows.get(row, FLOW_STATE) | (fromB ? STATE_B_RESET : STATE_A_RESET));
      this.touch(row, record);
      this.keep(KIND_RST, row, fromB, packet, packet, record, null);
    }
  }

  /**
   * The connection that a packet is of that is not open: one that it comes late for, or one that began before the
   * capture; -1 where it comes late for one that was let go, or there is no room.
   */
  #begun(record: PacketRecord): number {
    if (this.flows.isLate()) return -1;
    const known = this.flows.reopen();
    if (known >= 0) return known;
    const row = this.flows.insert(-1);
    if (row < 0) this.unfollowed.noteSegment(record);
    return row;
  }

  /** A segment of an open connection: most packets of most captures end here. */
  #observeSegment(row: number, fromB: boolean, packet: Packet, record: PacketRecord): void {
    const flows = this.flows;
    const before = flows.get(row, FLOW_STATE);
    let state = before | (fromB ? STATE_B_SPOKE : STATE_A_SPOKE);
    if ((packet.tcpFlags & FIN) !== 0) state |= fromB ? STATE_B_FIN : STATE_A_FIN;
    if ((state & (STATE_SYN | STATE_SYN_ACK)) === 0) {
      // Midstream: the first number from each end tells later which connection of these ports it was.
      if (fromB && (state & STATE_B_SEQUENCE) === 0) {
        flows.set(row, FLOW_SERVER_SEQUENCE, packet.sequenceNumber);
        state |= STATE_B_SEQUENCE;
      } else if (!fromB && (state & STATE_A_SEQUENCE) === 0) {
        flows.set(row, FLOW_CLIENT_SEQUENCE, packet.sequenceNumber);
        state |= STATE_A_SEQUENCE;
      }
    }
    const isClientKnown = (state & STATE_CLIENT_KNOWN) !== 0;
    const fromClient = isClientKnown && ((state & STATE_CLIENT_IS_B) !== 0) === fromB;
    const acknowledges = fromClient && (packet.tcpFlags & ACK) !== 0;
    if (acknowledges) state = behindClient(flows, row, state, packet, record);
    else if (isClientKnown && !fromClient) state = behindServer(flows, row, state, packet, record);
    if (state !== before) flows.set(row, FLOW_STATE, state);
    this.touch(row, record);
    const isFirst = (before & (fromB ? STATE_B_SPOKE : STATE_A_SPOKE)) === 0;
    if (acknowledges && (isFirst || this.#isHandshakeElsewhere(row, before, packet, record))) {
      this.keep(KIND_ACK, row, fromB, packet, packet, record, null);
    }
    flows.finishIfBothDid(row, before);
  }

  /**
   * Whether it is the ACK that was kept last, at another interface or on its way out of the node that it came in to: one
   * with payload, where none without came before it.
   */
  #isHandshakeElsewhere(row: number, before: number, packet: Packet, record: PacketRecord): boolean {
    if ((packet.tcpFlags & FIN) !== 0) return false;
    const hasPayload = packet.payloadLength > 0;
    if (hasPayload && ((before & STATE_PAYLOAD) === 0 || !this.isCopyOfLast(row, packet))) return false;
    const isEarly = packet.sequenceNumber === (this.flows.get(row, FLOW_CLIENT_SEQUENCE) + 1) >>> 0;
    return isEarly && this.repeatsElsewhere(KIND_ACK, row, packet, record);
  }

  #observeSyn(newest: number, fromB: boolean, packet: Packet, record: PacketRecord): void {
    const flows = this.flows;
    const isReply = (packet.tcpFlags & ACK) !== 0;
    const clientIsB = isReply ? !fromB : fromB;
    const clientSequence = isReply ? (packet.acknowledgmentNumber - 1) >>> 0 : packet.sequenceNumber;
    let row = this.#instance(newest, clientIsB, clientSequence, record);
    if (row < 0 && isReply) row = this.#openedWithData(newest, clientIsB, clientSequence, record);
    if (row < 0) {
      if (flows.isLateSyn(clientSequence)) return;
      row = flows.insert(newest);
      // Where there is no room, one that is sent again late may still be of a connection that is known.
      if (row < 0 && newest < 0) row = this.#instance(flows.reopen(), clientIsB, clientSequence, record);
      else if (row >= 0) flows.setNumber(row, clientSequence);
      if (row < 0) {
        if (isReply) this.unfollowed.noteSegment(record);
        else this.unfollowed.noteSyn(record);
        return;
      }
    }
    let state = flows.get(row, FLOW_STATE) | STATE_CLIENT_KNOWN | (clientIsB ? STATE_CLIENT_IS_B : 0);
    if (isReply) {
      if ((state & STATE_SYN_ACK) === 0) flows.set(row, FLOW_SERVER_SEQUENCE, packet.sequenceNumber);
      else if ((state & (STATE_PAYLOAD | (fromB ? STATE_B_SPOKE : STATE_A_SPOKE))) === STATE_PAYLOAD)
        state |= STATE_IGNORED;
      state |= STATE_SYN_ACK;
    } else {
      state |= STATE_SYN;
    }
    flows.set(row, FLOW_STATE, state);
    this.touch(row, record);
    this.keep(isReply ? KIND_SYN_ACK : KIND_SYN, row, fromB, packet, packet, record, null);
  }

  /** The instance that a SYN or SYN-ACK belongs to: same client, same initial sequence number; -1 for none. */
  #instance(newest: number, clientIsB: boolean, clientSequence: number, record: PacketRecord): number {
    const flows = this.flows;
    let row = newest;
    for (let i = 0; i < MAX_INSTANCES_SEARCHED && row >= 0; i++, row = flows.get(row, FLOW_OLDER) - 1) {
      const state = flows.get(row, FLOW_STATE);
      if (
        (state & STATE_CLIENT_KNOWN) !== 0 &&
        ((state & STATE_CLIENT_IS_B) !== 0) === clientIsB &&
        flows.get(row, FLOW_CLIENT_SEQUENCE) === clientSequence &&
        !(record.seconds - flows.get(row, FLOW_LAST_SECONDS) > STALE_SECONDS)
      ) {
        return row;
      }
    }
    return -1;
  }

  /**
   * The instance whose SYN bore data, which its SYN-ACK acknowledges with it (TCP Fast Open, RFC 7413); -1 for none. Its
   * numbers alone tell: what a capture cut off of the SYN is not asked for.
   */
  #openedWithData(newest: number, clientIsB: boolean, acknowledged: number, record: PacketRecord): number {
    const flows = this.flows;
    let row = newest;
    for (let i = 0; i < MAX_INSTANCES_SEARCHED && row >= 0; i++, row = flows.get(row, FLOW_OLDER) - 1) {
      const state = flows.get(row, FLOW_STATE);
      if ((state & STATE_SYN) === 0 || ((state & STATE_CLIENT_IS_B) !== 0) !== clientIsB) continue;
      const octets = (acknowledged - flows.get(row, FLOW_CLIENT_SEQUENCE)) >>> 0;
      const isStale = record.seconds - flows.get(row, FLOW_LAST_SECONDS) > STALE_SECONDS;
      if (octets <= MOST_OF_A_SYN && !isStale) return row;
    }
    return -1;
  }

  #observeIcmpError(packet: Packet, quoted: Packet, record: PacketRecord): void {
    if (quoted.protocol !== TCP) {
      this.#datagrams.observeIcmpError(packet, quoted, record);
      return;
    }
    if (quoted.sourcePort < 0 || this.#interest?.passesOverError(quoted)) return;
    const flows = this.flows;
    let row = flows.find(quoted);
    const fromB = flows.sourceIsB;
    if (row < 0) row = this.#begun(record);
    if (row < 0) return;
    flows.set(row, FLOW_STATE, flows.get(row, FLOW_STATE) | STATE_ICMP_ERROR);
    this.touch(row, record);
    this.keep(KIND_ICMP_ERROR, row, fromB, quoted, packet, record, null);
  }
}
