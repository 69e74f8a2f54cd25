import { basename, posix } from 'node:path';
import { InputError } from '../model/errors.js';
import { ArchiveExtent } from './archive/extent.js';
import type { Member } from './archive/member.js';
import { isTar, tarMembers } from './archive/tar.js';
import { archiveStem, type BundlePath, isArchiveName, isCaptureName, locate } from './bundle-path.js';
import { type OctetStream, openStream } from './capture/decompress.js';
import { isCapture } from './capture/reader.js';
import { fileChunks, ReadBuffer, stdinChunks } from './capture/source.js';
import { type InputFile, listFiles } from './input-files.js';
import { bundle } from './layouts/bundle.js';
import { HOSTNAME, type Placement } from './layouts/layout.js';
import { layoutOfFile } from './layouts/registry.js';
import { peek, readAll } from './peek.js';
import { locateSysctlFile } from './snapshot/persisted-sysctl.js';
import { isSnapshotFile } from './snapshot/snapshot.js';
import type { InputSpecification } from './specification.js';

/** A file of a bundle, or what stands in for one in a dump of another layout. */
export type SnapshotItem = Placement & {
  kind: 'file';
  bytes: Uint8Array;
  /** As `Layout.name`. */
  layout: string;
};

/** One thing found in an input. */
export type InputItem = BundlePath & {
  /** Names it in results and messages: the path as given, and behind a colon the member of an archive. */
  file: string;
} & (
    | { kind: 'capture'; chunks: AsyncIterable<Uint8Array> }
    | SnapshotItem
    | { kind: 'other' }
    // Cannot be read, or only in part; what follows it still can.
    | {
        kind: 'problem';
        error: InputError;
        fatal: boolean;
        /** An archive that ends early: what there is of it was read. */
        isCut?: boolean;
      }
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
  const { files, error } = await listFiles(input);
  for (const file of files) yield* fileItems(file);
  if (error) throw error;
}

/**
 * What one file of an input holds, in the same way.
 *
 * @param into where it is read into, and who is told
 * @throws InputError where the file was given by itself and cannot be read; one of a directory gives a problem
 */
export async function* fileItems(
  { path, file, member }: InputFile,
  into = new ReadBuffer(),
): AsyncGenerator<InputItem> {
  if (member === null) {
    yield* openFile(path === '-' ? stdinChunks(into) : fileChunks(path, path, into), file);
  } else {
    const chunks = fileChunks(path, path, into);
    yield* tried(openMember({ path: member, chunks }, file, true), member);
  }
}

