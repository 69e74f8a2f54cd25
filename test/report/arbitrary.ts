import fc from 'fast-check';
import {
  ANALYSIS_SCHEMA,
  type Analysis,
  CAUSES,
  CONFIDENCES,
  EVIDENCE_KINDS,
  OUTCOMES,
  PROBE_RESULTS,
  SEVERITIES,
} from '../../src/model/analysis.js';
import { HOSTILE } from './hostile.js';

/** Any text at all: names, log lines and file names are not ours to choose. */
const text = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('node1', 'eth0', 'flannel.1', 'ip-10-0-12-34.eu-central-1.internal'),
  },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 30 }).map(codeUnits) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', ' ', HOSTILE, 'x'.repeat(300), '漢字仮名交じり'.repeat(20), '> > >'),
  },
  { weight: 1, arbitrary: fc.lorem({ maxCount: 40 }) },
);

/** Code units one by one, so that lone surrogates come up. */
function codeUnits(units: number[]): string {
  return String.fromCharCode(...units);
}

const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const count = fc.oneof(fc.nat(20), fc.maxSafeNat());
const offset = fc.oneof(fc.integer({ min: -2_000_000, max: 2_000_000 }), fc.maxSafeInteger());
const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant('2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff'));
const endpoint = fc.record({ address, port: orNull(fc.integer({ min: 0, max: 65_535 })) });
const id = fc.constantFrom('a1', 'a2', 'a3', 'a4', 'a5');
const time = fc
  .tuple(fc.date({ min: new Date(0), max: new Date('2106-01-01'), noInvalidDate: true }), fc.nat(999_999_999))
  .map(([date, ns]) => `${date.toISOString().slice(0, 19)}.${String(ns).padStart(9, '0')}Z`);

const step = fc.record({
  role: fc.constantFrom('request' as const, 'reply' as const),
  node: text,
  netns: orNull(text),
  interface: orNull(text),
  direction: fc.constantFrom('in' as const, 'out' as const, null),
  time: orNull(time),
  file: text,
  packet: fc.integer({ min: 1, max: 1e9 }),
  source: endpoint,
  destination: endpoint,
  tunnels: fc.array(text, { maxLength: 2 }),
  try: fc.integer({ min: 1, max: 3 }),
});

const attempt = fc.record({
  id,
  protocol: fc.constantFrom('tcp', 'udp', 'icmp'),
  client: endpoint,
  server: endpoint,
  vip: orNull(address),
  outcome: fc.constantFrom(...OUTCOMES),
  firstTime: orNull(time),
  tries: count,
  delayNs: fc.option(fc.nat()),
  path: fc.array(step, { maxLength: 30, size: 'medium' }),
});

const evidence = fc.record(
  {
    kind: fc.constantFrom(...EVIDENCE_KINDS),
    node: orNull(text),
    file: orNull(text),
    line: orNull(fc.integer({ min: 1 })),
    packet: orNull(fc.integer({ min: 1 })),
    text,
    octets: fc.uint8Array({ maxLength: 96 }).map((octets) => Buffer.from(octets).toString('hex')),
    decoded: fc.array(text, { maxLength: 4 }),
  },
  { requiredKeys: ['kind', 'node', 'file', 'line', 'packet', 'text'] },
);

const owners = fc.record(
  {
    address,
    protocol: fc.constantFrom('arp' as const, 'ndp' as const),
    spells: fc.array(
      fc.record({
        mac: fc.oneof(text, fc.constantFrom('02:00:00:00:00:01', '02:00:00:00:00:02')),
        node: orNull(text),
        interface: orNull(text),
        claims: count.map((claims) => claims + 1),
        firstTime: time,
        lastTime: time,
      }),
      { maxLength: 6 },
    ),
    leftOut: fc.integer({ min: 1 }),
  },
  { requiredKeys: ['address', 'protocol', 'spells'] },
);

const commands = fc.array(fc.record({ node: text, command: text, persists: fc.boolean() }), { maxLength: 4 });

const fix = fc.record(
  {
    summary: text,
    commands,
    manifests: fc.array(text, { maxLength: 2 }),
    undoneBy: fc.array(text, { maxLength: 2 }),
    risk: text,
    expected: text,
    undo: commands,
  },
  { requiredKeys: ['summary', 'commands', 'manifests', 'risk', 'expected'] },
);

const pattern = fc.record({
  by: fc.oneof(text, fc.constant('backend-node')),
  rows: fc.array(fc.record({ value: text, failed: fc.nat(1e6), slow: fc.nat(9), made: fc.nat(1e6) }), {
    maxLength: 9,
  }),
  summary: text,
});

const finding = fc.record({
  id: fc.constantFrom('f1', 'f2'),
  cause: fc.constantFrom(...CAUSES),
  confidence: fc.constantFrom(...CONFIDENCES),
  severity: fc.constantFrom(...SEVERITIES),
  vip: orNull(address),
  node: orNull(text),
  interface: orNull(text),
  claimants: fc.array(
    fc.record({ node: orNull(text), interface: orNull(text), mac: fc.constant('02:00:00:00:00:01') }),
    { maxLength: 3 },
  ),
  attempts: fc.uniqueArray(id),
  summary: text,
  evidence: fc.array(evidence, { maxLength: 12 }),
  fix: orNull(fix),
  noFix: text,
  known: text,
  slow: fc.nat(9),
  routers: fc.array(
    fc.record({
      role: fc.constantFrom('request' as const, 'reply' as const),
      address: orNull(address),
      mac: orNull(text),
    }),
    { maxLength: 2 },
  ),
  patterns: fc.array(pattern, { maxLength: 3 }),
  alternatives: fc.array(fc.record({ cause: fc.constantFrom(...CAUSES), why: text }), { maxLength: 3 }),
});

