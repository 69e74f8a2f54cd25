/** Hot path. Writes what is kept of a packet into the tables of flows and sightings. */
import type { Packet } from '../decode/packet.js';
import type { PacketRecord } from '../ingest/capture/record.js';
import { formatMac } from '../model/address.js';
import type { Encapsulation } from '../model/sighting.js';
import { encapsulationsKey, readEncapsulations } from './encapsulations.js';
import { Flow, FlowTable, State } from './flow-table.js';
import { Interner } from './interner.js';
import type { Payload } from './payload.js';
import { Bit, Field, Kind, SightingTable } from './sighting-table.js';
import { addressText } from './texts.js';

/**
 * Sightings kept of one flow: six SYNs and as many SYN-ACKs at a dozen capture points each. Beyond that (a loop,
 * a flood with one 5-tuple) they are counted in `Flow.sightings` alone.
 */
const MAX_SIGHTINGS_PER_FLOW = 256;

/** What one capture left behind so far. */
export class SightingKeeper {
  readonly flows = new FlowTable();
  readonly sightings = new SightingTable();
  readonly macs = new Interner<string>();
  readonly addresses = new Interner<string>();
  readonly encapsulations = new Interner<Encapsulation[]>();
  /** IPv4 addresses that datagrams to a whole link bore. */
  readonly broadcasts = new Set<string>();

  /** Notes that a packet of the flow was seen. */
  touch(row: number, record: PacketRecord): void {
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
    if (payload) {
      bits |= Bit.hasPayload;
      sightings.set(row, Field.sequenceNumber, payload.digest);
      sightings.set(row, Field.acknowledgmentNumber, payload.longDigest);
      sightings.set(row, Field.timestampValue, payload.length);
      sightings.set(row, Field.timestampEchoReply, payload.digested);
    } else {
      sightings.set(row, Field.sequenceNumber, packet.sequenceNumber);
      sightings.set(row, Field.acknowledgmentNumber, packet.acknowledgmentNumber);
    }
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

  /**
   * Whether a packet is the one that was kept last of its flow, where that was not kept yet: at another interface, in
   * another direction, or with another hop limit (a router with one leg passes it on by the interface it came in by).
   */
  repeatsElsewhere(kind: Kind, flow: number, packet: Packet, record: PacketRecord): boolean {
    const { flows, sightings } = this;
    const last = flows.get(flow, Flow.lastSighting) - 1;
    if (last < 0 || (sightings.get(last, Field.kindTtlId) & 0xff) !== kind) return false;
    const number = packet.acknowledgmentNumber;
    if (sightings.get(last, Field.acknowledgmentNumber) !== number) return false;
    const index = packet.ifindex !== 0 ? packet.ifindex : record.interface.index;
    const type = (packet.packetType + 1) & 0xf;
    for (
      let row = flows.get(flow, Flow.firstSighting) - 1;
      row >= 0;
      row = sightings.get(row, Field.next) - 1
    ) {
      const kindTtlId = sightings.get(row, Field.kindTtlId);
      if (
        (kindTtlId & 0xff) === kind &&
        ((kindTtlId >>> 8) & 0xff) === (packet.ttl & 0xff) &&
        sightings.get(row, Field.interface) === index &&
        ((sightings.get(row, Field.bitsWindow) >>> Bit.packetTypeShift) & 0xf) === type
      ) {
        return false;
      }
    }
    return true;
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
