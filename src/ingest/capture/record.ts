import type { InputError } from '../../model/errors.js';
import type { Nanoseconds } from '../../model/time.js';

/** A capture point as the file describes it: the one of a pcap file, or an interface block of a pcapng. */
export interface CaptureInterface {
  /** From 0, in the order of the file, counted on over pcapng sections. */
  index: number;
  /** `if_name`; null where the file names none (every classic pcap). */
  name: string | null;
  description: string | null;
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
  /** From 1, in the file. */
  number = 0;
}

export type PacketHandler = (record: PacketRecord) => void;

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
  /** What ended the reading before the file's end, where the caller asked to keep what was read; else null. */
  error: InputError | null;
}
