import type { InputError } from '../../model/errors.js';
import type { Nanoseconds } from '../../model/time.js';
import type { Waypoint } from './waypoints.js';

/** A capture point as the file describes it: the one of a pcap file, or an interface block of a pcapng. */
export interface CaptureInterface {
  /** From 0, in the order of the file, counted on over pcapng sections. */
  index: number;
  /** `if_name`; null where the file names none (every classic pcap). */
  name: string | null;
  description: string | null;
  /** The interface's own (`if_MACaddr`); absent where the file does not tell. */
  mac?: string;
  /** LINKTYPE_ value, without the FCS bits. */
  linkType: number;
  /** Octets kept of a packet at the most; 0 where there is no limit. */
  snapLength: number;
  /** The capture filter's text (`if_filter`); null where the file has none. */
  filter: string | null;
  /** Packets that the capturing system says it dropped (`isb_ifdrop` and `isb_osdrop`, and `epb_dropcount`);
   * null where nothing is said. */
  dropped: number | null;
  /** Packets the interface received (`isb_ifrecv`); null where nothing is said. */
  received: number | null;
}

/** One packet. The reader reuses a single object for all of them: copy what is to outlive the call. */
export class PacketRecord {
  /** Holds the packet; it may be a part of a read buffer that the next packet overwrites. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Over the same octets as `bytes`, with the same offsets. */
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Where in `bytes` the packet starts. */
  offset = 0;
  capturedLength = 0;
  originalLength = 0;
  /** Whole seconds since 1970, and the nanoseconds within; `seconds` is NaN where the file gives the packet no time (SPB). */
  seconds = 0;
  nanoseconds = 0;
  interface!: CaptureInterface;
  /** `epb_flags` of a pcapng: direction and kind of reception; 0 where the file says nothing. */
  flags = 0;
  /** From 1, in the file. */
  number = 0;
}

export type PacketHandler = (record: PacketRecord) => void;

/** How the records of a classic pcap file are to be read. */
export interface ScanFormat {
  /** LINKTYPE_ value, without the FCS bits. */
  linkType: number;
  /** The file's numbers are big-endian. */
  isSwapped: boolean;
  nanosecondsPerUnit: 1 | 1000;
  /** Captured octets that a packet can have. */
  maximumLength: number;
}

/**
 * Takes in records of a classic pcap file by itself, many at a time, for as long as it knows what to do with their
 * packets. It is offered each chunk with `begin`, and then asked again behind every record that it left to others.
 */
export interface RecordScanner {
  /** @param end of the octets in `bytes`, which do not change until the next `begin` */
  begin(bytes: Uint8Array, end: number): void;

  /**
   * Takes in records from `position` on, until one that is not its own, not whole, or damaged.
   *
   * @param packets in the file before the first
   * @returns how many packets it took in; `position` then has where it stopped
   */
  scan(position: number, packets: number, format: ScanFormat): number;

  /** Told, when it is done with a chunk, at which offset of the file the next record begins. */
  leave(offset: number): void;

  readonly position: number;
  /** The earliest and the latest time of what was taken in; the former is the later one where there was nothing. */
  readonly firstTime: ScanTime;
  readonly lastTime: ScanTime;
}

export interface ScanTime {
  seconds: number;
  nanoseconds: number;
}

/** What a capture file was, once read to its end. */
export interface CaptureSummary {
  format: 'pcap' | 'pcapng';
  interfaces: CaptureInterface[];
  packets: number;
  /** Octets of the (decompressed) file. */
  bytes: number;
  /** Earliest and latest packet time; null where no packet has one. */
  firstTime: Nanoseconds | null;
  lastTime: Nanoseconds | null;
  /** Sum over the interfaces, null where nothing is said. */
  dropped: number | null;
  /** The file, or the compressed stream that holds it, ends in the middle of a packet or block. */
  truncated: boolean;
  /** Types of a pcapng's blocks that are passed over: names, decryption secrets, custom ones. Absent where there are none. */
  otherBlocks?: number[];
  /** Of a classic pcap file, some of its records. */
  waypoints: readonly Waypoint[];
  /** What ended the reading before the file's end, where the caller asked to keep what was read; else null. */
  error: InputError | null;
}
