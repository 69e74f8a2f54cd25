import type { Address } from '../prefix.js';

/** A packet as rules see it, at one hook. Copied where chance parts its ways. */
export interface FilterPacket {
  family: 4 | 6;
  source: Address;
  destination: Address;
  /** As `/etc/protocols` names it: `tcp`, `udp`, `icmp`, `ipv6-icmp`, `sctp`; a number as text for others. */
  protocol: string;
  /** Null where the protocol has none. */
  sourcePort: number | null;
  destinationPort: number | null;
  /** Of TCP: which of the handshake it is; null for others. */
  tcp: 'syn' | 'syn-ack' | 'ack' | null;
  /** Of ICMP and ICMPv6; null for others. */
  icmp: { type: number; code: number } | null;
  mark: number;
  /** The TOS or traffic class octet. */
  tos: number;
  ttl: number;
  /** Octets of the IP packet; null where not known. */
  length: number | null;
  /** Null on output. */
  iif: string | null;
  /** Null before routing. */
  oif: string | null;
  /** The sender's MAC; null where not known. */
  macSource: string | null;
  /** Of the sending process, on output; null where not known. */
  uid: number | null;
  /** Null before conntrack has seen it, and where it is not tracked. */
  connection: Connection | null;
  /** With regard to the connection. */
  direction: 'original' | 'reply';
  untracked: boolean;
  /** Set by a match that asks for the way back to the source and finds none: what drops it for that may be a later rule. */
  failedCheck?: boolean;
}

/** One tracked connection (struct nf_conn). Shared by its packets, copied where chance parts their ways. */
export interface Connection {
  family: 4 | 6;
  protocol: string;
  /** As the first packet had them. */
  original: Tuple;
  /** As a reply has them when it comes in: the original turned round, with every translation. */
  reply: Tuple;
  state: 'new' | 'established' | 'related';
  mark: number;
  zone: number;
  /** Whether its destination, or its source, was translated (IPS_DST_NAT, IPS_SRC_NAT). */
  destinationNat: boolean;
  sourceNat: boolean;
  /** Picked up in its middle (nf_conntrack_tcp_loose): an ACK with no SYN before it. */
  pickedUp?: boolean;
  /** The device that it was masqueraded for: by no other may its packets leave (nf_nat_oif_changed). */
  masqueradedFor?: string;
}

export interface Tuple {
  source: Address;
  destination: Address;
  sourcePort: number | null;
  destinationPort: number | null;
}
