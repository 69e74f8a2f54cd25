/**
 * Every outcome, from one healthy recording of which packets are left out, as a capture that begins late, ends
 * early or looks at one way only would have left them out.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { analyze } from '../../src/analyze.js';
import type { Analysis } from '../../src/model/analysis.js';
import { A, from, ROUTER } from '../diagnose/lan.js';
import { scratch } from '../scratch.js';
import { Wire } from './neighbours/wire.js';
import { keep, packetsOf, type RawPacket, recordedFile } from './recorded.js';
import { type FileFormat, pcapOf, type Segment } from './track/wire.js';

const [SYN, RST, ACK, FIN] = [2, 4, 16, 1];
const HEALTHY = recordedFile('second-nic-asymmetric', 'node1.tgz', 'node1/any.pcap');
const VIP = '10.9.8.7';

const READ = { keepGoing: false, attempts: 'default', warn: () => {} } as const;

async function analyzePcap(t: ExecutionContext, pcap: Buffer, vips: string[] = [VIP]): Promise<Analysis> {
  const directory = scratch(t);
  const file = join(directory, 'any.pcap');
  await writeFile(file, pcap);
  return analyze([`node1=${file}`], { ...READ, vips });
}

const isSyn = (p: RawPacket) => (p.flags & (SYN | ACK)) === SYN;
const isSynAck = (p: RawPacket) => (p.flags & (SYN | ACK)) === (SYN | ACK);
const isSegment = (p: RawPacket) => (p.flags & SYN) === 0 && p.flags !== 0;
const fromClient = (p: RawPacket) => p.destinationPort === 80;

const CASES: [outcome: string, what: string, wanted: (p: RawPacket) => boolean][] = [
  ['established', 'everything', () => true],
  ['established', 'the handshake alone', (p) => isSyn(p) || isSynAck(p) || (isSegment(p) && fromClient(p))],
  ['reply-unseen', 'only the way in', fromClient],
  ['unacknowledged', 'nothing after the SYN-ACK', (p) => isSyn(p) || isSynAck(p)],
  ['no-reply', 'SYNs alone', isSyn],
  ['reply-only', 'no SYN', (p) => !isSyn(p)],
  ['reply-only', 'only the way out', (p) => !fromClient(p)],
  ['midstream', 'a capture that begins after the handshake', isSegment],
];

for (const [outcome, what, wanted] of CASES) {
  test(`${outcome}: ${what}`, async (t) => {
    const { attempts, totals, findings } = await analyzePcap(t, keep(HEALTHY, wanted), []);
    t.is(attempts.length, 4);
    t.deepEqual([...new Set(attempts.map((a) => a.outcome))], [outcome]);
    t.is(totals.length, 1);
    t.is(
      Object.values(totals[0]!.outcomes).reduce((a, b) => a + b),
      4,
    );
    // The whole capture is these packets: SYNs alone end with it, which proves nothing.
    t.deepEqual(
      findings.filter((f) => f.severity === 'fault'),
      [],
    );
    for (const { server, client } of attempts) {
      t.deepEqual(server, { address: VIP, port: 80 });
      t.is(client.address, '10.0.0.5');
    }
  });
}

test('the path lists every sighting of SYN and SYN-ACK, and nothing else', async (t) => {
  const { attempts } = await analyzePcap(t, HEALTHY);
  const packets = packetsOf(HEALTHY);
  const expected = packets.flatMap((p, i) => (isSyn(p) || isSynAck(p) ? [i + 1] : []));
  const listed = attempts.flatMap((a) => a.path.map((s) => s.packet));
  t.deepEqual(
    [...listed].sort((a, b) => a - b),
    expected,
  );
  for (const { role, packet, direction } of attempts.flatMap((a) => a.path)) {
    t.is(role, isSyn(packets[packet - 1]!) ? 'request' : 'reply');
    t.is(direction, role === 'request' ? 'in' : 'out');
  }
});

test('a VIP that is in no packet is said so, and everything is listed', async (t) => {
  const { attempts, gaps, vips } = await analyzePcap(t, HEALTHY, ['10.9.8.8']);
  t.is(attempts.length, 4);
  t.deepEqual(vips, [{ address: '10.9.8.8', source: 'flag' }]);
  t.regex(gaps[0]!.why, /no packet to 10\.9\.8\.8/);
});

/** Copies with the ports' client and sequence numbers moved: the same ports used again. */
function again(pcap: Buffer, secondsLater: number, isnShift: number): Buffer {
  const copies = packetsOf(pcap).map(({ bytes, flags, destinationPort }) => {
    const copy = Buffer.from(bytes);
    copy.writeUInt32LE(copy.readUInt32LE(0) + secondsLater, 0);
    if (flags === 0) return copy;
    const tcp = 16 + 20 + (copy[16 + 20]! & 0xf) * 4;
    const field = destinationPort === 80 ? 4 : 8;
    copy.writeUInt32BE((copy.readUInt32BE(tcp + field) + isnShift) >>> 0, tcp + field);
    return copy;
  });
  return Buffer.concat([pcap, ...copies]);
}

