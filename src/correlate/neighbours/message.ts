import type { Direction } from '../../model/analysis.js';
import type { CapturePoint } from '../../model/sighting.js';
import type { Nanoseconds } from '../../model/time.js';

/** What an ARP packet (RFC 826) or neighbour discovery message (RFC 4861) says, wherever it was seen. */
export interface NeighbourClaim {
  protocol: 'arp' | 'ndp';
  /**
   * `request`: who has the target? `reply`: the target is at the sender's MAC, told to who asked. `announcement`:
   * told to all unasked (gratuitous ARP in either form, an unsolicited advertisement). `probe`: does anybody have it
   * (RFC 5227, duplicate address detection)?
   */
  kind: 'request' | 'reply' | 'announcement' | 'probe';
  /** The address that the message is about: asked for, or claimed. */
  target: string;
  /** Whose MAC it claims the target to be at; null in requests and probes. */
  claimedMac: string | null;
  /** Who sent it, by what the message says: the asker's address (0.0.0.0 or :: of a probe), or the claimant's. */
  sender: string;
  senderMac: string | null;
  /** Whom a reply is told to; null elsewhere. */
  asker: string | null;
  /** Override flag of an advertisement: unset by anycast addresses and proxies (RFC 4861 section 7.2.7); null elsewhere. */
  override: boolean | null;
  /** Of the frame; null where the capture has none. */
  etherSource: string | null;
  etherDestination: string | null;
  /** VID of the frame's 802.1Q tag; null where untagged. */
  vlan: number | null;
}

/** One ARP packet or neighbour discovery message, as one capture point saw it. */
export interface NeighbourMessage extends NeighbourClaim {
  point: CapturePoint;
  direction: Direction;
  /** By the clock of the node that captured it; null where the file gives no time. */
  time: Nanoseconds | null;
  /** From 1, in its file. */
  packet: number;
}
