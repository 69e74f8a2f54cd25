import { closeSync, openSync, rmSync, writeSync } from 'node:fs';

const MAGIC_NANOSECONDS = 0xa1b23c4d;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
/** Octets that are gathered before they are written. */
const GATHERED = 256 * 1024;

/** How a capture is cut into files, as tcpdump's `-C` and `-W` do. */
export interface Rotation {
  /** Octets from which on another file is begun; null: one file. */
  octets: number | null;
  /** Files that are kept, the newest; null: all. */
  files: number | null;
}

/** Writes pcap files with nanosecond stamps. */
export class RotatingPcap {
  readonly #path: string;
  readonly #linkType: number;
  readonly #snaplen: number;
  readonly #rotation: Rotation;
  readonly #gathered = Buffer.alloc(GATHERED);
  #used = 0;
  #descriptor: number;
  #written = 0;
  /** Files begun so far. */
  #begun = 0;

  /** @throws the system's error where the file cannot be made */
  constructor(path: string, linkType: number, snaplen: number, rotation: Rotation) {
    this.#path = path;
    this.#linkType = linkType;
    this.#snaplen = snaplen;
    this.#rotation = rotation;
    this.#descriptor = this.#begin();
  }

  /**
   * @param milliseconds since 1970, with a fraction
   * @param packet begins with it
   * @param length of the packet on the wire, octets
   */
  write(milliseconds: number, packet: Buffer, length: number): void {
    const captured = Math.min(length, packet.length, this.#snaplen, GATHERED - RECORD_HEADER);
    if (this.#used + RECORD_HEADER + captured > GATHERED) this.flush();
    const { octets } = this.#rotation;
    if (octets !== null && this.#written + this.#used >= octets) this.#next();
    const buffer = this.#gathered;
    let at = this.#used;
    const seconds = Math.floor(milliseconds / 1000);
    at = buffer.writeUInt32LE(seconds, at);
    at = buffer.writeUInt32LE(Math.floor((milliseconds - seconds * 1000) * 1e6), at);
    at = buffer.writeUInt32LE(captured, at);
    at = buffer.writeUInt32LE(length, at);
    this.#used = at + packet.copy(buffer, at, 0, captured);
  }

  /** Brings what was gathered to the file, whole packets at a time. */
  flush(): void {
    for (let at = 0; at < this.#used; ) {
      at += writeSync(this.#descriptor, this.#gathered, at, this.#used - at);
    }
    this.#written += this.#used;
    this.#used = 0;
  }

  close(): void {
    this.flush();
    closeSync(this.#descriptor);
  }

  #next(): void {
    this.close();
    this.#descriptor = this.#begin();
  }

  #begin(): number {
    const number = this.#begun++;
    const { files } = this.#rotation;
    if (files !== null && number >= files) rmSync(this.#name(number - files), { force: true });
    const descriptor = openSync(this.#name(number), 'w', 0o600);
    const header = Buffer.alloc(FILE_HEADER);
    header.writeUInt32LE(MAGIC_NANOSECONDS, 0);
    header.writeUInt16LE(2, 4);
    header.writeUInt16LE(4, 6);
    header.writeUInt32LE(this.#snaplen, 16);
    header.writeUInt32LE(this.#linkType, 20);
    writeSync(descriptor, header);
    this.#written = FILE_HEADER;
    return descriptor;
  }

  /** As tcpdump names them: nothing behind the first one's name, then 1, 2, and so on. */
  #name(number: number): string {
    return number === 0 ? this.#path : `${this.#path}${number}`;
  }
}
