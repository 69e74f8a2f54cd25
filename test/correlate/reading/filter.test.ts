/** What is nothing to the VIPs is passed over; the result is the same as without. */
import { deepStrictEqual } from 'node:assert';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { type AnalyzeOptions, analyze } from '../../../src/analyze.js';
import { readForVips } from '../../../src/correlate/read-for-vips.js';
import { linkedServers } from '../../../src/correlate/reading/linked-servers.js';
import { hasPassedOver } from '../../../src/correlate/track/observations.js';
import type { Analysis } from '../../../src/model/analysis.js';
import { jsonChunks } from '../../../src/report/json.js';
import { generate, SERVICES } from '../../bench/generate.js';
import { bundlesIn, readTruth } from '../../scenarios/truth.js';
import { fixture, ROOT } from '../../support.js';
import { unpack } from '../recorded.js';
import { ACK, FIN, pcapOf, RST, type Segment, SYN, stamps, synOptions } from '../track/wire.js';

function scratch(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'returnpath-filter-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Filters whatever can be, or nothing. */
const FILTERED = { filterOctets: 0 };
const WHOLE = { filterOctets: Number.POSITIVE_INFINITY };

async function json(
  inputs: readonly string[],
  vips: string[],
  options: Partial<AnalyzeOptions>,
): Promise<string> {
  const analysis = await analyze(inputs, {
    vips,
    keepGoing: false,
    attempts: 'all',
    maxAttempts: 4096,
    warn: () => {},
    ...options,
  });
  return [...jsonChunks(analysis)].join('');
}

interface Filtering {
  /** Packets were passed over, */
  passes: boolean;
  /** or would have been, had they not turned out to be another leg's. */
  isReadAgain: boolean;
}

/** How captures are read of which all that is known is the VIP. */
async function filtering(inputs: readonly string[], vip: string, probeOctets?: number): Promise<Filtering> {
  const { captures } = await readForVips(
    inputs,
    { keepGoing: false, filterOctets: 0, probeOctets, maxAttempts: 4096 },
    () => ({
      named: [{ address: vip, source: 'flag' }],
      backends: new Map(),
    }),
  );
  return {
    passes: captures.some(({ observations }) => hasPassedOver(observations)),
    isReadAgain: captures.some(({ observations }) => observations.passedOver?.isWantedWhole === false),
  };
}

const SCENARIOS = readdirSync(fixture()).filter((name) => existsSync(fixture(name, 'truth.json')));

const counts = { passing: 0, readAgain: 0 };

/** Some of each kind that matters here: legs of NAT at several nodes, replies that go another way, one leg alone. */
const READ_FOR_EACH_ADDRESS = new Set([
  'arp-conflict-both-serve',
  'filtered-forward',
  'healthy-ipv6',
  'healthy-masquerade',
  'rp-filter-strict',
  'second-nic-asymmetric',
  'stateful-gateway',
  'two-backends-healthy',
  'two-faults-nodes',
  'untranslated-ipv6',
  'wrong-gateway',
  'wrong-gateway-udp',
]);

for (const name of SCENARIOS) {
  // One after the other: side by side they would only share the one processor.
  test.serial(`${name}: the same result`, async (t) => {
    const { vip } = readTruth(fixture(name));
    const directory = scratch(t);
    const nodes: string[] = [];
    for (const [n, bundle] of bundlesIn(fixture(name)).entries()) {
      const isPacked = /\.(tar\.gz|tgz)$/.test(bundle);
      nodes.push(isPacked ? join(directory, `${n}`) : bundle);
      if (isPacked) await unpack(bundle, nodes.at(-1)!);
    }
    const same = async (given: readonly string[], address: string) =>
      t.is(
        await json(given, [address], FILTERED),
        await json(given, [address], WHOLE),
        `${address} ${given}`,
      );
    for (const node of nodes) await same([node], vip);
    if (!READ_FOR_EACH_ADDRESS.has(name)) return;
    // All captures as if of one node of which nothing else is known, and what is before or behind the VIP in its place.
    const captures = readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.pcap'))
      .sort()
      .map((path) => `n=${join(directory, path)}`);
    for (const address of await addressesIn(captures)) {
      await same(captures, address);
      const { passes, isReadAgain } = await filtering(captures, address);
      if (passes) counts.passing++;
      if (isReadAgain) counts.readAgain++;
    }
  });
}

test.serial('there was something to pass over, and something to be read again', (t) => {
  t.true(counts.passing > 2 && counts.readAgain > 10, JSON.stringify(counts));
});

/** Of TCP connections, all ends. */
async function addressesIn(inputs: readonly string[]): Promise<Set<string>> {
  const { attempts } = await analyze(inputs, {
    vips: [],
    keepGoing: false,
    attempts: 'all',
    maxAttempts: 4096,
    warn: () => {},
  });
  const steps = attempts.filter(({ protocol }) => protocol === 'tcp').flatMap(({ path }) => path);
  return new Set(steps.flatMap(({ source, destination }) => [source.address, destination.address]));
}

/** Low octets of addresses. */
const VIP = 100;
const BACKENDS = [11, 12];
const CLIENTS = [1, 2, 200];
const NAT = 50;
const OTHERS = [20, 21];

/** So few that they meet by chance. */
const number = fc.constantFrom(0, 7, 1000, 0x80000000, 0xffffffff);

interface Leg {
  from: number;
  fromPort: number;
  to: number;
  toPort: number;
}

const connection = fc.record({
  client: fc.constantFrom(...CLIENTS, ...BACKENDS),
  // With that of the servers, nothing but addresses tells ends apart.
  port: fc.constantFrom(40_000, 40_001, 80),
  server: fc.constantFrom(VIP, VIP, ...OTHERS, ...BACKENDS),
  backend: fc.constantFrom(null, ...BACKENDS),
  /** The source is translated as well. */
  isMasqueraded: fc.boolean(),
  clientNumber: number,
  serverNumber: number,
  /** Of the SYN; null: without any. */
  stamp: fc.constantFrom(null, 500, 0x7fffffff),
  ipVersion: fc.constantFrom(4, 6),
  /** Packets of the script that are sent, in their order. */
  script: fc.subarray(['syn', 'again', 'syn-ack', 'ack', 'data', 'fin', 'fin back', 'rst'] as const),
  /** For each packet of each leg, where it was captured; 0: nowhere. */
  seen: fc.array(fc.constantFrom(0, 1, 1, 2), { minLength: 16, maxLength: 16 }),
  start: fc.integer({ min: 0, max: 20 }),
});

type Connection = typeof connection extends fc.Arbitrary<infer T> ? T : never;

function legsOf({ client, port, server, backend, isMasqueraded }: Connection): Leg[] {
  const front = { from: client, fromPort: port, to: server, toPort: 80 };
  if (backend === null) return [front];
  const source = isMasqueraded ? { from: NAT, fromPort: port + 100 } : { from: client, fromPort: port };
  return [front, { ...source, to: backend, toPort: 8080 }];
}

/** What each of two captures saw of a connection. */
function packetsOf(one: Connection): { capture: number; segment: Segment }[] {
  const { clientNumber, serverNumber, stamp, script, seen, start, ipVersion } = one;
  const packets: { capture: number; segment: Segment }[] = [];
  for (const [l, leg] of legsOf(one).entries()) {
    const back = { from: leg.to, fromPort: leg.toPort, to: leg.from, toPort: leg.fromPort };
    for (const [i, step] of script.entries()) {
      const capture = seen[2 * i + l]!;
      if (capture === 0) continue;
      const time: [number, number] = [1_700_000_000 + start + i, l * 100_000 + i];
      const options = (value: number, echo: number) => (stamp === null ? [] : stamps(value, echo));
      const opening = (value: number, echo: number) =>
        stamp === null ? [2, 4, 5, 180] : synOptions(value, echo);
      const common = { time, ttl: 64 - l, ipVersion: ipVersion as 4 | 6, ifindex: 2 + l };
      const tried = (stamp ?? 0) + (step === 'again' || script.includes('again') ? 1000 : 0);
      const sequence = (clientNumber + 1) >>> 0;
      const acknowledgment = (serverNumber + 1) >>> 0;
      const segment: Partial<Segment> =
        step === 'syn' || step === 'again'
          ? {
              ...leg,
              flags: SYN,
              sequence: clientNumber,
              identification: 100 + i,
              options: opening(step === 'syn' ? (stamp ?? 0) : tried, 0),
            }
          : step === 'syn-ack'
            ? {
                ...back,
                flags: SYN | ACK,
                sequence: serverNumber,
                acknowledgment: sequence,
                options: opening(9, tried),
              }
            : step === 'rst'
              ? { ...back, flags: RST | ACK, sequence: serverNumber, acknowledgment: sequence }
              : step === 'fin back'
                ? {
                    ...back,
                    flags: FIN | ACK,
                    sequence: acknowledgment,
                    acknowledgment: sequence,
                    options: options(11, tried),
                  }
                : {
                    ...leg,
                    flags: step === 'fin' ? FIN | ACK : ACK,
                    sequence,
                    acknowledgment,
                    options: options(tried + 1, 9),
                    payload: step === 'data' ? 10 : 0,
                  };
      packets.push({ capture, segment: { ...common, ...segment } as Segment });
    }
  }
  return packets;
}

function writeCaptures(directory: string, connections: readonly Connection[]): string[] {
  const packets = connections.flatMap(packetsOf);
  packets.sort((a, b) => a.segment.time[0] - b.segment.time[0] || a.segment.time[1] - b.segment.time[1]);
  return [1, 2].map((capture) => {
    const path = join(directory, `${capture}.pcap`);
    const own = packets.filter((packet) => packet.capture === capture).map(({ segment }) => segment);
    writeFileSync(path, pcapOf(own, { link: 'sll2', nanoseconds: true }));
    return `n=${path}`;
  });
}

const RULES = BACKENDS.map(
  (low) => `-A PREROUTING -d 192.0.2.${VIP}/32 -p tcp -j DNAT --to-destination 192.0.2.${low}:8080`,
);

test('whatever numbers, time stamps and captures have in common, the result is the same', async (t) => {
  const directory = scratch(t);
  const known = join(directory, 'known');
  mkdirSync(known);
  writeFileSync(join(known, 'iptables-save.txt'), ['*nat', ...RULES, 'COMMIT', ''].join('\n'));
  const tally = { passing: 0, readAgain: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(connection, { minLength: 2, maxLength: 8 }),
      fc.constantFrom(`192.0.2.${VIP}`, `2001:db8::${VIP.toString(16)}`),
      fc.boolean(),
      fc.constantFrom(1, 3, undefined),
      fc.constantFrom(1, undefined),
      async (connections, vip, isKnown, mostNotes, probeOctets) => {
        const captures = writeCaptures(directory, connections);
        const inputs = isKnown ? [`n=${known}`, ...captures] : captures;
        const { passes, isReadAgain } = await filtering(captures, vip);
        if (passes) tally.passing++;
        if (isReadAgain) tally.readAgain++;
        const options = { mostNotes, probeOctets, threads: 0 };
        // Not by an assertion of the test's, which would fail it before the draw is made smaller, and told.
        deepStrictEqual(
          JSON.parse(await json(inputs, [vip], { ...FILTERED, ...options })),
          JSON.parse(await json(inputs, [vip], { ...WHOLE, ...options })),
        );
      },
    ),
    { numRuns: 60 },
  );
  t.true(tally.passing > 20 && tally.readAgain > 5, JSON.stringify(tally));
});

