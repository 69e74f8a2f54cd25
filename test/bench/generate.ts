/** Seeded captures for measuring; nothing that a diagnosis rests on. */
import { closeSync, openSync, writeSync } from 'node:fs';

export interface Load {
  flows: number;
  /** Data segments of each flow between handshake and FIN. */
  segments: number;
  payload: number;
  /** Flows that are under way at the same time. */
  concurrent: number;
  /** Ethernet with microseconds, or LINUX_SLL2 (`-i any`) with nanoseconds. */
  link: 'ethernet' | 'sll2';
}

const [SYN, RST, PSH, ACK, FIN] = [2, 4, 8, 16, 1];

/** mulberry32: small, seeded, and the same on every machine. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/** Services that the flows go to. */
export const SERVICES = 400;

interface Flow {
  client: number;
  port: number;
  service: number;
  clientSequence: number;
  serverSequence: number;
  v6: boolean;
  /** 0 answered, 1 no answer, 2 refused. */
  fate: number;
  step: number;
}

/**
 * Writes a pcap as Linux hosts make them (options of SYNs, timestamps): 10 % IPv6, 2 % of the SYNs without an answer,
 * 1 % refused, flows interleaved, four hundred services.
 *
 * @returns the packets written
 */
export function generate(path: string, load: Load, seed = 1): number {
  const next = random(seed);
  const out = new Writer(path, load.link);
  const active: Flow[] = [];
  let started = 0;
  let time = 1_700_000_000_000_000;
  while (started < load.flows || active.length > 0) {
    while (active.length < load.concurrent && started < load.flows) {
      active.push(newFlow(started++, next));
    }
    const at = next() % active.length;
    const flow = active[at]!;
    time += next() % 20;
    if (!step(flow, load, out, time)) {
      active[at] = active[active.length - 1]!;
      active.pop();
    }
  }
  out.close();
  return out.packets;
}

function newFlow(index: number, next: () => number): Flow {
  const dice = next() % 100;
  return {
    client: index >>> 15,
    port: 20_000 + (index & 0x7fff),
    service: next() % SERVICES,
    clientSequence: next(),
    serverSequence: next(),
    v6: next() % 10 === 0,
    fate: dice < 2 ? 1 : dice < 3 ? 2 : 0,
    step: 0,
  };
}

/** Writes the flow's next packet; false after its last. */
function step(flow: Flow, load: Load, out: Writer, time: number): boolean {
  const n = flow.step++;
  if (n === 0) {
    out.packet(flow, true, SYN, 0, time);
    return flow.fate !== 1;
  }
  if (n === 1) {
    out.packet(flow, false, flow.fate === 2 ? RST | ACK : SYN | ACK, 0, time);
    return flow.fate !== 2;
  }
  if (n === 2) out.packet(flow, true, ACK, 0, time);
  else if (n < 3 + load.segments) out.packet(flow, n % 2 === 0, PSH | ACK, load.payload, time);
  else out.packet(flow, n === 3 + load.segments, FIN | ACK, 0, time);
  return n < 4 + load.segments;
}

/** MSS 1460, SACK permitted, timestamps, window scale 7; the timestamps stand at octet 8. */
const SYN_OPTIONS = [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7];
/** Two no-operations, timestamps. */
const OPTIONS = [1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0];

class Writer {
  packets = 0;
  readonly #file: number;
  readonly #buffer = Buffer.alloc(1 << 20);
  readonly #isCooked: boolean;
  #at = 0;

