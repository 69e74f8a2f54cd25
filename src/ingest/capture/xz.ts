import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { InputError } from '../../model/errors.js';
import type { Decompression } from './decompress.js';
import type { OctetSource } from './octets.js';

/** The first octets of an .xz file (The .xz File Format, 2.1.1.1). */
export function isXz(head: Uint8Array): boolean {
  return [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00].every((octet, i) => head[i] === octet);
}

/** As xz words it where the file ends early; all that could be made of it has been written by then. */
const CUT = /unexpected end of input/i;

type Xz = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Decompresses an .xz file by the system's `xz`: no JavaScript library that is kept up decodes all of the format, one
 * stream within another included. It runs beside this process, a pipe's length ahead of the consumer.
 *
 * @throws InputError on corrupt data, after what could be read, and where there is no `xz`
 */
export async function* unxz(source: OctetSource, state: Decompression): AsyncGenerator<Uint8Array> {
  // Its messages are looked at.
  const env = { ...process.env, LC_ALL: 'C' };
  const xz = spawn('xz', ['--decompress', '--stdout'], { stdio: ['pipe', 'pipe', 'pipe'], env });
  const ended = once(xz, 'close') as Promise<[number | null]>;
  // Looked at below; until then, nobody may be waiting for it.
  ended.catch(() => {});
  let said = '';
  xz.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const fed = feed(source, xz);
  fed.catch(() => xz.kill());
  try {
    for await (const chunk of xz.stdout) {
      state.produced += chunk.length;
      yield chunk;
    }
    const [status] = await ended;
    await fed;
    if (status === 0) return;
    if (CUT.test(said)) state.truncated = true;
    else throw corrupt(state, said);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? missing(state) : error;
  } finally {
    xz.kill();
  }
}

/** One piece at a time; where xz has ended before, what it said tells why. */
async function feed(source: OctetSource, { stdin }: Xz): Promise<void> {
  let isOpen = true;
  stdin.on('error', () => {
    isOpen = false;
  });
  for (let part = await source.available(); part !== null && isOpen; part = await source.available()) {
    // The source may reuse its buffer.
    const piece = Uint8Array.from(part);
    source.consume(part.length);
    await new Promise((resolve) => stdin.write(piece, resolve));
  }
  stdin.end();
}

function corrupt({ name, produced }: Decompression, said: string): InputError {
  const reason = said.trim().replace(/^.*?: (?:\(stdin\): )?/, '') || 'xz was ended from outside';
  return new InputError(name, produced, `corrupt xz data (${reason})`);
}

function missing({ name }: Decompression): InputError {
  return new InputError(
    name,
    null,
    'is compressed with xz, and there is no `xz` on this machine: install xz-utils (or xz), or decompress it elsewhere (`xz -d`)',
  );
}