/** A service of the generated load, and one that there is not. */
const SERVICE = '192.168.0.7';
const NOBODY = '198.51.100.1';

test('what the command passes over by itself changes nothing, nor what threads do; where the VIP is unseen, all is given', async (t) => {
  const directory = scratch(t);
  const [large, small, packed] = ['large.pcap', 'small.pcap', 'small.pcap.gz'].map((name) =>
    join(directory, name),
  );
  generate(large!, { flows: 45_000, segments: 0, payload: 0, concurrent: 40, link: 'sll2' });
  generate(
    small!,
    { flows: 2 * SERVICES, segments: 1, payload: 10, concurrent: 40, link: 'ethernet', reused: 20 },
    2,
  );
  writeFileSync(packed!, gzipSync(readFileSync(small!)));
  const inputs = [large, small, packed].map((path) => `n=${path}`);
  t.true(statSync(large!).size > 16 * 1024 * 1024);
  const options = { maxAttempts: undefined };
  const whole = await json(inputs, [SERVICE], { ...WHOLE, ...options });
  t.is(await json(inputs, [SERVICE], options), whole);
  t.is(await json(inputs, [SERVICE], { ...options, threads: 2, threadOctets: 0 }), whole);
  t.is(await json(inputs, [NOBODY], options), await json(inputs, [NOBODY], { ...WHOLE, ...options }));
  const { passes, isReadAgain } = await filtering(inputs, SERVICE);
  t.true(passes);
  t.false(isReadAgain);
});

