import { formatMac } from '../../model/address.js';
import { InputError } from '../../model/errors.js';
import type { Delivery } from './delivery.js';
import type { RecordParser } from './framer.js';
import { decodeText, findOption, findOverrun, readCounter, readText } from './pcapng-options.js';
import { DEFAULT_RESOLUTION, type TimestampUnit, timestampUnit } from './pcapng-time.js';
import type { CaptureInterface } from './record.js';

// Block types (draft-ietf-opsawg-pcapng, 4). All others (names, decryption secrets, custom ones) are skipped.
/** Section Header Block: a palindrome, so that it reads the same in either byte order. */
export const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const OBSOLETE_PACKET = 2;
const SIMPLE_PACKET = 3;
const INTERFACE_STATISTICS = 5;
const ENHANCED_PACKET = 6;

// Offsets in a block, from its start
const TOTAL_LENGTH = 4;
const BODY = 8;
const SHB_VERSION = 12;
const IDB_SNAPLEN = 12;
const IDB_OPTIONS = 16;
const PACKET_TIME_HIGH = 12;
const PACKET_TIME_LOW = 16;
const PACKET_CAPLEN = 20;
const PACKET_LEN = 24;
const PACKET_DATA = 28;
const SPB_DATA = 12;
const ISB_OPTIONS = 20;

/** Type, total length, and the total length again. */
const SMALLEST_BLOCK = 12;
/** libpcap and Wireshark take no larger ones, so that whoever writes them does not either. */
const LARGEST_BLOCK = 16 * 1024 * 1024;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

// Option codes
const IF_NAME = 2;
const IF_DESCRIPTION = 3;
const IF_MACADDR = 6;
const IF_TSRESOL = 9;
const IF_FILTER = 11;
const IF_TSOFFSET = 14;
const ISB_IFRECV = 4;
const ISB_IFDROP = 5;
const ISB_OSDROP = 7;
const EPB_FLAGS = 2;
const EPB_DROPCOUNT = 4;

/** `drops_count` of an obsolete Packet Block where the writer does not know. */
const DROPS_UNKNOWN = 0xffff;

/** An interface with what only its packets' reading needs. */
interface Source {
  interface: CaptureInterface;
  unit: TimestampUnit;
  /** Drops by the latest statistics block, and those counted packet by packet; null where nothing is said. */
  statisticsDropped: number | null;
  packetsDropped: number | null;
}

/** pcapng: blocks, in sections that each have their own byte order and interfaces. */
export class PcapngParser implements RecordParser {
  readonly format = 'pcapng';
  readonly interfaces: CaptureInterface[] = [];
  wanted = SMALLEST_BLOCK;

  /** Types of those that were passed over. */
  readonly otherBlocks = new Set<number>();

  readonly #file: string;
  readonly #delivery: Delivery;
  #littleEndian = true;
  /** Of the current section, by interface ID. */
  #sources: Source[] = [];

  constructor(file: string, delivery: Delivery) {
    this.#file = file;
    this.#delivery = delivery;
  }

