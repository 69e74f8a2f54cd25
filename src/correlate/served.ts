/** Connections that were made and met nothing, of which a capture only kept how many there were (`src/wasm/settlement.ts`). */
import type { Endpoint } from '../model/analysis.js';
import { SERVED_BACK, SERVED_COUNT, SERVED_FRONT, SERVED_PORT, STATE_VERSION } from '../wasm/layout.js';
import { addressOf } from './legs.js';
import type { Tracker } from './track/tracker.js';
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

/** What a tracker counted and let go, by server. */
export function readServed(tracker: Tracker, vips: Vips): Served[] {
  const { functions, words } = tracker.tables;
  const servers: Served[] = [];
  for (let id = 0; id < functions.serverCount(); id++) {
    const at = functions.serverAt(id) / 4;
    const word = (field: number) => words[at + field]! >>> 0;
    if (word(SERVED_COUNT) === 0) continue;
    const version = word(SERVED_PORT) & STATE_VERSION;
    const address = addressOf(tracker, word(SERVED_FRONT), version);
    const back = addressOf(tracker, word(SERVED_BACK), version);
    servers.push({
      server: { address, port: word(SERVED_PORT) >>> 4 },
      back,
      vip: vipOfServers([address, back], vips),
      count: word(SERVED_COUNT),
    });
  }
  return servers;
}
