/** Seeded captures for measuring and for counting; nothing that a diagnosis rests on. */
import { CaptureWriter, type End, type LinkType } from './capture-writer.js';
import {
  type Beginning,
  type Ending,
  FIRST_BEGINNINGS,
  isCutOff,
  type Script,
  Scripts,
  type Step,
} from './scripts.js';

export interface Load {
  flows: number;
  /** Data segments of each flow between handshake and FIN. */
  segments: number;
  payload: number;
  /** Flows that are under way at the same time. */
  concurrent: number;
  link: LinkType;
  /** Two packets are less than this apart, µs; 20 where nothing is said. */
  gap?: number;
  /** What comes late (a retransmission, a port's next connection) comes this much later, µs; a second. */
  wait?: number;
  /** How flows begin, of a hundred; the others with a plain handshake. 2 unanswered, 1 refused where nothing is said. */
  beginnings?: Readonly<Partial<Record<Beginning, number>>>;
  /** How flows end, of a hundred; the others with two FINs. */
  endings?: Readonly<Partial<Record<Ending, number>>>;
  /** Of a hundred flows that are over, so many are followed by another one of the same ports. */
  reused?: number;
}

/** mulberry32: small, seeded, and the same on every machine. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/** Services that the flows go to: 192.168.0.0 and those that follow it. */
export const SERVICES = 400;

const USUAL_BEGINNINGS: NonNullable<Load['beginnings']> = { unanswered: 2, refused: 1 };

interface Flow {
  client: End;
  server: End;
  v6: boolean;
  script: Script;
  step: number;
  /** When its next packet may come, µs. */
  due: number;
}

/**
 * Writes a pcap as Linux hosts make them (options of SYNs, timestamps): 10 % IPv6, flows interleaved, four hundred
 * services.
 *
 * @returns the packets written
 */
export function generate(path: string, load: Load, seed = 1): number {
  const capture = new CaptureWriter(path, load.link);
  try {
    new Generation(load, capture, random(seed)).run();
  } finally {
    capture.close();
  }
  return capture.packets;
}

class Generation {
  readonly #load: Load;
  readonly #capture: CaptureWriter;
  readonly #next: () => number;
  readonly #scripts: Scripts;
  readonly #wait: number;
  readonly #active: Flow[] = [];
  /** By when they are due, for all wait alike. */
  readonly #waiting: Flow[] = [];
  #time = 1_700_000_000_000_000;

  constructor(load: Load, capture: CaptureWriter, next: () => number) {
    this.#load = load;
    this.#capture = capture;
    this.#next = next;
    this.#scripts = new Scripts(load.segments, load.payload);
    this.#wait = load.wait ?? 1_000_000;
  }

  run(): void {
    const { flows, concurrent, gap = 20 } = this.#load;
    const [active, waiting] = [this.#active, this.#waiting];
    let started = 0;
    while (started < flows || active.length + waiting.length > 0) {
      while (active.length + waiting.length < concurrent && started < flows) {
        active.push(this.#begin(started++));
      }
      if (active.length === 0) this.#time = waiting[0]!.due;
      while (waiting.length > 0 && waiting[0]!.due <= this.#time) active.push(waiting.shift()!);
      const at = this.#next() % active.length;
      const flow = active[at]!;
      this.#time += this.#next() % gap;
      if (this.#advance(flow)) continue;
      active[at] = active[active.length - 1]!;
      active.pop();
      if (flow.step === flow.script.length && !this.#beginsAgain(flow)) continue;
      flow.due = this.#time + this.#wait;
      waiting.push(flow);
    }
  }

  #begin(index: number): Flow {
    const dice = this.#next() % 100;
    const service = this.#next() % SERVICES;
    return {
      client: { host: index >>> 15, port: 20_000 + (index & 0x7fff), ...this.#numbers() },
      server: { host: service, port: 443, ...this.#numbers() },
      v6: this.#next() % 10 === 0,
      script: this.#script(choose(dice, this.#load.beginnings ?? USUAL_BEGINNINGS, 'plain')),
      step: 0,
      due: 0,
    };
  }

  #numbers() {
    const initial = this.#next();
    return { initial, sent: 0, isClosed: false };
  }

  #script(beginning: Beginning): Script {
    const { endings } = this.#load;
    const ending = endings ? choose(this.#next() % 100, endings, 'fin') : 'fin';
    return this.#scripts.script(beginning, ending);
  }

  /** Another connection of the same ports; false where there is none. */
  #beginsAgain(flow: Flow): boolean {
    const { reused, beginnings = USUAL_BEGINNINGS } = this.#load;
    // Which of two connections a segment is of, of which one was not seen to begin, nothing plain would tell.
    if (reused === undefined || isCutOff(flow.script)) return false;
    if (this.#next() % 100 >= reused) return false;
    Object.assign(flow.client, this.#numbers());
    Object.assign(flow.server, this.#numbers());
    const beginning = choose(this.#next() % 100, beginnings, 'plain');
    flow.script = this.#script(FIRST_BEGINNINGS.has(beginning) ? 'plain' : beginning);
    flow.step = 0;
    return true;
  }

  /** Sends the flow's next packet that is captured; false where it then waits, or is over. */
  #advance(flow: Flow): boolean {
    while (flow.step < flow.script.length) {
      const step = flow.script[flow.step++]!;
      this.#send(flow, step);
      if (step.isSeen) break;
    }
    return flow.step < flow.script.length && !flow.script[flow.step]!.waits;
  }

  #send({ client, server, v6 }: Flow, step: Step): void {
    if (step.isSeen) this.#capture.packet(client, server, v6, step, this.#time);
    else this.#capture.pass(client, server, step);
  }
}

/** @param dice 0 to 99 */
function choose<T extends string>(
  dice: number,
  shares: Readonly<Partial<Record<T, number>>>,
  otherwise: T,
): T {
  let below = 0;
  for (const [name, share] of Object.entries(shares) as [T, number][]) {
    below += share;
    if (dice < below) return name;
  }
  return otherwise;
}
