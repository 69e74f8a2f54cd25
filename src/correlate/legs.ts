/**
 * Hot path: every attempt's legs and sightings are made here, and what many of them have in common is made once.
 */
import type { Endpoint } from '../model/analysis.js';
import type { CapturePoint, Encapsulation, Sighting, SightingKind } from '../model/sighting.js';
import { type Nanoseconds, toNanoseconds } from '../model/time.js';
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
  CLOCK_HAS_TIMESTAMPS,
  CLOCK_NANOSECONDS,
  CLOCK_NO_TIME,
  EXTENT_PAYLOAD,
  FLOW_ADDRESS_A,
  FLOW_ADDRESS_B,
  FLOW_CLIENT_SEQUENCE,
  FLOW_FIRST_NANOSECONDS,
  FLOW_FIRST_SECONDS,
  FLOW_LAST_NANOSECONDS,
  FLOW_LAST_SECONDS,
  FLOW_PORTS,
  FLOW_SERVER_SEQUENCE,
  FLOW_STATE,
  FROM_B,
  KIND_ACK,
  KIND_DATAGRAM,
  KIND_ECHO_REPLY,
  KIND_ECHO_REQUEST,
  KIND_ICMP_ERROR,
  KIND_RST,
  KIND_SHIFT,
  KIND_SYN,
  KIND_SYN_ACK,
  STATE_A_RESET,
  STATE_A_SEQUENCE,
  STATE_A_SPOKE,
  STATE_B_RESET,
  STATE_B_SEQUENCE,
  STATE_B_SPOKE,
  STATE_CLIENT_IS_B,
  STATE_CLIENT_KNOWN,
  STATE_LOST,
  STATE_SERVER_FIRST,
  STATE_SYN,
  STATE_SYN_ACK,
  STATE_TIMED,
  STATE_VERSION,
  TRANSPORT_ECHO,
  TRANSPORT_UDP,
  TTL_SHIFT,
} from '../wasm/layout.js';
import type { CapturePoints } from './capture-points.js';
import type { Leg } from './leg.js';
import type { Frame } from './track/frame.js';
import type { Observations } from './track/observations.js';
import { Observed } from './track/observed.js';

const KINDS: Record<number, SightingKind> = {
  [KIND_SYN]: 'syn',
  [KIND_SYN_ACK]: 'syn-ack',
  [KIND_ACK]: 'ack',
  [KIND_RST]: 'rst',
  [KIND_ICMP_ERROR]: 'icmp-error',
  [KIND_DATAGRAM]: 'datagram',
  [KIND_ECHO_REQUEST]: 'echo-request',
  [KIND_ECHO_REPLY]: 'echo-reply',
};

/** The legs that a capture saw, in the order in which they began. */
export function readLegs(observations: Observations, points: CapturePoints): Leg[] {
  return new LegReader(new Observed(observations), points).read();
}

/** What a frame's number stands for, made once for all that lie in frames alike. */
interface Seen extends Frame {
  point: CapturePoint;
  /** Addresses of the outermost tunnel that has any; null where the packet's own count. */
  outer: Encapsulation | null;
}

/** Reads what one capture saw. */
class LegReader {
  readonly #observed: Observed;
  readonly #points: CapturePoints;
  readonly #clock = new Clock();
  /** One flow's sightings. */
  readonly #collected: Sighting[] = [];
  readonly #seen: Seen[] = [];
  /** By the word of the address. */
  readonly #addresses4 = new Map<number, string>();
  readonly #addresses6 = new Map<number, string>();
  /** Of each end that is a server's, one object for all its clients: by the address's word and the port. */
  readonly #servers4 = new Map<number, Endpoint>();
  readonly #servers6 = new Map<number, Endpoint>();

  constructor(observed: Observed, points: CapturePoints) {
    this.#observed = observed;
    this.#points = points;
  }

