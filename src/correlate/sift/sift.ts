/**
 * Of very many connections, those that met nothing are counted, and let go before anything is made of them. While a
 * capture is read that can't be told where another may have seen something else of the same connection; here all have
 * been read. A share is kept whole, for findings to set against those that failed.
 */
import {
  FLOW_CLIENT_SEQUENCE,
  FLOW_SERVER_SEQUENCE,
  FLOW_STATE,
  KEPT_OF_SERVER,
  SAMPLE_SHARE,
  STATE_SYN_ACK,
} from '../../wasm/layout.js';
import type { CaptureFile } from '../capture-points.js';
import { mix, TextNumbers } from '../likeness.js';
import type { Served } from '../served.js';
import type { Observations } from '../track/observations.js';
import type { Vips } from '../vips.js';
import { CaptureTables } from './capture-tables.js';
import { ClockWitnesses } from './clock-witnesses.js';
import { Plainness } from './plainness.js';
import { RowsByNumber } from './rows-by-number.js';
import { ServerCounts } from './server-counts.js';
import { SIFTED_LET_GO, SIFTED_NEEDED } from './shares.js';

export interface Sifted {
  /** Connections that were let go, by server. */
  served: Served[];
  /** Of each capture what each row stands for: a `SIFTED_`, else a power of two, plus 1; null where nothing was sifted. */
  shares: (Uint8Array | null)[];
}

/**
 * Counts connections that every capture saw made and ended as they should be.
 *
 * In memory it takes some 50 octets for each of the captures' rows, for as long as it lasts.
 *
 * @param captures all that there are
 * @param nodes in the order of the inputs
 * @param whole plain connections up to which all are kept
 */
export function sift(
  captures: readonly { file: CaptureFile; observations: Observations }[],
  nodes: readonly string[],
  vips: Vips,
  whole: number,
): Sifted {
  const sifted: Sifted = { served: [], shares: captures.map(() => null) };
  const rows = captures.reduce((sum, { observations }) => sum + observations.count, 0);
  // Each connection has a row at least. What a capture has counted by itself was sifted before.
  if (rows <= whole || captures.some(({ observations }) => observations.servers.length > 0)) return sifted;
  const addresses = new TextNumbers();
  const tables = captures.map(
    ({ file, observations }) => new CaptureTables(file, observations, nodes.indexOf(file.node), addresses),
  );
  const connections = new RowsByNumber(tables);
  const plainness = new Plainness(tables, connections);
  const servers = new ServerCounts(tables, connections, vips);
  const witnesses = nodes.length > 1 ? new ClockWitnesses(tables, connections, nodes.length) : null;
  const items: number[] = [];
  // Of each plain connection the first item, its hash, and the number of its server.
  const firsts = new Int32Array(connections.length);
  const hashes = new Uint32Array(connections.length);
  const serverNumbers = new Int32Array(connections.length);
  let count = 0;
  for (let item = 0; item < connections.length; item++) {
    if (!connections.gather(item, items) || !plainness.isPlain(items)) continue;
    const server = servers.serverOf(items);
    if (server < 0) continue;
    witnesses?.note(items);
    servers.meet(server);
    firsts[count] = item;
    hashes[count] = hashOf(items, tables, connections);
    serverNumbers[count++] = server;
  }
  if (count <= whole) return sifted;
  const needed = witnesses?.needed();
  // The number of bits that have to be 0 grows by one as the connections double.
  const share = Math.floor(whole / SAMPLE_SHARE);
  const bitsOfAll = bitsOf(count / (share + 1));
  // All servers together get as many again.
  const ofServer = Math.max(1, Math.min(KEPT_OF_SERVER, Math.floor(share / servers.count)));
  // Where VIPs are named, the others are no attempts.
  const areVipsWhole = vips.named.length > 0 && servers.metOfVips() <= whole;
  for (let i = 0; i < count; i++) {
    const server = serverNumbers[i]!;
    const isWhole = areVipsWhole && servers.isOfVip(server);
    const bits = isWhole ? 0 : Math.min(bitsOfAll, bitsOf(servers.metOf(server) / ofServer));
    const isOfSample = bits === 0 || hashes[i]! >>> (32 - bits) === 0;
    const isNeeded = !isOfSample && needed?.has(firsts[i]!) === true;
    if (!isOfSample && !isNeeded) servers.letGo(server);
    connections.gather(firsts[i]!, items);
    for (const item of items) {
      const capture = connections.captures[item]!;
      sifted.shares[capture] ??= new Uint8Array(tables[capture]!.flows.length);
      sifted.shares[capture][connections.rows[item]!] = isOfSample
        ? bits + 1
        : isNeeded
          ? SIFTED_NEEDED
          : SIFTED_LET_GO;
    }
  }
  sifted.served = servers.served();
  return sifted;
}

function bitsOf(value: number): number {
  return 32 - Math.clz32(value);
}

/** Of the numbers that all legs of a connection share: chosen by it, a sample is a fair one. */
function hashOf(
  items: readonly number[],
  tables: readonly CaptureTables[],
  { captures, rows }: RowsByNumber,
) {
  for (const item of items) {
    const { flows } = tables[captures[item]!]!;
    const row = rows[item]!;
    if ((flows.get(row, FLOW_STATE) & STATE_SYN_ACK) === 0) continue;
    return mix(mix(0, flows.get(row, FLOW_CLIENT_SEQUENCE)), flows.get(row, FLOW_SERVER_SEQUENCE));
  }
  return 0;
}