test('a VIP needs less room than all connections', async (t) => {
  const path = join(scratch(t), 'load.pcap');
  generate(path, {
    flows: 20 * SERVICES,
    segments: 0,
    payload: 0,
    concurrent: 2 * SERVICES,
    link: 'ethernet',
  });
  const run = async (vips: string[]) => {
    const options = { keepGoing: false, attempts: 'all', maxAttempts: SERVICES, warn: () => {} } as const;
    return analyze([path], { ...options, ...FILTERED, vips });
  };
  const isFull = ({ gaps }: Analysis) => gaps.some(({ why }) => why.includes('--vip needs less'));
  t.true(isFull(await run([])));
  t.false(isFull(await run([SERVICE])));
});

test('what comes as it is read is read once, and whole', async (t) => {
  const path = join(scratch(t), 'load.pcap');
  generate(path, { flows: SERVICES, segments: 0, payload: 0, concurrent: 40, link: 'ethernet' });
  const totals = (input: string) => {
    const args = [join(ROOT, 'bin/returnpath.js'), 'analyze', input, '--vip', SERVICE, '--format', 'json'];
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', input: readFileSync(path) });
    return (JSON.parse(stdout) as Analysis).totals;
  };
  t.deepEqual(totals('n=-'), totals(`n=${path}`));
  const options = {
    vips: [SERVICE],
    keepGoing: false,
    attempts: 'all',
    ...FILTERED,
    warn: () => {},
  } as const;
  const error = await t.throwsAsync(analyze([join(ROOT, 'no-such-file')], options));
  t.is(
    error?.message,
    (await t.throwsAsync(analyze([join(ROOT, 'no-such-file')], { ...options, ...WHOLE })))?.message,
  );
});

