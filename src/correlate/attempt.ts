import type { Endpoint, Outcome, Role } from '../model/analysis.js';
import type { Sighting } from '../model/sighting.js';
import type { Nanoseconds } from '../model/time.js';
import type { Leg } from './leg.js';
import type { PacketTrace } from './trace.js';

/** One client's try at one connection, followed over every capture. */
export interface Attempt {
  id: string;
  /** `icmp` is an echo of either IP version. */
  protocol: 'tcp' | 'udp' | 'icmp';
  client: Endpoint;
  /** As the client addressed it. */
  server: Endpoint;
  /** The VIP that it was for; null where its server is not known as one. */
  vip: string | null;
  outcome: Outcome;
  /** On the first node's clock. */
  firstTime: Nanoseconds | null;
  /** SYNs sent; 0 where none was captured. */
  tries: number;
  /** Answers sent, each counted once wherever it was seen. */
  replies: number;
  /** How much longer it took for packets that were lost; null where it was not made, or where that is not known. */
  delayNs: Nanoseconds | null;
  /**
   * Its client (`request`) or its server (`reply`) sent its first data again and again, and did not get on: of TCP that
   * was established alone. Null: neither.
   */
  unanswered: Role | null;
  /** It was established, and reset by a host that knows of no such connection before its server sent anything else. */
  disowned: boolean;
  /**
   * Attempts that it stands for, itself among them: of very many that were established, a sample is kept. 0: it is kept
   * beside the sample.
   */
  standsFor: number;
  /** The leg that the client addressed comes first, then as NAT changed it. */
  legs: Leg[];
  /** Its SYNs and SYN-ACKs in the order in which they were sent. */
  traces: PacketTrace[];
  /** RSTs, ICMP errors and the client's first ACKs, by time. */
  others: Sighting[];
  /** Of UDP without a reply: what its server sent to the client from an address that the client did not ask. */
  otherSource: Sighting[];
}
