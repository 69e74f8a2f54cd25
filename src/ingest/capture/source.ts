import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { InputError } from '../../model/errors.js';
import { absence } from '../../model/system-reason.js';

/**
 * A chunk is handed through a dozen promises: with 64 KiB, they took as long as the packets. Much larger, it would leave
 * no room in a core's second-level cache for what is made of it.
 */
const READ_SIZE = 256 * 1024;
/** Reads between two turns of the event loop, so that timers (progress) and signals come through. */
const READS_PER_TURN = 16;

/**
 * Told how far the reading of a file is, after each read.
 *
 * @param file as messages name it
 * @param octets read so far, of the file as it lies there, compressed or not
 * @param total its size; null of a FIFO or of standard input
 * @param ended nothing more is read of it
 */
export type ReadListener = (file: string, octets: number, total: number | null, ended: boolean) => void;

/** Reads a file ahead of who takes its chunks. */
export interface ReadAhead {
  /**
   * The chunk of a file at an offset, which is not empty; null where it is to be read here.
   *
   * @param file its descriptor
   */
  chunkAt(file: number, offset: number): Promise<Uint8Array | null> | Uint8Array | null;
}

/** Where files are read into: a buffer of its own, or one that is lent for as long as a capture is read. */
export class ReadBuffer {
  readonly onRead: ReadListener | null;
  #own: Uint8Array | null = null;
  #lent: Uint8Array | null = null;
  ahead: ReadAhead | null = null;

  constructor(onRead: ReadListener | null = null) {
    this.onRead = onRead;
  }

  /**
   * @param buffer null takes it back
   * @param ahead who reads ahead, where somebody does
   */
  lend(buffer: Uint8Array | null, ahead: ReadAhead | null = null): void {
    this.#lent = buffer;
    this.ahead = ahead;
  }

  get current(): Uint8Array {
    if (this.#lent) return this.#lent;
    this.#own ??= Buffer.allocUnsafeSlow(READ_SIZE);
    return this.#own;
  }
}

const REASONS: Record<string, string> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'is a directory',
  EMFILE: 'too many files are open; it takes a higher limit (ulimit -n)',
};

/**
 * Reads a file, or a FIFO, in chunks of up to 256 KiB. All chunks lie in one buffer: each is valid only until the
 * next one is asked for.
 *
 * @param name for messages, where the user named the file otherwise
 * @throws InputError where the file cannot be opened or read
 */
export async function* fileChunks(
  path: string,
  name = path,
  into = new ReadBuffer(),
): AsyncGenerator<Uint8Array> {
  const { onRead } = into;
  let offset = 0;
  let total: number | null = null;
  try {
    const file = openSync(path, 'r');
    const info = fstatSync(file);
    if (!info.isFile()) {
      // A FIFO may stay silent for long: waiting for it must not hold up everything else.
      for await (const chunk of createReadStream(path, { fd: file })) {
        offset += chunk.length;
        onRead?.(name, offset, null, false);
        yield chunk;
      }
      return;
    }
    total = info.size;
    try {
      // Synchronous: a hop to the thread pool and back for every read took six times as long as the reading.
      for (let reads = 1; ; reads++) {
        const chunk = (await into.ahead?.chunkAt(file, offset)) ?? readChunk(file, into.current, offset);
        if (chunk.length === 0) return;
        offset += chunk.length;
        onRead?.(name, offset, total, false);
        yield chunk;
        if (reads % READS_PER_TURN === 0) await turn();
      }
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw unreadable(name, offset === 0 ? null : offset, error);
  } finally {
    onRead?.(name, offset, total, true);
  }
}

/** A regular file that is read at any place. */
export class OpenFile {
  readonly #file: number;

  /** @throws Error of Node.js, where it cannot be opened */
  constructor(path: string) {
    this.#file = openSync(path, 'r');
  }

  /** @returns octets read; fewer than there is room for at the end of the file, or 0 behind it */
  read(into: Uint8Array, offset: number): number {
    return readAt(this.#file, into, offset);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function readChunk(file: number, buffer: Uint8Array, offset: number): Uint8Array {
  return buffer.subarray(0, readAt(file, buffer, offset));
}

/**
 * Reads a regular file at any place.
 *
 * @param file its descriptor
 * @returns octets read; fewer than there is room for at the end of the file, or 0 behind it
 */
export function readAt(file: number, into: Uint8Array, offset: number): number {
  return readSync(file, into, 0, into.length, offset);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Standard input, in chunks as they come: those of a live capture are given on at once. */
export async function* stdinChunks({ onRead } = new ReadBuffer()): AsyncGenerator<Uint8Array> {
  const name = 'standard input';
  let offset = 0;
  try {
    // Node.js takes a directory for an input that is at its end.
    if (fstatSync(0).isDirectory()) throw new InputError(name, null, REASONS.EISDIR!);
    for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
      offset += chunk.length;
      onRead?.(name, offset, null, false);
      yield chunk;
    }
  } finally {
    onRead?.(name, offset, null, true);
  }
}

function unreadable(name: string, offset: number | null, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error;
  const reason = REASONS[error.code] ?? `cannot be read (${error.code})`;
  return new InputError(name, offset, error.code === 'ENOENT' ? reason + absence(name) : reason);
}