  parse(bytes: Uint8Array, view: DataView, start: number, end: number, fileOffset: number): number {
    this.#delivery.record.bytes = bytes;
    this.#delivery.record.view = view;
    let position = start;
    while (end - position >= SMALLEST_BLOCK) {
      const at = fileOffset + position;
      if (view.getUint32(position, true) === SECTION_HEADER) this.#readByteOrder(view, position, at);
      const littleEndian = this.#littleEndian;
      const type = view.getUint32(position, littleEndian);
      const length = view.getUint32(position + TOTAL_LENGTH, littleEndian);
      this.#checkLength(type, length, at);
      if (length > end - position) {
        this.wanted = length;
        return position;
      }
      const trailer = position + length - 4;
      if (view.getUint32(trailer, littleEndian) !== length) {
        throw this.#damaged(
          at,
          `the block's two lengths differ (${length} and ${view.getUint32(trailer, littleEndian)})`,
        );
      }
      if (type === ENHANCED_PACKET) this.#readEnhancedPacket(view, position, trailer, at);
      else this.#readOther(type, view, position, trailer, at);
      position += length;
    }
    this.wanted = SMALLEST_BLOCK;
    return position;
  }

  #readByteOrder(view: DataView, position: number, at: number): void {
    if (view.getUint32(position + BODY, true) === BYTE_ORDER_MAGIC) this.#littleEndian = true;
    else if (view.getUint32(position + BODY, false) === BYTE_ORDER_MAGIC) this.#littleEndian = false;
    else throw this.#damaged(at, 'the section header has no byte-order magic');
  }

  #checkLength(type: number, length: number, at: number): void {
    if (length < smallestLength(type) || length > LARGEST_BLOCK || length % 4 !== 0) {
      const name = `a block of type 0x${type.toString(16).padStart(8, '0')}`;
      throw this.#damaged(at, `${name} claims the impossible length ${length}`);
    }
  }

  #readOther(type: number, view: DataView, position: number, trailer: number, at: number): void {
    if (type === SECTION_HEADER) this.#readSectionHeader(view, position, at);
    else if (type === INTERFACE_DESCRIPTION) this.#readInterface(view, position, trailer, at);
    else if (type === INTERFACE_STATISTICS) this.#readStatistics(view, position, trailer, at);
    else if (type === SIMPLE_PACKET) this.#readSimplePacket(view, position, trailer, at);
    else if (type === OBSOLETE_PACKET) this.#readObsoletePacket(view, position, trailer, at);
    else this.otherBlocks.add(type);
  }

  #readSectionHeader(view: DataView, position: number, at: number): void {
    const major = view.getUint16(position + SHB_VERSION, this.#littleEndian);
    const minor = view.getUint16(position + SHB_VERSION + 2, this.#littleEndian);
    if (major !== 1) {
      throw this.#damaged(at, `a section of pcapng version ${major}.${minor}, of which only 1.0 is known`);
    }
    this.#sources = [];
  }

  #readInterface(view: DataView, position: number, trailer: number, at: number): void {
    const littleEndian = this.#littleEndian;
    const options = position + IDB_OPTIONS;
    const overrun = findOverrun(view, options, trailer, littleEndian);
    // Not to be passed over: the time stamps' unit may be among what is lost.
    if (overrun !== null) {
      throw this.#damaged(at + overrun - position, 'an option of an interface block runs past its end');
    }
    const resolution = findOption(view, options, trailer, littleEndian, IF_TSRESOL, 1);
    const offset = findOption(view, options, trailer, littleEndian, IF_TSOFFSET, 8);
    const mac = findOption(view, options, trailer, littleEndian, IF_MACADDR, 6);
    const described: CaptureInterface = {
      index: this.interfaces.length,
      name: readText(view, options, trailer, littleEndian, IF_NAME),
      description: readText(view, options, trailer, littleEndian, IF_DESCRIPTION),
      ...(mac && { mac: formatMac(new Uint8Array(view.buffer, view.byteOffset), mac.offset) }),
      linkType: view.getUint16(position + BODY, littleEndian),
      snapLength: view.getUint32(position + IDB_SNAPLEN, littleEndian),
      filter: readFilter(view, options, trailer, littleEndian),
      dropped: null,
      received: null,
    };
    this.interfaces.push(described);
    this.#sources.push({
      interface: described,
      unit: timestampUnit(
        resolution === null ? DEFAULT_RESOLUTION : view.getUint8(resolution.offset),
        offset === null ? 0 : Number(view.getBigInt64(offset.offset, littleEndian)),
      ),
      statisticsDropped: null,
      packetsDropped: null,
    });
  }

  #readStatistics(view: DataView, position: number, trailer: number, at: number): void {
    const source = this.#source(view.getUint32(position + BODY, this.#littleEndian), at);
    const options = position + ISB_OPTIONS;
    const received = readCounter(view, options, trailer, this.#littleEndian, ISB_IFRECV);
    const byInterface = readCounter(view, options, trailer, this.#littleEndian, ISB_IFDROP);
    const bySystem = readCounter(view, options, trailer, this.#littleEndian, ISB_OSDROP);
    // Each block counts from the start of the capture: the latest one that speaks replaces those before.
    if (received !== null) source.interface.received = received;
    if (byInterface !== null || bySystem !== null) {
      source.statisticsDropped = (byInterface ?? 0) + (bySystem ?? 0);
      sumDropped(source);
    }
  }

  #readEnhancedPacket(view: DataView, position: number, trailer: number, at: number): void {
    const source = this.#source(view.getUint32(position + BODY, this.#littleEndian), at);
    const options = this.#readPacket(view, position, trailer, at, source);
    if (options < trailer) {
      const dropped = readCounter(view, options, trailer, this.#littleEndian, EPB_DROPCOUNT);
      if (dropped !== null) countDropped(source, dropped);
    }
  }

  #readObsoletePacket(view: DataView, position: number, trailer: number, at: number): void {
    const source = this.#source(view.getUint16(position + BODY, this.#littleEndian), at);
    const dropped = view.getUint16(position + BODY + 2, this.#littleEndian);
    this.#readPacket(view, position, trailer, at, source);
    if (dropped !== DROPS_UNKNOWN) countDropped(source, dropped);
  }

  /** What both kinds of packet block that have a time share; returns where the options begin. */
  #readPacket(view: DataView, position: number, trailer: number, at: number, source: Source): number {
    const littleEndian = this.#littleEndian;
    const capturedLength = view.getUint32(position + PACKET_CAPLEN, littleEndian);
    const data = position + PACKET_DATA;
    if (capturedLength > trailer - data) {
      throw this.#damaged(
        at,
        `packet ${this.#delivery.packets + 1} claims ${capturedLength} captured octets in a block with room for ${trailer - data}`,
      );
    }
    const record = this.#delivery.record;
    source.unit.apply(
      record,
      view.getUint32(position + PACKET_TIME_HIGH, littleEndian),
      view.getUint32(position + PACKET_TIME_LOW, littleEndian),
    );
    record.offset = data;
    record.capturedLength = capturedLength;
    record.originalLength = view.getUint32(position + PACKET_LEN, littleEndian);
    record.interface = source.interface;
    const options = data + ((capturedLength + 3) & ~3);
    record.flags = options < trailer ? this.#readFlags(view, options, trailer) : 0;
    this.#delivery.deliver();
    return options;
  }

  #readFlags(view: DataView, options: number, trailer: number): number {
    const option = findOption(view, options, trailer, this.#littleEndian, EPB_FLAGS, 4);
    return option === null ? 0 : view.getUint32(option.offset, this.#littleEndian);
  }

  /** Has no time, no captured length of its own, and is always of the section's first interface. */
  #readSimplePacket(view: DataView, position: number, trailer: number, at: number): void {
    const source = this.#source(0, at);
    const originalLength = view.getUint32(position + BODY, this.#littleEndian);
    const snapLength = source.interface.snapLength || Infinity;
    const record = this.#delivery.record;
    record.seconds = Number.NaN;
    record.nanoseconds = 0;
    record.offset = position + SPB_DATA;
    record.capturedLength = Math.min(originalLength, snapLength, trailer - record.offset);
    record.originalLength = originalLength;
    record.flags = 0;
    record.interface = source.interface;
    this.#delivery.deliver();
  }

  #source(id: number, at: number): Source {
    const source = this.#sources[id];
    if (source) return source;
    throw this.#damaged(at, `a block of interface ${id}, of which the section says nothing`);
  }

  #damaged(at: number, what: string): InputError {
    return new InputError(this.#file, at, `${what}; the file is damaged from here on`);
  }
}

