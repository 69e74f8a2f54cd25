/**
 * Hot path: every attempt's legs and sightings are made here, and what many of them have in common is made once.
 */
import type { Direction, Endpoint, Role } from '../model/analysis.js';
import type { CapturePoint, Encapsulation, Sighting, SightingKind } from '../model/sighting.js';
import { NANOSECONDS_PER_MILLISECOND, type Nanoseconds } from '../model/time.js';
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
  DATA_SHIFT,
  DATA_WENT_ON,
  EXTENT_PAYLOAD,
  FLOW_ADDRESS_A,
  FLOW_ADDRESS_B,
  FLOW_CLIENT_SEQUENCE,
  FLOW_FIRST_DATA,
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
  STATE_ANSWERED,
  STATE_B_RESET,
  STATE_B_SEQUENCE,
  STATE_B_SPOKE,
  STATE_CLIENT_IS_B,
  STATE_CLIENT_KNOWN,
  STATE_IGNORED,
  STATE_PAYLOAD,
  STATE_SERVER_FIRST,
  STATE_SERVER_PAYLOAD,
  STATE_SHARE,
  STATE_SHARE_SHIFT,
  STATE_SYN,
  STATE_SYN_ACK,
  STATE_TIMED,
  STATE_UNANSWERED,
  STATE_VERSION,
  TRANSPORT_ECHO,
  TRANSPORT_UDP,
  TTL_SHIFT,
} from '../wasm/layout.js';
import type { CapturePoints } from './capture-points.js';
import { CellClock } from './cell-clock.js';
import { KnownServers } from './known-servers.js';
import { areDisowning, type Leg, type Witness } from './leg.js';
import { isClosed, type LoneFacts, LoneFactsReader, unansweredBy } from './lone-facts.js';
import { SIFTED_LET_GO, SIFTED_NEEDED } from './sift/shares.js';
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

/** What a frame's number stands for, made once for all that lie in frames alike. */
interface Seen extends Frame {
  point: CapturePoint;
  /** Addresses of the outermost tunnel that has any; null where the packet's own count. */
  outer: Encapsulation | null;
  /** The direction of all of them; undefined where the packets' own addresses tell. */
  direction: Direction | undefined;
  forOther: boolean;
}

type Ends = Pick<Leg, 'client' | 'server'>;

/** The legs that a capture saw, read from its tables one by one. */
export class CaptureLegs {
  readonly #observed: Observed;
  readonly #points: CapturePoints;
  readonly #facts: LoneFactsReader;
  readonly #clock = new CellClock();
  /** One flow's sightings. */
  readonly #collected: Sighting[] = [];
  readonly #seen: Seen[] = [];
  /** By the word of the address. */
  readonly #addresses4 = new Map<number, string>();
  readonly #addresses6 = new Map<number, string>();
  /** Of each end that is a server's, one object for all its clients: by address and port. */
  readonly #servers = new Map<string, Map<number, Endpoint>>();
  readonly #knownServers: KnownServers;
  readonly #shares: Uint8Array | null;

  /**
   * @param knownServers of all captures, so that they agree on who asked
   * @param shares what each row stands for, where connections of several captures were sifted (`sift/sift.ts`)
   */
  constructor(
    observations: Observations,
    points: CapturePoints,
    knownServers: KnownServers = new KnownServers([observations]),
    shares: Uint8Array | null = null,
  ) {
    this.#observed = new Observed(observations);
    this.#points = points;
    this.#knownServers = knownServers;
    this.#shares = shares;
    this.#facts = new LoneFactsReader(this.#observed.flows, this.#observed.cells);
  }

  /** Whether a row's connection was counted and let go, as several captures were sifted. */
  isLetGo(row: number): boolean {
    return this.#shares?.[row] === SIFTED_LET_GO;
  }

