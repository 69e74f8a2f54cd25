import type { Direction, Endpoint } from './analysis.js';
import type { Nanoseconds } from './time.js';

/** Where packets were captured. */
export interface CapturePoint {
  node: string;
  /** Another network namespace of the node; null for its own. */
  netns: string | null;
  /** Null where neither the capture nor its name tells. */
  interface: string | null;
  /** The capture file, as in the analysis' `inputs`. */
  file: string;
  /** The capture: for most the file; a rotated one has several, and a file may be of several nodes. */
  capture: string;
}

/** One wrapping that a packet was seen in. */
export interface Encapsulation {
  kind: 'vxlan' | 'geneve' | 'gre' | 'ipip' | 'mpls' | 'pppoe';
  /** VNI, key, label or session. */
  id: number;
  /** Outer addresses; null under MPLS and PPPoE. */
  source: string | null;
  destination: string | null;
  /** UDP port of the tunnel; null where there is none. */
  port: number | null;
}

/** `datagram` is one of UDP: who asked and who answered is in `fromClient`. Echo is of ICMP and ICMPv6. */
export type SightingKind =
  | 'syn'
  | 'syn-ack'
  | 'ack'
  | 'rst'
  | 'icmp-error'
  | 'datagram'
  | 'echo-request'
  | 'echo-reply';

/** What tells a UDP datagram, or an echo, from others: NAT changes none of it. */
export interface PayloadIdentity {
  /** Octets, as the headers have it. */
  length: number;
  /** Of the first octets, few enough for every snap length that is in use. */
  digest: number;
  /** Of as much as was captured, up to a bound: tells two apart that begin alike. */
  longDigest: number;
  /** Octets that `longDigest` is of. */
  digested: number;
}

/** One packet that matters to an attempt, as one capture point saw it. */
export interface Sighting {
  kind: SightingKind;
  /** Sent by the client's side. For an ICMP error: whether the packet it quotes was. */
  fromClient: boolean;
  point: CapturePoint;
  direction: Direction;
  /** By the clock of the node that captured it; null where the file gives no time. */
  time: Nanoseconds | null;
  /** From 1, in its file. */
  packet: number;
  source: Endpoint;
  destination: Endpoint;
  /** Of the outermost frame; null where the capture has none (a cooked one has no destination). */
  etherSource: string | null;
  etherDestination: string | null;
  /**
   * In a frame for another host's MAC, which the kernel does not take in: it was overheard, unless what the node does
   * below IP carried it on (a bridge of which no snapshot tells).
   */
  forOther: boolean;
  /** Outermost first. */
  encapsulations: readonly Encapsulation[];
  /** VID of the frame's 802.1Q tag (within a tunnel: of the inner frame's); null where untagged. */
  vlan: number | null;
  /** Of the packet itself, not of a tunnel around it. */
  ttl: number;
  /** IPv4 Identification; null where the packet has none, or 0, which identifies nothing. */
  identification: number | null;
  /** TCP's fields are 0 for other protocols. */
  sequenceNumber: number;
  acknowledgmentNumber: number;
  /** TCP Timestamps option; null where absent. */
  timestampValue: number | null;
  timestampEchoReply: number | null;
  window: number;
  /** Null for TCP, and where an ICMP error quotes no payload. */
  payload: PayloadIdentity | null;
  /** ICMP type and code, and who sent the error; null for other packets. */
  icmp: { version: 4 | 6; type: number; code: number; from: string } | null;
}