  read(): Leg[] {
    const legs: Leg[] = [];
    const { flows } = this.#observed;
    for (let row = 0; row < flows.length; row++) {
      const state = flows.get(row, FLOW_STATE);
      if (state !== 0 && (state & STATE_LOST) === 0) legs.push(this.#leg(row));
    }
    return legs;
  }

  #leg(row: number): Leg {
    const { flows } = this.#observed;
    const state = flows.get(row, FLOW_STATE);
    const ports = flows.get(row, FLOW_PORTS);
    const isEcho = (state & TRANSPORT_ECHO) !== 0;
    const isTcp = (state & (TRANSPORT_ECHO | TRANSPORT_UDP)) === 0;
    const portA = ports >>> 16;
    const portB = ports & 0xffff;
    const clientKnown = (state & STATE_CLIENT_KNOWN) !== 0;
    // A leg that began in the middle: the higher port is more likely the client's (ephemeral ports are high).
    const clientIsB = clientKnown ? (state & STATE_CLIENT_IS_B) !== 0 : portB > portA;
    const version = state & STATE_VERSION;
    const a = this.#end(flows.get(row, FLOW_ADDRESS_A), isEcho ? null : portA, version, clientIsB);
    const b = this.#end(flows.get(row, FLOW_ADDRESS_B), isEcho ? null : portB, version, !clientIsB);
    const numbered = isTcp && (state & (STATE_SYN | STATE_SYN_ACK)) !== 0;
    const clientSequence = flows.get(row, FLOW_CLIENT_SEQUENCE);
    const serverSequence = flows.get(row, FLOW_SERVER_SEQUENCE);
    const sequenceA = (state & STATE_A_SEQUENCE) !== 0 && !numbered ? clientSequence : null;
    const sequenceB = (state & STATE_B_SEQUENCE) !== 0 && !numbered ? serverSequence : null;
    const isTimed = (state & STATE_TIMED) !== 0;
    return {
      protocol: isTcp ? 'tcp' : isEcho ? 'icmp' : 'udp',
      echo: isEcho ? { identifier: portA, sequence: portB } : null,
      serverFirst: (state & STATE_SERVER_FIRST) !== 0,
      client: clientIsB ? b : a,
      server: clientIsB ? a : b,
      clientKnown,
      clientIsn: numbered ? clientSequence : null,
      serverIsn: (state & STATE_SYN_ACK) !== 0 ? serverSequence : null,
      clientFirstSequence: clientIsB ? sequenceB : sequenceA,
      serverFirstSequence: clientIsB ? sequenceA : sequenceB,
      syn: (state & STATE_SYN) !== 0,
      synAck: (state & STATE_SYN_ACK) !== 0,
      clientSpoke: (state & (clientIsB ? STATE_B_SPOKE : STATE_A_SPOKE)) !== 0,
      serverSpoke: (state & (clientIsB ? STATE_A_SPOKE : STATE_B_SPOKE)) !== 0,
      clientReset: (state & (clientIsB ? STATE_B_RESET : STATE_A_RESET)) !== 0,
      serverReset: (state & (clientIsB ? STATE_A_RESET : STATE_B_RESET)) !== 0,
      firstTime: isTimed
        ? this.#clock.time(flows.get(row, FLOW_FIRST_SECONDS), flows.get(row, FLOW_FIRST_NANOSECONDS))
        : null,
      lastTime: isTimed
        ? this.#clock.time(flows.get(row, FLOW_LAST_SECONDS), flows.get(row, FLOW_LAST_NANOSECONDS))
        : null,
      sightings: this.#sightings(row, a, b, clientIsB),
    };
  }

