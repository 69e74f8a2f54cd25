import { formatAddress, formatIPv4 } from '../model/address.js';
import type { Endpoint } from '../model/analysis.js';
import type { CapturePoint, Sighting, SightingKind } from '../model/sighting.js';
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
  FLOW_FIRST_SIGHTING,
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
import type { Frame } from './track/frame-table.js';
import type { Tracker } from './track/tracker.js';

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

/** The legs that a tracker has seen so far, in the order in which they began. */
export function readLegs(tracker: Tracker, points: CapturePoints): Leg[] {
  const legs: Leg[] = [];
  const sightings = new SightingReader(tracker, points);
  for (const row of tracker.flows.rows()) {
    if ((tracker.flows.get(row, FLOW_STATE) & STATE_LOST) === 0) legs.push(readLeg(tracker, sightings, row));
  }
  return legs;
}

function readLeg(tracker: Tracker, sightings: SightingReader, row: number): Leg {
  const { flows } = tracker;
  const state = flows.get(row, FLOW_STATE);
  const is = (bit: number) => (state & bit) !== 0;
  const ports = flows.get(row, FLOW_PORTS);
  const isEcho = is(TRANSPORT_ECHO);
  const isTcp = !isEcho && !is(TRANSPORT_UDP);
  const [portA, portB] = [ports >>> 16, ports & 0xffff];
  const a: Endpoint = { address: flowAddress(tracker, row, FLOW_ADDRESS_A), port: isEcho ? null : portA };
  const b: Endpoint = { address: flowAddress(tracker, row, FLOW_ADDRESS_B), port: isEcho ? null : portB };
  const clientKnown = is(STATE_CLIENT_KNOWN);
  // A leg that began in the middle: the higher port is more likely the client's (ephemeral ports are high).
  const clientIsB = clientKnown ? is(STATE_CLIENT_IS_B) : portB > portA;
  const numbered = isTcp && is(STATE_SYN | STATE_SYN_ACK);
  const sequenceA = is(STATE_A_SEQUENCE) && !numbered ? flows.get(row, FLOW_CLIENT_SEQUENCE) : null;
  const sequenceB = is(STATE_B_SEQUENCE) && !numbered ? flows.get(row, FLOW_SERVER_SEQUENCE) : null;
  return {
    protocol: isTcp ? 'tcp' : isEcho ? 'icmp' : 'udp',
    echo: isEcho ? { identifier: portA, sequence: portB } : null,
    serverFirst: is(STATE_SERVER_FIRST),
    client: clientIsB ? b : a,
    server: clientIsB ? a : b,
    clientKnown,
    clientIsn: numbered ? flows.get(row, FLOW_CLIENT_SEQUENCE) : null,
    serverIsn: is(STATE_SYN_ACK) ? flows.get(row, FLOW_SERVER_SEQUENCE) : null,
    clientFirstSequence: clientIsB ? sequenceB : sequenceA,
    serverFirstSequence: clientIsB ? sequenceA : sequenceB,
    syn: is(STATE_SYN),
    synAck: is(STATE_SYN_ACK),
    clientSpoke: is(clientIsB ? STATE_B_SPOKE : STATE_A_SPOKE),
    serverSpoke: is(clientIsB ? STATE_A_SPOKE : STATE_B_SPOKE),
    clientReset: is(clientIsB ? STATE_B_RESET : STATE_A_RESET),
    serverReset: is(clientIsB ? STATE_A_RESET : STATE_B_RESET),
    firstTime: flowTime(tracker, row, FLOW_FIRST_SECONDS, FLOW_FIRST_NANOSECONDS),
    lastTime: flowTime(tracker, row, FLOW_LAST_SECONDS, FLOW_LAST_NANOSECONDS),
    sightings: sightings.read(row, a, b, clientIsB),
  };
}

function flowTime(tracker: Tracker, row: number, seconds: number, nanoseconds: number): Nanoseconds | null {
  const { flows } = tracker;
  if ((flows.get(row, FLOW_STATE) & STATE_TIMED) === 0) return null;
  return toNanoseconds(flows.get(row, seconds), flows.get(row, nanoseconds));
}

function flowAddress(tracker: Tracker, row: number, field: number): string {
  const { flows } = tracker;
  return addressOf(tracker, flows.get(row, field), flows.get(row, FLOW_STATE) & STATE_VERSION);
}