/** With all of a block's fixed fields. A switch: a table was a sixth of the time of reading. */
function smallestLength(type: number): number {
  switch (type) {
    case ENHANCED_PACKET:
    case OBSOLETE_PACKET:
      return 32;
    case SECTION_HEADER:
      return 28;
    case INTERFACE_STATISTICS:
      return 24;
    case INTERFACE_DESCRIPTION:
      return 20;
    case SIMPLE_PACKET:
      return 16;
    default:
      return SMALLEST_BLOCK;
  }
}

function countDropped(source: Source, dropped: number): void {
  source.packetsDropped = (source.packetsDropped ?? 0) + dropped;
  sumDropped(source);
}

/** Where both are given, they count the same losses. */
function sumDropped(source: Source): void {
  source.interface.dropped = Math.max(source.statisticsDropped ?? 0, source.packetsDropped ?? 0);
}

/** `if_filter` begins with an octet that says what follows: 0 is libpcap's filter text, 1 its byte code. */
function readFilter(view: DataView, start: number, end: number, littleEndian: boolean): string | null {
  const option = findOption(view, start, end, littleEndian, IF_FILTER, 1);
  if (option === null || view.getUint8(option.offset) !== 0) return null;
  return decodeText(view, option.offset + 1, option.length - 1);
}
