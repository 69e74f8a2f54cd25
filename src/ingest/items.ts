import { stat } from 'node:fs/promises';
import { InputError } from '../model/errors.js';
import { directoryMembers } from './archive/directory.js';
import type { Member } from './archive/member.js';
import { isTar, tarMembers } from './archive/tar.js';
import { archiveStem, type BundlePath, isCaptureName, locate } from './bundle-path.js';
import { openStream } from './capture/decompress.js';
import { isCapture } from './capture/reader.js';
import { fileChunks, stdinChunks } from './capture/source.js';
import { peek, readAll } from './peek.js';
import { isSnapshotFile } from './snapshot/snapshot.js';
import type { InputSpecification } from './specification.js';

/** One thing found in an input. */
export type InputItem = BundlePath & {
  /** Names it in results and messages: the path as given, and behind a colon the member of an archive. */
  file: string;
} & (
    | { kind: 'capture'; chunks: AsyncIterable<Uint8Array> }
    | { kind: 'file'; bytes: Uint8Array }
    | { kind: 'other' }
  );

/** Enough for the magic of every capture format and for one tar header. */
const HEAD = 512;

/** A snapshot is read into memory; the largest that people have are kernel logs of some 100 MB. */
const MAX_SNAPSHOT_FILE = 512 * 1024 * 1024;

/**
 * What an input holds, one item at a time, in one pass: an item must be done with before the next is asked for.
 * Captures, archives and compression are told by their content.
 *
 * @throws InputError where it does not exist or cannot be read
 */
export async function* readItems(input: InputSpecification): AsyncGenerator<InputItem> {
  const { path, argument } = input;
  if (path === '-') {
    yield* openFile(stdinChunks(), argument);
    return;
  }
  const info = await statInput(path);
  if (info.isDirectory()) {
    const directory = path.replace(/\/+$/, '');
    for await (const member of directoryMembers(path)) {
      yield* openMember(member, `${directory}/${member.path}`, true);
    }
  } else {
    yield* openFile(fileChunks(path), path);
  }
}

async function statInput(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    throw new InputError(path, null, systemReason(error));
  }
}

function systemReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'no such file or directory';
  if (code === 'EACCES') return 'permission denied; run as a user who may read it';
  return message;
}

async function* openFile(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<InputItem> {
  const { head, chunks: stream } = await peek(openStream(chunks, file), HEAD);
  if (isTar(head)) {
    for await (const member of tarMembers(stream, file))
      yield* openMember(member, `${file}:${member.path}`, false);
  } else {
    // Whatever else it is, the capture reader says so best.
    yield { root: '', netns: null, name: file, file, kind: 'capture', chunks: stream };
  }
}

/** @param mayNest whether an archive is opened as well (one that lies in a directory, beside others) */
async function* openMember(member: Member, file: string, mayNest: boolean): AsyncGenerator<InputItem> {
  const place = locate(member.path);
  if (isSnapshotFile(place.name)) {
    const bytes = await readAll(member.chunks, MAX_SNAPSHOT_FILE);
    if (!bytes) throw new InputError(file, null, `is larger than ${MAX_SNAPSHOT_FILE >> 20} MiB`);
    yield { ...place, file, kind: 'file', bytes };
    return;
  }
  const { head, chunks } = await peek(openStream(member.chunks, file), HEAD);
  if (mayNest && isTar(head)) {
    const within = [place.root, archiveStem(place.name)].filter((part) => part !== '').join('/');
    for await (const inner of tarMembers(chunks, file)) {
      yield* openMember({ ...inner, path: `${within}/${inner.path}` }, `${file}:${inner.path}`, false);
    }
  } else if (isCapture(head) || isCaptureName(place.name)) yield { ...place, file, kind: 'capture', chunks };
  else yield { ...place, file, kind: 'other' };
}
