/** Hot path. Writes what is kept of a packet into the tables of flows and sightings. */
import type { Packet } from '../../decode/packet.js';
import type { PacketRecord } from '../../ingest/capture/record.js';
import { addressText } from '../texts.js';
import { derivedAcknowledgment, derivedSequence, isDerived } from './derived.js';
import { FlowTable } from './flow-table.js';
import { Flow } from './flow-words.js';
import { FrameTable } from './frame-table.js';
import { Interner } from './interner.js';
import type { Payload } from './payload.js';
import { Settlement } from './settlement.js';
import {
  Clock,
  Extent,
  Field,
  FRAME_ELSEWHERE,
  FROM_B,
  KIND_SHIFT,
  Kind,
  SightingTable,
  TTL_SHIFT,
} from './sighting-table.js';

/**
 * Sightings kept of one flow: six SYNs and as many SYN-ACKs at a dozen capture points each. Beyond that (a loop,
 * a flood with one 5-tuple) they are counted in `Flow.sightings` alone.
 */
const MAX_SIGHTINGS_PER_FLOW = 256;

/** What one capture left behind so far. */
export class SightingKeeper {
  readonly flows: FlowTable;
  readonly sightings = new SightingTable();
  readonly settlement: Settlement;
  readonly isAlone: boolean;
  readonly frames = new FrameTable();
  readonly addresses = new Interner<string>();
  /** IPv4 addresses that datagrams to a whole link bore. */
  readonly broadcasts = new Set<string>();

  /** @param isAlone whether no other capture saw the same connections: then those that are over may be let go */
  constructor(isAlone = false) {
    this.isAlone = isAlone;
    this.flows = new FlowTable(() => this.settlement.judge(isAlone));
    this.settlement = new Settlement(this.flows, this.sightings);
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
    kind: Kind,
    flow: number,
    fromB: boolean,
    packet: Packet,
    frame: Packet,
    record: PacketRecord,
    payload: Payload | null,
  ): void {
    const { flows, sightings } = this;
    const seen = flows.get(flow, Flow.sightings);
    flows.set(flow, Flow.sightings, seen + 1);
    if (seen >= MAX_SIGHTINGS_PER_FLOW) return;
    const id = this.frames.intern(frame, record);
    const { sequenceNumber, acknowledgmentNumber } = packet;
    const isWide = id >= FRAME_ELSEWHERE;
    const isShort =
      payload === null && !isWide && isDerived(flows, flow, kind, sequenceNumber, acknowledgmentNumber);
    const cell = sightings.add(isShort ? 1 : 2);
    const last = flows.get(flow, Flow.lastSighting);
    if (last === 0) flows.set(flow, Flow.firstSighting, cell + 1);
    else sightings.set(last - 1, Field.next, sightings.get(last - 1, Field.next) | (cell + 1));
    flows.set(flow, Flow.lastSighting, cell + 1);

    let clock = 0;
    if (Number.isNaN(record.seconds)) {
      clock = Clock.noTime;
    } else {
      sightings.set(cell, Field.seconds, record.seconds);
      clock = record.nanoseconds;
    }
    sightings.set(cell, Field.packet, record.number);
    if (packet.timestampValue >= 0) {
      clock |= Clock.hasTimestamps;
      sightings.set(cell, Field.timestampValue, packet.timestampValue);
      sightings.set(cell, Field.timestampEchoReply, packet.timestampEchoReply);
    }
    sightings.set(cell, Field.nanoseconds, clock);
    // A Fragment header's 32-bit identification does not fit and does not identify a SYN.
    const identification = packet.ipVersion === 4 ? packet.identification & 0xffff : 0;
    sightings.set(cell, Field.idWindow, identification | (packet.window << 16));
    sightings.set(
      cell,
      Field.frame,
      (isWide ? FRAME_ELSEWHERE : id) |
        ((packet.ttl & 0xff) << TTL_SHIFT) |
        (kind << KIND_SHIFT) |
        (fromB ? FROM_B : 0),
    );
    if (isShort) return;
    sightings.set(cell, Field.next, payload ? Extent.second | Extent.payload : Extent.second);
    sightings.set(cell, Field.wideFrame, id);
    if (payload) {
      sightings.set(cell, Field.sequenceNumber, payload.digest);
      sightings.set(cell, Field.acknowledgmentNumber, payload.longDigest);
      sightings.set(cell, Field.timestampValue, payload.length);
      sightings.set(cell, Field.timestampEchoReply, payload.digested);
    } else {
      sightings.set(cell, Field.sequenceNumber, sequenceNumber);
      sightings.set(cell, Field.acknowledgmentNumber, acknowledgmentNumber);
    }
    if (kind !== Kind.icmpError) return;
    sightings.set(cell, Field.icmp, (frame.ipVersion << 16) | (frame.icmpType << 8) | frame.icmpCode);
    const from = addressText(frame.bytes, frame.sourceAddress, frame.ipVersion);
    sightings.set(
      cell,
      Field.icmpFrom,
      this.addresses.intern(from, () => from),
    );
  }

  /**
   * Whether a packet is the one that was kept last of its flow, where that was not kept yet: at another interface, in
   * another direction, or with another hop limit (a router with one leg passes it on by the interface it came in by).
   */
  repeatsElsewhere(kind: Kind, flow: number, packet: Packet, record: PacketRecord): boolean {
    const { flows, sightings, frames } = this;
    const last = flows.get(flow, Flow.lastSighting) - 1;
    if (last < 0 || this.#kindOf(last) !== kind) return false;
    if (this.acknowledgmentNumber(flow, last) !== packet.acknowledgmentNumber) return false;
    const id = frames.intern(packet, record);
    for (let cell = flows.get(flow, Flow.firstSighting) - 1; cell >= 0; cell = this.after(cell)) {
      const ttl = (sightings.get(cell, Field.frame) >>> TTL_SHIFT) & 0xff;
      if (
        this.#kindOf(cell) === kind &&
        ttl === (packet.ttl & 0xff) &&
        frames.isSamePlace(this.frameOf(cell), id)
      ) {
        return false;
      }
    }
    return true;
  }

  #kindOf(cell: number): number {
    return (this.sightings.get(cell, Field.frame) >>> KIND_SHIFT) & 7;
  }

  /** The cell of the flow's next sighting; -1 after its last. */
  after(cell: number): number {
    return (this.sightings.get(cell, Field.next) & Extent.next) - 1;
  }

  /** Number of the frame that a sighting was in. */
  frameOf(cell: number): number {
    const id = this.sightings.get(cell, Field.frame) & FRAME_ELSEWHERE;
    return id === FRAME_ELSEWHERE ? this.sightings.get(cell, Field.wideFrame) : id;
  }

  /** Of a sighting of TCP or of an ICMP error. */
  sequenceNumber(flow: number, cell: number): number {
    if ((this.sightings.get(cell, Field.next) & Extent.second) !== 0) {
      return this.sightings.get(cell, Field.sequenceNumber);
    }
    return derivedSequence(this.flows, flow, this.#kindOf(cell) as Kind);
  }

  acknowledgmentNumber(flow: number, cell: number): number {
    if ((this.sightings.get(cell, Field.next) & Extent.second) !== 0) {
      return this.sightings.get(cell, Field.acknowledgmentNumber);
    }
    return derivedAcknowledgment(this.flows, flow, this.#kindOf(cell) as Kind);
  }
}
