/**
 * Of very many connections that several captures saw, those that met nothing in any of them are counted and let go:
 * all else is as if all had been kept.
 */
import test from 'ava';
import fc from 'fast-check';
import type { Attempt } from '../../src/correlate/attempt.js';
import { type Correlation, correlate } from '../../src/correlate/correlate.js';
import type { Vips } from '../../src/correlate/vips.js';
import {
  BACKEND,
  connection,
  interleaved,
  type Packets,
  plainOf,
  totalsOf,
  tracked,
  VIP,
} from './track/connections.js';
import { ACK, RST, type Segment, synOptions } from './track/wire.js';

const CONNECTIONS = 1300;
const KEPT_WHOLE = 300;
const NO_VIPS: Vips = { named: [], backends: new Map() };

type Tracked = Awaited<ReturnType<typeof tracked>>;

/** A packet, and which of the two nodes' captures have it. */
interface Step extends Segment {
  missedBy?: 'front' | 'back' | undefined;
}

/** Ahead of the first node's clock, s. */
const SKEW = 37;

/** What the node in front, which translates the VIP, and the backend's node saw, each with a clock of its own. */
async function twoNodes(connections: readonly Step[][]): Promise<Tracked[]> {
  const steps: Step[] = interleaved(connections);
  const front = steps.filter(({ missedBy }) => missedBy !== 'front').map(asFront);
  const back = steps.filter(({ missedBy }) => missedBy !== 'back').map(asBack);
  return [
    await tracked(front, { node: 'front', file: 'front.pcap' }),
    await tracked(back, { node: 'back', file: 'back.pcap' }),
  ];
}

function asFront(packet: Step): Segment {
  return { ...packet, ttl: isRequest(packet) ? 64 : 63 };
}

/** After NAT and a hop; requests come later and replies sooner than to the other node. */
function asBack(packet: Step): Segment {
  const request = isRequest(packet);
  const at = packet.time[0] * 1e9 + packet.time[1] + (request ? 1 : -1) * (200 + (packet.fromPort % 7));
  const backend = BACKEND + ((packet.fromPort === 443 ? packet.toPort : packet.fromPort) % 3);
  const server = (host: number) => (host === VIP ? backend : host);
  return {
    ...packet,
    from: server(packet.from),
    to: server(packet.to),
    ttl: request ? 63 : 64,
    time: [Math.floor(at / 1e9) + SKEW, at % 1e9],
  };
}

function isRequest({ toPort }: Segment): boolean {
  return toPort === 443;
}

function compare(captures: readonly Tracked[], whole = KEPT_WHOLE, vips: Vips = NO_VIPS) {
  const nodes = [...new Set(captures.map(({ file }) => file.node))];
  const kept = correlate(captures, nodes, vips);
  const sifted = correlate(captures, nodes, vips, whole);
  return { kept, sifted, letGo: sifted.served.reduce((sum, { count }) => sum + count, 0) };
}

/** All that is told of attempts that met something. */
function troubled(attempts: readonly Attempt[]) {
  return attempts
    .filter(({ outcome, tries, delayNs }) => outcome !== 'established' || tries !== 1 || delayNs !== 0n)
    .map(plainOf);
}

/** What is known of the clocks, by however many packets. */
function clocksOf({ clocks }: Correlation) {
  return clocks.describe().map(({ matched: _, ...clock }) => clock);
}

const healthy = () => Array.from({ length: CONNECTIONS }, (_, i): Packets => connection(i, VIP));

test('two nodes before and after NAT: the same totals and VIPs, and most are let go', async (t) => {
  const { kept, sifted, letGo } = compare(await twoNodes(healthy()));
  t.deepEqual(totalsOf(kept), { [`192.0.2.${VIP} established`]: CONNECTIONS });
  t.deepEqual(totalsOf(sifted), totalsOf(kept));
  t.deepEqual(sifted.vips, kept.vips);
  t.deepEqual(kept.served, []);
  t.true(letGo > CONNECTIONS / 2 && letGo < CONNECTIONS - KEPT_WHOLE / 20, `${letGo} were let go`);
});

