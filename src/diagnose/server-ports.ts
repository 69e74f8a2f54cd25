import type { Attempt } from '../correlate/attempt.js';

const PROTOCOLS = { tcp: 0, udp: 1, icmp: 2 };

/** A number for the port and protocol of an attempt's server, which is made much faster than a text. */
export function portKey({ protocol, server }: Attempt): number {
  return (server.port ?? -1) * 4 + PROTOCOLS[protocol];
}

/** The ports that some attempts were sent to. */
export class ServerPorts {
  readonly #ports = new Map<string, Set<number>>();

  constructor(attempts: readonly Attempt[]) {
    for (const attempt of attempts) {
      const { address } = attempt.server;
      const ports = this.#ports.get(address);
      if (ports) ports.add(portKey(attempt));
      else this.#ports.set(address, new Set([portKey(attempt)]));
    }
  }

  /** Whether one of them was to the same. */
  has(attempt: Attempt): boolean {
    return this.#ports.get(attempt.server.address)?.has(portKey(attempt)) ?? false;
  }
}