  #end(word: number, port: number | null, version: number, isServer: boolean): Endpoint {
    const address = this.#address(word, version);
    if (!isServer || port === null) return { address, port };
    const servers = version === 6 ? this.#servers6 : this.#servers4;
    const key = word * 0x10000 + port;
    let server = servers.get(key);
    if (!server) {
      server = { address, port };
      servers.set(key, server);
    }
    return server;
  }

  #address(word: number, version: number): string {
    const known = version === 6 ? this.#addresses6 : this.#addresses4;
    let text = known.get(word);
    if (text === undefined) {
      text = this.#observed.address(word, version);
      known.set(word, text);
    }
    return text;
  }

  #sightings(row: number, a: Endpoint, b: Endpoint, clientIsB: boolean): Sighting[] {
    const { lists } = this.#observed;
    const result = this.#collected;
    result.length = 0;
    for (let cell = lists.first(row); cell >= 0; cell = lists.after(cell)) {
      result.push(this.#sighting(row, cell, a, b, clientIsB));
    }
    // An array that grows has room for more than ten times as many as most flows have.
    return result.slice();
  }

  #sighting(row: number, cell: number, a: Endpoint, b: Endpoint, clientIsB: boolean): Sighting {
    const { cells, lists } = this.#observed;
    const packed = cells.get(cell, CELL_FRAME);
    const clock = cells.get(cell, CELL_NANOSECONDS);
    const fromB = (packed & FROM_B) !== 0;
    const timestamped = (clock & CLOCK_HAS_TIMESTAMPS) !== 0;
    const identified = (cells.get(cell, CELL_NEXT) & EXTENT_PAYLOAD) !== 0;
    const source = fromB ? b : a;
    const destination = fromB ? a : b;
    const seen = this.#frame(lists.frameOf(cell));
    const { point, outer } = seen;
    const kind = KINDS[(packed >>> KIND_SHIFT) & 7]!;
    // An ICMP error goes against the packet that it is about.
    const isError = kind === 'icmp-error';
    const idWindow = cells.get(cell, CELL_ID_WINDOW);
    return {
      kind,
      fromClient: fromB === clientIsB,
      point,
      direction: this.#points.direction(
        point,
        seen.packetType,
        seen.etherSource,
        seen.etherDestination,
        outer?.source ?? (isError ? destination : source).address,
        outer?.destination ?? (isError ? source : destination).address,
      ),
      time:
        (clock & CLOCK_NO_TIME) !== 0
          ? null
          : this.#clock.time(cells.get(cell, CELL_SECONDS), clock & CLOCK_NANOSECONDS),
      packet: cells.get(cell, CELL_PACKET),
      source,
      destination,
      etherSource: seen.etherSource,
      etherDestination: seen.etherDestination,
      encapsulations: seen.encapsulations,
      vlan: isError ? null : seen.vlan,
      ttl: (packed >>> TTL_SHIFT) & 0xff,
      identification: idWindow & 0xffff || null,
      sequenceNumber: identified ? 0 : lists.sequenceNumber(row, cell),
      acknowledgmentNumber: identified ? 0 : lists.acknowledgmentNumber(row, cell),
      timestampValue: timestamped ? cells.get(cell, CELL_TIMESTAMP_VALUE) : null,
      timestampEchoReply: timestamped ? cells.get(cell, CELL_TIMESTAMP_ECHO_REPLY) : null,
      window: idWindow >>> 16,
      payload: identified
        ? {
            length: cells.get(cell, CELL_TIMESTAMP_VALUE),
            digest: cells.get(cell, CELL_SEQUENCE_NUMBER),
            longDigest: cells.get(cell, CELL_ACKNOWLEDGMENT_NUMBER),
            digested: cells.get(cell, CELL_TIMESTAMP_ECHO_REPLY),
          }
        : null,
      icmp: isError ? this.#icmp(cell) : null,
    };
  }

  #icmp(cell: number): Sighting['icmp'] {
    const { cells } = this.#observed;
    const packed = cells.get(cell, CELL_ICMP);
    return {
      version: packed >>> 16 === 6 ? 6 : 4,
      type: (packed >>> 8) & 0xff,
      code: packed & 0xff,
      from: this.#observed.icmpSender(cells.get(cell, CELL_ICMP_FROM)),
    };
  }

  #frame(id: number): Seen {
    let seen = this.#seen[id];
    if (!seen) {
      const frame = this.#observed.frame(id);
      const outer = frame.encapsulations.find((e) => e.source !== null) ?? null;
      seen = { ...frame, point: this.#points.point(frame.interface, frame.isIfindex), outer };
      this.#seen[id] = seen;
    }
    return seen;
  }
}

/** Makes times of two numbers. Neighbours mostly share their second, and often all of it: then nothing is made anew. */
class Clock {
  #seconds = -1;
  #second: Nanoseconds = 0n;
  #nanoseconds = -1;
  #last: Nanoseconds = 0n;

  time(seconds: number, nanoseconds: number): Nanoseconds {
    if (seconds !== this.#seconds) {
      this.#seconds = seconds;
      this.#second = toNanoseconds(seconds, 0);
    } else if (nanoseconds === this.#nanoseconds) return this.#last;
    this.#nanoseconds = nanoseconds;
    this.#last = this.#second + BigInt(nanoseconds);
    return this.#last;
  }
}
