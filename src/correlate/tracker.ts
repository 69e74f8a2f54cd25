/**
 * Hot path. The fold over one capture's packets: `observe` each, ask for the state at any time (`legs.ts`).
 *
 * Every TCP packet updates its flow's row; only those that decide an attempt (SYN, SYN-ACK, RST, the client's
 * first ACK, ICMP errors) are kept as sightings. Nothing here depends on other captures, nor on the order in
 * which captures are read.
 */
import { ACK, FIN, type Packet, RST, SYN } from '../decode/packet.js';
import type { PacketRecord } from '../ingest/capture/record.js';
import { formatMac } from '../model/address.js';
import type { Encapsulation } from '../model/sighting.js';
import { encapsulationsKey, readEncapsulations } from './encapsulations.js';
import { Flow, FlowTable, State } from './flow-table.js';
import { Interner } from './interner.js';
import { Bit, Field, Kind, SightingTable } from './sighting-table.js';
import { addressText } from './texts.js';

const TCP = 6;

/**
 * Sightings kept of one flow: six SYNs and as many SYN-ACKs at a dozen capture points each. Beyond that (a loop,
 * a flood with one 5-tuple) they are counted in `Flow.sightings` alone.
 */
const MAX_SIGHTINGS_PER_FLOW = 256;

/** Instances of one 5-tuple that a SYN is compared with, newest first: a flood makes thousands, a client few. */
const MAX_INSTANCES_SEARCHED = 64;

/** A SYN or SYN-ACK this far after a flow's last packet, in seconds, is another attempt even with the same numbers. */
const STALE_SECONDS = 300;

export class Tracker {
  readonly flows = new FlowTable();
  readonly sightings = new SightingTable();
  readonly macs = new Interner<string>();
  readonly addresses = new Interner<string>();
  readonly encapsulations = new Interner<Encapsulation[]>();

  /** Takes in one decoded packet; nothing of either argument is kept. */
  observe(packet: Packet, record: PacketRecord): void {
    if (packet.protocol === TCP) {
      if (packet.tcpFlags >= 0 && packet.sourcePort >= 0) this.#observeTcp(packet, record);
    } else if (packet.quoted !== null) {
      this.#observeIcmpError(packet, packet.quoted, record);
    }
  }

