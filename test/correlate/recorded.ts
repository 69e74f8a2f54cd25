import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import * as tar from 'tar-stream';
import { fixture } from '../support.js';

/** A file of a recorded bundle's archive. */
export function recordedFile(scenario: string, archive: string, member: string): Buffer {
  return execFileSync('tar', ['-xOf', fixture(scenario, archive), member], { maxBuffer: 1 << 26 });
}

/** One packet of a cooked (LINUX_SLL2) capture, IPv4 and TCP without a tunnel, as far as the tests choose by it. */
export interface RawPacket {
  bytes: Buffer;
  sourcePort: number;
  destinationPort: number;
  /** TCP flags; 0 for other packets. */
  flags: number;
}

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const SLL2 = 20;

function readPacket(bytes: Buffer): RawPacket {
  const ip = RECORD_HEADER + SLL2;
  const isTcp = bytes.readUInt16BE(RECORD_HEADER) === 0x0800 && bytes[ip + 9] === 6;
  if (!isTcp) return { bytes, sourcePort: 0, destinationPort: 0, flags: 0 };
  const tcp = ip + (bytes[ip]! & 0xf) * 4;
  return {
    bytes,
    sourcePort: bytes.readUInt16BE(tcp),
    destinationPort: bytes.readUInt16BE(tcp + 2),
    flags: bytes[tcp + 13]!,
  };
}

/** The records of a little-endian pcap, record headers included. */
export function packetsOf(pcap: Buffer): RawPacket[] {
  const packets: RawPacket[] = [];
  for (let at = FILE_HEADER; at < pcap.length; ) {
    const end = at + RECORD_HEADER + pcap.readUInt32LE(at + 8);
    packets.push(readPacket(pcap.subarray(at, end)));
    at = end;
  }
  return packets;
}

/** The recording with some of its packets left out. */
export function keep(pcap: Buffer, wanted: (packet: RawPacket, index: number) => boolean): Buffer {
  const kept = packetsOf(pcap).filter(wanted);
  return Buffer.concat([pcap.subarray(0, FILE_HEADER), ...kept.map((packet) => packet.bytes)]);
}

/** The bundle's directory, from its archive. */
export async function unpack(archive: string, into: string): Promise<void> {
  const extract = tar.extract();
  Readable.from([gunzipSync(await readFile(archive))]).pipe(extract);
  for await (const entry of extract) {
    if (entry.header.type === 'file') {
      const path = join(into, entry.header.name);
      mkdirSync(dirname(path), { recursive: true });
      const parts: Buffer[] = [];
      for await (const part of entry) parts.push(part as Buffer);
      writeFileSync(path, Buffer.concat(parts));
    } else entry.resume();
  }
}

/**
 * Rewrites the time stamps of a little-endian pcap, of micro- or nanoseconds.
 *
 * @param since when the clock was ahead by the offset alone; null: at the first packet
 */
export function shift(pcap: Buffer, offsetNs: bigint, driftPpm: number, since: bigint | null = null): Buffer {
  const out = Buffer.from(pcap);
  const unit = out.readUInt32LE(0) === 0xa1b23c4d ? 1n : 1000n;
  let first = since;
  for (
    let at = FILE_HEADER;
    at + RECORD_HEADER <= out.length;
    at += RECORD_HEADER + out.readUInt32LE(at + 8)
  ) {
    const time = BigInt(out.readUInt32LE(at)) * 1_000_000_000n + BigInt(out.readUInt32LE(at + 4)) * unit;
    first ??= time;
    const moved = time + offsetNs + ((time - first) * BigInt(driftPpm)) / 1_000_000n;
    out.writeUInt32LE(Number(moved / 1_000_000_000n), at);
    out.writeUInt32LE(Number((moved % 1_000_000_000n) / unit), at + 4);
  }
  return out;
}

/** A scenario's archives, unpacked; the directories of the nodes' bundles, in the order of their names. */
export async function unpackedBundles(scenario: string, directory: string): Promise<string[]> {
  const archives = readdirSync(fixture(scenario)).filter((name) => name.endsWith('.tar.gz'));
  for (const archive of archives) await unpack(fixture(scenario, archive), directory);
  return archives.map((archive) => join(directory, archive.replace('.tar.gz', '')));
}

/** The captures in bundles' directories. */
export function capturesIn(bundles: readonly string[]): string[] {
  return bundles.flatMap((bundle) =>
    readdirSync(bundle, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.pcap'))
      .map((name) => join(bundle, name)),
  );
}
