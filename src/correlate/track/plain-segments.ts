/**
 * Hot path. Nearly all packets of nearly all captures are TCP segments with nothing around them but Ethernet or
 * LINUX_SLL2, in IP packets without options or fragments; and they are a handshake as it should be, or belong to a
 * connection that is known. What they mean is plain: they are read here in one go, from the octets to the tables, with
 * the same result as by way of the decoders and the tracker (tests compare the two), in a tenth of the time.
 * Whatever is not quite so (a retransmission, a second interface, a RST, a tunnel) is left to them.
 */
import type { PacketRecord } from '../../ingest/capture/record.js';
import type { FlowTable } from './flow-table.js';
import { FLOW_WORDS, Flow, State } from './flow-words.js';
import type { SightingKeeper } from './sighting-keeper.js';
import { Clock, Field, FRAME_ELSEWHERE, FROM_B, KIND_SHIFT, Kind, TTL_SHIFT } from './sighting-table.js';

const ETHERNET = 1;
const LINUX_SLL2 = 276;
const TYPE_IPV4 = 0x0800;
const TYPE_IPV6 = 0x86dd;
const TCP = 6;

const [FIN, SYN, RST, ACK] = [1, 2, 4, 16];

const [END_OF_LIST, NO_OPERATION, TIMESTAMPS] = [0, 1, 8];
/** Two no-operations before Timestamps and its length: what every segment after the handshake has (RFC 7323). */
const ALIGNED_TIMESTAMPS = 0x0101080a;
/** MSS and its length; behind it SACK permitted, then Timestamps and its length: how Linux writes a SYN's. */
const MSS = 0x0204;
const SACK_TIMESTAMPS = 0x0402080a;

const HANDSHAKE = State.clientKnown | State.syn;

/** As in the tracker: a SYN-ACK that comes later is of another attempt. */
const STALE_SECONDS = 300;

const SIGN = 1 << 31;

export class PlainSegments {
  readonly #kept: SightingKeeper;
  readonly #flows: FlowTable;
  /** Offset of the values of the Timestamps option that was read last; -1 where there was none. */
  #timestampsAt = -1;

  constructor(kept: SightingKeeper) {
    this.#kept = kept;
    this.#flows = kept.flows;
  }

  /** Takes in one packet; false where it is not plain, and then nothing has changed. */
  observe(record: PacketRecord): boolean {
    const { view, offset, seconds } = record;
    const end = offset + record.capturedLength;
    const { linkType } = record.interface;
    let at: number;
    let type: number;
    if (linkType === ETHERNET) {
      at = offset + 14;
      if (at + 40 > end) return false;
      type = view.getUint16(at - 2);
    } else if (linkType === LINUX_SLL2) {
      at = offset + 20;
      if (at + 40 > end) return false;
      type = view.getUint16(offset);
    } else {
      return false;
    }
    let source: number;
    let destination: number;
    let transport: number;
    let length: number;
    let identification = 0;
    let ttl: number;
    if (type === TYPE_IPV4) {
      const first = view.getInt32(at);
      const third = view.getInt32(at + 8);
      // Version 4 and five words; no fragment but "don't"; TCP.
      if (first >>> 24 !== 0x45 || ((third >>> 16) & 0xff) !== TCP) return false;
      const second = view.getInt32(at + 4);
      if ((second & 0x3fff) !== 0) return false;
      length = (first & 0xffff) - 20;
      identification = second >>> 16;
      ttl = third >>> 24;
      source = view.getInt32(at + 12);
      destination = view.getInt32(at + 16);
      transport = 4;
      at += 20;
    } else if (type === TYPE_IPV6) {
      if (at + 60 > end || view.getUint8(at) >>> 4 !== 6) return false;
      const second = view.getInt32(at + 4);
      if (((second >>> 8) & 0xff) !== TCP) return false;
      length = second >>> 16;
      ttl = second & 0xff;
      source = this.#flows.addresses.intern(view, at + 8);
      destination = this.#flows.addresses.intern(view, at + 24);
      transport = 6;
      at += 40;
    } else {
      return false;
    }
    const third = view.getInt32(at + 12);
    const headerLength = (third >>> 28) << 2;
    if (headerLength < 20 || headerLength > length || at + headerLength > end) return false;
    const flags = (third >>> 16) & 0xff;
    if ((flags & RST) !== 0 || Number.isNaN(seconds)) return false;
    let ports = view.getInt32(at);
    const x = source ^ SIGN;
    const y = destination ^ SIGN;
    const fromB = x > y || (x === y && ports >>> 16 > (ports & 0xffff));
    if (fromB) {
      const other = source;
      source = destination;
      destination = other;
      ports = (ports << 16) | (ports >>> 16);
    }

    const flows = this.#flows;
    const row = flows.lookUp(source, destination, ports, transport);
    const window = third & 0xffff;
    if (row < 0) {
      // Of what else is not known, the tracker finds out whether it is late.
      if ((flags & (SYN | ACK)) !== SYN || view.getInt32(at + 8) !== 0) return false;
      const frame = this.#kept.frames.internRecord(record);
      if (frame >= FRAME_ELSEWHERE) return false;
      this.#readTimestamps(view, at + 20, at + headerLength);
      const found = flows.reopen();
      if (found >= 0) return false;
      const begun = flows.insert(-1);
      const base = begun * FLOW_WORDS;
      const words = flows.words;
      words[base + Flow.clientSequence] = view.getInt32(at + 4);
      words[base + Flow.state]! |=
        State.syn | State.clientKnown | State.timed | (fromB ? State.clientIsB : 0);
      words[base + Flow.firstSeconds] = seconds;
      words[base + Flow.firstNanoseconds] = record.nanoseconds;
      this.#keep(Kind.syn, base, fromB, record, frame, ttl, identification, window);
      return true;
    }
    const base = row * FLOW_WORDS;
    const words = flows.words;
    const state = words[base + Flow.state]!;
    const fromClient = ((state & State.clientIsB) !== 0) === fromB;
    const spoke = fromB ? State.bSpoke : State.aSpoke;
    let now = state | spoke;
    if (length > headerLength) now |= fromB ? State.bData : State.aData;
    if ((flags & SYN) !== 0) {
      // The first SYN-ACK to the SYN that is known, before anything else.
      if ((flags & ACK) === 0 || fromClient) return false;
      if ((state & (HANDSHAKE | State.synAck | State.spoke)) !== HANDSHAKE) return false;
      if (view.getInt32(at + 8) !== ((words[base + Flow.clientSequence]! + 1) | 0)) return false;
      if (seconds - (words[base + Flow.lastSeconds]! >>> 0) > STALE_SECONDS) return false;
      const frame = this.#kept.frames.internRecord(record);
      if (frame >= FRAME_ELSEWHERE) return false;
      this.#readTimestamps(view, at + 20, at + headerLength);
      words[base + Flow.serverSequence] = view.getInt32(at + 4);
      words[base + Flow.state] = state | State.synAck;
      this.#keep(Kind.synAck, base, fromB, record, frame, ttl, identification, window);
      return true;
    }
    // Without a client that is known, the first numbers are noted.
    if ((state & State.clientKnown) === 0) return false;
    if (fromClient && (flags & ACK) !== 0) {
      const isNext = view.getInt32(at + 4) === ((words[base + Flow.clientSequence]! + 1) | 0);
      if ((state & spoke) === 0) {
        if (!isNext || (flags & FIN) !== 0 || (state & State.synAck) === 0) return false;
        if (view.getInt32(at + 8) !== ((words[base + Flow.serverSequence]! + 1) | 0)) return false;
        const frame = this.#kept.frames.internRecord(record);
        if (frame >= FRAME_ELSEWHERE) return false;
        this.#readTimestamps(view, at + 20, at + headerLength);
        words[base + Flow.state] = now;
        this.#keep(Kind.ack, base, fromB, record, frame, ttl, identification, window);
        return true;
      }
      // It may be the handshake's ACK, at another interface.
      if (isNext && length === headerLength && (flags & FIN) === 0) return false;
    }
    if ((flags & FIN) !== 0) now |= fromB ? State.bFin : State.aFin;
    if (now !== state) words[base + Flow.state] = now;
    words[base + Flow.lastSeconds] = seconds;
    words[base + Flow.lastNanoseconds] = record.nanoseconds;
    flows.now = seconds;
    return true;
  }