test('those that are kept stand for those that are not, whenever they came', async (t) => {
  const { kept, sifted } = compare(await twoNodes(healthy()));
  const middle = kept.attempts[CONNECTIONS / 2]!.firstTime!;
  const stand = (attempts: readonly Attempt[]) => attempts.reduce((sum, one) => sum + one.standsFor, 0);
  const [all, early] = [stand(sifted.attempts), stand(sifted.attempts.filter((a) => a.firstTime! < middle))];
  t.true(all > CONNECTIONS * 0.6 && all < CONNECTIONS * 1.6, `${all}`);
  t.true(early > all * 0.25 && early < all * 0.75, `${early} of ${all}`);
  t.is(stand(kept.attempts), CONNECTIONS);
});

test('of a VIP that is named all are kept up to so many, however many others there are', async (t) => {
  const all = healthy().map((packets, i) => (i % 5 === 0 ? packets : connection(i, 100)));
  const address = `192.0.2.${VIP}`;
  const named: Vips = { named: [{ address, source: 'flag' }], backends: new Map() };
  const { sifted } = compare(await twoNodes(all), KEPT_WHOLE, named);
  t.is(sifted.attempts.length, CONNECTIONS / 5);
  t.deepEqual(sifted.served, []);
});

test('of a VIP that is named, and others: those of the VIP are counted, also where only its backend was seen', async (t) => {
  const all = healthy().map((packets, i): Step[] => {
    if (i % 3 === 0) return connection(i, 100);
    return i % 3 === 1 ? packets : packets.map((p) => ({ ...p, missedBy: 'front' as const }));
  });
  const address = `192.0.2.${VIP}`;
  const backends = [0, 1, 2].map((n): [string, Set<string>] => [
    `192.0.2.${BACKEND + n}`,
    new Set([address]),
  ]);
  const named: Vips = { named: [{ address, source: 'flag' }], backends: new Map(backends) };
  const { kept, sifted, letGo } = compare(await twoNodes(all), KEPT_WHOLE, named);
  t.deepEqual(totalsOf(kept), { [`${address} established`]: all.filter((_, i) => i % 3 !== 0).length });
  t.deepEqual(totalsOf(sifted), totalsOf(kept));
  t.true(letGo > CONNECTIONS / 3, `${letGo} were let go`);
});

test('the clocks are known as well by those that are kept', async (t) => {
  const { kept, sifted } = compare(await twoNodes(healthy()));
  t.deepEqual(clocksOf(sifted), clocksOf(kept));
  const [all, few] = [kept, sifted].map(({ clocks }) => clocks.describe()[1]!);
  t.true(few!.matched < all!.matched / 2);
  t.true(Math.abs(few!.offsetNs! - SKEW * 1e9) <= few!.uncertaintyNs!);
});

test('up to so many, and where a capture was sifted by itself, all are kept', async (t) => {
  const few = healthy().slice(0, KEPT_WHOLE);
  t.is(compare(await twoNodes(few)).letGo, 0);
  const alone = await tracked(interleaved(healthy()), { whole: KEPT_WHOLE });
  const { kept, sifted } = compare([alone], 10);
  t.deepEqual(sifted.served, kept.served);
});

test('what only one of the nodes saw go wrong is kept, with what the other saw', async (t) => {
  const all = healthy().map((packets, i): Step[] => {
    const [syn, synAck, ack, ...rest] = packets as [Segment, Segment, Segment, ...Segment[]];
    const again = { ...syn, options: synOptions(i + 5000), identification: 7 };
    const lost = { ...syn, missedBy: 'back' as const };
    if (i % 50 === 2) return [lost, again, synAck, ack, ...rest]; // the first request is lost between the nodes
    if (i % 50 === 4) return [lost, { ...again, missedBy: 'back' as const }]; // both are
    if (i % 50 === 6) return [syn, { ...synAck, missedBy: 'front' as const }]; // the reply is lost on its way
    if (i % 50 === 8)
      return [...packets.slice(0, 6), { ...packets[6]!, flags: RST, missedBy: 'front' as const }];
    if (i % 50 === 10) return [syn, { ...synAck, flags: RST | ACK }]; // refused
    if (i % 50 === 12) return packets.slice(0, 4); // goes on after the capture
    if (i % 50 === 14) return packets.map((p) => ({ ...p, missedBy: 'front' as const })); // on another way
    return packets;
  });
  const { kept, sifted, letGo } = compare(await twoNodes(all));
  t.deepEqual(totalsOf(sifted), totalsOf(kept));
  t.is(totalsOf(kept)[`192.0.2.${VIP} slow`], CONNECTIONS / 50);
  t.is(totalsOf(kept)[`192.0.2.${VIP} no-reply`], CONNECTIONS / 50);
  t.deepEqual(troubled(sifted.attempts), troubled(kept.attempts));
  t.true(letGo > CONNECTIONS / 2, `${letGo} were let go`);
  const reset = sifted.attempts.filter(({ others }) => others.some(({ kind }) => kind === 'rst'));
  t.is(reset.filter(({ outcome }) => outcome === 'established').length, CONNECTIONS / 50);
  const open = sifted.attempts.filter(({ client }) => client.port! % 50 === 12);
  t.is(open.length, CONNECTIONS / 50, 'those that did not end are kept');
});