test('ports that are used again make attempts of their own', async (t) => {
  const { attempts } = await analyzePcap(t, again(HEALTHY, 30, 123_456_789));
  t.is(attempts.length, 8);
  t.deepEqual([...new Set(attempts.map((a) => `${a.outcome} ${a.tries}`))], ['established 1']);
});

test('a SYN-ACK that acknowledges the data of the SYN answers it (TCP Fast Open)', async (t) => {
  const [ISN, DATA] = [0xffffffff, 3];
  const ends = { fromPort: 40_001, toPort: 80 };
  const asked = { ...ends, from: 5, to: 100, sequence: ISN, flags: SYN, payload: DATA, identification: 1 };
  const back = { from: 100, to: 5, fromPort: 80, toPort: 40_001 };
  const replied = (acknowledgment: number) => ({
    ...back,
    flags: SYN | ACK,
    sequence: 7000,
    acknowledgment: acknowledgment >>> 0,
  });
  const spoke = { ...ends, from: 5, to: 100, flags: ACK, sequence: 0, acknowledgment: 7001 };
  const outcomes = async (segments: readonly Omit<Segment, 'time'>[], format: FileFormat) => {
    const timed = segments.map((one, i) => ({ ...one, time: [1_790_000_000 + i, 0] as [number, number] }));
    const { attempts } = await analyzePcap(t, Buffer.from(pcapOf(timed, format)), []);
    return attempts.map(({ outcome, tries }) => `${outcome} ${tries}`);
  };
  const whole = [asked, replied(ISN + 1 + DATA), { ...spoke, sequence: DATA }];
  const format: FileFormat = { link: 'ethernet' };
  t.deepEqual(await outcomes(whole, format), ['established 1']);
  t.deepEqual(await outcomes(whole, { link: 'sll2' }), ['established 1']);
  // Of the SYN, no data was captured.
  t.deepEqual(await outcomes([{ ...asked, snap: 54 }, ...whole.slice(1)], format), ['established 1']);
  // The server did not take it, or the SYN-ACK got lost, and so did the data.
  t.deepEqual(await outcomes([asked, replied(ISN + 1), spoke], format), ['established 1']);
  t.deepEqual(
    await outcomes([asked, replied(ISN + 1 + DATA), { ...asked, payload: 0, identification: 2 }], format),
    ['reply-lost 2'],
  );
  // An older connection's answer acknowledges what is far from this SYN.
  t.deepEqual((await outcomes([asked, replied(ISN + 1_000_000)], format)).sort(), [
    'no-reply 1',
    'reply-only 0',
  ]);
});