test('what is found beforehand to be behind NAT needs no second reading', async (t) => {
  const plain = { ipVersion: 4, seen: new Array(16).fill(1), start: 0, isMasqueraded: true } as const;
  const made = {
    clientNumber: 7,
    serverNumber: 1000,
    stamp: 500,
    script: ['syn', 'syn-ack', 'ack'],
  } as const;
  const [client] = CLIENTS as [number];
  const captures = writeCaptures(scratch(t), [
    {
      ...plain,
      ...made,
      script: [...made.script],
      seen: [...plain.seen],
      client,
      port: 40_000,
      server: VIP,
      backend: 11,
    },
    {
      ...plain,
      ...made,
      script: [...made.script],
      seen: [...plain.seen],
      client,
      port: 40_000,
      server: 20,
      backend: null,
      clientNumber: 1000,
    },
  ]);
  const vip = `192.0.2.${VIP}`;
  t.deepEqual(await filtering(captures, vip), { passes: true, isReadAgain: true });
  t.deepEqual(await filtering(captures, vip, 1), { passes: true, isReadAgain: false });
  t.is(await json(captures, [vip], { ...FILTERED, probeOctets: 1 }), await json(captures, [vip], WHOLE));
});

/** Connections of which all that is not said otherwise is the same. */
function connections(...some: Partial<Connection>[]): Connection[] {
  const [client] = CLIENTS as [number];
  const plain: Connection = {
    client,
    port: 40_000,
    server: VIP,
    backend: null,
    isMasqueraded: false,
    clientNumber: 7,
    serverNumber: 0,
    stamp: null,
    ipVersion: 4,
    script: ['syn'],
    seen: new Array<1>(16).fill(1),
    start: 0,
  };
  return some.map((one) => ({ ...plain, ...one }));
}