  /** Keeps a sighting of one cell: what it has besides follows from its flow. */
  #keep(
    kind: Kind,
    base: number,
    fromB: boolean,
    record: PacketRecord,
    frame: number,
    ttl: number,
    identification: number,
    window: number,
  ): void {
    const { sightings, flows } = this.#kept;
    const { words } = flows;
    const { seconds, nanoseconds } = record;
    const cell = sightings.add(1);
    const last = words[base + Flow.lastSighting]!;
    if (last === 0) words[base + Flow.firstSighting] = cell + 1;
    else sightings.page(last - 1)[sightings.at(last - 1) + Field.next]! |= cell + 1;
    words[base + Flow.lastSighting] = cell + 1;
    words[base + Flow.sightings]!++;
    words[base + Flow.lastSeconds] = seconds;
    words[base + Flow.lastNanoseconds] = nanoseconds;
    flows.now = seconds;

    const page = sightings.page(cell);
    const at = sightings.at(cell);
    page[at + Field.seconds] = seconds;
    page[at + Field.packet] = record.number;
    if (this.#timestampsAt >= 0) {
      page[at + Field.nanoseconds] = nanoseconds | Clock.hasTimestamps;
      page[at + Field.timestampValue] = record.view.getInt32(this.#timestampsAt);
      page[at + Field.timestampEchoReply] = record.view.getInt32(this.#timestampsAt + 4);
    } else {
      page[at + Field.nanoseconds] = nanoseconds;
    }
    page[at + Field.idWindow] = identification | (window << 16);
    page[at + Field.frame] = frame | (ttl << TTL_SHIFT) | (kind << KIND_SHIFT) | (fromB ? FROM_B : 0);
  }

  /** Finds the Timestamps option as `readTcpOptions` does. */
  #readTimestamps(view: DataView, start: number, end: number): void {
    this.#timestampsAt = -1;
    if (end - start >= 12) {
      if (view.getInt32(start) === ALIGNED_TIMESTAMPS) {
        this.#timestampsAt = start + 4;
        return;
      }
      if (
        end - start >= 16 &&
        view.getInt32(start + 4) === SACK_TIMESTAMPS &&
        view.getUint16(start) === MSS
      ) {
        this.#timestampsAt = start + 8;
        return;
      }
    }
    for (let at = start; at < end; ) {
      const kind = view.getUint8(at);
      if (kind === END_OF_LIST) return;
      if (kind === NO_OPERATION) {
        at++;
        continue;
      }
      if (at + 1 >= end) return;
      const length = view.getUint8(at + 1);
      if (length < 2 || at + length > end) return;
      if (kind === TIMESTAMPS && length === 10) {
        this.#timestampsAt = at + 2;
        return;
      }
      at += length;
    }
  }
}
