/** One pcapng of several nodes' captures, by one clock, for looking at all of them in Wireshark. */
import type { AnalysisProgress } from './analyze.js';
import { type Correlation, correlate } from './correlate/correlate.js';
import { readInputs } from './correlate/read-inputs.js';
import type { CaptureResult, Inputs } from './correlate/reading/inputs.js';
import { KEPT_WHOLE } from './correlate/track/tracker.js';
import { type KeptPacket, packetBatches } from './ingest/capture/packet-stream.js';
import {
  interfaceBlock,
  packetBlockLength,
  sectionBlock,
  statisticsBlock,
  type WrittenPacket,
  writePacketBlock,
} from './ingest/capture/pcapng-writer.js';
import { receptionFlags } from './ingest/capture/reception.js';
import { inOrder, mergeByTime } from './ingest/capture/time-order.js';
import { type InputFile, listFiles } from './ingest/input-files.js';
import { fileItems } from './ingest/items.js';
import { parseInput } from './ingest/specification.js';
import { clockNotes, lossNotes, snapshotNotes } from './merge-notes.js';
import { type MergedPoint, MergedPoints } from './merge-points.js';
import { InputError, UsageError } from './model/errors.js';
import type { Nanoseconds } from './model/time.js';

export interface MergeOptions {
  /** Passes over what cannot be read, in place of throwing. */
  keepGoing: boolean;
  /** Who writes the file, as `returnpath 1.0`. */
  application: string;
  /** Told how far it is; absent where nobody looks. */
  progress?: AnalysisProgress | null;
  /** Takes what a person should be told, a line at a time. */
  warn: (line: string) => void;
}

/** A packet on its way into the merged file. */
interface MergedPacket extends WrittenPacket {
  /** The capture that it is of. */
  capture: string;
}

/** Octets that are written at once. */
const PIECE = 256 * 1024;

/** The kernel stamps a packet once for all who capture it, or for each as it gets to them, ns. */
const SAME_TIME = 10_000n;

/**
 * Merges captures: reads them once for the clocks, and once more for the packets, of which no more than a few chunks of
 * each capture are in memory.
 *
 * @param inputs bundles and captures as on the command line
 * @returns the file, piece by piece; a piece holds until the next one is asked for
 * @throws InputError, UsageError before the first piece where an input cannot be read, or not twice
 */
export async function* merge(inputs: readonly string[], options: MergeOptions): AsyncGenerator<Uint8Array> {
  const { warn, progress } = options;
  const files = await filesOf(inputs);
  const read = await readInputs(inputs, { keepGoing: options.keepGoing, onReading: progress?.reading });
  for (const { message } of read.problems) warn(message);
  if (read.captures.length === 0)
    throw new InputError(inputs.join(', '), null, 'there is no capture to merge');
  // A node of which nothing but a snapshot was given has no packet whose time could be moved.
  const nodes = read.nodes.filter((node) => read.captures.some(({ file }) => file.node === node));
  const vips = { named: [], backends: new Map() };
  const { clocks } = correlate(read.captures, nodes, vips, KEPT_WHOLE);
  const told = clockNotes(clocks.describe());
  for (const line of [...told, ...lossNotes(read.captures), ...snapshotNotes(read.snapshots)]) warn(line);

  const packets = read.captures.reduce((sum, { summary }) => sum + summary.packets, 0);
  progress?.stage('writing', packets, 'packet');
  const merged = new MergedPoints(read.captures);
  const { points } = merged;
  yield sectionBlock(options.application, told);
  for (const point of points) yield interfaceBlock(point);
  const counts = { late: 0, untimed: 0, twice: 0 };
  const sources = sourcesOf(read).map((captures) =>
    inOrder(
      packetsOf(captures, files, merged, clocks, () => counts.untimed++),
      () => counts.late++,
    ),
  );
  let last: Nanoseconds = 0n;
  const piece = new Piece();
  const once = new OnceOnly(points, () => counts.twice++);
  for await (const packets of mergeByTime(sources)) {
    for (const packet of packets) {
      if (once.isRepeated(packet)) continue;
      if (packet.time > last) last = packet.time;
      const full = piece.add(packet);
      if (full) yield full;
    }
  }
  yield piece.take();
  for (const [id, point] of points.entries()) {
    if (point.received !== null || point.dropped !== null) yield statisticsBlock(id, last, point);
  }
  const { late, untimed, twice } = counts;
  if (late > 0)
    warn(
      `${late} packets are far out of order in their captures, and so they are here: reordercap sorts them`,
    );
  if (untimed > 0)
    warn(`${untimed} packets have no time in their captures; they have that of the one before`);
  if (twice > 0) warn(`${twice} packets are in two captures of one interface, and here once`);
}