test('each node sees one way alone: let go as well', async (t) => {
  const all = Array.from({ length: CONNECTIONS }, (_, i): Step[] =>
    connection(i, 100).map((packet) => ({ ...packet, missedBy: isRequest(packet) ? 'back' : 'front' })),
  );
  const { kept, sifted, letGo } = compare(await twoNodes(all));
  t.deepEqual(totalsOf(kept), { 'null established': CONNECTIONS });
  t.deepEqual(totalsOf(sifted), totalsOf(kept));
  t.true(letGo > CONNECTIONS / 2, `${letGo} were let go`);
});

test('one node behind another that sees requests alone: a reply that is unseen is no connection to let go', async (t) => {
  const all = healthy().map((packets): Step[] => packets.filter(isRequest));
  const { kept, sifted, letGo } = compare(await twoNodes(all));
  t.deepEqual(totalsOf(kept), { [`192.0.2.${VIP} reply-unseen`]: CONNECTIONS });
  t.deepEqual(totalsOf(sifted), totalsOf(kept));
  t.is(letGo, 0);
});

test('a capture that begins a new file: what two files hold of one connection is one', async (t) => {
  const packets = interleaved(healthy());
  const half = packets.length / 2;
  const late = packets.slice(0, half).filter((_, i) => i > half - 800 && i % 3 === 0);
  const { kept, sifted, letGo } = compare([
    await tracked(packets.slice(0, half), { file: 'one.pcap' }),
    await tracked([...late, ...packets.slice(half)], { file: 'two.pcap' }),
  ]);
  t.deepEqual(totalsOf(sifted), totalsOf(kept));
  t.deepEqual(troubled(sifted.attempts), troubled(kept.attempts));
  t.true(letGo > CONNECTIONS / 2, `${letGo} were let go`);
});

test('IPv6 addresses have other numbers in each capture', async (t) => {
  const all = healthy().map((packets) => packets.map((p): Segment => ({ ...p, ipVersion: 6 })));
  // The second node has seen the others of these addresses first.
  const others = [9, 8, BACKEND, 5, VIP, 1].map((host) => connection(60_000 + host, host)[0]!);
  const before = others.map((p): Segment => ({ ...p, ipVersion: 6, time: [990, 0] }));
  const [front] = await twoNodes(all);
  const back = await tracked([...before, ...interleaved(all).map(asBack)], { node: 'back', file: 'b.pcap' });
  const { kept, sifted, letGo } = compare([front!, back]);
  t.is(totalsOf(kept)[`2001:db8::c8 established`], CONNECTIONS);
  t.deepEqual(totalsOf(sifted), totalsOf(kept));
  t.true(letGo > CONNECTIONS / 2, `${letGo} were let go`);
});

test('ports that are used again and numbers that many share are told apart', async (t) => {
  const all = Array.from({ length: CONNECTIONS }, (_, i) => {
    const packets = connection(i, VIP, i % 100 < 10 ? Math.floor(i / 100) : i);
    const port = 20_000 + (i % 300);
    return packets.map((p) => (isRequest(p) ? { ...p, fromPort: port } : { ...p, toPort: port }));
  });
  const { kept, sifted, letGo } = compare(await twoNodes(all));
  t.deepEqual(totalsOf(sifted), totalsOf(kept));
  t.deepEqual(troubled(sifted.attempts), troubled(kept.attempts));
  t.true(letGo > CONNECTIONS / 4, `${letGo} were let go`);
});

