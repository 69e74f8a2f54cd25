/** Connections that are made after lost packets: reported as slow, never as a fault. */
import test from 'ava';
import type { Attempt } from '../../src/correlate/attempt.js';
import { isSlow, lossOf } from '../../src/diagnose/loss.js';
import { withSlow } from '../../src/diagnose/slow.js';
import type { Finding } from '../../src/model/analysis.js';
import { EditedScenario } from './edited-bundle.js';

test('a named cause is a risk, and says how many were made and after how long', async (t) => {
  const { findings } = await new EditedScenario(t, 'slow-rp-filter').analyze();
  t.deepEqual(
    findings.map((f) => [f.cause, f.severity, f.slow]),
    [['rp-filter', 'risk', 3]],
  );
  t.regex(findings[0]!.summary, /All 3 connections were made in the end, after \d+\.\d( to \d+\.\d)? s\.$/);
});

test('lost for no known reason: for information, though the ways differ', async (t) => {
  for (const scenario of ['slow-gateway', 'lossy-beyond']) {
    const { findings, gaps } = await new EditedScenario(t, scenario).analyze();
    t.deepEqual(
      findings.map((f) => [f.cause, f.severity]),
      [['undetermined', 'info']],
      scenario,
    );
    t.is(gaps.length, 1, scenario);
    t.regex(gaps[0]!.why, /where nothing was captured$/);
    t.regex(gaps[0]!.capture!, /^tcpdump /);
    t.is(findings[0]!.slow, findings[0]!.attempts.length);
  }
});

const second = 1_000_000_000n;
const sighting = (packet: number) => ({
  packet,
  ttl: 64,
  point: { node: 'n', interface: 'e' },
  direction: 'in',
});
const trace = (role: 'request' | 'reply', packet: number) => ({
  role,
  try: 1,
  sightings: [sighting(packet)],
});
const attempt = (delayNs: bigint, ...roles: ('request' | 'reply')[]) =>
  ({
    outcome: 'established',
    delayNs,
    traces: roles.map((role, i) => trace(role, i + 1)),
  }) as unknown as Attempt;

test('what was lost: the requests before the one that was answered, else the first reply', (t) => {
  const asked = lossOf(attempt(3n * second, 'request', 'request', 'request', 'reply'))!;
  t.deepEqual(
    [asked.role, asked.made, asked.traces.map((x) => x.sightings[0]!.packet)],
    ['request', true, [1, 2]],
  );
  const answered = lossOf(attempt(second, 'request', 'reply', 'request', 'reply'))!;
  t.deepEqual(
    [answered.role, answered.made, answered.traces.map((x) => x.sightings[0]!.packet)],
    ['reply', true, [2]],
  );
  t.is(lossOf(attempt(0n, 'request', 'reply')), null);
  // A duplicate on the wire.
  t.is(lossOf(attempt(2_000_000n, 'request', 'request', 'reply')), null);
});

test('a finding of lost and slow ones stays a fault, and counts the slow', (t) => {
  const finding = { cause: 'rp-filter', severity: 'fault', summary: 'x.' } as unknown as Omit<Finding, 'id'>;
  const lost = { outcome: 'no-reply', delayNs: null } as unknown as Attempt;
  const slow = attempt(second, 'request', 'request', 'reply');
  t.true(isSlow(slow));
  t.deepEqual(withSlow(finding, [lost]), finding);
  const mixed = withSlow(finding, [lost, slow, lost]);
  t.deepEqual(
    [mixed.severity, mixed.slow, mixed.summary],
    ['fault', 1, 'x. 1 of the 3 connections was made in the end, after 1.0 s.'],
  );
  const both = withSlow(finding, [slow, attempt(3n * second, 'request', 'request', 'reply')]);
  t.deepEqual(
    [both.severity, both.slow, both.summary],
    ['risk', 2, 'x. Both connections were made in the end, after 1.0 to 3.0 s.'],
  );
});

test('of as many as there are arguments to no function', (t) => {
  const finding = { cause: 'undetermined', severity: 'fault', summary: 'x.' } as unknown as Omit<
    Finding,
    'id'
  >;
  const delays = Array.from({ length: 300_000 }, (_, i) => second + BigInt(i % 7) * second);
  const slow = delays.map((delay) => attempt(delay, 'request', 'request', 'reply'));
  const { summary } = withSlow(finding, slow);
  t.is(summary, 'x. All 300000 connections were made in the end, after 1.0 to 7.0 s.');
});