/** @throws UsageError */
async function filesOf(inputs: readonly string[]): Promise<InputFile[]> {
  const listings = [];
  for (const input of inputs) {
    const specification = parseInput(input);
    if (specification.path === '-') {
      throw new UsageError(
        'standard input: cannot be read twice, once for the clocks and once for the packets; write it to a file first',
      );
    }
    listings.push(await listFiles(specification));
  }
  return listings.flatMap((listing) => listing.files);
}

/** Captures that are read one after the other: the parts of a rotated one, and all nodes' of one file. */
function sourcesOf({ captures }: Inputs): CaptureResult[][] {
  const sources = new Map<string, CaptureResult[]>();
  const byFile = new Map<string, CaptureResult[]>();
  for (const capture of captures) {
    const { file } = capture;
    const same = byFile.get(file.file) ?? sources.get(file.capture ?? file.file) ?? [];
    same.push(capture);
    byFile.set(file.file, same);
    sources.set(file.capture ?? file.file, same);
  }
  return [...new Set(sources.values())];
}

async function* packetsOf(
  captures: readonly CaptureResult[],
  files: readonly InputFile[],
  merged: MergedPoints,
  clocks: Correlation['clocks'],
  onUntimed: () => void,
): AsyncGenerator<MergedPacket[]> {
  let last: Nanoseconds = captures[0]!.summary.firstTime ?? 0n;
  for (const name of new Set(captures.map(({ file }) => file.file))) {
    const own = captures.filter(({ file }) => file.file === name);
    /** By the interface's number in the file. */
    const places: { id: number; capture: CaptureResult['file'] }[] = [];
    for (const { file, summary } of own) {
      for (const described of summary.interfaces)
        places[described.index] = { id: merged.idOf(file, described), capture: file };
    }
    for await (const batch of packetBatches(chunksOf(name, files), name)) {
      yield batch.map((packet) => {
        const { id, capture } = places[packet.interface.index]!;
        if (packet.time === null) onUntimed();
        else last = packet.time;
        return written(packet, id, capture, clocks, packet.time ?? last);
      });
    }
  }
}

function written(
  { octets, originalLength, flags, interface: { linkType } }: KeptPacket,
  id: number,
  { node, netns, file, capture = file }: CaptureResult['file'],
  clocks: Correlation['clocks'],
  time: Nanoseconds,
): MergedPacket {
  const point = { node, netns, interface: null, file, capture };
  return {
    interface: id,
    time: clocks.aligned({ time, point }) ?? time,
    octets,
    originalLength,
    flags: flags || receptionFlags(octets, linkType),
    capture,
  };
}

/** The octets of one capture, read anew. */
async function* chunksOf(name: string, files: readonly InputFile[]): AsyncGenerator<Uint8Array> {
  const home =
    files.find(({ file }) => file === name) ?? files.find(({ file }) => name.startsWith(`${file}:`));
  if (!home) return;
  for await (const item of fileItems(home)) {
    if (item.kind !== 'capture' || item.file !== name) continue;
    yield* item.chunks;
    return;
  }
}

/** Tells what another capture of the same interface has just given. */
class OnceOnly {
  readonly #points: readonly MergedPoint[];
  readonly #onTwice: () => void;
  #recent: { packet: MergedPacket; captures: Set<string> }[] = [];

  constructor(points: readonly MergedPoint[], onTwice: () => void) {
    this.#points = points;
    this.#onTwice = onTwice;
  }

  /** @param packet in the order of time */
  isRepeated(packet: MergedPacket): boolean {
    if (!this.#points[packet.interface]!.isShared) return false;
    this.#recent = this.#recent.filter(({ packet: { time } }) => packet.time - time <= SAME_TIME);
    const same = this.#recent.find((one) => !one.captures.has(packet.capture) && isSame(one.packet, packet));
    if (same) {
      same.captures.add(packet.capture);
      this.#onTwice();
      return true;
    }
    this.#recent.push({ packet, captures: new Set([packet.capture]) });
    return false;
  }
}

/** One of the two may be cut shorter. */
function isSame(a: MergedPacket, b: MergedPacket): boolean {
  if (a.interface !== b.interface || a.originalLength !== b.originalLength) return false;
  const length = Math.min(a.octets.length, b.octets.length);
  return Buffer.compare(a.octets.subarray(0, length), b.octets.subarray(0, length)) === 0;
}

/** Gathers packets to what is written at once. */
class Piece {
  #octets = Buffer.alloc(PIECE);
  #used = 0;

  /** @returns what is full, before the packet; null where there is room */
  add(packet: MergedPacket): Uint8Array | null {
    const length = packetBlockLength(packet);
    let full: Uint8Array | null = null;
    if (this.#used + length > this.#octets.length) {
      full = this.take();
      this.#octets = Buffer.alloc(Math.max(PIECE, length));
    }
    this.#used = writePacketBlock(packet, this.#octets, this.#used);
    return full;
  }

  take(): Uint8Array {
    const full = this.#octets.subarray(0, this.#used);
    this.#used = 0;
    return full;
  }
}
