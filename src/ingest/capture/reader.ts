import { InputError } from '../../model/errors.js';
import { openStream } from './decompress.js';
import { Delivery } from './delivery.js';
import { describeForeign, FOREIGN_HEAD } from './foreign.js';
import { Framer, type RecordParser } from './framer.js';
import { MAGIC_LENGTH, magicOf, PCAP_MAGICS, PcapParser } from './pcap.js';
import { PcapngParser, SECTION_HEADER } from './pcapng.js';
import type { CaptureInterface, CaptureSummary, PacketHandler, RecordScanner } from './record.js';

export interface ReadOptions {
  /**
   * Damage in the middle of a capture ends the reading and is told in the summary's `error`, in place of being
   * thrown. A file that is no capture at all is thrown even so: there is nothing to keep.
   */
  keepGoing?: boolean;
  /** Takes in packets of classic pcap files by itself; `onPacket` gets those that it leaves. */
  scanner?: RecordScanner;
}

type CaptureParser = RecordParser & {
  readonly format: 'pcap' | 'pcapng';
  readonly interfaces: CaptureInterface[];
};

/** As read little-endian. */
const CAPTURE_MAGICS = new Set([SECTION_HEADER, ...PCAP_MAGICS]);

/**
 * Reads a capture to its end: pcap or pcapng, plain or compressed with gzip or zstd, all told by content. Memory
 * does not grow with the file, and every packet is handed on as soon as its last octet arrived.
 *
 * A file that is cut off is no error: its whole packets are delivered and `truncated` is set.
 *
 * @param chunks of any size; each is used only until the next one is asked for
 * @param name for messages, as the user named the file
 * @param onPacket called for every packet in the order of the file, always with the same object
 * @throws InputError where the input is no capture, or damaged (see `keepGoing`), after the packets before that
 */
export async function readCapture(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  onPacket: PacketHandler,
  options: ReadOptions = {},
): Promise<CaptureSummary> {
  const stream = openStream(chunks, name);
  const delivery = new Delivery(onPacket, options.scanner);
  const head = new Head();
  let parser: CaptureParser | null = null;
  let framer: Framer | null = null;
  let error: InputError | null = null;
  try {
    for await (const chunk of stream) {
      if (framer) {
        framer.feed(chunk);
        continue;
      }
      const rest = head.fill(chunk);
      if (head.length < MAGIC_LENGTH) continue;
      parser = createParser(head.magic, name, delivery);
      if (parser) {
        framer = new Framer(parser);
        framer.feed(head.octets);
        framer.feed(rest);
      } else {
        head.fill(rest);
        if (head.full) break;
      }
    }
  } catch (thrown) {
    if (!(thrown instanceof InputError && parser && options.keepGoing)) throw thrown;
    error = thrown;
  }
  if (!parser || !framer) throw notACapture(name, head, stream.truncated);
  return {
    format: parser.format,
    interfaces: parser.interfaces,
    packets: delivery.packets,
    bytes: framer.fed,
    firstTime: delivery.firstTime,
    lastTime: delivery.lastTime,
    dropped: totalDropped(parser.interfaces),
    ...(parser instanceof PcapngParser &&
      parser.otherBlocks.size > 0 && { otherBlocks: [...parser.otherBlocks] }),
    waypoints: parser instanceof PcapParser ? parser.waypoints.all : [],
    truncated: error === null && (framer.pending > 0 || stream.truncated),
    error,
  };
}

/** Whether the first octets of a (decompressed) file are those of a capture that can be read. */
export function isCapture(head: Uint8Array): boolean {
  if (head.length < MAGIC_LENGTH) return false;
  return CAPTURE_MAGICS.has(magicOf(head));
}

/** The first octets of a file, gathered until its format is known or given up on. */
class Head {
  readonly #octets = new Uint8Array(FOREIGN_HEAD);
  length = 0;

  get octets(): Uint8Array {
    return this.#octets.subarray(0, this.length);
  }

  get full(): boolean {
    return this.length === FOREIGN_HEAD;
  }

  /** The first four octets, read little-endian. */
  get magic(): number {
    return magicOf(this.#octets);
  }

  /** Takes from the chunk; returns what it did not take. */
  fill(chunk: Uint8Array): Uint8Array {
    // The magic alone at first: what follows it is better parsed where it lies.
    const limit = this.length < MAGIC_LENGTH ? MAGIC_LENGTH : FOREIGN_HEAD;
    const taken = Math.min(limit - this.length, chunk.length);
    this.#octets.set(chunk.subarray(0, taken), this.length);
    this.length += taken;
    return chunk.subarray(taken);
  }
}

function createParser(magic: number, name: string, delivery: Delivery): CaptureParser | null {
  if (magic === SECTION_HEADER) return new PcapngParser(name, delivery);
  return PCAP_MAGICS.has(magic) ? new PcapParser(name, magic, delivery) : null;
}

function notACapture(name: string, head: Head, truncated: boolean): InputError {
  if (head.length === 0) {
    return new InputError(
      name,
      null,
      truncated ? 'is compressed and cut off before its first octet' : 'is empty',
    );
  }
  if (head.length < MAGIC_LENGTH) {
    return new InputError(name, null, `is too short to be a capture (${head.length} octets)`);
  }
  return new InputError(name, null, describeForeign(head.octets));
}

function totalDropped(interfaces: readonly CaptureInterface[]): number | null {
  let total: number | null = null;
  for (const { dropped } of interfaces) if (dropped !== null) total = (total ?? 0) + dropped;
  return total;
}
