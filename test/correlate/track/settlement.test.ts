/** Of very many connections those that met nothing are counted and let go: the counts are the same as if all were kept. */
import test from 'ava';
import { correlate } from '../../../src/correlate/correlate.js';
import { ALL, Tracker } from '../../../src/correlate/track/tracker.js';
import { decodePacket } from '../../../src/decode/decode.js';
import { Packet } from '../../../src/decode/packet.js';
import { readCapture } from '../../../src/ingest/capture/reader.js';
import { ACK, FIN, pcapOf, RST, type Segment, SYN, stamps, synOptions } from './wire.js';

const KEPT_WHOLE = 300;
const CONNECTIONS = 1300;
const OPEN_AT_ONCE = 50;
const VIP = 200;
const BACKEND = 210;

type Packets = Segment[];

/** One connection from its SYN to the last ACK. */
function connection(i: number, to: number, numbers = i): Packets {
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

/** Interleaves connections, a packet of one after one of another, some of them at a time. */
function interleaved(connections: readonly Packets[]): Packets {
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

async function analyze(segments: Packets, whole: number) {
  const tracker = new Tracker(1 << 13, whole);
  const packet = new Packet();
  async function* octets() {
    yield pcapOf(segments, { link: 'sll2' });
  }
  const summary = await readCapture(
    octets(),
    'x.pcap',
    (record) => {
      if (tracker.plain.observe(record)) return;
      const { bytes, view, offset, capturedLength } = record;
      decodePacket(record.interface.linkType, bytes, view, offset, capturedLength, packet);
      tracker.observe(packet, record);
    },
    { scanner: tracker.plain },
  );
  tracker.finish();
  const { interfaces } = summary;
  const file = { node: 'n', netns: null, file: 'x.pcap', interfaces, nameHint: null, snapshot: null };
  const { attempts, served, vips } = correlate(
    [{ file, observations: tracker.observations(), summary }],
    ['n'],
    {
      named: [],
      backends: new Map(),
    },
  );
  const totals: Record<string, number> = {};
  const count = (key: string, by: number) => {
    totals[key] = (totals[key] ?? 0) + by;
  };
  for (const { vip, outcome } of attempts) count(`${vip} ${outcome}`, 1);
  for (const { vip, count: by } of served) count(`${vip} established`, by);
  return { totals, vips, attempts, letGo: served.reduce((sum, one) => sum + one.count, 0) };
}

/** Both ways; the counts have to agree, and most connections be let go. */
async function compare(segments: Packets) {
  const kept = await analyze(segments, ALL);
  const counted = await analyze(segments, KEPT_WHOLE);
  return { kept, counted };
}

test('connections to one server', async (t) => {
  const all = Array.from({ length: CONNECTIONS }, (_, i) => connection(i, 100));
  const { kept, counted } = await compare(interleaved(all));
  t.deepEqual(kept.totals, { 'null established': CONNECTIONS });
  t.deepEqual(counted.totals, kept.totals);
  t.is(kept.letGo, 0);
  t.true(counted.letGo > CONNECTIONS / 2, `${counted.letGo} were let go`);
  t.true(counted.attempts.length > KEPT_WHOLE / 10, `a sample of ${counted.attempts.length} is left`);
});

test('those that failed are all kept, and a few of each server that serves', async (t) => {
  const all = Array.from({ length: CONNECTIONS }, (_, i) => {
    const packets = connection(i, i % 100 === 1 ? 101 : 100);
    if (i % 50 === 0) return packets.slice(0, 1); // unanswered
    if (i % 50 === 2) return [packets[0]!, { ...packets[1]!, flags: RST | ACK }]; // refused
    if (i % 50 === 4) return [packets[0]!, packets[1]!, { ...packets[1]!, options: synOptions(i + 1000) }]; // the reply is lost
    if (i % 50 === 6) return [packets[0]!, { ...packets[0]!, identification: 1 }, ...packets.slice(1)]; // slow
    if (i % 50 === 8) return [...packets.slice(0, 5), { ...packets[5]!, flags: RST }]; // reset
    return packets;
  });
  const { kept, counted } = await compare(interleaved(all));
  t.deepEqual(counted.totals, kept.totals);
  t.is(kept.totals['null no-reply'], CONNECTIONS / 50);
  t.is(kept.totals['null refused'], CONNECTIONS / 50);
  t.is(kept.totals['null reply-lost'], CONNECTIONS / 50);
  t.true(counted.letGo > CONNECTIONS / 2);
  const tried = counted.attempts.filter((attempt) => attempt.tries > 1);
  t.is(tried.length, CONNECTIONS / 50);
  const ofFew = counted.attempts.filter((attempt) => attempt.server.address === '192.0.2.101');
  t.true(ofFew.length >= 4);
});

test('before and after NAT it is one connection, of the VIP', async (t) => {
  const all = Array.from({ length: CONNECTIONS }, (_, i) => {
    const front = connection(i, VIP);
    const back = connection(i, BACKEND + (i % 3)).map((packet) => ({ ...packet, ttl: 63, ifindex: 3 }));
    // A request comes in by the first and leaves by the second, a reply the other way.
    return front.flatMap((packet, n) =>
      packet.to === VIP ? [packet, back[n]!] : [back[n]!, { ...packet, ttl: 62 }],
    );
  });
  const { kept, counted } = await compare(interleaved(all));
  t.deepEqual(kept.totals, { [`192.0.2.${VIP} established`]: CONNECTIONS });
  t.deepEqual(counted.totals, kept.totals);
  t.deepEqual(counted.vips, kept.vips);
  t.true(counted.letGo > CONNECTIONS / 2);
});

test('two interfaces that see the same packets see one connection', async (t) => {
  const all = Array.from({ length: CONNECTIONS }, (_, i) =>
    connection(i, 100).flatMap((packet) => [packet, { ...packet, ifindex: 3, packetType: 4 }]),
  );
  const { kept, counted } = await compare(interleaved(all));
  t.deepEqual(kept.totals, { 'null established': CONNECTIONS });
  t.deepEqual(counted.totals, kept.totals);
  t.true(counted.letGo > CONNECTIONS / 2);
});

test('what comes late for one that was let go begins none', async (t) => {
  const all = Array.from({ length: CONNECTIONS }, (_, i) => {
    const packets = connection(i, 100);
    return [...packets, packets[5]!, packets[6]!, packets[7]!, { ...packets[6]!, flags: RST }];
  });
  const { kept, counted } = await compare(interleaved(all));
  t.deepEqual(kept.totals, { 'null established': CONNECTIONS });
  t.deepEqual(counted.totals, kept.totals);
});

test('ports that are used again and numbers that many share are told apart', async (t) => {
  // Few ports, so that each is used several times; and in every hundred one number for all.
  const all = Array.from({ length: CONNECTIONS }, (_, i) => {
    const packets = connection(i, 100, i % 100 < 10 ? Math.floor(i / 100) : i);
    const port = 20_000 + (i % 2000);
    return packets.map((p) => (p.toPort === 443 ? { ...p, fromPort: port } : { ...p, toPort: port }));
  });
  const { kept, counted } = await compare(interleaved(all));
  t.deepEqual(counted.totals, kept.totals);
});

test('the sample does not depend on the order of the servers', async (t) => {
  const all = Array.from({ length: CONNECTIONS }, (_, i) => connection(i, 100 + (i % 20)));
  const { counted } = await compare(interleaved(all));
  const byServer = new Map<string, number>();
  for (const { server } of counted.attempts) {
    byServer.set(server.address, (byServer.get(server.address) ?? 0) + 1);
  }
  const sizes = [...byServer.values()];
  t.is(sizes.length, 20);
  t.true(Math.min(...sizes) >= 4 && Math.max(...sizes) < CONNECTIONS / 40, `${sizes}`);
});