test("two that differ in nothing but the port, or in nothing but the server's number, are two", async (t) => {
  const all = Array.from({ length: CONNECTIONS / 2 }, (_, i) => {
    const one = connection(i + 1, VIP);
    const other = one.map((p): Segment => {
      const moved = isRequest(p)
        ? { ...p, fromPort: p.fromPort + 20_000 }
        : { ...p, toPort: p.toPort + 20_000 };
      const [sequence, acknowledgment] = [p.sequence!, p.acknowledgment!];
      if (i % 2 === 0 || (isRequest(p) && acknowledgment === 0)) return moved;
      return isRequest(p)
        ? { ...moved, acknowledgment: (acknowledgment + 100) >>> 0 }
        : { ...moved, sequence: (sequence + 100) >>> 0 };
    });
    return [one, other];
  });
  const packets = interleaved([...all.flat(), ...healthy().slice(CONNECTIONS / 2 + 1)]);
  const { kept, sifted } = compare([await tracked(packets)]);
  t.deepEqual(totalsOf(kept), { 'null established': CONNECTIONS + CONNECTIONS / 2 - 1 });
  t.deepEqual(totalsOf(sifted), totalsOf(kept));
});

test('behind what makes server numbers of its own, nothing tells that two legs are one connection', async (t) => {
  const plain = healthy().map((packets) =>
    packets.map((p): Segment => ({ ...p, options: [], identification: 0 })),
  );
  const packets = interleaved(plain);
  const moved = (p: Segment): Segment => ({
    ...asBack(p),
    ...(isRequest(p)
      ? { acknowledgment: p.acknowledgment === 0 ? 0 : (p.acknowledgment! + 100) >>> 0 }
      : { sequence: (p.sequence! + 100) >>> 0 }),
    fromPort: isRequest(p) ? p.fromPort + 1 : p.fromPort,
    toPort: isRequest(p) ? p.toPort : p.toPort + 1,
  });
  const { kept, sifted } = compare([
    await tracked(packets.map(asFront), { node: 'front', file: 'front.pcap' }),
    await tracked(packets.map(moved), { node: 'back', file: 'back.pcap' }),
  ]);
  t.is(kept.attempts.length, 2 * CONNECTIONS);
  t.deepEqual(totalsOf(sifted), totalsOf(kept));
});

test('the very same packets an hour later are one connection that was tried twice', async (t) => {
  const all = healthy().map((packets) => packets.map((p): Segment => ({ ...p, identification: 0 })));
  const packets = interleaved(all);
  const again = interleaved(all.slice(1, 20)).map(
    (p): Segment => ({ ...p, time: [4600 + p.time[0], p.time[1]] }),
  );
  const { kept, sifted } = compare([
    await tracked([...packets, ...again].map(asFront), { node: 'front', file: 'front.pcap' }),
    await tracked([...packets, ...again].map(asBack), { node: 'back', file: 'back.pcap' }),
  ]);
  t.is(kept.attempts.filter(({ tries }) => tries === 2).length, 19);
  t.deepEqual(totalsOf(sifted), totalsOf(kept));
  t.deepEqual(troubled(sifted.attempts), troubled(kept.attempts));
});

/** What may become of each packet of a connection: seen by both, by one, by none, or twice. */
const fate = fc.constantFrom(
  'both',
  'both',
  'both',
  'both',
  'both',
  'both',
  'front',
  'back',
  'none',
  'twice',
);

const fates = fc.array(
  fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.array(fate, { maxLength: 8 })),
  {
    minLength: 60,
    maxLength: 60,
  },
);

test('whatever each node saw of each packet, all but plain connections are told of as without', async (t) => {
  await fc.assert(
    fc.asyncProperty(fates, fc.integer({ min: 5, max: 60 }), async (each, ports) => {
      const all = each.map((packets, i) => {
        const port = 20_000 + (i % ports);
        return connection(i + 1, VIP).flatMap((packet, n): Step[] => {
          const ends = isRequest(packet) ? { fromPort: port } : { toPort: port };
          // As of IPv6, and of most SYN-ACKs, for every other one.
          const step = { ...packet, ...ends, ...(i % 2 === 0 && { identification: 0 }) };
          const became = packets[n] ?? 'both';
          if (became === 'none') return [];
          if (became === 'twice') return [step, step];
          if (became === 'both') return [step];
          return [{ ...step, missedBy: became === 'front' ? 'back' : 'front' }];
        });
      });
      const { kept, sifted } = compare(await twoNodes(all), 3);
      t.deepEqual(totalsOf(sifted), totalsOf(kept));
      t.deepEqual(troubled(sifted.attempts), troubled(kept.attempts));
      t.deepEqual(clocksOf(sifted), clocksOf(kept));
    }),
    { numRuns: 60 },
  );
});