  constructor(path: string, link: Load['link']) {
    this.#file = openSync(path, 'w');
    this.#isCooked = link === 'sll2';
    const b = this.#buffer;
    b.writeUInt32LE(this.#isCooked ? 0xa1b23c4d : 0xa1b2c3d4, 0);
    b.writeUInt16LE(2, 4);
    b.writeUInt16LE(4, 6);
    b.writeUInt32LE(262_144, 16);
    b.writeUInt32LE(this.#isCooked ? 276 : 1, 20);
    this.#at = 24;
  }

  /** @param time microseconds */
  packet(flow: Flow, fromClient: boolean, flags: number, payload: number, time: number): void {
    const options = (flags & SYN) !== 0 ? SYN_OPTIONS : OPTIONS;
    const link = this.#isCooked ? 20 : 14;
    const ip = flow.v6 ? 40 : 20;
    const segment = 20 + options.length + payload;
    const length = link + ip + segment;
    if (this.#at + 16 + length > this.#buffer.length) this.#flush();
    const b = this.#buffer;
    let at = this.#at;
    b.fill(0, at, at + 16 + length - payload);
    b.writeUInt32LE(Math.floor(time / 1e6), at);
    b.writeUInt32LE((time % 1e6) * (this.#isCooked ? 1000 : 1), at + 4);
    b.writeUInt32LE(length, at + 8);
    b.writeUInt32LE(length, at + 12);
    at += 16;
    this.#link(flow, fromClient, at);
    at += link;
    if (flow.v6) this.#ipv6(flow, fromClient, segment, at);
    else this.#ipv4(flow, fromClient, segment, at);
    at += ip;
    b.writeUInt16BE(fromClient ? flow.port : 443, at);
    b.writeUInt16BE(fromClient ? 443 : flow.port, at + 2);
    const begun = (flags & SYN) === 0 ? 1 : 0;
    b.writeUInt32BE(((fromClient ? flow.clientSequence : flow.serverSequence) + begun) >>> 0, at + 4);
    if ((flags & ACK) !== 0) {
      b.writeUInt32BE(((fromClient ? flow.serverSequence : flow.clientSequence) + 1) >>> 0, at + 8);
    }
    b[at + 12] = ((20 + options.length) / 4) << 4;
    b[at + 13] = flags;
    b.writeUInt16BE(64_240, at + 14);
    b.set(options, at + 20);
    const stamp = at + 20 + (options === SYN_OPTIONS ? 8 : 4);
    b.writeUInt32BE(Math.floor(time / 1000) >>> 0, stamp);
    if ((flags & ACK) !== 0) b.writeUInt32BE(Math.floor(time / 1000 - 1) >>> 0, stamp + 4);
    this.#at += 16 + length;
    this.packets++;
  }

  #link(flow: Flow, fromClient: boolean, at: number): void {
    const b = this.#buffer;
    const type = flow.v6 ? 0x86dd : 0x0800;
    if (this.#isCooked) {
      b.writeUInt16BE(type, at);
      b.writeUInt32BE(2, at + 4);
      b.writeUInt16BE(1, at + 8);
      b[at + 10] = fromClient ? 0 : 4;
      b[at + 11] = 6;
      b.writeUInt32BE(fromClient ? 0x02000001 : 0x02000002, at + 12);
      return;
    }
    b.writeUInt32BE(fromClient ? 0x02000002 : 0x02000001, at);
    b.writeUInt32BE(fromClient ? 0x02000001 : 0x02000002, at + 6);
    b.writeUInt16BE(type, at + 12);
  }

  #ipv4(flow: Flow, fromClient: boolean, segment: number, at: number): void {
    const b = this.#buffer;
    b[at] = 0x45;
    b.writeUInt16BE(20 + segment, at + 2);
    b.writeUInt16BE(this.packets & 0xffff, at + 4);
    b[at + 8] = 63;
    b[at + 9] = 6;
    b.writeUInt32BE(fromClient ? 0x0a000000 + flow.client : 0xc0a80000 + flow.service, at + 12);
    b.writeUInt32BE(fromClient ? 0xc0a80000 + flow.service : 0x0a000000 + flow.client, at + 16);
  }

  #ipv6(flow: Flow, fromClient: boolean, segment: number, at: number): void {
    const b = this.#buffer;
    b[at] = 0x60;
    b.writeUInt16BE(segment, at + 4);
    b[at + 6] = 6;
    b[at + 7] = 63;
    for (const [end, client] of [
      [at + 8, fromClient],
      [at + 24, !fromClient],
    ] as const) {
      b.writeUInt32BE(0xfd000000, end);
      b.writeUInt32BE(client ? flow.client : 0x10000 + flow.service, end + 12);
    }
  }

  #flush(): void {
    writeSync(this.#file, this.#buffer, 0, this.#at);
    this.#at = 0;
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }
}
