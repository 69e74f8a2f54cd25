/** Of very many connections those that met nothing are counted and let go: the counts are the same as if all were kept. */
import test from 'ava';
import fc from 'fast-check';
import type { Attempt } from '../../../src/correlate/attempt.js';
import { correlate } from '../../../src/correlate/correlate.js';
import { ALL } from '../../../src/correlate/track/tracker.js';
import {
  BACKEND,
  connection,
  FLOWS,
  interleaved,
  type Packets,
  totalsOf,
  tracked,
  VIP,
  withTranslation,
} from './connections.js';
import { ACK, RST, synOptions } from './wire.js';

const KEPT_WHOLE = 300;
const CONNECTIONS = 1300;

async function analyze(segments: Packets, whole: number) {
  const correlation = correlate([await tracked(segments, { whole })], ['n'], {
    named: [],
    backends: new Map(),
  });
  const { attempts, served, vips } = correlation;
  const letGo = served.reduce((sum, one) => sum + one.count, 0);
  return { totals: totalsOf(correlation), vips, attempts, letGo };
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
  t.true(counted.attempts.length > KEPT_WHOLE / 20, `a sample of ${counted.attempts.length} is left`);
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

test('neither does a SYN that comes late, nor its answer', async (t) => {
  const all = Array.from({ length: CONNECTIONS }, (_, i) => {
    const packets = connection(i, 100);
    const late = { 0: [packets[0]!], 1: [packets[1]!], 2: [packets[0]!, packets[1]!] }[i % 4] ?? [];
    return [...packets, ...late];
  });
  const { kept, counted } = await compare(interleaved(all));
  t.deepEqual(kept.totals, { 'null established': CONNECTIONS });
  t.deepEqual(counted.totals, kept.totals);
  t.true(counted.letGo > CONNECTIONS / 2, `${counted.letGo} were let go`);
});

test('ports that are used again and numbers that many share are told apart', async (t) => {
  // Few ports, so that each is used several times; and in every hundred one number for all.
  const all = Array.from({ length: CONNECTIONS }, (_, i) =>
    fromPort(20_000 + (i % 200), connection(i, 100, i % 100 < 10 ? Math.floor(i / 100) : i)),
  );
  const { kept, counted } = await compare(interleaved(all));
  t.deepEqual(counted.totals, kept.totals);
});

function fromPort(port: number, packets: Packets): Packets {
  return packets.map((p) => (p.toPort === 443 ? { ...p, fromPort: port } : { ...p, toPort: port }));
}

test('a client that uses its ports again and again takes no more room', async (t) => {
  const connections = 2 * FLOWS;
  const all = Array.from({ length: connections }, (_, i) => fromPort(20_000 + (i % 200), connection(i, 100)));
  const counted = await analyze(interleaved(all), KEPT_WHOLE);
  t.deepEqual(counted.totals, { 'null established': connections });
  t.true(counted.attempts.length < KEPT_WHOLE, `${counted.attempts.length} were kept`);
});

/** How a connection may go on one leg. */
const COURSES: Record<string, (packets: Packets) => Packets> = {
  made: (packets) => packets,
  unanswered: (packets) => packets.slice(0, 1),
  'asked again': (packets) => [packets[0]!, ...packets],
  refused: ([syn, synAck]) => [syn!, { ...synAck!, flags: RST | ACK }],
  'reply lost': ([syn, synAck]) => [syn!, synAck!, { ...synAck!, options: synOptions(9999) }],
  reset: (packets) => [...packets.slice(0, 5), { ...packets[5]!, flags: RST }],
  'left open': (packets) => packets.slice(0, 5),
  'closed again': (packets) => [...packets, packets[5]!, packets[6]!, packets[7]!],
  'asked again when closed': (packets) => [...packets, packets[0]!],
  'answered again when closed': (packets) => [...packets, packets[1]!, packets[0]!],
  'reset when closed': (packets) => [...packets, { ...packets[6]!, flags: RST }],
};

test('whatever used the ports before, the counts are the same as if all were kept', async (t) => {
  const course = fc.oneof(
    { weight: 3, arbitrary: fc.constant('made') },
    { weight: 2, arbitrary: fc.constantFrom(...Object.keys(COURSES)) },
  );
  const uses = fc.array(course, { minLength: 10, maxLength: 30 });
  let letGo = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(uses, { minLength: 5, maxLength: 20 }),
      fc.boolean(),
      async (ports, translated) => {
        let i = 0;
        const ofPorts = ports.map((names, port) =>
          names.flatMap((name) => {
            const packets = COURSES[name]!(fromPort(20_000 + port, connection(++i, VIP)));
            return translated ? withTranslation(packets) : packets;
          }),
        );
        const segments = interleaved(ofPorts);
        const kept = await analyze(segments, ALL);
        const counted = await analyze(segments, 20);
        t.deepEqual(counted.totals, kept.totals);
        letGo += counted.letGo;
      },
    ),
    { numRuns: 30 },
  );
  t.true(letGo > 500, `${letGo} were let go`);
});