  /** How many connections a row's stands for; 0: another stands for it. */
  standsFor(row: number): number {
    const share = this.#shares?.[row] ?? 0;
    if (share === SIFTED_NEEDED) return 0;
    if (share > 0) return 2 ** (share - 1);
    return 2 ** ((this.#observed.flows.get(row, FLOW_STATE) >>> STATE_SHARE_SHIFT) & STATE_SHARE);
  }

  unanswered(row: number): Role | null {
    return unansweredBy(this.#observed.flows.get(row, FLOW_STATE));
  }

  /** Whether a host that has no such connection reset a row's, which is no other leg's: as `isDisowned` has it. */
  disowned(row: number): boolean {
    const { flows, lists } = this.#observed;
    if (!mayBeDisowned(flows.get(row, FLOW_STATE))) return false;
    const resets: Pick<Sighting, 'sequenceNumber' | 'acknowledgmentNumber'>[] = [];
    for (let cell = lists.first(row); cell >= 0; cell = lists.after(cell)) {
      if (lists.kindOf(cell) !== KIND_RST) continue;
      resets.push({
        sequenceNumber: lists.sequenceNumber(row, cell) >>> 0,
        acknowledgmentNumber: lists.acknowledgmentNumber(row, cell),
      });
    }
    return areDisowning(resets, (flows.get(row, FLOW_SERVER_SEQUENCE) + 1) >>> 0);
  }

  /** What became of a row's connection, which is no other leg's; null where its leg has to be looked at. */
  facts(row: number): LoneFacts | null {
    return this.disowned(row) ? null : this.#facts.read(row);
  }

  /** The ends of a row whose client is known. */
  ends(row: number): Ends {
    const state = this.#observed.flows.get(row, FLOW_STATE);
    return this.#ends(row, false, (state & STATE_CLIENT_IS_B) !== 0);
  }

  /**
   * A row's leg, made anew each time.
   *
   * @param known its ends, where it was read before
   * @param sightings its own, where they were
   */
  leg(row: number, known: Ends | null = null, sightings: Sighting[] | null = null): Leg {
    const { flows } = this.#observed;
    const { words } = flows;
    const at = flows.at(row);
    const state = words[at + FLOW_STATE]!;
    const ports = words[at + FLOW_PORTS]!;
    const isEcho = (state & TRANSPORT_ECHO) !== 0;
    const isTcp = (state & (TRANSPORT_ECHO | TRANSPORT_UDP)) === 0;
    const portA = ports >>> 16;
    const portB = ports & 0xffff;
    const clientKnown = (state & STATE_CLIENT_KNOWN) !== 0;
    const clientIsB = this.#clientIsB(row);
    const { client, server } = known ?? this.#ends(row, isEcho, clientIsB);
    const numbered = isTcp && (state & (STATE_SYN | STATE_SYN_ACK)) !== 0;
    const clientSequence = words[at + FLOW_CLIENT_SEQUENCE]! >>> 0;
    const serverSequence = words[at + FLOW_SERVER_SEQUENCE]! >>> 0;
    const sequenceA = (state & STATE_A_SEQUENCE) !== 0 && !numbered ? clientSequence : null;
    const sequenceB = (state & STATE_B_SEQUENCE) !== 0 && !numbered ? serverSequence : null;
    const isTimed = (state & STATE_TIMED) !== 0;
    const serverSpoke = (state & (clientIsB ? STATE_A_SPOKE : STATE_B_SPOKE)) !== 0;
    const own = sightings ?? this.#sightings(row, client, server, clientIsB);
    const clock = this.#clock;
    const lastTime = isTimed
      ? clock.time(words[at + FLOW_LAST_SECONDS]! >>> 0, words[at + FLOW_LAST_NANOSECONDS]!)
      : null;
    return {
      protocol: isTcp ? 'tcp' : isEcho ? 'icmp' : 'udp',
      echo: isEcho ? { identifier: portA, sequence: portB } : null,
      serverFirst: !isTcp && (state & STATE_SERVER_FIRST) !== 0,
      client,
      server,
      clientKnown,
      clientIsn: numbered ? clientSequence : null,
      serverIsn: (state & STATE_SYN_ACK) !== 0 ? serverSequence : null,
      clientFirstSequence: clientIsB ? sequenceB : sequenceA,
      serverFirstSequence: clientIsB ? sequenceA : sequenceB,
      syn: (state & STATE_SYN) !== 0,
      synAck: (state & STATE_SYN_ACK) !== 0,
      clientSpoke: (state & (clientIsB ? STATE_B_SPOKE : STATE_A_SPOKE)) !== 0,
      serverSpoke,
      dataIgnored: (state & STATE_IGNORED) !== 0,
      unanswered: unansweredBy(state),
      wentOn: isTcp && hasGoneOn(state, words[at + FLOW_FIRST_DATA]!),
      witnesses:
        isTcp && own.length > 0
          ? witnessed(own[0]!.point, state, serverSpoke, lastTime, words[at + FLOW_FIRST_DATA]!)
          : NOBODY,
      clientReset: (state & (clientIsB ? STATE_B_RESET : STATE_A_RESET)) !== 0,
      serverReset: (state & (clientIsB ? STATE_A_RESET : STATE_B_RESET)) !== 0,
      standsFor: this.standsFor(row),
      firstTime: isTimed
        ? clock.time(words[at + FLOW_FIRST_SECONDS]! >>> 0, words[at + FLOW_FIRST_NANOSECONDS]!)
        : null,
      lastTime,
      sightings: own,
    };
  }

  /** The packets of a row's leg, made anew each time. */
  sightings(row: number, { client, server }: Ends): Sighting[] {
    return this.#sightings(row, client, server, this.#clientIsB(row));
  }

  #clientIsB(row: number): boolean {
    const state = this.#observed.flows.get(row, FLOW_STATE);
    return (state & STATE_CLIENT_KNOWN) !== 0 ? (state & STATE_CLIENT_IS_B) !== 0 : this.#guessClientIsB(row);
  }

  /**
   * Of a leg that began in the middle: who is known as a server was asked; else the higher port is more likely the
   * client's (ephemeral ports are high, but NAT may take any above 1023).
   */
  #guessClientIsB(row: number): boolean {
    const { flows } = this.#observed;
    const version = flows.get(row, FLOW_STATE) & STATE_VERSION;
    const ports = flows.get(row, FLOW_PORTS);
    const [portA, portB] = [ports >>> 16, ports & 0xffff];
    const a = this.#address(flows.get(row, FLOW_ADDRESS_A), version);
    const b = this.#address(flows.get(row, FLOW_ADDRESS_B), version);
    const isServerA = this.#knownServers.has(a, portA);
    if (isServerA !== this.#knownServers.has(b, portB)) return isServerA;
    if (portA !== portB || version === 4) return portB > portA;
    // Which of two IPv6 addresses is a, depends on what else the capture has seen before.
    return b < a;
  }

  #ends(row: number, isEcho: boolean, clientIsB: boolean): Ends {
    const { flows } = this.#observed;
    const { words } = flows;
    const at = flows.at(row);
    const version = words[at + FLOW_STATE]! & STATE_VERSION;
    const ports = words[at + FLOW_PORTS]!;
    const a = this.#address(words[at + FLOW_ADDRESS_A]!, version);
    const b = this.#address(words[at + FLOW_ADDRESS_B]!, version);
    const portA = isEcho ? null : ports >>> 16;
    const portB = isEcho ? null : ports & 0xffff;
    return clientIsB
      ? { client: { address: b, port: portB }, server: this.#server(a, portA) }
      : { client: { address: a, port: portA }, server: this.#server(b, portB) };
  }

  #server(address: string, port: number | null): Endpoint {
    if (port === null) return { address, port };
    let ports = this.#servers.get(address);
    if (!ports) {
      ports = new Map();
      this.#servers.set(address, ports);
    }
    let server = ports.get(port);
    if (!server) {
      server = { address, port };
      ports.set(port, server);
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

  #sightings(row: number, client: Endpoint, server: Endpoint, clientIsB: boolean): Sighting[] {
    const { lists } = this.#observed;
    const first = lists.first(row);
    if (first < 0) return [];
    if (lists.after(first) < 0) return [this.#sighting(row, first, client, server, clientIsB)];
    const result = this.#collected;
    result.length = 0;
    for (let cell = first; cell >= 0; cell = lists.after(cell)) {
      result.push(this.#sighting(row, cell, client, server, clientIsB));
    }
    // An array that grows has room for more than ten times as many as most flows have.
    return result.slice();
  }

  #sighting(row: number, cell: number, client: Endpoint, server: Endpoint, clientIsB: boolean): Sighting {
    const { cells, lists } = this.#observed;
    const { words } = cells;
    const at = cells.at(cell);
    const packed = words[at + CELL_FRAME]!;
    const clock = words[at + CELL_NANOSECONDS]!;
    const fromClient = ((packed & FROM_B) !== 0) === clientIsB;
    const timestamped = (clock & CLOCK_HAS_TIMESTAMPS) !== 0;
    const identified = (words[at + CELL_NEXT]! & EXTENT_PAYLOAD) !== 0;
    const source = fromClient ? client : server;
    const destination = fromClient ? server : client;
    const seen = this.#frame(lists.frameOf(cell));
    const kind = KINDS[(packed >>> KIND_SHIFT) & 7]!;
    // An ICMP error goes against the packet that it is about.
    const isError = kind === 'icmp-error';
    const idWindow = words[at + CELL_ID_WINDOW]!;
    return {
      kind,
      fromClient,
      point: seen.point,
      direction:
        seen.direction !== undefined
          ? seen.direction
          : isError
            ? this.#directionOf(seen, destination, source)
            : this.#directionOf(seen, source, destination),
      time:
        (clock & CLOCK_NO_TIME) !== 0
          ? null
          : this.#clock.time(words[at + CELL_SECONDS]! >>> 0, clock & CLOCK_NANOSECONDS),
      packet: words[at + CELL_PACKET]! >>> 0,
      source,
      destination,
      etherSource: seen.etherSource,
      etherDestination: seen.etherDestination,
      forOther: seen.forOther,
      encapsulations: seen.encapsulations,
      vlan: isError ? null : seen.vlan,
      ttl: (packed >>> TTL_SHIFT) & 0xff,
      identification: idWindow & 0xffff || null,
      sequenceNumber: identified ? 0 : lists.sequenceNumber(row, cell),
      acknowledgmentNumber: identified ? 0 : lists.acknowledgmentNumber(row, cell),
      timestampValue: timestamped ? words[at + CELL_TIMESTAMP_VALUE]! >>> 0 : null,
      timestampEchoReply: timestamped ? words[at + CELL_TIMESTAMP_ECHO_REPLY]! >>> 0 : null,
      window: idWindow >>> 16,
      payload: identified
        ? {
            length: words[at + CELL_TIMESTAMP_VALUE]! >>> 0,
            digest: words[at + CELL_SEQUENCE_NUMBER]! >>> 0,
            longDigest: words[at + CELL_ACKNOWLEDGMENT_NUMBER]! >>> 0,
            digested: words[at + CELL_TIMESTAMP_ECHO_REPLY]! >>> 0,
          }
        : null,
      icmp: isError ? this.#icmp(cell) : null,
    };
  }

  #directionOf({ outer }: Seen, source: Endpoint, destination: Endpoint): Direction {
    return this.#points.directionByAddresses(
      outer?.source ?? source.address,
      outer?.destination ?? destination.address,
    );
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
      const { packetType, etherSource, etherDestination } = frame;
      const outer = frame.encapsulations.find((e) => e.source !== null) ?? null;
      const point = this.#points.point(frame.interface, frame.isIfindex);
      const direction = this.#points.directionByFrame(point, packetType, etherSource, etherDestination);
      const forOther = this.#points.isForOther(point, packetType, etherSource, etherDestination);
      seen = { ...frame, point, outer, direction, forOther };
      this.#seen[id] = seen;
    }
    return seen;
  }
}

const NOBODY: readonly Witness[] = [];

/** Of a connection that got on until both ends closed it nobody asks. */
function witnessed(
  point: CapturePoint,
  state: number,
  spoke: boolean,
  lastTime: Nanoseconds | null,
  first: number,
): readonly Witness[] {
  if (isClosed(state)) return NOBODY;
  const [data, answered] = [(state & STATE_PAYLOAD) !== 0, (state & STATE_ANSWERED) !== 0];
  const isOpen = (state & STATE_UNANSWERED) !== 0 && (!answered || (state & STATE_SERVER_PAYLOAD) !== 0);
  const unansweredSince = isOpen && lastTime !== null ? firstDataTime(first, lastTime) : null;
  return [{ point, data, spoke, answered, unansweredSince, lastTime }];
}

/** @param lastTime of a packet behind it: its own milliseconds go round */
function firstDataTime(first: number, lastTime: Nanoseconds): Nanoseconds {
  const last = lastTime / NANOSECONDS_PER_MILLISECOND;
  const age = BigInt.asUintN(32 - DATA_SHIFT, last - BigInt(first >>> DATA_SHIFT));
  return (last - age) * NANOSECONDS_PER_MILLISECOND;
}

/** Whether who sent data first got on behind it, as the capture saw it to its end. */
function hasGoneOn(state: number, first: number): boolean {
  if (isClosed(state)) return true;
  const isKnown = (state & (STATE_PAYLOAD | STATE_SERVER_PAYLOAD)) !== 0;
  return isKnown && (state & STATE_UNANSWERED) === 0 && (first & DATA_WENT_ON) !== 0;
}

/** Whether a connection was made, reset by its server's side, and met nothing else of the server behind its SYN-ACK. */
function mayBeDisowned(state: number): boolean {
  const clientIsB = (state & STATE_CLIENT_IS_B) !== 0;
  const [client, server] = clientIsB ? [STATE_B_SPOKE, STATE_A_SPOKE] : [STATE_A_SPOKE, STATE_B_SPOKE];
  const [given, reset] = clientIsB ? [STATE_B_RESET, STATE_A_RESET] : [STATE_A_RESET, STATE_B_RESET];
  const needed = STATE_CLIENT_KNOWN | STATE_SYN_ACK | client | reset;
  return (state & (needed | server | given)) === needed;
}
