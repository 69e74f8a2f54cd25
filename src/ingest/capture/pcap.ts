import { InputError } from '../../model/errors.js';
import type { Delivery } from './delivery.js';
import type { RecordParser } from './framer.js';
import type { CaptureInterface, ScanFormat } from './record.js';
import { Waypoints } from './waypoints.js';

// File header
const VERSION_MAJOR = 4;
const VERSION_MINOR = 6;
const SNAPLEN = 16;
const NETWORK = 20;
export const PCAP_FILE_HEADER = 24;

// Record header
const TS_SEC = 0;
const TS_FRACTION = 4;
export const CAPLEN = 8;
const LEN = 12;
export const RECORD_HEADER = 16;

export const MAGIC_LENGTH = 4;
const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;

/** As read little-endian. */
export const PCAP_MAGICS: ReadonlySet<number> = new Set([
  MAGIC_MICROSECONDS,
  MAGIC_NANOSECONDS,
  swap(MAGIC_MICROSECONDS),
  swap(MAGIC_NANOSECONDS),
]);

/** The first four octets of a file, read little-endian. */
export function magicOf(head: Uint8Array): number {
  return new DataView(head.buffer, head.byteOffset).getUint32(0, true);
}

/** Whether a file that begins so is a classic pcap file, as it lies there. */
export function isClassicPcap(head: Uint8Array): boolean {
  return PCAP_MAGICS.has(magicOf(head));
}

/** libpcap's MAXIMUM_SNAPLEN: its own files hold no longer packets, whatever snapshot length they name. */
const MAXIMUM_SNAPLEN = 262_144;
/** A snapshot length beyond this is "no limit" (0x7fffffff, 0xffffffff) and bounds nothing. */
const MAXIMUM_PLAUSIBLE_SNAPLEN = 16 * 1024 * 1024;

/** Classic pcap: a file header, then records with packets of one interface. */
export class PcapParser implements RecordParser {
  readonly format = 'pcap';
  readonly interfaces: CaptureInterface[] = [];
  readonly waypoints = new Waypoints();
  wanted = PCAP_FILE_HEADER;

  readonly #file: string;
  readonly #delivery: Delivery;
  readonly #littleEndian: boolean;
  readonly #nanosecondsPerUnit: 1 | 1000;
  #maximumLength = MAXIMUM_SNAPLEN;
  #format: ScanFormat | null = null;

  /** @param magic the first four octets, read little-endian */
  constructor(file: string, magic: number, delivery: Delivery) {
    this.#file = file;
    this.#delivery = delivery;
    this.#littleEndian = magic === MAGIC_MICROSECONDS || magic === MAGIC_NANOSECONDS;
    this.#nanosecondsPerUnit = magic === MAGIC_MICROSECONDS || magic === swap(MAGIC_MICROSECONDS) ? 1000 : 1;
  }

  parse(bytes: Uint8Array, view: DataView, start: number, end: number, fileOffset: number): number {
    const littleEndian = this.#littleEndian;
    const unit = this.#nanosecondsPerUnit;
    const delivery = this.#delivery;
    const record = delivery.record;
    let position = start;
    if (this.interfaces.length === 0) {
      if (end - position < PCAP_FILE_HEADER) return position;
      this.#readFileHeader(view, position);
      position += PCAP_FILE_HEADER;
    }
    this.waypoints.pass(record.number, fileOffset + position);
    record.bytes = bytes;
    record.view = view;
    record.interface = this.interfaces[0]!;
    const { scanner } = delivery;
    scanner?.begin(bytes, end);
    while (end - position >= RECORD_HEADER) {
      if (scanner) {
        record.number += scanner.scan(position, record.number, this.#format!);
        position = scanner.position;
        if (end - position < RECORD_HEADER) break;
      }
      const capturedLength = view.getUint32(position + CAPLEN, littleEndian);
      if (capturedLength > this.#maximumLength) {
        throw new InputError(
          this.#file,
          fileOffset + position,
          `packet ${record.number + 1} claims ${capturedLength} captured octets, more than the ${this.#maximumLength} that can be; the file is damaged from here on`,
        );
      }
      const next = position + RECORD_HEADER + capturedLength;
      if (next > end) {
        this.wanted = RECORD_HEADER + capturedLength;
        scanner?.leave(fileOffset + position);
        return position;
      }
      let seconds = view.getUint32(position + TS_SEC, littleEndian);
      let nanoseconds = view.getUint32(position + TS_FRACTION, littleEndian) * unit;
      // Some writers let the fraction run past the second.
      if (nanoseconds >= 1e9) {
        const carry = Math.floor(nanoseconds / 1e9);
        seconds += carry;
        nanoseconds -= carry * 1e9;
      }
      record.seconds = seconds;
      record.nanoseconds = nanoseconds;
      record.capturedLength = capturedLength;
      record.originalLength = view.getUint32(position + LEN, littleEndian);
      record.offset = position + RECORD_HEADER;
      delivery.deliver();
      position = next;
    }
    this.wanted = RECORD_HEADER;
    scanner?.leave(fileOffset + position);
    return position;
  }

  #readFileHeader(view: DataView, position: number): void {
    const major = view.getUint16(position + VERSION_MAJOR, this.#littleEndian);
    const minor = view.getUint16(position + VERSION_MINOR, this.#littleEndian);
    // Minor versions differ in nothing that is read here, save those of before 1990.
    if (major !== 2) {
      throw new InputError(
        this.#file,
        VERSION_MAJOR,
        `is a pcap file of version ${major}.${minor}, not 2.4; if it is not damaged, convert it with editcap -F pcapng`,
      );
    }
    const snapLength = view.getUint32(position + SNAPLEN, this.#littleEndian);
    if (snapLength <= MAXIMUM_PLAUSIBLE_SNAPLEN) this.#maximumLength = Math.max(snapLength, MAXIMUM_SNAPLEN);
    // The upper half holds the length of the frame check sequence and NetBSD's class.
    const linkType = view.getUint32(position + NETWORK, this.#littleEndian) & 0xffff;
    this.#format = {
      linkType,
      isSwapped: !this.#littleEndian,
      nanosecondsPerUnit: this.#nanosecondsPerUnit,
      maximumLength: this.#maximumLength,
    };
    this.interfaces.push({
      index: 0,
      name: null,
      description: null,
      linkType,
      snapLength,
      filter: null,
      dropped: null,
      received: null,
    });
  }
}

/** The four octets of a number in the other order. */
export function swap(value: number): number {
  return (
    ((value >>> 24) | ((value >>> 8) & 0xff00) | ((value << 8) & 0xff0000) | ((value & 0xff) << 24)) >>> 0
  );
}
