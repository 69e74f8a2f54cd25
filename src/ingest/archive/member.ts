import type { OctetStream } from '../capture/decompress.js';

/** One file of a directory or archive, opened. */
export interface Member {
  /** With `/` between parts, without a leading `./`. */
  path: string;
  /** Its octets, to be read once, before the next member is asked for. A chunk is valid until the next. */
  chunks: AsyncIterable<Uint8Array> | OctetStream;
}
