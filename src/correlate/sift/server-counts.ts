/** Hot path. Connections by the server that the client addressed and the one that NAT made of it. */
import { CELL_FRAME, CELL_PACKET, FLOW_STATE, KIND_SYN, STATE_SYN, TTL_SHIFT } from '../../wasm/layout.js';
import type { Served } from '../served.js';
import { type Vips, vipOfServers } from '../vips.js';
import type { CaptureTables } from './capture-tables.js';
import type { RowsByNumber } from './rows-by-number.js';

export class ServerCounts {
  readonly #tables: readonly CaptureTables[];
  readonly #rows: RowsByNumber;
  readonly #vips: Vips;
  /** By the number of the address that the client addressed and its port, then by that of the other's address. */
  readonly #numbers = new Map<number, Map<number, number>>();
  readonly #servers: Served[] = [];
  readonly #met: number[] = [];

  constructor(tables: readonly CaptureTables[], rows: RowsByNumber, vips: Vips) {
    this.#tables = tables;
    this.#rows = rows;
    this.#vips = vips;
  }

  /** The number of a connection's server; -1 where that cannot be told: such a one is kept. */
  serverOf(items: readonly number[]): number {
    const front = this.#frontOf(items);
    if (front < 0) return -1;
    const frontNumber = this.#serverNumber(front);
    let back = front;
    let backNumber = frontNumber;
    for (const item of items) {
      const number = this.#serverNumber(item);
      if (number === frontNumber || number === backNumber) continue;
      // Of three servers two addresses would not tell.
      if (back !== front) return -1;
      back = item;
      backNumber = number;
    }
    // Addresses that only replies were seen of show no translation.
    if (back !== front && !this.#wasAsked(items, backNumber)) return -1;
    const port = this.#tablesOf(front).ports(this.#rows.rows[front]!) & 0xffff;
    const key = frontNumber * 0x10000 + port;
    let backs = this.#numbers.get(key);
    if (!backs) {
      backs = new Map();
      this.#numbers.set(key, backs);
    }
    let server = backs.get(backNumber);
    if (server === undefined) {
      server = this.#add(this.#addressOf(front), port, this.#addressOf(back));
      backs.set(backNumber, server);
    }
    return server;
  }

  get count(): number {
    return this.#servers.length;
  }

  /** Notes a connection that can be let go. */
  meet(server: number): void {
    this.#met[server]!++;
  }

  /** Connections that were noted. */
  metOf(server: number): number {
    return this.#met[server]!;
  }

  /** The same to all servers that are known as VIPs. */
  metOfVips(): number {
    return this.#met.reduce((sum, met, server) => (this.isOfVip(server) ? sum + met : sum), 0);
  }

  isOfVip(server: number): boolean {
    return this.#servers[server]!.vip !== null;
  }

  /** Counts a connection that is let go. */
  letGo(server: number): void {
    this.#servers[server]!.count++;
  }

  /** Those that connections were let go of. */
  served(): Served[] {
    return this.#servers.filter(({ count }) => count > 0);
  }

  #add(address: string, port: number, back: string): number {
    this.#met.push(0);
    const vip = vipOfServers([address, back], this.#vips);
    return this.#servers.push({ server: { address, port }, back, vip, count: 0 }) - 1;
  }

  /** The leg whose SYN had travelled least; -1 where no order tells which of two servers was the first. */
  #frontOf(items: readonly number[]): number {
    let front = items[0]!;
    let most = -1;
    let first = 0;
    let isSure = true;
    for (const item of items) {
      const { cells, lists } = this.#tablesOf(item);
      for (let cell = lists.first(this.#rows.rows[item]!); cell >= 0; cell = lists.after(cell)) {
        if (lists.kindOf(cell) !== KIND_SYN) continue;
        const ttl = (cells.get(cell, CELL_FRAME) >>> TTL_SHIFT) & 0xff;
        if (ttl < most) continue;
        const packet = cells.get(cell, CELL_PACKET);
        if (ttl > most) isSure = true;
        else if (this.#serverNumber(item) === this.#serverNumber(front)) continue;
        else if (this.#rows.captures[item] !== this.#rows.captures[front]) isSure = false;
        else if (packet > first) continue;
        front = item;
        most = ttl;
        first = packet;
      }
    }
    return isSure ? front : -1;
  }

  /** Whether a SYN to a server was seen. */
  #wasAsked(items: readonly number[], number: number): boolean {
    return items.some((item) => {
      const state = this.#tablesOf(item).flows.get(this.#rows.rows[item]!, FLOW_STATE);
      return this.#serverNumber(item) === number && (state & STATE_SYN) !== 0;
    });
  }

  #serverNumber(item: number): number {
    return this.#tablesOf(item).serverNumber(this.#rows.rows[item]!);
  }

  #addressOf(item: number): string {
    return this.#tablesOf(item).serverAddress(this.#rows.rows[item]!);
  }

  #tablesOf(item: number): CaptureTables {
    return this.#tables[this.#rows.captures[item]!]!;
  }
}
