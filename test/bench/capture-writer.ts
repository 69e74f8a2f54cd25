/** Writes TCP packets into a pcap, as Linux hosts send them. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { ACK, FIN, RST, type Step, SYN } from './scripts.js';

/** Ethernet with microseconds, or LINUX_SLL2 (`-i any`) with nanoseconds. */
export type LinkType = 'ethernet' | 'sll2';

/** One end of a connection, and how far it is. */
export interface End {
  host: number;
  port: number;
  /** Its initial sequence number. */
  initial: number;
  /** What it has sent since, SYN and FIN as one octet each. */
  sent: number;
  isClosed: boolean;
}

/** MSS 1460, SACK permitted, timestamps, window scale 7; the timestamps stand at octet 8. */
const SYN_OPTIONS = [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7];
/** Two no-operations, timestamps. */
const OPTIONS = [1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0];

const RECORD_HEADER = 16;

/** Octets that a packet takes in the file. */
export function packetSize(link: LinkType, v6: boolean, isSyn: boolean, payload: number): number {
  const options = isSyn ? SYN_OPTIONS : OPTIONS;
  return RECORD_HEADER + (link === 'sll2' ? 20 : 14) + (v6 ? 40 : 20) + 20 + options.length + payload;
}

export class CaptureWriter {
  packets = 0;
  readonly #file: number;
  readonly #buffer = Buffer.alloc(1 << 20);
  readonly #link: LinkType;
  #at = 0;

  constructor(path: string, link: LinkType) {
    this.#file = openSync(path, 'w');
    this.#link = link;
    const isCooked = link === 'sll2';
    const b = this.#buffer;
    b.writeUInt32LE(isCooked ? 0xa1b23c4d : 0xa1b2c3d4, 0);
    b.writeUInt16LE(2, 4);
    b.writeUInt16LE(4, 6);
    b.writeUInt32LE(262_144, 16);
    b.writeUInt32LE(isCooked ? 276 : 1, 20);
    this.#at = 24;
  }

  /** A packet that is sent, and is not captured. */
  pass(client: End, server: End, step: Step): void {
    send(step.fromClient ? client : server, step);
  }

  /** @param time microseconds */
  packet(client: End, server: End, v6: boolean, step: Step, time: number): void {
    const { flags, payload, fromClient } = step;
    const [source, destination] = fromClient ? [client, server] : [server, client];
    const options = (flags & SYN) !== 0 ? SYN_OPTIONS : OPTIONS;
    const isCooked = this.#link === 'sll2';
    const size = packetSize(this.#link, v6, (flags & SYN) !== 0, payload);
    if (this.#at + size > this.#buffer.length) this.#flush();
    const b = this.#buffer;
    let at = this.#at;
    this.#at += size;
    b.fill(0, at, this.#at - payload);
    b.writeUInt32LE(Math.floor(time / 1e6), at);
    b.writeUInt32LE((time % 1e6) * (isCooked ? 1000 : 1), at + 4);
    b.writeUInt32LE(size - RECORD_HEADER, at + 8);
    b.writeUInt32LE(size - RECORD_HEADER, at + 12);
    at += RECORD_HEADER;
    if (isCooked) this.#cooked(v6, fromClient, at);
    else this.#ethernet(v6, fromClient, at);
    at += isCooked ? 20 : 14;
    const segment = 20 + options.length + payload;
    if (v6) this.#ipv6(client, server, fromClient, segment, at);
    else this.#ipv4(client, server, fromClient, segment, at);
    at += v6 ? 40 : 20;
    b.writeUInt16BE(source.port, at);
    b.writeUInt16BE(destination.port, at + 2);
    b.writeUInt32BE(send(source, step), at + 4);
    if ((flags & ACK) !== 0) {
      const received = destination.sent - (step.crosses ? 1 : 0);
      b.writeUInt32BE((destination.initial + received) >>> 0, at + 8);
    }
    b[at + 12] = ((20 + options.length) / 4) << 4;
    b[at + 13] = flags;
    b.writeUInt16BE(64_240, at + 14);
    b.set(options, at + 20);
    const stamp = at + 20 + (options === SYN_OPTIONS ? 8 : 4);
    b.writeUInt32BE(Math.floor(time / 1000) >>> 0, stamp);
    if ((flags & ACK) !== 0) b.writeUInt32BE(Math.floor(time / 1000 - 1) >>> 0, stamp + 4);
    this.packets++;
  }

  #cooked(v6: boolean, fromClient: boolean, at: number): void {
    const b = this.#buffer;
    b.writeUInt16BE(v6 ? 0x86dd : 0x0800, at);
    b.writeUInt32BE(2, at + 4);
    b.writeUInt16BE(1, at + 8);
    b[at + 10] = fromClient ? 0 : 4;
    b[at + 11] = 6;
    b.writeUInt32BE(fromClient ? 0x02000001 : 0x02000002, at + 12);
  }

  #ethernet(v6: boolean, fromClient: boolean, at: number): void {
    const b = this.#buffer;
    b.writeUInt32BE(fromClient ? 0x02000002 : 0x02000001, at);
    b.writeUInt32BE(fromClient ? 0x02000001 : 0x02000002, at + 6);
    b.writeUInt16BE(v6 ? 0x86dd : 0x0800, at + 12);
  }

  #ipv4(client: End, server: End, fromClient: boolean, segment: number, at: number): void {
    const b = this.#buffer;
    b[at] = 0x45;
    b.writeUInt16BE(20 + segment, at + 2);
    b.writeUInt16BE(this.packets & 0xffff, at + 4);
    b[at + 8] = 63;
    b[at + 9] = 6;
    b.writeUInt32BE(0x0a000000 + client.host, at + (fromClient ? 12 : 16));
    b.writeUInt32BE(0xc0a80000 + server.host, at + (fromClient ? 16 : 12));
  }

  #ipv6(client: End, server: End, fromClient: boolean, segment: number, at: number): void {
    const b = this.#buffer;
    b[at] = 0x60;
    b.writeUInt16BE(segment, at + 4);
    b[at + 6] = 6;
    b[at + 7] = 63;
    const [clientAt, serverAt] = fromClient ? [at + 8, at + 24] : [at + 24, at + 8];
    b.writeUInt32BE(0xfd000000, clientAt);
    b.writeUInt32BE(client.host, clientAt + 12);
    b.writeUInt32BE(0xfd000000, serverAt);
    b.writeUInt32BE(0x10000 + server.host, serverAt + 12);
  }

  #flush(): void {
    writeSync(this.#file, this.#buffer, 0, this.#at);
    this.#at = 0;
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }
}

/** Moves the end on by what it sends; returns the sequence number. */
function send(end: End, { flags, payload }: Step): number {
  if ((flags & SYN) !== 0) {
    end.sent = Math.max(end.sent, 1);
    return end.initial;
  }
  // A RST in answer to a SYN has no number of its own.
  if ((flags & RST) !== 0 && end.sent === 0) return 0;
  let at = end.sent;
  if ((flags & FIN) !== 0) {
    if (end.isClosed) at--;
    else end.sent++;
    end.isClosed = true;
  }
  end.sent += payload;
  return (end.initial + at) >>> 0;
}
