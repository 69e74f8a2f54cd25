/**
 * Captures by libpcap, in a process of its own: the package `cap` ends the one that it is in where an interface that it
 * listens on goes down, by an assertion, and leaves a hole in libuv's queue where a handle of it is collected. So no
 * handle is ever closed or let go of here, and the process ends by `process.exit`, once all files are closed.
 */
import { readSync, writeFileSync, writeSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { type CapTask, type CapWord, stemOf } from './cap-task.js';
import { interfaceNames, interfacesUp, isUp } from './interfaces-up.js';
import { type CapHandle, type CapModule, loadCap } from './load-cap.js';
import { RotatingPcap } from './rotating-pcap.js';
import { smallestRing } from './smallest-ring.js';

/** The link types that `cap` names, as libpcap numbers them in files. */
const LINK_TYPES: Readonly<Record<string, number>> = {
  NULL: 0,
  ETHERNET: 1,
  RAW: 101,
  IEEE802_11_RADIO: 127,
  LINKTYPE_LINUX_SLL: 113,
};

/**
 * Octets of libpcap's rings, of all handles together: a slot takes 64 kB whatever is in it, so that 64 MB hold a thousand
 * packets. 10 MB lost a quarter of 400,000 packets a second, 512 MB none. Not more than the machine can spare.
 */
const RINGS_OCTETS = Math.min(512 * 1024 * 1024, totalmem() / 8);
/** Of them, for the interfaces that are there from the beginning. */
const FIRST_SHARE = 3 / 4;
const LARGEST_PACKET = 65_535;

/** What is gathered longer than that would be lost with the process. */
const FLUSH_MS = 20;
/** An interface that comes up is captured so much later, at the most. */
const LOOK_MS = 500;
/** What libpcap has of the last packets is handed over meanwhile. */
const DRAIN_MS = 100;

class CapProcess {
  readonly #cap: CapModule;
  readonly #task: CapTask;
  /** Also those that could not be opened: the destructor of one stops what was never begun. */
  readonly #handles: CapHandle[] = [];
  readonly #files = new Set<RotatingPcap>();
  readonly #captured = new Set<string>();
  /** Those that could not be opened, until they are down or gone. */
  readonly #refused = new Set<string>();
  #ringsLeft = RINGS_OCTETS;
  /** Interfaces that were there at the beginning. */
  #first = 0;
  #flushing: NodeJS.Timeout | null = null;
  /** When it last looked for interfaces, or had a turn for what else there is: ms. */
  #looked = performance.now();

  constructor(cap: CapModule, task: CapTask) {
    this.#cap = cap;
    this.#task = task;
  }

  begin(): void {
    const { interfaces, part } = this.#task;
    const isNamed = interfaces.length > 0;
    const wanted = isNamed && part === 1 ? interfaces : this.#missing();
    this.#first = wanted.length;
    const ring = (FIRST_SHARE * this.#ringsLeft) / Math.max(1, wanted.length);
    const refusals = wanted.flatMap((name) => this.#open(name, ring) ?? []);
    // A filter that is none is refused on all of them.
    const isFatal = part === 1 && refusals.length > 0 && (isNamed || this.#captured.size === 0);
    if (isFatal) {
      const { interface: name, why } = refusals[0]!;
      const others = why.includes('No such device') ? `; there are ${interfaceNames().join(' ')}` : '';
      fail(`${name}: cannot be captured on: ${why}${others}`);
    }
    for (const refusal of refusals) say({ word: 'refused', ...refusal });
    say({ word: 'ready' });
    setInterval(() => this.#look(), LOOK_MS);
  }

  /** Ends the process. */
  end(): void {
    for (const file of this.#files) file.close();
    process.exit(0);
  }

  /** Those to capture on that are up, and are not yet. */
  #missing(): string[] {
    const { interfaces } = this.#task;
    const up = interfaces.length > 0 ? interfaces.filter(isUp) : interfacesUp();
    for (const name of this.#refused) if (!up.includes(name)) this.#refused.delete(name);
    return up.filter((name) => !this.#captured.has(name) && !this.#refused.has(name));
  }

  #look(): void {
    this.#looked = performance.now();
    for (const name of this.#missing()) {
      const refusal = this.#open(name, this.#ringsLeft / 2);
      if (refusal) say({ word: 'refused', ...refusal });
    }
  }

  /** @returns why it cannot be captured on; null where it is */
  #open(name: string, ring: number): { interface: string; why: string } | null {
    const handle = new this.#cap.Cap();
    this.#handles.push(handle);
    const buffer = Buffer.alloc(LARGEST_PACKET);
    const interfaces = Math.max(this.#first, this.#captured.size + 1);
    const octets = Math.floor(Math.max(smallestRing(interfaces), ring));
    let linkType: number | undefined;
    try {
      linkType = LINK_TYPES[handle.open(name, this.#task.filter, octets, buffer)];
      if (linkType === undefined) throw new Error('a link type that is not known');
    } catch (error) {
      this.#refused.add(name);
      return { interface: name, why: (error as Error).message };
    }
    this.#ringsLeft -= octets;
    this.#captured.add(name);
    const { part, snaplen, rotation, into } = this.#task;
    const stem = stemOf(name, part);
    writeFileSync(join(into, `${stem}.cap.log`), 'times are those of delivery, drops are not counted\n');
    const make = () => {
      const made = new RotatingPcap(join(into, `${stem}.pcap`), linkType, snaplen, rotation);
      this.#files.add(made);
      return made;
    };
    // A node of many pods has many interfaces: of a later process, only files that hold something are made.
    let file = part === 1 ? make() : null;
    handle.on('packet', (length) => {
      const time = performance.now();
      try {
        file ??= make();
        // When it was handed over: nearer than any other clock that there is.
        file.write(performance.timeOrigin + time, buffer, length);
        this.#flushSoon();
        if (time - this.#looked > 2 * LOOK_MS) this.#turnWhereStarved();
      } catch (error) {
        fail(error);
      }
    });
    say({ word: 'opened', interface: name });
    return null;
  }

  #flushSoon(): void {
    this.#flushing ??= setTimeout(() => {
      this.#flushing = null;
      orFail(() => this.#flush());
    }, FLUSH_MS);
  }

  #flush(): void {
    for (const file of this.#files) file.flush();
  }

  /** libpcap hands over as long as there is something, and no timer comes in between. */
  #turnWhereStarved(): void {
    this.#looked = performance.now();
    this.#flush();
    if (hasInputEnded()) this.end();
  }
}

function hasInputEnded(): boolean {
  try {
    return readSync(0, Buffer.alloc(64)) === 0;
  } catch {
    // There is nothing to read.
    return false;
  }
}

function orFail(action: () => void): void {
  try {
    action();
  } catch (error) {
    fail(error);
  }
}

function say(word: CapWord): void {
  try {
    writeSync(1, `${JSON.stringify(word)}\n`);
  } catch {} // who listened is gone, and so is the standard input
}

/** @param error why: as an error, such as that of a full disk, or in words */
function fail(error: unknown): never {
  say({ word: 'failed', why: error instanceof Error ? error.message : String(error) });
  process.exit(1);
}

loadCap().then((cap) => {
  if (!cap) fail('the package cap is gone');
  const recording = new CapProcess(cap, JSON.parse(process.argv[2]!) as CapTask);
  process.stdin.on('end', () => setTimeout(() => orFail(() => recording.end()), DRAIN_MS)).resume();
  orFail(() => recording.begin());
});