const service = fc.record({
  vip: address,
  namespace: text,
  name: text,
  ports: fc.array(fc.record({ protocol: text, port: fc.nat(65_535), name: orNull(text) }), { maxLength: 6 }),
  externalTrafficPolicy: orNull(fc.oneof(text, fc.constant('Local'))),
  backends: fc.array(
    fc.record({
      address,
      port: orNull(fc.nat(65_535)),
      pod: orNull(text),
      node: orNull(text),
      ready: fc.boolean(),
    }),
    { maxLength: 9 },
  ),
  announcedBy: orNull(fc.oneof(text, fc.constant('metallb-l2'))),
  pool: orNull(text),
  advertisements: fc.array(text, { maxLength: 3 }),
  announcers: fc.array(
    fc.record({
      node: text,
      interface: orNull(text),
      count,
      firstTime: orNull(time),
      lastTime: orNull(time),
      current: orNull(fc.boolean()),
    }),
    { maxLength: 6 },
  ),
  handOvers: fc.array(fc.record({ time, from: text, to: text }), { maxLength: 6 }),
});

const probe = fc.record({
  from: orNull(text),
  vip: address,
  port: fc.integer({ min: 1, max: 65_535 }),
  wanted: fc.integer({ min: 1, max: 1000 }),
  connections: fc.array(
    fc.record(
      {
        sourcePort: fc.integer({ min: 1, max: 65_535 }),
        result: fc.constantFrom(...PROBE_RESULTS),
        tookNs: fc.nat(4e9),
        why: text,
        attempt: orNull(id),
        outcome: orNull(fc.constantFrom(...OUTCOMES)),
      },
      { requiredKeys: ['sourcePort', 'result', 'tookNs', 'attempt', 'outcome'] },
    ),
    { maxLength: 30 },
  ),
  problem: orNull(text),
});

const arping = fc.record({
  from: text,
  interface: orNull(text),
  vip: address,
  owners: fc.array(
    fc.record({ node: orNull(text), interface: orNull(text), mac: fc.constant('02:00:00:00:00:01') }),
    { maxLength: 3 },
  ),
  problem: orNull(text),
});

/** Any analysis that the types allow, likely or not. */
export const anyAnalysis: fc.Arbitrary<Analysis> = fc.record({
  schema: fc.constant(ANALYSIS_SCHEMA),
  inputs: fc.array(
    fc.record(
      {
        node: text,
        file: text,
        linkType: text,
        packets: count,
        bytes: count,
        firstTime: orNull(time),
        lastTime: orNull(time),
        dropped: orNull(count),
        truncated: fc.boolean(),
        undecoded: count,
        error: orNull(text),
        unfollowedSince: count.map((packet) => packet + 1),
      },
      {
        requiredKeys: [
          ...(['node', 'file', 'linkType', 'packets', 'bytes', 'firstTime'] as const),
          ...(['lastTime', 'dropped', 'truncated', 'undecoded', 'error'] as const),
        ],
      },
    ),
    { maxLength: 4 },
  ),
  clocks: fc.array(
    fc.record(
      {
        node: text,
        offsetNs: orNull(offset),
        uncertaintyNs: orNull(count),
        driftPpm: orNull(
          fc.double({ noNaN: true, noDefaultInfinity: true }).map((ppm) => (ppm === 0 ? 0 : ppm)),
        ),
        matched: count,
        at: orNull(time),
        bound: fc.constantFrom('at-most' as const, 'at-least' as const),
        wasSet: fc.constant(true as const),
      },
      { requiredKeys: ['node', 'offsetNs', 'uncertaintyNs', 'driftPpm', 'matched'] },
    ),
    { maxLength: 3 },
  ),
  vips: fc.array(
    fc.record({
      address,
      source: fc.constantFrom('flag' as const, 'kubernetes' as const, 'inferred' as const),
    }),
    { maxLength: 3 },
  ),
  totals: fc.array(
    fc.record({
      vip: orNull(address),
      protocol: fc.constantFrom('tcp', 'udp'),
      outcomes: fc.tuple(...OUTCOMES.map(() => fc.nat(1e6))).map(toOutcomes),
      slow: fc.nat(99),
      stuck: fc.nat(99),
      answered: fc.nat(99),
    }),
    { maxLength: 3 },
  ),
  attempts: fc.uniqueArray(attempt, { maxLength: 5, selector: (one) => one.id }),
  findings: fc.array(finding, { maxLength: 3 }),
  gaps: fc.array(
    fc.record({ node: orNull(text), interface: orNull(text), why: text, capture: orNull(text) }),
    { maxLength: 3 },
  ),
  services: fc.array(service, { maxLength: 3 }),
  cluster: fc.record({ kubeProxyMode: orNull(text), strictARP: orNull(fc.boolean()) }),
  owners: fc.array(owners, { maxLength: 2 }),
  probes: fc.array(probe, { maxLength: 2 }),
  arpings: fc.array(arping, { maxLength: 2 }),
});

function toOutcomes(counts: number[]): Analysis['totals'][number]['outcomes'] {
  return Object.fromEntries(
    OUTCOMES.map((outcome, i) => [outcome, counts[i]!]),
  ) as Analysis['totals'][number]['outcomes'];
}
