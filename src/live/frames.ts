/**
 * What the script on a node sends on standard error beside its capture: `\x01returnpath FILE OFFSET OCTETS\n`, and then
 * so many octets of the file from there. What is in no frame was said by the transport (`ssh: connect to host …`).
 */

/** A part of a file of the bundle. */
export interface FilePart {
  name: string;
  /** 0: what there was of the file is void. */
  offset: number;
  /** Octets that follow in pieces. */
  size: number;
}

export interface FrameListener {
  onPart(part: FilePart): void;
  /** @param offset in the file; the piece is only valid until this returns */
  onPiece(part: FilePart, offset: number, piece: Uint8Array): void;
  /** The node has said all. */
  onEnd(): void;
  /** A line of the transport's. */
  onText(line: string): void;
}

const HEADER = /^returnpath (\S+) (\d{1,15}) (\d{1,15})$/;
const MARK = 1;
const NEWLINE = 10;
/** Longer than any header: such a line is text. */
const LONGEST_LINE = 4096;
/** What the script sends so, and writes on as it runs. */
const GROWING = /^(?:(?:kernel|collect|any\.tcpdump)\.log|drops\.txt)$/;
/** The same of what it sends as a whole, each time anew. */
const WHOLE =
  /^(?:node|nft|nstat-(?:before|after)|ip-(?:addr|link|route6?|rule6?|neigh))\.json$|^(?:clock|sysctl|ip6?tables-save|conntrack|ipvsadm|ipset|ip-(?:addr|link|route6?|rule6?|neigh))\.txt$/;
/** The connections of a node of millions take less. */
const LARGEST_PART = 1 << 29;

export class FrameReader {
  readonly #listener: FrameListener;
  #line: number[] = [];
  #part: FilePart | null = null;
  #left = 0;
  #isRefused = false;
  /** Of each file, where the next part may begin, beside at its beginning. */
  readonly #ends = new Map<string, number>();

  constructor(listener: FrameListener) {
    this.#listener = listener;
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#part === null) {
        at = this.#readLine(chunk, at);
        continue;
      }
      const piece = chunk.subarray(at, at + this.#left);
      const offset = this.#part.offset + this.#part.size - this.#left;
      if (!this.#isRefused) this.#listener.onPiece(this.#part, offset, piece);
      this.#left -= piece.length;
      at += piece.length;
      if (this.#left === 0) this.#part = null;
    }
  }

  /** The stream is over: a line without its end is one nevertheless. */
  finish(): void {
    if (this.#line.length > 0) this.#take();
  }

  #readLine(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const octet = chunk[at]!;
      if (octet === NEWLINE || this.#line.length >= LONGEST_LINE) {
        this.#take();
        return at + 1;
      }
      // A transport's message may lack its newline.
      if (octet === MARK && this.#line.length > 0) {
        this.#take();
        return at;
      }
      this.#line.push(octet);
    }
    return chunk.length;
  }

  #take(): void {
    const line = Buffer.from(this.#line).toString();
    this.#line = [];
    const header = line.charCodeAt(0) === MARK ? HEADER.exec(line.slice(1)) : null;
    if (!header) {
      if (line.trim() !== '') this.#listener.onText(line.trim());
      return;
    }
    const part = { name: header[1]!, offset: Number(header[2]), size: Number(header[3]) };
    if (part.name === '.') this.#listener.onEnd();
    else {
      this.#part = part.size > 0 ? part : null;
      this.#left = part.size;
      this.#isRefused = !this.#isPlausible(part);
      if (this.#isRefused) this.#listener.onText(`a part of a file ${part.name} is refused`);
      else this.#listener.onPart(part);
    }
  }

  /** What a script would send: a node that means ill names other files, or leaves holes of any size in them. */
  #isPlausible({ name, offset, size }: FilePart): boolean {
    const grows = GROWING.test(name);
    if ((!grows && !WHOLE.test(name)) || size > LARGEST_PART) return false;
    if (offset !== 0 && (!grows || offset !== this.#ends.get(name))) return false;
    this.#ends.set(name, offset + size);
    return true;
  }
}
