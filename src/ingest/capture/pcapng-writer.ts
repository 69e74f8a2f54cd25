/** Writes the blocks of a pcapng: little-endian, stamps in nanoseconds (draft-ietf-opsawg-pcapng). */
import { parseMac } from '../../model/address.js';
import type { Nanoseconds } from '../../model/time.js';

const SECTION_HEADER = 0x0a0d0d0a;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const INTERFACE_DESCRIPTION = 1;
const INTERFACE_STATISTICS = 5;
const ENHANCED_PACKET = 6;

const COMMENT = 1;
const SHB_USERAPPL = 4;
const IF_NAME = 2;
const IF_DESCRIPTION = 3;
const IF_MACADDR = 6;
const IF_TSRESOL = 9;
const IF_FILTER = 11;
const ISB_IFRECV = 4;
const ISB_IFDROP = 5;
const EPB_FLAGS = 2;

const NANOSECONDS = 9;
const MAC_LENGTH = 6;
/** `if_filter` begins with what it is: libpcap's text. */
const FILTER_TEXT = 0;

/** Octets of a packet block that has no options, without the packet. */
const PACKET_OVERHEAD = 32;
const FLAGS_OPTION = 8;
const END_OF_OPTIONS = 4;

/** A capture point. */
export interface WrittenInterface {
  name: string;
  description: string | null;
  /** Text of the capture filter; null where it is not known. */
  filter: string | null;
  linkType: number;
  /** The interface's own; null or absent where it is not known, or there is none. */
  mac?: string | null;
  snapLength: number;
}

export interface WrittenPacket {
  /** Number of the interface, in the order of their blocks. */
  interface: number;
  time: Nanoseconds;
  octets: Uint8Array;
  originalLength: number;
  /** `epb_flags`; 0 where nothing is known. */
  flags: number;
  /** What a person should know of it, shown beside it; absent: nothing. */
  comments?: readonly string[];
}

/** @param comments each becomes an option of its own */
export function sectionBlock(application: string, comments: readonly string[]): Uint8Array {
  const fixed = Buffer.alloc(16);
  fixed.writeUInt32LE(BYTE_ORDER_MAGIC, 0);
  fixed.writeUInt16LE(1, 4);
  fixed.writeBigInt64LE(-1n, 8); // the section's length: not known
  const options = comments.map((comment) => option(COMMENT, text(comment)));
  return block(SECTION_HEADER, fixed, [...options, option(SHB_USERAPPL, text(application))]);
}

export function interfaceBlock(described: WrittenInterface): Uint8Array {
  const fixed = Buffer.alloc(8);
  fixed.writeUInt16LE(described.linkType, 0);
  fixed.writeUInt32LE(described.snapLength, 4);
  const { name, description, filter, mac = null } = described;
  const options = [option(IF_NAME, text(name))];
  if (description !== null) options.push(option(IF_DESCRIPTION, text(description)));
  const octets = mac === null ? null : parseMac(mac);
  if (octets?.length === MAC_LENGTH) options.push(option(IF_MACADDR, Buffer.from(octets)));
  options.push(option(IF_TSRESOL, Buffer.from([NANOSECONDS])));
  if (filter !== null)
    options.push(option(IF_FILTER, Buffer.concat([Buffer.from([FILTER_TEXT]), text(filter)])));
  return block(INTERFACE_DESCRIPTION, fixed, options);
}

/** What a packet's block takes, octets. */
export function packetBlockLength({ octets, flags, comments = [] }: WrittenPacket): number {
  const notes = comments.reduce((sum, comment) => sum + option(COMMENT, text(comment)).length, 0);
  const options = notes + (flags === 0 ? 0 : FLAGS_OPTION);
  return PACKET_OVERHEAD + padded(octets.length) + (options === 0 ? 0 : options + END_OF_OPTIONS);
}

/** Writes a packet's block, and returns where the next one begins. */
export function writePacketBlock(packet: WrittenPacket, into: Buffer, at: number): number {
  const { octets, flags, time, comments = [] } = packet;
  const length = packetBlockLength(packet);
  let options = at + 28 + padded(octets.length);
  into.writeUInt32LE(ENHANCED_PACKET, at);
  into.writeUInt32LE(length, at + 4);
  into.writeUInt32LE(packet.interface, at + 8);
  into.writeUInt32LE(Number(BigInt.asUintN(32, time >> 32n)), at + 12);
  into.writeUInt32LE(Number(BigInt.asUintN(32, time)), at + 16);
  into.writeUInt32LE(octets.length, at + 20);
  into.writeUInt32LE(packet.originalLength, at + 24);
  into.set(octets, at + 28);
  into.fill(0, at + 28 + octets.length, options);
  for (const comment of comments) {
    const note = option(COMMENT, text(comment));
    into.set(note, options);
    options += note.length;
  }
  if (flags !== 0) {
    into.writeUInt16LE(EPB_FLAGS, options);
    into.writeUInt16LE(4, options + 2);
    into.writeUInt32LE(flags, options + 4);
    options += FLAGS_OPTION;
  }
  if (flags !== 0 || comments.length > 0) into.writeUInt32LE(0, options);
  into.writeUInt32LE(length, at + length - 4);
  return at + length;
}

/**
 * @param time of the last packet
 * @param counts null where nothing is known
 */
export function statisticsBlock(
  id: number,
  time: Nanoseconds,
  { received, dropped }: { received: number | null; dropped: number | null },
): Uint8Array {
  const fixed = Buffer.alloc(12);
  fixed.writeUInt32LE(id, 0);
  fixed.writeUInt32LE(Number(BigInt.asUintN(32, time >> 32n)), 4);
  fixed.writeUInt32LE(Number(BigInt.asUintN(32, time)), 8);
  const options: Buffer[] = [];
  if (received !== null) options.push(option(ISB_IFRECV, counter(received)));
  if (dropped !== null) options.push(option(ISB_IFDROP, counter(dropped)));
  return block(INTERFACE_STATISTICS, fixed, options);
}

function block(type: number, fixed: Buffer, options: readonly Buffer[]): Uint8Array {
  const end = options.length === 0 ? Buffer.alloc(0) : Buffer.alloc(4);
  const body = Buffer.concat([fixed, ...options, end]);
  const whole = Buffer.alloc(body.length + 12);
  whole.writeUInt32LE(type, 0);
  whole.writeUInt32LE(whole.length, 4);
  whole.set(body, 8);
  whole.writeUInt32LE(whole.length, whole.length - 4);
  return whole;
}

function option(code: number, value: Buffer): Buffer {
  const whole = Buffer.alloc(4 + padded(value.length));
  whole.writeUInt16LE(code, 0);
  whole.writeUInt16LE(value.length, 2);
  whole.set(value, 4);
  return whole;
}

/** As much as an option has room for. */
function text(value: string): Buffer {
  return Buffer.from(value).subarray(0, 0xffff);
}

function counter(value: number): Buffer {
  const octets = Buffer.alloc(8);
  octets.writeBigUInt64LE(BigInt(value));
  return octets;
}

function padded(length: number): number {
  return (length + 3) & ~3;
}
