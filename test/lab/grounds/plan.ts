import type { Ground } from '../ground.js';
import type { Rhythm } from './actors.js';

/** A ground as it is planned: what can be told of it before it is built. */
export interface Plan {
  /** The address that clients ask for, and the service's port there. */
  vip: string;
  port: number;
  /** The client's address. The machine's name is `client` on every ground. */
  client: string;
  /** The machines that are recorded where a scenario does not say otherwise. */
  nodes: readonly string[];
  /** Makes it, with all servers running. */
  build(ground: Ground): Promise<Site>;
}

/** A ground that is ready for its client. */
export interface Site {
  /** The interfaces worth a capture of their own, of every machine that may be recorded. */
  interfaces: Readonly<Record<string, readonly string[]>>;
  /** Lets the VIP be known on the network; done once captures run, so that they see it. */
  announce(): Promise<void>;
  /** Starts a speaker for the VIP on a machine, with the MAC of its interface; as MetalLB announces, without `rhythm`. */
  speak(machine: string, rhythm?: Rhythm): Promise<void>;
  /** Stops that machine's speaker. */
  silence(machine: string): Promise<void>;
  /** The files of `kube/`, as kubectl prints them now; none where the ground is no cluster. */
  kube(): Readonly<Record<string, string>>;
}