  #observeTcp(packet: Packet, record: PacketRecord): void {
    const flows = this.flows;
    let row = flows.find(packet);
    const fromB = flows.sourceIsB;
    const flags = packet.tcpFlags;
    if ((flags & (SYN | RST)) === 0) {
      if (row < 0) row = flows.insert(-1);
      this.#observeSegment(row, fromB, packet, record);
    } else if ((flags & SYN) !== 0) {
      this.#observeSyn(row, fromB, packet, record);
    } else {
      if (row < 0) row = flows.insert(-1);
      flows.set(row, Flow.state, flows.get(row, Flow.state) | (fromB ? State.bReset : State.aReset));
      this.#touch(row, record);
      this.#keep(Kind.rst, row, fromB, packet, packet, record);
    }
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
    this.#touch(row, record);
    const clientIsB = (state & State.clientIsB) !== 0;
    if (
      (state & State.clientKnown) !== 0 &&
      clientIsB === fromB &&
      (packet.tcpFlags & ACK) !== 0 &&
      (before & (fromB ? State.bSpoke : State.aSpoke)) === 0
    ) {
      this.#keep(Kind.ack, row, fromB, packet, packet, record);
    }
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
    this.#touch(row, record);
    this.#keep(isReply ? Kind.synAck : Kind.syn, row, fromB, packet, packet, record);
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
    if (quoted.protocol !== TCP || quoted.sourcePort < 0) return;
    const flows = this.flows;
    let row = flows.find(quoted);
    const fromB = flows.sourceIsB;
    if (row < 0) row = flows.insert(-1);
    flows.set(row, Flow.state, flows.get(row, Flow.state) | State.icmpError);
    this.#touch(row, record);
    this.#keep(Kind.icmpError, row, fromB, quoted, packet, record);
  }

  #touch(row: number, record: PacketRecord): void {
    if (Number.isNaN(record.seconds)) return;
    const flows = this.flows;
    const state = flows.get(row, Flow.state);
    if ((state & State.timed) === 0) {
      flows.set(row, Flow.state, state | State.timed);
      flows.set(row, Flow.firstSeconds, record.seconds);
      flows.set(row, Flow.firstNanoseconds, record.nanoseconds);
    }
    flows.set(row, Flow.lastSeconds, record.seconds);
    flows.set(row, Flow.lastNanoseconds, record.nanoseconds);
  }

  /** @param frame the packet on the wire, which for an ICMP error is another than the one it is about */
  #keep(kind: Kind, flow: number, fromB: boolean, packet: Packet, frame: Packet, record: PacketRecord): void {
    const { flows, sightings } = this;
    const seen = flows.get(flow, Flow.sightings);
    flows.set(flow, Flow.sightings, seen + 1);
    if (seen >= MAX_SIGHTINGS_PER_FLOW) return;
    const row = sightings.add();
    const last = flows.get(flow, Flow.lastSighting);
    if (last === 0) flows.set(flow, Flow.firstSighting, row + 1);
    else sightings.set(last - 1, Field.next, row + 1);
    flows.set(flow, Flow.lastSighting, row + 1);

    let bits = fromB ? Bit.fromB : 0;
    if (Number.isNaN(record.seconds)) {
      bits |= Bit.noTime;
    } else {
      sightings.set(row, Field.seconds, record.seconds);
      sightings.set(row, Field.nanoseconds, record.nanoseconds);
    }
    sightings.set(row, Field.packet, record.number);
    if (frame.ifindex !== 0) bits |= Bit.ifindex;
    sightings.set(row, Field.interface, frame.ifindex !== 0 ? frame.ifindex : record.interface.index);
    sightings.set(row, Field.sequenceNumber, packet.sequenceNumber);
    sightings.set(row, Field.acknowledgmentNumber, packet.acknowledgmentNumber);
    if (packet.timestampValue >= 0) {
      bits |= Bit.hasTimestamps;
      sightings.set(row, Field.timestampValue, packet.timestampValue);
      sightings.set(row, Field.timestampEchoReply, packet.timestampEchoReply);
    }
    // A Fragment header's 32-bit identification does not fit and does not identify a SYN.
    const identification = packet.ipVersion === 4 ? packet.identification & 0xffff : 0;
    sightings.set(row, Field.kindTtlId, kind | ((packet.ttl & 0xff) << 8) | (identification << 16));
    bits |= ((frame.packetType + 1) & 0xf) << Bit.packetTypeShift;
    sightings.set(row, Field.bitsWindow, bits | (packet.window << 16));
    this.#keepFrame(row, frame);
    if (kind === Kind.icmpError) {
      sightings.set(row, Field.icmp, (frame.ipVersion << 16) | (frame.icmpType << 8) | frame.icmpCode);
      const from = addressText(frame.bytes, frame.sourceAddress, frame.ipVersion);
      sightings.set(
        row,
        Field.icmpFromOrVlan,
        this.addresses.intern(from, () => from),
      );
    } else {
      sightings.set(row, Field.icmpFromOrVlan, frame.vlan + 1);
    }
  }

  /** Link-layer addresses of the outermost frame, and what the packet was wrapped in. */
  #keepFrame(row: number, frame: Packet): void {
    const { bytes, tunnelDepth } = frame;
    const outer = tunnelDepth > 0 ? frame.tunnels[0]! : frame;
    let source = outer.etherSource;
    if (source < 0 && frame.linkAddressLength === 6) source = frame.linkAddress;
    if (source >= 0) this.sightings.set(row, Field.etherSource, this.#mac(bytes, source));
    if (outer.etherDestination >= 0) {
      this.sightings.set(row, Field.etherDestination, this.#mac(bytes, outer.etherDestination));
    }
    if (tunnelDepth > 0) {
      const id = this.encapsulations.intern(encapsulationsKey(frame), () => readEncapsulations(frame));
      this.sightings.set(row, Field.encapsulation, id);
    }
  }

  #mac(bytes: Uint8Array, offset: number): number {
    // 48 bits are a whole number to a double; the text is made once for each MAC.
    let key = 0;
    for (let i = 0; i < 6; i++) key = key * 256 + bytes[offset + i]!;
    return this.macs.intern(key, () => formatMac(bytes, offset));
  }
}
