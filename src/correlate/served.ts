/** Connections that were made and met nothing, of which a capture only kept how many there were (`src/wasm/settlement.ts`). */
import type { Endpoint } from '../model/analysis.js';
import {
  SERVED_BACK,
  SERVED_COUNT,
  SERVED_FRONT,
  SERVED_PORT,
  SERVED_SHIFT,
  STATE_VERSION,
} from '../wasm/layout.js';
import type { Observations } from './track/observations.js';
import { Observed } from './track/observed.js';
import { Rows } from './track/rows.js';
import { type Vips, vipOfServers } from './vips.js';

export interface Served {
  /** As the clients addressed it. */
  server: Endpoint;
  /** Address that NAT made of it; the same without NAT. */
  back: string;
  /** The VIP that they were for; null where the server is not known as one. */
  vip: string | null;
  count: number;
}

/** What was counted of a capture and let go, by server. */
export function readServed(observations: Observations, vips: Vips): Served[] {
  const observed = new Observed(observations);
  const rows = new Rows(observations.servers, SERVED_SHIFT);
  const servers: Served[] = [];
  for (let id = 0; id < rows.length; id++) {
    const word = (field: number) => rows.get(id, field);
    if (word(SERVED_COUNT) === 0) continue;
    const version = word(SERVED_PORT) & STATE_VERSION;
    const address = observed.address(word(SERVED_FRONT), version);
    const back = observed.address(word(SERVED_BACK), version);
    servers.push({
      server: { address, port: word(SERVED_PORT) >>> 4 },
      back,
      vip: vipOfServers([address, back], vips),
      count: word(SERVED_COUNT),
    });
  }
  return servers;
}

/** How many connections were let go of a capture. */
export function servedTotal({ servers }: Observations): number {
  const rows = new Rows(servers, SERVED_SHIFT);
  let total = 0;
  for (let id = 0; id < rows.length; id++) total += rows.get(id, SERVED_COUNT);
  return total;
}
