/** Reads single packets of captures once more, by their numbers. */
import { statSync } from 'node:fs';
import { InputError } from '../model/errors.js';
import { isClassicPcap, MAGIC_LENGTH, PCAP_FILE_HEADER } from './capture/pcap.js';
import { readCapture } from './capture/reader.js';
import type { PacketRecord } from './capture/record.js';
import { OpenFile } from './capture/source.js';
import { type Waypoint, waypointBefore } from './capture/waypoints.js';
import { type InputFile, listFiles } from './input-files.js';
import { fileItems } from './items.js';
import { parseInput } from './specification.js';

/** What is known of each packet that is chosen: by file, as the analysis names it, and by the packet's number. */
export type ChosenPackets<T> = ReadonlyMap<string, ReadonlyMap<number, T>>;

/** Of files that were read before, by the same names. */
export type KnownWaypoints = ReadonlyMap<string, readonly Waypoint[]>;

/**
 * Goes once over the inputs, and over no file further than to the last packet that is chosen of it; where waypoints of a
 * plain pcap file are known, over little more than the packets. What cannot be read again (standard input, a FIFO, a file that
 * is gone by now) is passed over.
 *
 * @param inputs as on the command line
 * @param onPacket told of each packet that is found, with what is known of it and its file; the record is valid until
 *   it returns, and its number counts the packets that were read
 * @param mostOctets of a capture that are read for this, in one go
 */
export async function readChosenPackets<T>(
  inputs: readonly string[],
  chosen: ChosenPackets<T>,
  onPacket: (record: PacketRecord, known: T, file: string) => void,
  mostOctets = Number.POSITIVE_INFINITY,
  waypoints: KnownWaypoints = new Map(),
): Promise<void> {
  if (chosen.size === 0) return;
  for (const input of inputs) {
    const specification = parseInput(input);
    if (specification.path === '-') continue;
    const { files } = await listFiles(specification);
    for (const file of files) {
      // A FIFO would be waited for, and has other packets by now.
      if (!isRegular(file.path)) continue;
      const own = chosen.get(file.file);
      const known = waypoints.get(file.file) ?? [];
      if (own && known.length > 1 && (await readAtWaypoints(file, known, own, onPacket, mostOctets)))
        continue;
      if ([...chosen.keys()].some((name) => mayHold(file, name)))
        await readFrom(file, chosen, onPacket, mostOctets);
    }
  }
}

/** Itself, or as an archive. */
function mayHold({ file }: InputFile, name: string): boolean {
  return file === name || name.startsWith(`${file}:`);
}

async function readFrom<T>(
  input: InputFile,
  chosen: ChosenPackets<T>,
  onPacket: (record: PacketRecord, known: T, file: string) => void,
  mostOctets: number,
): Promise<void> {
  try {
    for await (const item of fileItems(input)) {
      const packets = chosen.get(item.file);
      if (item.kind !== 'capture' || !packets) continue;
      await readUpTo(item.chunks, item.file, 0, packets, onPacket, mostOctets);
    }
  } catch (error) {
    // What is wrong with it was told when it was read for the analysis.
    if (!(error instanceof InputError)) throw error;
  }
}

/** @param before packets of the file that the chunks do not hold */
async function readUpTo<T>(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
  before: number,
  packets: ReadonlyMap<number, T>,
  onPacket: (record: PacketRecord, known: T, file: string) => void,
  mostOctets: number,
): Promise<void> {
  const last = [...packets.keys()].reduce((most, number) => Math.max(most, number), 0);
  let read = before;
  async function* head() {
    let octets = 0;
    for await (const chunk of chunks) {
      yield chunk;
      octets += chunk.length;
      if (read >= last || octets >= mostOctets) return;
    }
  }
  const onRecord = (record: PacketRecord) => {
    read = before + record.number;
    const known = packets.get(read);
    if (known !== undefined) onPacket(record, known, file);
  };
  await readCapture(head(), file, onRecord, { keepGoing: true });
}

/** What is read at once behind a waypoint: as far as the next lies, at first. */
const CHUNK = 256 * 1024;

/**
 * Reads the packets of a plain pcap file from the waypoint before each on.
 *
 * @returns false where it is no such file: its waypoints are places in what it holds compressed
 */
async function readAtWaypoints<T>(
  { path, file }: InputFile,
  waypoints: readonly Waypoint[],
  packets: ReadonlyMap<number, T>,
  onPacket: (record: PacketRecord, known: T, file: string) => void,
  mostOctets: number,
): Promise<boolean> {
  const opened = openAgain(path);
  if (!opened) return false;
  try {
    const header = new Uint8Array(PCAP_FILE_HEADER);
    if (opened.read(header, 0) < MAGIC_LENGTH || !isClassicPcap(header)) return false;
    for (const [waypoint, own] of byWaypoint(waypoints, packets)) {
      const chunks = chunksFrom(opened, header, waypoint.offset);
      await readUpTo(chunks, file, waypoint.packets, own, onPacket, mostOctets);
    }
    return true;
  } finally {
    opened.close();
  }
}

/** The file's header, and its records from an offset on. */
async function* chunksFrom(opened: OpenFile, header: Uint8Array, offset: number): AsyncGenerator<Uint8Array> {
  yield header;
  const buffer = new Uint8Array(CHUNK);
  for (let at = offset; ; ) {
    const length = opened.read(buffer, at);
    if (length === 0) return;
    at += length;
    yield buffer.subarray(0, length);
  }
}

function isRegular(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function openAgain(path: string): OpenFile | null {
  try {
    return new OpenFile(path);
  } catch {
    return null;
  }
}

/** In the order of the file. */
function byWaypoint<T>(
  waypoints: readonly Waypoint[],
  packets: ReadonlyMap<number, T>,
): Map<Waypoint, Map<number, T>> {
  const groups = new Map<Waypoint, Map<number, T>>();
  for (const [packet, known] of [...packets].sort(([a], [b]) => a - b)) {
    const waypoint = waypointBefore(waypoints, packet);
    if (!waypoint) continue;
    const group = groups.get(waypoint);
    if (group) group.set(packet, known);
    else groups.set(waypoint, new Map([[packet, known]]));
  }
  return groups;
}
