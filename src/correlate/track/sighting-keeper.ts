/** Hot path. Writes what is kept of a packet into the tables of flows and sightings. */

import type { Packet } from '../../decode/packet.js';
import type { PacketRecord } from '../../ingest/capture/record.js';
import {
  CELL_ACKNOWLEDGMENT_NUMBER,
  CELL_FRAME,
  CELL_ICMP,
  CELL_ICMP_FROM,
  CELL_ID_WINDOW,
  CELL_NANOSECONDS,
  CELL_NEXT,
  CELL_PACKET,
  CELL_SECONDS,
  CELL_SEQUENCE_NUMBER,
  CELL_TIMESTAMP_ECHO_REPLY,
  CELL_TIMESTAMP_VALUE,
  CELL_WIDE_FRAME,
  CLOCK_HAS_TIMESTAMPS,
  CLOCK_NO_TIME,
  EXTENT_PAYLOAD,
  EXTENT_SECOND,
  FLOW_FIRST_SIGHTING,
  FLOW_LAST_SIGHTING,
  FLOW_SIGHTINGS,
  FLOW_STATE,
  FRAME_ELSEWHERE,
  FROM_B,
  KIND_ICMP_ERROR,
  KIND_RST,
  KIND_SHIFT,
  MAX_SIGHTINGS_PER_FLOW,
  STATE_LOST,
  STATE_ODD,
  TTL_SHIFT,
} from '../../wasm/layout.js';
import { addressText } from '../texts.js';
import { isDerived } from './derived.js';
import { FlowTable } from './flow-table.js';
import { FrameTable, MOST_WRAPPINGS } from './frame-table.js';
import { Interner } from './interner.js';
import type { Payload } from './payload.js';
import { SightingLists } from './sighting-lists.js';
import { SightingTable } from './sighting-table.js';
import type { Tables } from './tables.js';
import { Unfollowed } from './unfollowed.js';

/** What one capture left behind so far. */
export class SightingKeeper {
  readonly tables: Tables;
  readonly flows: FlowTable;
  readonly sightings: SightingTable;
  readonly frames: FrameTable;
  readonly lists: SightingLists;
  readonly icmpSenders = new Interner<string>();
  /** IPv4 addresses that datagrams to a whole link bore. */
  readonly broadcasts = new Set<string>();
  /** What there was no room for. */
  readonly unfollowed = new Unfollowed();

  constructor(tables: Tables) {
    this.tables = tables;
    this.flows = new FlowTable(tables);
    this.sightings = new SightingTable(tables);
    this.frames = new FrameTable(tables);
    this.lists = new SightingLists(this.flows, this.sightings);
  }

  /** Notes that a packet of the flow was seen. */
  touch(row: number, record: PacketRecord): void {
    if (Number.isNaN(record.seconds)) return;
    this.flows.touch(row, record.seconds, record.nanoseconds);
  }

