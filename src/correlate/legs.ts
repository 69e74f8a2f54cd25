import { formatAddress, formatIPv4 } from '../model/address.js';
import type { Endpoint } from '../model/analysis.js';
import type { CapturePoint, Sighting, SightingKind } from '../model/sighting.js';
import { type Nanoseconds, toNanoseconds } from '../model/time.js';
import type { CapturePoints } from './capture-points.js';
import type { Leg } from './leg.js';
import { Flow, State, Transport } from './track/flow-words.js';
import type { Frame } from './track/frame-table.js';
import { Clock, Extent, Field, FROM_B, KIND_SHIFT, Kind, TTL_SHIFT } from './track/sighting-table.js';
import type { Tracker } from './track/tracker.js';

const KINDS: Record<number, SightingKind> = {
  [Kind.syn]: 'syn',
  [Kind.synAck]: 'syn-ack',
  [Kind.ack]: 'ack',
  [Kind.rst]: 'rst',
  [Kind.icmpError]: 'icmp-error',
  [Kind.datagram]: 'datagram',
  [Kind.echoRequest]: 'echo-request',
  [Kind.echoReply]: 'echo-reply',
};

/** The legs that a tracker has seen so far, in the order in which they began. */
export function readLegs(tracker: Tracker, points: CapturePoints): Leg[] {
  const legs: Leg[] = [];
  const sightings = new SightingReader(tracker, points);
  for (const row of tracker.flows.rows()) legs.push(readLeg(tracker, sightings, row));
  return legs;
}

function readLeg(tracker: Tracker, sightings: SightingReader, row: number): Leg {
  const { flows } = tracker;
  const state = flows.get(row, Flow.state);
  const is = (bit: number) => (state & bit) !== 0;
  const ports = flows.get(row, Flow.ports);
  const isEcho = is(Transport.echo);
  const isTcp = !isEcho && !is(Transport.udp);
  const [portA, portB] = [ports >>> 16, ports & 0xffff];
  const a: Endpoint = { address: flowAddress(tracker, row, Flow.addressA), port: isEcho ? null : portA };
  const b: Endpoint = { address: flowAddress(tracker, row, Flow.addressB), port: isEcho ? null : portB };
  const clientKnown = is(State.clientKnown);
  // A leg that began in the middle: the higher port is more likely the client's (ephemeral ports are high).
  const clientIsB = clientKnown ? is(State.clientIsB) : portB > portA;
  const numbered = isTcp && is(State.syn | State.synAck);
  const sequenceA = is(State.aSequence) && !numbered ? flows.get(row, Flow.clientSequence) : null;
  const sequenceB = is(State.bSequence) && !numbered ? flows.get(row, Flow.serverSequence) : null;
  return {
    protocol: isTcp ? 'tcp' : isEcho ? 'icmp' : 'udp',
    echo: isEcho ? { identifier: portA, sequence: portB } : null,
    serverFirst: is(State.serverFirst),
    client: clientIsB ? b : a,
    server: clientIsB ? a : b,
    clientKnown,
    clientIsn: numbered ? flows.get(row, Flow.clientSequence) : null,
    serverIsn: is(State.synAck) ? flows.get(row, Flow.serverSequence) : null,
    clientFirstSequence: clientIsB ? sequenceB : sequenceA,
    serverFirstSequence: clientIsB ? sequenceA : sequenceB,
    syn: is(State.syn),
    synAck: is(State.synAck),
    clientSpoke: is(clientIsB ? State.bSpoke : State.aSpoke),
    serverSpoke: is(clientIsB ? State.aSpoke : State.bSpoke),
    clientReset: is(clientIsB ? State.bReset : State.aReset),
    serverReset: is(clientIsB ? State.aReset : State.bReset),
    firstTime: flowTime(tracker, row, Flow.firstSeconds, Flow.firstNanoseconds),
    lastTime: flowTime(tracker, row, Flow.lastSeconds, Flow.lastNanoseconds),
    sightings: sightings.read(row, a, b, clientIsB),
  };
}

function flowTime(tracker: Tracker, row: number, seconds: number, nanoseconds: number): Nanoseconds | null {
  const { flows } = tracker;
  if ((flows.get(row, Flow.state) & State.timed) === 0) return null;
  return toNanoseconds(flows.get(row, seconds), flows.get(row, nanoseconds));
}

function flowAddress(tracker: Tracker, row: number, field: number): string {
  const { flows } = tracker;
  const word = flows.get(row, field);
  if ((flows.get(row, Flow.state) & State.versionMask) === 6) {
    return formatAddress(flows.addresses.octets(word), 0, 6);
  }
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
    for (let cell = tracker.flows.get(flow, Flow.firstSighting) - 1; cell >= 0; cell = tracker.after(cell)) {
      result.push(this.#readOne(flow, cell, a, b, clientIsB));
    }
    return result;
  }

  #readOne(flow: number, cell: number, a: Endpoint, b: Endpoint, clientIsB: boolean): Sighting {
    const tracker = this.#tracker;
    const get = (field: number) => tracker.sightings.get(cell, field);
    const packed = get(Field.frame);
    const clock = get(Field.nanoseconds);
    const extent = get(Field.next);
    const fromB = (packed & FROM_B) !== 0;
    const timestamped = (clock & Clock.hasTimestamps) !== 0;
    const identified = (extent & Extent.payload) !== 0;
    const source = fromB ? b : a;
    const destination = fromB ? a : b;
    const seen = this.#frame(tracker.frameOf(cell));
    const { point, etherSource, etherDestination, encapsulations } = seen;
    const outer = encapsulations.find((e) => e.source !== null);
    const kind = KINDS[(packed >>> KIND_SHIFT) & 7]!;
    // An ICMP error goes against the packet that it is about.
    const isError = kind === 'icmp-error';
    const idWindow = get(Field.idWindow);
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
        (clock & Clock.noTime) !== 0 ? null : toNanoseconds(get(Field.seconds), clock & Clock.nanoseconds),
      packet: get(Field.packet),
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
      timestampValue: timestamped ? get(Field.timestampValue) : null,
      timestampEchoReply: timestamped ? get(Field.timestampEchoReply) : null,
      window: idWindow >>> 16,
      payload: identified
        ? {
            length: get(Field.timestampValue),
            digest: get(Field.sequenceNumber),
            longDigest: get(Field.acknowledgmentNumber),
            digested: get(Field.timestampEchoReply),
          }
        : null,
      icmp: isError
        ? {
            version: get(Field.icmp) >>> 16 === 6 ? 6 : 4,
            type: (get(Field.icmp) >>> 8) & 0xff,
            code: get(Field.icmp) & 0xff,
            from: tracker.addresses.value(get(Field.icmpFrom)) ?? '',
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
