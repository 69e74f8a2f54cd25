import type { Endpoint, Role } from '../model/analysis.js';
import type { CapturePoint, Sighting } from '../model/sighting.js';
import type { Nanoseconds } from '../model/time.js';

/**
 * One TCP connection, UDP exchange or echo under one pair of addresses and ports, as one capture saw it. NAT makes
 * several legs of one attempt; several captures make several of one leg, which `merge.ts` and `merge-datagrams.ts`
 * join.
 */
export interface Leg {
  /** `icmp` is an echo of either IP version. */
  protocol: 'tcp' | 'udp' | 'icmp';
  /** Of an echo, whose ends have no ports; null for others. NAT may change the identifier. */
  echo: { identifier: number; sequence: number } | null;
  /** UDP of which the server was seen to send first: it began before the capture. */
  serverFirst: boolean;
  /**
   * The end that sent the SYN, or the first datagram; where no SYN or SYN-ACK was captured, the end that was first seen
   * to send.
   */
  client: Endpoint;
  server: Endpoint;
  clientKnown: boolean;
  /** Initial sequence number of the client: from its SYN, or from the SYN-ACK's acknowledgment; null where neither was seen. */
  clientIsn: number | null;
  serverIsn: number | null;
  /** First sequence number that each end was seen with, in a leg that began in the middle. */
  clientFirstSequence: number | null;
  serverFirstSequence: number | null;
  syn: boolean;
  synAck: boolean;
  /** Segments other than SYN and RST from the client: its ACK of the SYN-ACK, or data. */
  clientSpoke: boolean;
  serverSpoke: boolean;
  /** The SYN-ACK came again behind payload of the client's, and nothing else of the server before it. */
  dataIgnored: boolean;
  /**
   * The client (`request`) or the server (`reply`) sent its first payload again and again, and did not get on, as far as
   * a capture tells; null: neither.
   */
  unanswered: Role | null;
  /** Whoever sent data first got on behind it, or both ends closed the connection, as far as a capture tells. */
  wentOn: boolean;
  /** Of TCP, what each capture saw behind the handshake. */
  witnesses: readonly Witness[];
  clientReset: boolean;
  serverReset: boolean;
  /** Connections that its own stands for, of which the others were counted and let go; 0: another stands for it. */
  standsFor: number;
  firstTime: Nanoseconds | null;
  lastTime: Nanoseconds | null;
  sightings: Sighting[];
}

/** What one capture saw of a connection behind its handshake. */
export interface Witness {
  /** Where its first packet was seen there. */
  point: CapturePoint;
  /** Payload of the client's. */
  data: boolean;
  /** Anything of the server's behind its SYN-ACK. */
  spoke: boolean;
  /** An acknowledgment of the client's payload. */
  answered: boolean;
  /**
   * When the payload that its sender sent again and again was there first, to the ms, by the capture's own clock; null
   * where none was, or it was acknowledged.
   */
  unansweredSince: Nanoseconds | null;
  /** Of its last packet there, by the capture's own clock. */
  lastTime: Nanoseconds | null;
}

/** Whether the server never took what the client sent behind its SYN. */
export function isDataIgnored(legs: readonly Leg[]): boolean {
  return legs.some((leg) => leg.dataIgnored) && legs.every((leg) => !leg.serverSpoke);
}

/** Whose first data went unanswered; null for nobody's. One capture may have ended before it got on, and another not. */
export function unansweredOf(legs: readonly Leg[]): Role | null {
  if (legs.some((leg) => leg.wentOn)) return null;
  return legs.find((leg) => leg.unanswered !== null)?.unanswered ?? null;
}

/**
 * Whether what the client sent behind the SYN-ACK was answered with a reset as a host sends it that has no such connection
 * (RFC 9293 section 3.10.7.1: without an acknowledgment, as there is nothing to acknowledge), before the server sent anything
 * else. One that acknowledges is of a host that has it and gives it up; what the client still sends then meets nothing.
 */
export function isDisowned(legs: readonly Leg[]): boolean {
  if (legs.every((leg) => !leg.serverReset) || legs.some((leg) => leg.serverSpoke || leg.clientReset))
    return false;
  const isn = legs.find(({ serverIsn }) => serverIsn !== null)?.serverIsn ?? null;
  const resets = legs.flatMap(({ sightings }) =>
    sightings.filter(({ kind, fromClient }) => kind === 'rst' && !fromClient),
  );
  return isn !== null && areDisowning(resets, (isn + 1) >>> 0);
}

/** @param next the number that the client awaits */
export function areDisowning(
  resets: readonly Pick<Sighting, 'sequenceNumber' | 'acknowledgmentNumber'>[],
  next: number,
): boolean {
  return (
    resets.every(({ acknowledgmentNumber }) => acknowledgmentNumber === 0) &&
    resets.some(({ sequenceNumber }) => sequenceNumber === next)
  );
}