  /**
   * @param frame the packet on the wire, which for an ICMP error is another than the one it is about
   * @param payload what tells a datagram or an echo from others; null for TCP and for ICMP errors
   */
  keep(
    kind: number,
    flow: number,
    fromB: boolean,
    packet: Packet,
    frame: Packet,
    record: PacketRecord,
    payload: Payload | null,
  ): void {
    const { flows, sightings } = this;
    const seen = flows.get(flow, FLOW_SIGHTINGS);
    flows.set(flow, FLOW_SIGHTINGS, seen + 1);
    if (seen >= MAX_SIGHTINGS_PER_FLOW) return;
    const id = this.frames.intern(frame, record);
    const { sequenceNumber, acknowledgmentNumber } = packet;
    const isWide = id >= FRAME_ELSEWHERE;
    const isShort =
      payload === null && !isWide && isDerived(flows, flow, kind, sequenceNumber, acknowledgmentNumber);
    const cell = id < 0 ? -1 : sightings.add(isShort ? 1 : 2);
    if (cell < 0) {
      this.#lose(flow, record);
      return;
    }
    if (kind <= KIND_RST) flows.set(flow, FLOW_STATE, flows.get(flow, FLOW_STATE) | STATE_ODD);
    const last = flows.get(flow, FLOW_LAST_SIGHTING);
    if (last === 0) flows.set(flow, FLOW_FIRST_SIGHTING, cell + 1);
    else sightings.set(last - 1, CELL_NEXT, sightings.get(last - 1, CELL_NEXT) | (cell + 1));
    flows.set(flow, FLOW_LAST_SIGHTING, cell + 1);

    let clock = 0;
    if (Number.isNaN(record.seconds)) {
      clock = CLOCK_NO_TIME;
    } else {
      sightings.set(cell, CELL_SECONDS, record.seconds);
      clock = record.nanoseconds;
    }
    sightings.set(cell, CELL_PACKET, record.number);
    if (packet.timestampValue >= 0) {
      clock |= CLOCK_HAS_TIMESTAMPS;
      sightings.set(cell, CELL_TIMESTAMP_VALUE, packet.timestampValue);
      sightings.set(cell, CELL_TIMESTAMP_ECHO_REPLY, packet.timestampEchoReply);
    }
    sightings.set(cell, CELL_NANOSECONDS, clock);
    sightings.set(cell, CELL_ID_WINDOW, idAndWindow(packet));
    sightings.set(
      cell,
      CELL_FRAME,
      (isWide ? FRAME_ELSEWHERE : id) |
        ((packet.ttl & 0xff) << TTL_SHIFT) |
        (kind << KIND_SHIFT) |
        (fromB ? FROM_B : 0),
    );
    if (isShort) return;
    sightings.set(cell, CELL_NEXT, payload ? EXTENT_SECOND | EXTENT_PAYLOAD : EXTENT_SECOND);
    sightings.set(cell, CELL_WIDE_FRAME, id);
    if (payload) {
      sightings.set(cell, CELL_SEQUENCE_NUMBER, payload.digest);
      sightings.set(cell, CELL_ACKNOWLEDGMENT_NUMBER, payload.longDigest);
      sightings.set(cell, CELL_TIMESTAMP_VALUE, payload.length);
      sightings.set(cell, CELL_TIMESTAMP_ECHO_REPLY, payload.digested);
    } else {
      sightings.set(cell, CELL_SEQUENCE_NUMBER, sequenceNumber);
      sightings.set(cell, CELL_ACKNOWLEDGMENT_NUMBER, acknowledgmentNumber);
    }
    if (kind !== KIND_ICMP_ERROR) return;
    sightings.set(cell, CELL_ICMP, (frame.ipVersion << 16) | (frame.icmpType << 8) | frame.icmpCode);
    const from = addressText(frame.bytes, frame.sourceAddress, frame.ipVersion);
    sightings.set(
      cell,
      CELL_ICMP_FROM,
      this.icmpSenders.intern(from, () => from),
    );
  }

  /** What is left of the flow would tell a wrong story. */
  #lose(flow: number, record: PacketRecord): void {
    this.tables.functions.close();
    this.unfollowed.note(record, this.frames.areTunnelsFull ? MOST_WRAPPINGS : 0);
    const state = this.flows.get(flow, FLOW_STATE);
    if ((state & STATE_LOST) === 0) this.unfollowed.flows++;
    this.flows.set(flow, FLOW_STATE, state | STATE_LOST);
  }

  /** Whether nothing but the place tells a packet from the one that was kept last of its flow. */
  isCopyOfLast(flow: number, packet: Packet): boolean {
    const { flows, sightings } = this;
    const last = flows.get(flow, FLOW_LAST_SIGHTING) - 1;
    if (last < 0 || sightings.get(last, CELL_ID_WINDOW) !== idAndWindow(packet) >>> 0) return false;
    const isStamped = (sightings.get(last, CELL_NANOSECONDS) & CLOCK_HAS_TIMESTAMPS) !== 0;
    if (isStamped !== packet.timestampValue >= 0) return false;
    return !isStamped || sightings.get(last, CELL_TIMESTAMP_VALUE) === packet.timestampValue;
  }

  /**
   * Whether a packet is the one that was kept last of its flow, where that was not kept yet: at another interface, in
   * another direction, or with another hop limit (a router with one leg passes it on by the interface it came in by).
   */
  repeatsElsewhere(kind: number, flow: number, packet: Packet, record: PacketRecord): boolean {
    const { flows, sightings, frames, lists } = this;
    const last = flows.get(flow, FLOW_LAST_SIGHTING) - 1;
    if (last < 0 || lists.kindOf(last) !== kind) return false;
    if (lists.acknowledgmentNumber(flow, last) !== packet.acknowledgmentNumber) return false;
    const id = frames.intern(packet, record);
    if (id < 0) return false;
    for (let cell = lists.first(flow); cell >= 0; cell = lists.after(cell)) {
      const ttl = (sightings.get(cell, CELL_FRAME) >>> TTL_SHIFT) & 0xff;
      if (
        lists.kindOf(cell) === kind &&
        ttl === (packet.ttl & 0xff) &&
        frames.isSamePlace(lists.frameOf(cell), id)
      ) {
        return false;
      }
    }
    return true;
  }
}

/** As a cell has them. A Fragment header's 32-bit identification does not fit and does not identify a SYN. */
function idAndWindow({ ipVersion, identification, window }: Packet): number {
  return (ipVersion === 4 ? identification & 0xffff : 0) | (window << 16);
}
