/** Folds a capture as it is read; one of several nodes, whose interfaces' names tell them, node by node. */
import { type InterfacePlace, parseInterfaceName } from '../../ingest/capture/interface-name.js';
import { readCapture } from '../../ingest/capture/reader.js';
import type { CaptureInterface, CaptureSummary, PacketRecord } from '../../ingest/capture/record.js';
import type { ReadBuffer } from '../../ingest/capture/source.js';
import { toNanoseconds } from '../../model/time.js';
import { DecodedPackets } from '../track/decoded-packets.js';
import { detached } from '../track/observations.js';
import { ALL, KEPT_WHOLE, Tracker } from '../track/tracker.js';
import { type CaptureReading, faultOf, type Whose } from './found.js';
import { optimizeLater } from './optimizer.js';
import type { AheadOptions, AheadReading } from './read-ahead.js';
import type { CaptureOptions } from './read-file.js';

/** What was read of one node. */
export interface NodeReading {
  whose: Whose | null;
  reading: CaptureReading;
}

/**
 * Reads a capture to its end.
 *
 * @param into where it is read into
 * @returns what there is of the node that the input is of, and of each that interfaces name; one at the least
 * @throws InputError as `readCapture` does
 */
export async function trackCapture(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
  options: CaptureOptions,
  into: ReadBuffer,
): Promise<NodeReading[]> {
  const { keepGoing, keepsAll, isAlone, maxAttempts, ahead: aheadOptions, wanted, mostOctets } = options;
  // Those that are kept whole must leave room for others.
  const whole = Math.min(KEPT_WHOLE, maxAttempts >>> 1);
  const tracker = new Tracker(maxAttempts, keepsAll ? ALL : whole, wanted);
  const decoded = new DecodedPackets(tracker);
  const nodes = new NamedNodes(() => new Tracker(maxAttempts, ALL, wanted));
  const ahead = aheadOptions && (await createAhead(tracker, aheadOptions));
  into.lend(tracker.plain.buffer, ahead);
  const { error, ...summary } = await readCapture(
    mostOctets === undefined ? chunks : beginningOf(chunks, mostOctets),
    file,
    (record) => {
      const named = record.interface.name === null ? null : nodes.of(record.interface);
      if (named) named.observe(record);
      else if (!tracker.plain.observe(record)) decoded.observe(record);
    },
    { keepGoing, scanner: tracker.plain },
  ).finally(() => {
    into.lend(null);
    ahead?.stop();
  });
  const fault = error && faultOf(error);
  const readings: NodeReading[] = nodes.finish(summary).map((own) => ({
    whose: own.whose,
    reading: { observations: own.observations(), summary: own.summary, fault, undecoded: own.undecoded },
  }));
  const others = summary.packets - readings.reduce((sum, { reading }) => sum + reading.summary.packets, 0);
  if (readings.length > 0 && others === 0) return readings;
  tracker.finish();
  const inTables = tracker.observations(isAlone && readings.length === 0);
  // Where no other capture needs the room, a copy would be for nothing.
  const observations = isAlone ? inTables : detached(inTables);
  const interfaces = summary.interfaces.filter(({ name }) => parseInterfaceName(name) === null);
  const rest = readings.length === 0 ? summary : { ...summary, interfaces, packets: others };
  const own = { observations, summary: rest, fault, undecoded: decoded.undecoded };
  return [{ whose: null, reading: own }, ...readings];
}

/** The nodes that interfaces of one file name. */
class NamedNodes {
  readonly #createTracker: () => Tracker;
  /** By the interface's number in the file; null for one that names none. */
  readonly #byInterface: (NamedNode | null)[] = [];
  readonly #nodes = new Map<string, NamedNode>();

  constructor(createTracker: () => Tracker) {
    this.#createTracker = createTracker;
  }

  of(described: CaptureInterface): NamedNode | null {
    let node = this.#byInterface[described.index];
    if (node === undefined) {
      const place = parseInterfaceName(described.name);
      node = place && this.#node(place);
      this.#byInterface[described.index] = node;
    }
    return node;
  }

  finish(summary: Omit<CaptureSummary, 'error'>): NamedNode[] {
    // Silence of an interface tells something as well.
    for (const described of summary.interfaces) this.of(described);
    for (const node of this.#nodes.values()) node.finish(summary);
    return [...this.#nodes.values()];
  }

  #node({ node, netns }: InterfacePlace): NamedNode {
    const key = `${node}\n${netns ?? ''}`;
    let known = this.#nodes.get(key);
    if (!known) {
      known = new NamedNode({ node, netns }, this.#createTracker());
      this.#nodes.set(key, known);
    }
    return known;
  }
}

/** What a file holds of one node. */
class NamedNode {
  readonly whose: Whose;
  readonly #tracker: Tracker;
  readonly #decoded: DecodedPackets;
  #summary: Omit<CaptureSummary, 'error'> | null = null;
  #packets = 0;
  #first = { seconds: Number.POSITIVE_INFINITY, nanoseconds: 0 };
  #last = { seconds: Number.NEGATIVE_INFINITY, nanoseconds: 0 };

  constructor(whose: Whose, tracker: Tracker) {
    this.whose = whose;
    this.#tracker = tracker;
    this.#decoded = new DecodedPackets(tracker);
  }

  get undecoded(): number {
    return this.#decoded.undecoded;
  }

  get summary(): Omit<CaptureSummary, 'error'> {
    return this.#summary!;
  }

  observations() {
    return detached(this.#tracker.observations());
  }

  observe(record: PacketRecord): void {
    const { seconds, nanoseconds } = record;
    this.#packets++;
    const [first, last] = [this.#first, this.#last];
    if (seconds < first.seconds || (seconds === first.seconds && nanoseconds < first.nanoseconds))
      this.#first = { seconds, nanoseconds };
    if (seconds > last.seconds || (seconds === last.seconds && nanoseconds > last.nanoseconds))
      this.#last = { seconds, nanoseconds };
    if (!this.#tracker.plain.observe(record)) this.#decoded.observe(record);
  }

  /** @param summary of the whole file */
  finish(summary: Omit<CaptureSummary, 'error'>): void {
    this.#tracker.finish();
    const interfaces = summary.interfaces.flatMap((described) => {
      const place = parseInterfaceName(described.name);
      const isOwn = place?.node === this.whose.node && place.netns === this.whose.netns;
      return isOwn ? [{ ...described, name: place.interface }] : [];
    });
    const drops = interfaces.flatMap(({ dropped }) => dropped ?? []);
    const hasTimes = Number.isFinite(this.#last.seconds);
    this.#summary = {
      ...summary,
      interfaces,
      packets: this.#packets,
      firstTime: hasTimes ? toNanoseconds(this.#first.seconds, this.#first.nanoseconds) : null,
      lastTime: hasTimes ? toNanoseconds(this.#last.seconds, this.#last.nanoseconds) : null,
      dropped: drops.length === 0 ? null : drops.reduce((sum, n) => sum + n, 0),
    };
  }
}

/** Loaded when it is needed: most files are small. */
async function createAhead(tracker: Tracker, { threads }: AheadOptions): Promise<AheadReading> {
  const { AheadReading } = await import('./read-ahead.js');
  await optimizeLater();
  return new AheadReading(tracker, threads);
}

async function* beginningOf(chunks: AsyncIterable<Uint8Array>, octets: number): AsyncGenerator<Uint8Array> {
  let left = octets;
  for await (const chunk of chunks) {
    yield chunk;
    left -= chunk.length;
    if (left <= 0) return;
  }
}