test('the older connection of the same ports is not found beside the newer, when those that are silent are put away', async (t) => {
  // With one of these sizes, it is the newer one with which there are so many that they are looked at.
  for (let size = 4088; size <= 4098; size++) {
    const silent = Array.from({ length: size }, (_, i) => connection(i, 100)[0]!);
    const again = fromPort(silent[0]!.fromPort, connection(20_000, 100).map(likeTheFirst));
    const refused: Packets = [again[0]!, { ...again[1]!, flags: RST | ACK }];
    const made = fromPort(silent[0]!.fromPort, connection(20_001, 100).map(likeTheFirst));
    // Of a server, a few are kept.
    const before = Array.from({ length: 20 }, (_, i) => connection(30_000 + i, 100)).flat();
    const segments: Packets = [
      ...before.map((packet, i) => ({ ...packet, time: [999, i * 1000] as [number, number] })),
      ...silent.map((packet, i) => ({ ...packet, time: [1000, i * 1000] as [number, number] })),
      { ...silent[1]!, time: [1009, 0] },
      ...refused.map((packet, i) => ({ ...packet, time: [1010, i * 1000] as [number, number] })),
      // Its client's FIN comes again, late.
      ...[...made, made[6]!].map((packet, i) => ({ ...packet, time: [1011, i * 1000] as [number, number] })),
    ];
    const correlation = correlate([await tracked(segments, { whole: 1, flows: 4 * FLOWS })], ['n'], {
      named: [],
      backends: new Map(),
    });
    const totals = { 'null no-reply': size, 'null refused': 1, 'null established': 21 };
    t.deepEqual(totalsOf(correlation), totals, `${size}`);
  }
});

/** From the client of the first connection. */
function likeTheFirst(packet: Packets[number]): Packets[number] {
  return packet.toPort === 443 ? { ...packet, from: 1 } : { ...packet, to: 1 };
}

for (const servers of [4, 200]) {
  test(`the sample does not depend on the order of ${servers} servers`, async (t) => {
    const all = Array.from({ length: CONNECTIONS }, (_, i) => connection(i, 10 + (i % servers)));
    const { counted } = await compare(interleaved(all));
    const byServer = new Map<string, number>();
    for (const { server } of counted.attempts) {
      byServer.set(server.address, (byServer.get(server.address) ?? 0) + 1);
    }
    const sizes = [...byServer.values()];
    t.true(Math.max(...sizes) < CONNECTIONS / 40, `${sizes}`);
    // Of very many servers, not all are in it.
    if (servers < 10) t.is(sizes.length, servers);
    else t.true(counted.attempts.length < KEPT_WHOLE, `${counted.attempts.length}`);
  });
}

/** A VIP, or in place of it another server for every fifth, and one that few ask for. */
const serverOf = (i: number) => (i % 1000 === 1 ? 102 : i % 5 === 0 ? 101 : VIP);

test('the sample is fair: over time, over servers, and through NAT', async (t) => {
  const all = Array.from({ length: 5000 }, (_, i) => {
    const packets = connection(i, serverOf(i));
    return serverOf(i) === VIP && i % 2 === 0 ? withTranslation(packets) : packets;
  });
  const segments = interleaved(all);
  const kept = await analyze(segments, ALL);
  // A larger sample, of which chance says less.
  const counted = await analyze(segments, 2400);
  t.deepEqual(counted.totals, kept.totals);
  t.true(counted.letGo > 4000, `${counted.letGo} were let go`);
  const { attempts } = counted;
  const middle = kept.attempts[kept.attempts.length / 2]!.firstTime!;
  const stand = (is: (attempt: Attempt) => boolean) =>
    attempts.reduce((sum, attempt) => sum + (is(attempt) ? attempt.standsFor : 0), 0);
  const isNear = (count: number, wanted: number) =>
    t.true(count > wanted * 0.7 && count < wanted * 1.4, `${count} stand for ${wanted}`);
  isNear(
    stand(() => true),
    5000,
  );
  isNear(
    stand(({ firstTime }) => firstTime! < middle),
    2500,
  );
  isNear(
    stand(({ legs }) => legs.length > 1),
    2000,
  );
  isNear(
    stand(({ server }) => server.address === '192.0.2.101'),
    1000,
  );
  const ofFew = attempts.filter(({ server }) => server.address === '192.0.2.102');
  t.deepEqual(
    ofFew.map(({ standsFor }) => standsFor),
    [1, 1, 1, 1, 1],
  );
});

test('legs of one connection are no connections: up to so many, all are kept', async (t) => {
  const few = Array.from({ length: KEPT_WHOLE }, (_, i) => withTranslation(connection(i, VIP)));
  t.is((await compare(interleaved(few))).counted.letGo, 0);
  const more = Array.from({ length: KEPT_WHOLE + 20 }, (_, i) => withTranslation(connection(i, VIP)));
  t.true((await compare(interleaved(more))).counted.letGo > KEPT_WHOLE / 2);
});

test('clients that give all their connections one number do not keep them from being let go', async (t) => {
  const all = Array.from({ length: CONNECTIONS * 2 }, (_, i) => connection(i, 100, 1));
  const { kept, counted } = await compare(interleaved(all));
  t.deepEqual(counted.totals, kept.totals);
});
