import {
  FLOW_ADDRESS_A,
  FLOW_ADDRESS_B,
  FLOW_PORTS,
  FLOW_STATE,
  STATE_CLIENT_IS_B,
  STATE_CLIENT_KNOWN,
  STATE_VERSION,
  TRANSPORT_ECHO,
  TRANSPORT_UDP,
} from '../wasm/layout.js';
import type { Observations } from './track/observations.js';
import { Observed } from './track/observed.js';

const TOLD = STATE_CLIENT_KNOWN | TRANSPORT_UDP | TRANSPORT_ECHO;

/**
 * The ends that handshakes show to be servers, in any of the captures: of a connection that was met in its middle, they
 * tell who asked. They are looked for when first asked for, as most captures show all connections from the beginning.
 */
export class KnownServers {
  readonly #captures: readonly Observations[];
  /** Ports by address. */
  #ports: ReadonlyMap<string, ReadonlySet<number>> | null = null;

  constructor(captures: readonly Observations[]) {
    this.#captures = captures;
  }

  has(address: string, port: number): boolean {
    this.#ports ??= portsOf(this.#captures);
    return this.#ports.get(address)?.has(port) ?? false;
  }
}

function portsOf(captures: readonly Observations[]): Map<string, Set<number>> {
  const ports = new Map<string, Set<number>>();
  for (const observations of captures) {
    const observed = new Observed(observations);
    // An address has many rows, and its text is made once.
    const byWord = new Map<number, Set<number>>();
    for (let row = 0; row < observed.flows.length; row++) {
      const state = observed.flows.get(row, FLOW_STATE);
      if ((state & TOLD) !== STATE_CLIENT_KNOWN) continue;
      const isA = (state & STATE_CLIENT_IS_B) !== 0;
      const version = state & STATE_VERSION;
      const word = observed.flows.get(row, isA ? FLOW_ADDRESS_A : FLOW_ADDRESS_B);
      const both = observed.flows.get(row, FLOW_PORTS);
      const key = word * 2 + (version === 6 ? 1 : 0);
      let known = byWord.get(key);
      if (!known) {
        const address = observed.address(word, version);
        known = ports.get(address) ?? new Set();
        ports.set(address, known);
        byWord.set(key, known);
      }
      known.add(isA ? both >>> 16 : both & 0xffff);
    }
  }
  return ports;
}
