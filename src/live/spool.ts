import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { FilePart } from './frames.js';
import { makeDirectory } from './make-directory.js';
import type { PcapSink } from './pcap-stream.js';

/** Files that a node's script writes on at their end; all others are written anew. */
const GROWING = new Set(['kernel.log', 'drops.txt', 'collect.log']);

/** How much of a node's recording is kept, where it has no end. */
export interface Window {
  /** Octets of a file from which on another one is begun. */
  octets: number;
  /** Files that are kept, beside the one that is written. */
  files: number;
  /** What is older goes; another file is begun ten times in it. */
  milliseconds: number;
}

/** Files that are begun in a window's time, so that as much of it goes at once. */
const FILES_IN_TIME = 10;

/** The bundle of one node, as it comes in: a directory that can be read at any time. */
export class Spool implements PcapSink {
  readonly directory: string;
  #header: Uint8Array | null = null;
  #capture: number | null = null;
  /** Connections to the node so far. */
  #connections = 0;
  /** Files of this connection's capture so far. */
  #files = 0;
  #octets = 0;
  /** Of the growing files, how much there was of them before this connection. */
  readonly #base = new Map<string, number>();
  /** When the file that is written was begun, ms since 1970. */
  #begun = 0;
  readonly #window: Window | null;
  /** Finished files of captures, the oldest first, and until when they go. */
  #finished: { path: string; until: number }[] = [];
  #path = '';

  /**
   * @param window what is kept of it; null: all
   * @throws the system's error where the directory cannot be made
   */
  constructor(directory: string, window: Window | null = null) {
    this.directory = directory;
    this.#window = window;
    makeDirectory(directory);
  }

  /** Lets go of what is too old. */
  prune(now = Date.now()): void {
    const { files = 0, milliseconds = 0 } = this.#window ?? {};
    if (this.#window === null) return;
    const keeps = ({ until }: { until: number }, i: number) =>
      i >= this.#finished.length - files && until >= now - milliseconds;
    const kept = this.#finished.filter(keeps);
    for (const file of this.#finished) if (!kept.includes(file)) rmSync(file.path, { force: true });
    this.#finished = kept;
  }

  /** A connection to the node begins: what it sends is behind what was sent before. */
  begin(): void {
    this.#close();
    this.#header = null;
    this.#connections++;
    this.#files = 0;
    for (const name of GROWING) {
      const path = join(this.directory, name);
      this.#base.set(name, existsSync(path) ? statSync(path).size : 0);
    }
    // The log of the kernel is sent whole again: the older one may have lines that are gone there.
    const log = join(this.directory, 'kernel.log');
    if (existsSync(log)) renameSync(log, `${log}.1`);
    this.#base.delete('kernel.log');
  }

  onPart(part: FilePart): void {
    if (part.offset > 0 || this.#isKept(part.name)) return;
    const base = this.#base.get(part.name) ?? 0;
    if (base <= 0) writeAt(join(this.directory, part.name), null, 0);
  }

  onPiece({ name }: FilePart, offset: number, piece: Uint8Array): void {
    if (this.#isKept(name)) return;
    const path = join(this.directory, name);
    let base = this.#base.get(name) ?? 0;
    if (this.#window !== null && isGrowing(name) && base + offset >= this.#window.octets) {
      // The kernel's log is read in parts; of the others only the end is of use.
      if (name === 'kernel.log') renameSync(path, `${path}.1`);
      else rmSync(path, { force: true });
      base = -offset;
      this.#base.set(name, base);
    }
    writeAt(path, piece, base + offset);
  }

  onHeader(header: Uint8Array): void {
    this.#header = header;
    this.#next();
  }

  onPackets(octets: Uint8Array): void {
    if (this.#window !== null && this.#isFull(this.#window)) this.#next();
    for (let at = 0; at < octets.length; ) at += writeSync(this.#capture!, octets, at);
    this.#octets += octets.length;
  }

  end(): void {
    this.#close();
  }

  /** The counters from before are those of the first connection. */
  #isKept(name: string): boolean {
    return name === 'nstat-before.json' && this.#connections > 1;
  }

  #next(): void {
    this.#close();
    const number = this.#files++;
    // Between two connections something is missing: they are two captures. Files of one are named as tcpdump does.
    const stem = this.#connections === 1 ? 'any' : `any-part${this.#connections}`;
    const path = join(this.directory, `${stem}.pcap${number === 0 ? '' : number}`);
    this.#path = path;
    this.#begun = Date.now();
    this.#capture = openSync(path, 'w', 0o600);
    writeSync(this.#capture, this.#header!);
    this.#octets = 0;
  }

  #isFull({ octets, milliseconds }: Window): boolean {
    return this.#octets >= octets || Date.now() - this.#begun >= milliseconds / FILES_IN_TIME;
  }

  #close(): void {
    if (this.#capture === null) return;
    closeSync(this.#capture);
    this.#capture = null;
    this.#finished.push({ path: this.#path, until: Date.now() });
    this.prune();
  }
}

function isGrowing(name: string): boolean {
  return GROWING.has(name) || name.endsWith('.tcpdump.log');
}

/** @param octets null: nothing is written, and what there was is gone */
function writeAt(path: string, octets: Uint8Array | null, offset: number): void {
  const descriptor = openSync(path, existsSync(path) ? 'r+' : 'w', 0o600);
  try {
    if (octets === null) ftruncateSync(descriptor, 0);
    else
      for (let at = 0; at < octets.length; )
        at += writeSync(descriptor, octets, at, octets.length - at, offset + at);
  } finally {
    closeSync(descriptor);
  }
}
