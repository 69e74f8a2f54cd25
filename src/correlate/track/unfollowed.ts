import type { PacketRecord } from '../../ingest/capture/record.js';
import { type Nanoseconds, toNanoseconds } from '../../model/time.js';

/**
 * What a capture's tables had no room for. Packets are counted, as they are all that is known of a connection that is
 * not followed: one that is sent again, or seen at two interfaces, is one more.
 */
export class Unfollowed {
  /** The first packet there was no room for, from 1; 0 where there was room for all. */
  since = 0;
  /** Its time; null where it has none. */
  sinceTime: Nanoseconds | null = null;
  /** As many tunnels there are, and were too many; 0 where it was something else that there was no more room for. */
  tunnels = 0;
  /** SYNs of connections that were not begun. */
  syns = 0;
  /** Other TCP packets, and ICMP errors, of connections that are not known. */
  segments = 0;
  /** UDP datagrams, ICMP echoes, and errors about them, of exchanges that are not known. */
  datagrams = 0;
  /** Flows that were begun, and left out again as there was no room for all of their packets that are kept. */
  flows = 0;

  /**
   * Notes the first packet.
   *
   * @param tunnels as many as there is room for, where that is what ran out
   */
  note(record: PacketRecord, tunnels = 0): void {
    if (this.since > 0) return;
    this.since = record.number;
    this.tunnels = tunnels;
    const { seconds, nanoseconds } = record;
    this.sinceTime = Number.isNaN(seconds) ? null : toNanoseconds(seconds, nanoseconds);
  }

  noteSyn(record: PacketRecord): void {
    this.note(record);
    this.syns++;
  }

  noteSegment(record: PacketRecord): void {
    this.note(record);
    this.segments++;
  }

  noteDatagram(record: PacketRecord): void {
    this.note(record);
    this.datagrams++;
  }
}

/** The counts alone: plain data. */
export type UnfollowedCounts = Pick<
  Unfollowed,
  'since' | 'sinceTime' | 'tunnels' | 'syns' | 'segments' | 'datagrams' | 'flows'
>;
