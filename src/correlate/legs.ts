import { formatAddress, formatIPv4 } from '../model/address.js';
import type { Endpoint } from '../model/analysis.js';
import type { Sighting, SightingKind } from '../model/sighting.js';
import { type Nanoseconds, toNanoseconds } from '../model/time.js';
import type { CapturePoints } from './capture-points.js';
import { Flow, State, Transport } from './flow-table.js';
import type { Leg } from './leg.js';
import { Bit, Field, Kind } from './sighting-table.js';
import type { Tracker } from './tracker.js';

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
  for (let row = 0; row < tracker.flows.count; row++) legs.push(readLeg(tracker, points, row));
  return legs;
}

function readLeg(tracker: Tracker, points: CapturePoints, row: number): Leg {
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
    sightings: readSightings(tracker, points, row, a, b, clientIsB),
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

function readSightings(
  tracker: Tracker,
  points: CapturePoints,
  flow: number,
  a: Endpoint,
  b: Endpoint,
  clientIsB: boolean,
): Sighting[] {
  const { sightings, macs, encapsulations, addresses } = tracker;
  const result: Sighting[] = [];
  for (let next = tracker.flows.get(flow, Flow.firstSighting); next !== 0; ) {
    const row = next - 1;
    const get = (field: number) => sightings.get(row, field);
    next = get(Field.next);
    const bitsWindow = get(Field.bitsWindow);
    const kindTtlId = get(Field.kindTtlId);
    const packetType = ((bitsWindow >> Bit.packetTypeShift) & 0xf) - 1;
    const fromB = (bitsWindow & Bit.fromB) !== 0;
    const timestamped = (bitsWindow & Bit.hasTimestamps) !== 0;
    const identified = (bitsWindow & Bit.hasPayload) !== 0;
    const source = fromB ? b : a;
    const destination = fromB ? a : b;
    const wrapped = encapsulations.value(get(Field.encapsulation)) ?? [];
    const etherSource = macs.value(get(Field.etherSource));
    const etherDestination = macs.value(get(Field.etherDestination));
    const point = points.point(get(Field.interface), (bitsWindow & Bit.ifindex) !== 0);
    const outer = wrapped.find((e) => e.source !== null);
    const kind = KINDS[kindTtlId & 0xff]!;
    result.push({
      kind,
      fromClient: fromB === clientIsB,
      point,
      direction: points.direction(
        point,
        packetType,
        etherSource,
        etherDestination,
        // An ICMP error goes against the packet that it is about.
        outer?.source ?? (kind === 'icmp-error' ? destination : source).address,
        outer?.destination ?? (kind === 'icmp-error' ? source : destination).address,
      ),
      time:
        (bitsWindow & Bit.noTime) !== 0 ? null : toNanoseconds(get(Field.seconds), get(Field.nanoseconds)),
      packet: get(Field.packet),
      source,
      destination,
      etherSource,
      etherDestination,
      encapsulations: wrapped,
      vlan: kind === 'icmp-error' ? null : vlanOf(get(Field.icmpFromOrVlan)),
      ttl: (kindTtlId >>> 8) & 0xff,
      identification: kindTtlId >>> 16 || null,
      sequenceNumber: identified ? 0 : get(Field.sequenceNumber),
      acknowledgmentNumber: identified ? 0 : get(Field.acknowledgmentNumber),
      timestampValue: timestamped ? get(Field.timestampValue) : null,
      timestampEchoReply: timestamped ? get(Field.timestampEchoReply) : null,
      window: bitsWindow >>> 16,
      payload: identified
        ? {
            length: get(Field.timestampValue),
            digest: get(Field.sequenceNumber),
            longDigest: get(Field.acknowledgmentNumber),
            digested: get(Field.timestampEchoReply),
          }
        : null,
      icmp:
        kind === 'icmp-error'
          ? {
              version: get(Field.icmp) >>> 16 === 6 ? 6 : 4,
              type: (get(Field.icmp) >>> 8) & 0xff,
              code: get(Field.icmp) & 0xff,
              from: addresses.value(get(Field.icmpFromOrVlan)) ?? '',
            }
          : null,
    });
  }
  return result;
}

/** A priority tag (VID 0) is of no VLAN. */
function vlanOf(word: number): number | null {
  return word > 1 ? word - 1 : null;
}
