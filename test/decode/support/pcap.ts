import { readFileSync } from 'node:fs';

const FILE_HEADER_LENGTH = 24;
const RECORD_HEADER_LENGTH = 16;
const MAX_LENGTH = 262_144;

export interface Frame {
  bytes: Uint8Array;
  /** On the wire; more than `bytes.length` where the packet is cut. */
  originalLength: number;
}

/** The frames of a classic little-endian pcap file, as tcpdump writes it here. */
export function readFrames(path: string): { linkType: number; frames: Frame[] } {
  const file = readFileSync(path);
  const frames: Frame[] = [];
  for (let at = FILE_HEADER_LENGTH; at < file.length; ) {
    const length = file.readUInt32LE(at + 8);
    const start = at + RECORD_HEADER_LENGTH;
    frames.push({
      bytes: new Uint8Array(file.subarray(start, start + length)),
      originalLength: file.readUInt32LE(at + 12),
    });
    at = start + length;
  }
  return { linkType: file.readUInt32LE(20), frames };
}

/** A classic pcap file with these frames, one a second. */
export function pcapFile(linkType: number, frames: readonly Frame[]): Buffer {
  const header = Buffer.alloc(FILE_HEADER_LENGTH);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(MAX_LENGTH, 16);
  header.writeUInt32LE(linkType, 20);
  const parts: Uint8Array[] = [header];
  for (const [i, frame] of frames.entries()) {
    const record = Buffer.alloc(RECORD_HEADER_LENGTH);
    record.writeUInt32LE(i, 0);
    record.writeUInt32LE(frame.bytes.length, 8);
    record.writeUInt32LE(frame.originalLength, 12);
    parts.push(record, frame.bytes);
  }
  return Buffer.concat(parts);
}

/** The frame as a capture with this snap length would have it. */
export function snap(frame: Frame, length: number): Frame {
  return { bytes: frame.bytes.slice(0, length), originalLength: frame.originalLength };
}

/** A frame that was captured whole. */
export function whole(bytes: Uint8Array): Frame {
  return { bytes, originalLength: bytes.length };
}