/** What the law above met with by chance alone, once in many thousands of its draws. */
const RARE: Record<string, [string, Connection[]]> = {
  'what was found beforehand to be behind NAT links what is tried again': [
    `2001:db8::${VIP.toString(16)}`,
    connections(
      { ipVersion: 6, script: ['again'] },
      { ipVersion: 6, server: 21, backend: 11, stamp: 500, script: ['again', 'syn-ack'], seen: [1, 0, 0, 1] },
      { backend: 11, stamp: 500, script: ['again'], seen: [0, 1], start: 2 },
      { clientNumber: 0, script: ['syn', 'again'] },
    ),
  ],
  'a fifth client, by which a number is that of many': [
    `192.0.2.${VIP}`,
    connections(
      { backend: 11, isMasqueraded: true, stamp: 500, script: ['syn-ack'] },
      { port: 40_001, backend: 12, isMasqueraded: true, stamp: 500, script: ['syn', 'again', 'syn-ack'] },
      { ipVersion: 6, serverNumber: 1000, script: ['again', 'syn-ack'] },
    ),
  ],
  'what two captures both hold, of which nothing is wanted': [
    `2001:db8::${VIP.toString(16)}`,
    connections(
      { client: 200, server: 20, seen: [1] },
      { client: 200, server: 20, seen: [2] },
      { clientNumber: 0, ipVersion: 6, script: ['fin back'], seen: [1] },
    ),
  ],
  'a number of 0, by one leg more or less': [
    `192.0.2.${VIP}`,
    connections(
      { clientNumber: 0, backend: 12, script: ['again'] },
      { clientNumber: 0, stamp: 500, script: ['again'] },
      { clientNumber: 0, ipVersion: 6, stamp: 0x7fffffff, script: ['syn-ack'] },
      { clientNumber: 0, server: 11, backend: 12, isMasqueraded: true, stamp: 500, script: ['again'] },
    ),
  ],
};

for (const [name, [vip, made]] of Object.entries(RARE)) {
  test(`${name}: the same result`, async (t) => {
    const captures = writeCaptures(scratch(t), made);
    const known = scratch(t);
    writeFileSync(join(known, 'iptables-save.txt'), ['*nat', ...RULES, 'COMMIT', ''].join('\n'));
    for (const inputs of [captures, [`n=${known}`, ...captures]]) {
      const whole = await json(inputs, [vip], WHOLE);
      for (const options of [{}, { probeOctets: 1 }, { probeOctets: 1, mostNotes: 3 }]) {
        t.is(await json(inputs, [vip], { ...FILTERED, ...options }), whole);
      }
    }
  });
}

/** A note as `NOTE_` has it. */
function note(
  initial: number,
  server: number,
  stamp: number,
  echo: number,
  client: number,
  known: number,
): number[] {
  return [initial, server, stamp | (echo << 16), client | (known === 0 ? 0 : (known << 16) | 0x10000)];
}

test('a number alone links nothing, unless it is that of many', (t) => {
  const linked = (...notes: number[][]) => {
    const wanted = Int32Array.from(note(5, 1, 10, 0, 20, 30));
    return linkedServers([{ wanted, notes: Int32Array.from(notes.flat()) }]);
  };
  t.deepEqual(linked(note(5, 2, 11, 0, 21, 32), note(5, 2, 0, 13, 21, 34)), []);
  const clients = [21, 22, 23, 24].map((client) => note(5, client - 19, client, 0, client, 0));
  t.deepEqual(linked(...clients), [2, 3, 4, 5]);
  t.deepEqual(linked(...clients.slice(1)), [], 'which were few enough to be by chance');
  t.deepEqual(linked(note(6, 2, 10, 0, 20, 30)), []);
  t.deepEqual(linked(note(5, 2, 10, 0, 21, 0)), [2], 'the time stamp of its SYN');
  t.deepEqual(linked(note(5, 2, 0, 10, 21, 0)), [2], 'what the SYN-ACK echoes');
  t.deepEqual(linked(note(5, 2, 11, 0, 20, 0)), [2], 'its client');
  t.deepEqual(linked(note(5, 2, 11, 0, 21, 30)), [2], 'the number of the server');
});
