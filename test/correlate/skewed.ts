/** A recorded bundle as it would be, had its node's clock been off. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { formatTime, parseTime } from '../../src/model/time.js';
import { shift } from './recorded.js';

interface Skew {
  offsetNs: bigint;
  driftPpm: number;
  /** When the clock is ahead by the offset alone: what clock.txt has. */
  since: bigint;
}

const ISO_STAMP = /^\d{4}-\d\d-\d\d[T ][\d:]{8}[.,]\d{1,9}[+-]\d\d:\d\d/gm;

/**
 * Rewrites all times in a bundle's directory that its node's own clock gave: those of captures, of the kernel's log and
 * of clock.txt, by which other stamps are placed.
 */
export function skewBundle(directory: string, offsetNs: bigint, driftPpm: number): void {
  const skew = { offsetNs, driftPpm, since: wallClock(readFileSync(join(directory, 'clock.txt'), 'utf8')) };
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const file = join(directory, name);
    if (statSync(file).isFile()) skewFile(file, skew);
  }
}

function skewFile(file: string, skew: Skew): void {
  const name = basename(file);
  if (/\.pcap(ng)?(\.|$)/.test(name)) {
    // What is compressed is told by the content, not by the name.
    const capture = decompressed(file);
    const { offsetNs, driftPpm, since } = skew;
    const isPcapng = name.includes('.pcapng');
    writeFileSync(file, isPcapng ? shiftPcapng(capture, skew) : shift(capture, offsetNs, driftPpm, since));
  } else if (name === 'kernel.log') {
    const text = readFileSync(file, 'utf8').replace(ISO_STAMP, (stamp) =>
      formatTime(moved(parseTime(stamp)!, skew)).replace('Z', '+00:00'),
    );
    writeFileSync(file, text);
  } else if (name === 'clock.txt') {
    const text = readFileSync(file, 'utf8');
    const time = moved(wallClock(text), skew);
    const wall = `${time / 1_000_000_000n}.${String(time % 1_000_000_000n).padStart(9, '0')}`;
    writeFileSync(file, text.replace(/^.*/, wall));
  }
}

function decompressed(file: string): Buffer {
  if (file.endsWith('.zst')) return execFileSync('zstd', ['-dc', file], { maxBuffer: 1 << 26 });
  const bytes = readFileSync(file);
  return file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

function wallClock(text: string): bigint {
  const [seconds, fraction = ''] = text.split('\n')[0]!.split('.');
  return BigInt(seconds!) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
}

function moved(time: bigint, { offsetNs, driftPpm, since }: Skew): bigint {
  return time + offsetNs + ((time - since) * BigInt(driftPpm)) / 1_000_000n;
}

const INTERFACE_DESCRIPTION = 1;
const ENHANCED_PACKET = 6;
const IF_TSRESOL = 9;

/** Rewrites the time stamps of a little-endian pcapng's packets. */
function shiftPcapng(pcapng: Buffer, skew: Skew): Buffer {
  const out = Buffer.from(pcapng);
  const units: bigint[] = [];
  for (let at = 0, length = 0; at < out.length; at += length) {
    const type = out.readUInt32LE(at);
    length = out.readUInt32LE(at + 4);
    if (type === INTERFACE_DESCRIPTION) units.push(unitOf(out.subarray(at + 16, at + length)));
    if (type !== ENHANCED_PACKET) continue;
    const unit = units[out.readUInt32LE(at + 8)]!;
    const time = ((BigInt(out.readUInt32LE(at + 12)) << 32n) | BigInt(out.readUInt32LE(at + 16))) * unit;
    const shown = moved(time, skew) / unit;
    out.writeUInt32LE(Number(shown >> 32n), at + 12);
    out.writeUInt32LE(Number(shown & 0xffffffffn), at + 16);
  }
  return out;
}

/** ns of an interface's time unit. */
function unitOf(options: Buffer): bigint {
  for (let at = 0; at + 4 <= options.length; ) {
    const [code, length] = [options.readUInt16LE(at), options.readUInt16LE(at + 2)];
    if (code === 0) break;
    if (code === IF_TSRESOL) return 10n ** BigInt(9 - options[at + 4]!);
    at += 4 + length + ((4 - (length % 4)) % 4);
  }
  return 1000n;
}