/** The text of an address as a flow's row has it. */
export function addressOf({ flows }: Tracker, word: number, version: number): string {
  if (version === 6) return formatAddress(flows.address(word), 0, 6);
  return formatIPv4(Uint8Array.of(word >>> 24, word >>> 16, word >>> 8, word));
}

/** What a frame's number stands for, made once for all that lie in frames alike. */
interface Seen extends Frame {
  point: CapturePoint;
}

/** Reads the sightings of one tracker. */
class SightingReader {
  readonly #tracker: Tracker;
  readonly #points: CapturePoints;
  readonly #seen: Seen[] = [];

  constructor(tracker: Tracker, points: CapturePoints) {
    this.#tracker = tracker;
    this.#points = points;
  }

  read(flow: number, a: Endpoint, b: Endpoint, clientIsB: boolean): Sighting[] {
    const tracker = this.#tracker;
    const result: Sighting[] = [];
    for (let cell = tracker.flows.get(flow, FLOW_FIRST_SIGHTING) - 1; cell >= 0; cell = tracker.after(cell)) {
      result.push(this.#readOne(flow, cell, a, b, clientIsB));
    }
    return result;
  }

  #readOne(flow: number, cell: number, a: Endpoint, b: Endpoint, clientIsB: boolean): Sighting {
    const tracker = this.#tracker;
    const get = (field: number) => tracker.sightings.get(cell, field);
    const packed = get(CELL_FRAME);
    const clock = get(CELL_NANOSECONDS);
    const extent = get(CELL_NEXT);
    const fromB = (packed & FROM_B) !== 0;
    const timestamped = (clock & CLOCK_HAS_TIMESTAMPS) !== 0;
    const identified = (extent & EXTENT_PAYLOAD) !== 0;
    const source = fromB ? b : a;
    const destination = fromB ? a : b;
    const seen = this.#frame(tracker.frameOf(cell));
    const { point, etherSource, etherDestination, encapsulations } = seen;
    const outer = encapsulations.find((e) => e.source !== null);
    const kind = KINDS[(packed >>> KIND_SHIFT) & 7]!;
    // An ICMP error goes against the packet that it is about.
    const isError = kind === 'icmp-error';
    const idWindow = get(CELL_ID_WINDOW);
    return {
      kind,
      fromClient: fromB === clientIsB,
      point,
      direction: this.#points.direction(
        point,
        seen.packetType,
        etherSource,
        etherDestination,
        outer?.source ?? (isError ? destination : source).address,
        outer?.destination ?? (isError ? source : destination).address,
      ),
      time:
        (clock & CLOCK_NO_TIME) !== 0 ? null : toNanoseconds(get(CELL_SECONDS), clock & CLOCK_NANOSECONDS),
      packet: get(CELL_PACKET),
      source,
      destination,
      etherSource,
      etherDestination,
      encapsulations,
      vlan: isError ? null : seen.vlan,
      ttl: (packed >>> TTL_SHIFT) & 0xff,
      identification: idWindow & 0xffff || null,
      sequenceNumber: identified ? 0 : tracker.sequenceNumber(flow, cell),
      acknowledgmentNumber: identified ? 0 : tracker.acknowledgmentNumber(flow, cell),
      timestampValue: timestamped ? get(CELL_TIMESTAMP_VALUE) : null,
      timestampEchoReply: timestamped ? get(CELL_TIMESTAMP_ECHO_REPLY) : null,
      window: idWindow >>> 16,
      payload: identified
        ? {
            length: get(CELL_TIMESTAMP_VALUE),
            digest: get(CELL_SEQUENCE_NUMBER),
            longDigest: get(CELL_ACKNOWLEDGMENT_NUMBER),
            digested: get(CELL_TIMESTAMP_ECHO_REPLY),
          }
        : null,
      icmp: isError
        ? {
            version: get(CELL_ICMP) >>> 16 === 6 ? 6 : 4,
            type: (get(CELL_ICMP) >>> 8) & 0xff,
            code: get(CELL_ICMP) & 0xff,
            from: tracker.addresses.value(get(CELL_ICMP_FROM)) ?? '',
          }
        : null,
    };
  }

  #frame(id: number): Seen {
    let seen = this.#seen[id];
    if (!seen) {
      const frame = this.#tracker.frames.describe(id);
      seen = { ...frame, point: this.#points.point(frame.interface, frame.isIfindex) };
      this.#seen[id] = seen;
    }
    return seen;
  }
}