test('who asked in a connection met in its middle: not who answered a handshake elsewhere, else the higher port', async (t) => {
  // NAT may give a client a port below its server's.
  const LOW = { from: 7, to: 100, fromPort: 2000, toPort: 8080, flags: ACK, sequence: 9, acknowledgment: 8 };
  const asked = { from: 5, to: 100, fromPort: 40_001, toPort: 8080, flags: SYN, sequence: 1 };
  const reset = { from: 100, to: 7, fromPort: 8080, toPort: 2000, flags: RST, sequence: 8 };
  const clientOf = async (ipVersion: 4 | 6, ...files: Omit<Segment, 'time'>[][]) => {
    const directory = scratch(t);
    const paths = files.map((_, i) => join(directory, `n${i}.pcap`));
    for (const [i, segments] of files.entries()) {
      const timed = segments.map((one, j) => ({
        ...one,
        ipVersion,
        time: [1_790_000_000 + j, 0] as [number, number],
      }));
      await writeFile(paths[i]!, pcapOf(timed, { link: 'ethernet' }));
    }
    const { attempts } = await analyze(paths, { ...READ, vips: [] });
    const midstream = attempts.filter(({ outcome }) => outcome === 'midstream');
    t.is(midstream.length, 1);
    return midstream[0]!.client.port;
  };
  for (const version of [4, 6] as const) {
    t.is(await clientOf(version, [LOW, reset]), 8080);
    t.is(await clientOf(version, [LOW, reset, asked]), 2000);
    t.is(await clientOf(version, [asked, reset]), 2000);
    // What one capture knows holds for all.
    t.is(await clientOf(version, [LOW, reset], [asked]), 2000);
  }
});

test('a SYN that is sent again is a try of the same attempt', async (t) => {
  const syns = keep(HEALTHY, isSyn);
  const { attempts, findings } = await analyzePcap(t, again(syns, 1, 0));
  t.is(attempts.length, 4);
  // The copies have the identification and time stamps of the first ones: they are one packet, seen again.
  t.deepEqual([...new Set(attempts.map((a) => a.tries))], [1]);
  t.true(findings.every((f) => f.cause === 'undetermined'));
});

test('of a capture that names no interfaces: what a bridge and its port both show was sent once', async (t) => {
  const pod = recordedFile('wrong-gateway-silent-source-routed', 'lb-3.tar.gz', 'lb-3/any.pcap');
  const outcomes = async (pcap: Buffer) => {
    const { attempts } = await analyzePcap(t, pcap, []);
    return [...new Set(attempts.map(({ outcome }) => outcome))];
  };
  const handshakes = keep(pod, (p) => isSyn(p) || isSynAck(p));
  t.deepEqual(await outcomes(handshakes), ['unacknowledged']);
  // A SYN-ACK has no identification: that it comes a second later tells that it was sent again.
  t.deepEqual(await outcomes(again(handshakes, 1, 0)), ['reply-lost']);
});

test('a reset by the client in answer to the SYN-ACK is a rejection', async (t) => {
  const pcap = recordedFile('untranslated-loose', 'node2.tar.gz', 'node2/any.pcap');
  const { attempts } = await analyzePcap(t, pcap, []);
  t.deepEqual([...new Set(attempts.map((a) => a.outcome))], ['rejected']);
});

test('a client that rejected an untranslated reply, and then spoke as it had asked, is connected', async (t) => {
  const asked = from(40_001);
  const untranslated = { ...asked, server: '192.0.2.12' };
  const first = (wire: Wire) =>
    wire
      .syn(A, ROUTER, asked)
      .synAck(ROUTER, A, untranslated)
      .reset(A, ROUTER, untranslated, true)
      .wait(1000)
      .syn(A, ROUTER, asked);
  const outcomes = async (wire: Wire) => {
    const { attempts } = await analyzePcap(t, wire.capture(), []);
    return attempts.map(({ outcome, server }) => `${outcome} ${server.address}`);
  };
  t.deepEqual(await outcomes(first(new Wire())), [`rejected ${asked.server}`]);
  t.deepEqual(await outcomes(first(new Wire()).synAck(ROUTER, A, asked).ack(A, ROUTER, asked)), [
    `established ${asked.server}`,
  ]);
});

test('flags that no packet has', (t) => {
  // The recording holds what the cases above choose from.
  const seen = packetsOf(HEALTHY).map((p) => p.flags);
  t.true(seen.includes(SYN) && seen.includes(SYN | ACK) && seen.some((f) => (f & FIN) !== 0));
  t.false(seen.some((f) => (f & RST) !== 0));
});
