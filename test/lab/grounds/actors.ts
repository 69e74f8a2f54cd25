import { fileURLToPath } from 'node:url';
import type { Actor, Ground } from '../ground.js';
import { macOfLink } from './links.js';

export interface Listener {
  /** What it calls itself in its responses. */
  name: string;
  address: string;
  port: number;
  protocol: 'tcp' | 'udp';
}

/** Starts one of the lab's own programs in a namespace, ready once it says so. */
function startActor(ground: Ground, machine: string, program: string, args: string[]): Promise<Actor> {
  const path = fileURLToPath(new URL(`../actors/${program}.js`, import.meta.url));
  return ground.start(machine, [process.execPath, path, ...args], /^ready$/m);
}

export async function listen(ground: Ground, machine: string, listener: Listener): Promise<void> {
  const { name, address, port, protocol } = listener;
  await startActor(ground, machine, 'server', [name, address, String(port), protocol]);
}

/**
 * What listens and never accepts, with a full queue.
 *
 * @param halfOpen connections that wait for their ACK before it is full
 */
export async function idle(
  ground: Ground,
  machine: string,
  { address, port, halfOpen }: { address: string; port: number; halfOpen: number },
): Promise<void> {
  await startActor(ground, machine, 'idle-server', [address, String(port), String(halfOpen)]);
}

/** How often a speaker announces, and how many times. */
export interface Rhythm {
  everyMs: number;
  times: number;
}

/** As MetalLB announces a new address: for five seconds, every 1.1 seconds. */
export const METALLB: Rhythm = { everyMs: 1100, times: 5 };

/** When a machine began to announce the VIP, or ended it. */
export interface Announcement {
  machine: string;
  time: Date;
  kind: 'announced' | 'withdrawn';
}

/** The speakers of one ground, at most one a machine. */
export class Speakers {
  readonly #ground: Ground;
  readonly #vip: string;
  readonly #device: (machine: string) => string;
  readonly #running = new Map<string, Actor>();
  readonly history: Announcement[] = [];

  /** @param device the interface that a machine speaks on */
  constructor(ground: Ground, vip: string, device: (machine: string) => string) {
    this.#ground = ground;
    this.#vip = vip;
    this.#device = device;
  }

  async start(machine: string, { everyMs, times }: Rhythm = METALLB): Promise<void> {
    const device = this.#device(machine);
    const mac = await macOfLink(this.#ground, machine, device);
    const args = [device, this.#vip, mac, String(everyMs), String(times)];
    this.history.push({ machine, time: new Date(), kind: 'announced' });
    this.#running.set(machine, await startActor(this.#ground, machine, 'speaker', args));
  }

  async stop(machine: string): Promise<void> {
    await this.#running.get(machine)?.stop();
    this.#running.delete(machine);
    this.history.push({ machine, time: new Date(), kind: 'withdrawn' });
  }
}
