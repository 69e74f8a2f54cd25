/**
 * Of very many connections, those that met nothing are counted, and let go before anything is made of them. While a
 * capture is read that can't be told where another may have seen something else of the same connection; here all have
 * been read. A share is kept whole, for findings to set against those that failed.
 */
import {
  FLOW_CLIENT_SEQUENCE,
  FLOW_SERVER_SEQUENCE,
  FLOW_STATE,
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

export interface Sifted {
  /** Connections that were let go, by server. */
  served: Served[];
  /** Of each capture, 1 for each row of a connection that was let go; null where none was. */
  letGo: (Uint8Array | null)[];
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
  const sifted: Sifted = { served: [], letGo: captures.map(() => null) };
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
    firsts[count] = item;
    hashes[count] = hashOf(items, tables, connections);
    serverNumbers[count++] = server;
  }
  if (count <= whole) return sifted;
  const needed = witnesses?.needed();
  const otherBits = Math.clz32(count / (Math.floor(whole / SAMPLE_SHARE) + 1));
  for (let i = 0; i < count; i++) {
    // The number of bits that have to be 0 grows by one as the connections double.
    const isOfSample = hashes[i]! >>> otherBits === 0;
    if (!servers.count(serverNumbers[i]!, isOfSample || needed?.has(firsts[i]!) === true)) continue;
    connections.gather(firsts[i]!, items);
    for (const item of items) {
      const capture = connections.captures[item]!;
      sifted.letGo[capture] ??= new Uint8Array(tables[capture]!.flows.length);
      sifted.letGo[capture][connections.rows[item]!] = 1;
    }
  }
  sifted.served = servers.served();
  return sifted;
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
