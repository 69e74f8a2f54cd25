/** Connections packet by packet, and what becomes of them. */
import type { Attempt } from '../../../src/correlate/attempt.js';
import type { Correlation } from '../../../src/correlate/correlate.js';
import { DecodedPackets } from '../../../src/correlate/track/decoded-packets.js';
import { ALL, Tracker } from '../../../src/correlate/track/tracker.js';
import { readCapture } from '../../../src/ingest/capture/reader.js';
import { ACK, FIN, pcapOf, type Segment, SYN, stamps, synOptions } from './wire.js';

export type Packets = Segment[];

const OPEN_AT_ONCE = 50;

/** Hosts. */
export const VIP = 200;
export const BACKEND = 210;

/** Connections of a capture that there is room for. */
export const FLOWS = 1 << 13;

/** One connection from its SYN to the last ACK. */
export function connection(i: number, to: number, numbers = i): Packets {
  const fromPort = 10_000 + (i % 50_000);
  const from = 1 + (i % 7);
  const isn = Math.imul(numbers, 0x9e3779b1) >>> 0;
  const peer = Math.imul(numbers, 0x85ebca6b) >>> 0;
  const client = (flags: number, sequence: number, acknowledgment: number, payload = 0): Segment => ({
    ...{ time: [0, 0], from, to, fromPort, toPort: 443, flags, payload, identification: i & 0xffff },
    ...{ sequence: sequence >>> 0, acknowledgment: acknowledgment >>> 0 },
    options: (flags & SYN) !== 0 ? synOptions(i) : stamps(i, i + 1),
  });
  const server = (...numbers: Parameters<typeof client>): Segment => ({
    ...client(...numbers),
    ...{ from: to, to: from, fromPort: 443, toPort: fromPort },
  });
  return [
    client(SYN, isn, 0),
    server(SYN | ACK, peer, isn + 1),
    client(ACK, isn + 1, peer + 1),
    client(ACK, isn + 1, peer + 1, 20),
    server(ACK, peer + 1, isn + 21, 30),
    server(ACK | FIN, peer + 31, isn + 21),
    client(ACK | FIN, isn + 21, peer + 32),
    server(ACK, peer + 32, isn + 22),
  ];
}

/** A request comes in to the VIP by one interface and leaves for the backend by another, a reply the other way. */
export function withTranslation(packets: Packets): Packets {
  return packets.flatMap((packet) => {
    const behind = { ...packet, ttl: 63, ifindex: 3 };
    if (packet.to === VIP) return [packet, { ...behind, to: BACKEND }];
    return [
      { ...behind, from: BACKEND },
      { ...packet, ttl: 62 },
    ];
  });
}

/** Interleaves connections, a packet of one after one of another, some of them at a time. */
export function interleaved(connections: readonly Packets[]): Packets {
  const out: Packets = [];
  const open: Packets[] = [];
  let next = 0;
  let turn = 0;
  while (next < connections.length || open.length > 0) {
    while (open.length < OPEN_AT_ONCE && next < connections.length) open.push([...connections[next++]!]);
    const at = turn++ % open.length;
    out.push(open[at]!.shift()!);
    if (open[at]!.length === 0) open.splice(at, 1);
  }
  return out.map((packet, i) => ({ ...packet, time: [1000 + Math.floor(i / 5000), (i % 5000) * 1000] }));
}

/** What a capture of these packets leaves behind. */
export async function tracked(
  segments: Packets,
  { whole = ALL, node = 'n', file = 'x.pcap', flows = FLOWS } = {},
) {
  const tracker = new Tracker(flows, whole);
  const decoded = new DecodedPackets(tracker);
  async function* octets() {
    yield pcapOf(segments, { link: 'sll2' });
  }
  const summary = await readCapture(
    octets(),
    file,
    (record) => {
      if (!tracker.plain.observe(record)) decoded.observe(record);
    },
    { scanner: tracker.plain },
  );
  tracker.finish();
  const { interfaces } = summary;
  const captureFile = { node, netns: null, file, interfaces, nameHint: null, snapshot: null };
  return { file: captureFile, observations: tracker.observations(), summary };
}

/** All that is known of an attempt but its number and time, as plain data: some of it is looked up when it is asked for. */
export function plainOf(attempt: Attempt) {
  const { id: _, firstTime: __, ...own } = attempt;
  const { protocol, legs, traces, others, otherSource } = attempt;
  return { ...own, protocol, legs, traces, others, otherSource };
}

/** How many connections had which outcome, those that were counted and let go among them. */
export function totalsOf({ attempts, served }: Correlation): Record<string, number> {
  const totals: Record<string, number> = {};
  const count = (key: string, by: number) => {
    totals[key] = (totals[key] ?? 0) + by;
  };
  for (const { vip, outcome, delayNs } of attempts) {
    count(`${vip} ${outcome}`, 1);
    if (delayNs !== null && delayNs > 0) count(`${vip} slow`, 1);
  }
  for (const { vip, count: by } of served) count(`${vip} established`, by);
  return totals;
}