async function* openFile(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<InputItem> {
  const { head, chunks: stream } = await peek(openStream(chunks, file), HEAD);
  if (isTar(head)) {
    yield* openArchive(stream, file, (path) => path);
  } else if (isAnalysis(head)) {
    await stream[Symbol.asyncIterator]().return?.();
    throw new InputError(
      file,
      null,
      'is an analysis, not what it was made of; print it again with returnpath report, or give the bundles and captures',
    );
  } else if (!isCapture(head) && head.length > 0 && isSnapshotFile(basename(file))) {
    await stream[Symbol.asyncIterator]().return?.();
    throw new InputError(
      file,
      null,
      'is one file of a bundle; give the directory that has those of its node',
    );
  } else {
    // Whatever else it is, the capture reader says so best.
    yield { root: '', netns: null, name: file, file, kind: 'capture', chunks: stream };
  }
}

/** Whether a file begins as what `--format json` printed. */
function isAnalysis(head: Uint8Array): boolean {
  return /^\s*\{\s*"schema":\s*"returnpath-analysis\//.test(new TextDecoder().decode(head));
}

/** @param mayNest whether an archive is opened as well (one that lies in a directory, beside others) */
async function* openMember(member: Member, file: string, mayNest: boolean): AsyncGenerator<InputItem> {
  const taken = layoutOfFile(member.path);
  const placements = taken?.placements.filter(({ name }) => isSnapshotFile(name) || name === HOSTNAME) ?? [];
  if (taken && placements.length > 0) {
    yield* openSnapshotFile(member, file, { ...taken, placements });
    return;
  }
  const place = locate(member.path);
  const peeked = await peek(openStream(openMemberStream(member, file), file), HEAD).catch(
    (error: unknown) => {
      // What is damaged, and would not have been read, is nobody's loss.
      if (error instanceof InputError && !isCaptureName(place.name) && !isArchiveName(place.name))
        return null;
      throw error;
    },
  );
  if (!peeked) {
    yield { ...place, file, kind: 'other' };
    return;
  }
  const { head, chunks } = peeked;
  if (mayNest && isTar(head)) {
    const within = [place.root, archiveStem(place.name)].filter((part) => part !== '').join('/');
    yield* openArchive(chunks, file, (path) => `${within}/${path}`);
  } else if (isCapture(head) || isCaptureName(place.name)) yield { ...place, file, kind: 'capture', chunks };
  else yield { ...place, file, kind: 'other' };
}

async function* openSnapshotFile(
  member: Member,
  file: string,
  { placements, convert, layout }: NonNullable<ReturnType<typeof layoutOfFile>>,
): AsyncGenerator<InputItem> {
  try {
    const stream = openMemberStream(member, file);
    const bytes = await readAll(stream, MAX_SNAPSHOT_FILE);
    if (!bytes) throw new InputError(file, null, `is larger than ${MAX_SNAPSHOT_FILE >> 20} MiB`);
    // Half of a listing would be taken for the whole.
    if (stream.truncated) return;
    const content = convert ? convert(new TextDecoder().decode(bytes)) : bytes;
    for (const placement of placements) {
      const own = content instanceof Map ? content.get(placement.name) : (content as Uint8Array | string);
      if (own === undefined) continue;
      const octets = typeof own === 'string' ? new TextEncoder().encode(own) : own;
      yield { ...placement, file, kind: 'file', bytes: octets, layout: layout.name };
    }
  } catch (error) {
    if (!(error instanceof InputError) || layout === bundle) throw error;
    // Nobody made the dump for this: one bad file of thousands is told, and passed over.
    yield { ...locate(member.path), file, kind: 'problem', error, fatal: false };
  }
}

/** @param placed where in the input a member of the archive lies */
async function* openArchive(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
  placed: (path: string) => string,
): AsyncGenerator<InputItem> {
  const notes: string[] = [];
  const extent = new ArchiveExtent();
  let isCut = false;
  const links: { path: string; target: string }[] = [];
  const settings = new Map<string, SnapshotItem>();
  const members = tarMembers(
    chunks,
    file,
    () => {
      isCut = true;
    },
    (path, target) => {
      const { name } = locate(path);
      // Of other dumps, a link leads to a file that lies in them as well.
      if (isSnapshotFile(name) || isCaptureName(name)) links.push({ path, target });
    },
  );
  for await (const member of members) {
    extent.begin(member);
    const inner = { ...member, path: placed(member.path) };
    for await (const item of tried(openMember(inner, `${file}:${member.path}`, false), inner.path)) {
      if (item.kind === 'file' && locateSysctlFile(member.path)) settings.set(member.path, item);
      extent.take(item.kind);
      yield item;
    }
  }
  for (const { path, target } of links) {
    // Distributions link /etc/sysctl.conf as sysctl.d/99-sysctl.conf, which has its place in an order of its own.
    const linked = settings.get(posix.normalize(target));
    if (linked) yield { ...linked, ...locate(placed(path)), file: `${file}:${path}` };
    else {
      notes.push(
        `${path} is a link, which is not followed in an archive; pack with tar --dereference --hard-dereference`,
      );
    }
  }
  const problem = (note: string) =>
    ({
      ...locate(placed('')),
      file,
      kind: 'problem',
      error: new InputError(file, null, note),
      fatal: false,
    }) as const;
  if (isCut) yield { ...problem(extent.describeCut()), isCut };
  for (const note of notes) yield problem(note);
}

/** The items of one member; one that cannot be read does not keep the others from being. */
async function* tried(items: AsyncIterable<InputItem>, path: string): AsyncGenerator<InputItem> {
  try {
    yield* items;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    yield { ...locate(path), file: error.file, kind: 'problem', error, fatal: true };
  }
}

function openMemberStream(member: Member, file: string): OctetStream {
  return 'truncated' in member.chunks ? member.chunks : openStream(member.chunks, file);
}
