/** Follows a pcap stream packet by packet, so that it can be cut into files, and told how it stands. */

/** Where whole packets go. */
export interface PcapSink {
  /** The header of 24 octets, that each file begins with. */
  onHeader(header: Uint8Array): void;
  /** Whole packets, each with its header; only valid until this returns. */
  onPackets(octets: Uint8Array): void;
}

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
/** What no capture has in one packet: the stream is none, or was damaged. */
const LARGEST = 1 << 20;

const MAGICS: ReadonlyMap<number, { little: boolean; perSecond: number }> = new Map([
  [0xa1b2c3d4, { little: false, perSecond: 1e6 }],
  [0xa1b23c4d, { little: false, perSecond: 1e9 }],
  [0xd4c3b2a1, { little: true, perSecond: 1e6 }],
  [0x4d3cb2a1, { little: true, perSecond: 1e9 }],
]);

export class PcapStream {
  readonly #sink: PcapSink;
  /** What is left of a packet whose rest is still to come. */
  #rest: Buffer = Buffer.alloc(0);
  #format: { little: boolean; perSecond: number } | null = null;
  packets = 0;
  octets = 0;
  /** Milliseconds since 1970 of the last packet, by the node's clock; null before the first. */
  lastMs: number | null = null;
  /** Why nothing more is taken of it; null while it is well. */
  fault: string | null = null;

  constructor(sink: PcapSink) {
    this.#sink = sink;
  }

  /** Its header has come, and is a pcap's. */
  get hasBegun(): boolean {
    return this.#format !== null;
  }

  push(chunk: Uint8Array): void {
    if (this.fault !== null) return;
    this.octets += chunk.length;
    const data =
      this.#rest.length === 0
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
        : Buffer.concat([this.#rest, chunk]);
    const begin = this.#format === null ? this.#readHeader(data) : 0;
    const end = this.#format === null ? begin : this.#wholePackets(data, begin);
    if (end > begin) this.#sink.onPackets(data.subarray(begin, end));
    // A copy: the chunk's memory is its reader's.
    this.#rest = Buffer.from(data.subarray(end));
  }

  #readHeader(data: Buffer): number {
    if (data.length < FILE_HEADER) return 0;
    const format = MAGICS.get(data.readUInt32BE(0));
    if (!format) {
      this.fault = 'what came is no pcap';
      return 0;
    }
    this.#format = format;
    this.#sink.onHeader(Buffer.from(data.subarray(0, FILE_HEADER)));
    return FILE_HEADER;
  }

  /** Where the last whole packet ends. */
  #wholePackets(data: Buffer, from: number): number {
    const { little, perSecond } = this.#format!;
    let at = from;
    let last = -1;
    while (at + RECORD_HEADER <= data.length) {
      const size = little ? data.readUInt32LE(at + 8) : data.readUInt32BE(at + 8);
      if (size > LARGEST) {
        this.fault = 'a packet of it has an impossible length';
        break;
      }
      if (at + RECORD_HEADER + size > data.length) break;
      last = at;
      at += RECORD_HEADER + size;
      this.packets++;
    }
    if (last >= 0) {
      const seconds = little ? data.readUInt32LE(last) : data.readUInt32BE(last);
      const fraction = little ? data.readUInt32LE(last + 4) : data.readUInt32BE(last + 4);
      this.lastMs = seconds * 1000 + (fraction / perSecond) * 1000;
    }
    return at;
  }
}
