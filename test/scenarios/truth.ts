import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Analysis, Finding, Outcome } from '../../src/model/analysis.js';
import { type Expectation, expectations, type Scenario } from '../lab/scenario.js';
import type { ClientResult, Truth } from '../lab/truth.js';

/** The bundles of a recorded scenario, in the order of their names. */
export function bundlesIn(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name !== 'truth.json' && name !== 'README.md')
    .sort()
    .map((name) => join(directory, name));
}

export function readTruth(directory: string): Truth {
  return JSON.parse(readFileSync(join(directory, 'truth.json'), 'utf8')) as Truth;
}

/** The outcomes that fit what the client itself experienced. */
const FITTING: Record<ClientResult['result'], readonly Outcome[]> = {
  connected: ['established'],
  timeout: ['no-reply', 'reply-lost', 'unacknowledged', 'rejected'],
  refused: ['refused'],
  reset: ['refused', 'rejected'],
  unreachable: ['unreachable'],
};

/** A connection that took longer had a SYN to send again. */
const LATE_MS = 900;

/** Holds an analysis against what was really so. */
export function assertTruth(t: ExecutionContext, scenario: Scenario, truth: Truth, analysis: Analysis): void {
  const faults = analysis.findings.filter((finding) => finding.severity === 'fault');
  const all = scenario.changesHands
    ? analysis.attempts.filter(({ outcome }) => outcome !== 'midstream')
    : analysis.attempts;
  for (const [i, { sourcePort, result, milliseconds }] of truth.client.entries()) {
    const attempts = all.filter(({ client }, nth) =>
      // Echo requests have no port: they are told apart by their order.
      truth.protocol === 'icmp' ? nth === i : client.port === sourcePort,
    );
    if (attempts.length === 0 && scenario.form.lateMs !== undefined) continue;
    t.is(attempts.length, 1, `one attempt from port ${sourcePort}`);
    const { outcome, server, vip, protocol, id } = attempts[0]!;
    const fitting = [...FITTING[result], ...(scenario.alsoFitting ?? [])];
    t.true(fitting.includes(outcome), `port ${sourcePort}: ${result} in truth, ${outcome} here`);
    t.is(protocol, truth.protocol);
    const port = truth.protocol === 'icmp' ? null : truth.port;
    t.deepEqual(server, scenario.seenAs ?? { address: truth.vip, port });
    t.is(vip, truth.vip);
    const explained = faults.filter((finding) => finding.attempts.includes(id)).length;
    // What was only late may share the finding of what failed; a reply that nothing acknowledges may look as if it came.
    const late = result === 'connected' && milliseconds >= LATE_MS;
    // Where the address changes hands to and fro, a connection made may get its first data through when its client has left.
    const tooLate = scenario.changesHands === true && scenario.intermittent === true;
    const untold = (truth.protocol !== 'tcp' || tooLate) && scenario.alsoFitting?.includes(outcome);
    if (!late && !untold) {
      t.is(explained, result === 'connected' ? 0 : 1, `port ${sourcePort}: ${explained} findings`);
    }
  }
  const ports = new Set(truth.client.map((client) => client.sourcePort));
  t.deepEqual(
    all.filter(({ client }) => client.port !== null && !ports.has(client.port)),
    [],
    'nothing else is an attempt',
  );
  t.deepEqual(faults.map(found).sort(), expectations(truth).map(wanted).sort());
  if (scenario.slow) assertSlow(t, scenario, truth, analysis);
}

/** What was late is reported, with its cause, and is no fault. */
function assertSlow(t: ExecutionContext, scenario: Scenario, truth: Truth, analysis: Analysis): void {
  const late = truth.client.filter((c) => c.result === 'connected' && c.milliseconds >= LATE_MS);
  const slow = analysis.findings.filter((finding) => finding.cause === scenario.slow && finding.slow);
  for (const { sourcePort } of late) {
    const attempt = analysis.attempts.find(({ client }) => client.port === sourcePort)!;
    t.true((attempt.delayNs ?? 0) > 500_000_000, `port ${sourcePort} was late`);
    t.true(
      slow.some((finding) => finding.attempts.includes(attempt.id)),
      `port ${sourcePort}: late by ${scenario.slow}`,
    );
  }
}

function found({ cause, node, interface: device, claimants }: Finding): string {
  return wanted({ cause, node, interface: device, claimants });
}

/** An owner of the address has no one place: for `arp-conflict` the claimants are compared in its stead. */
function wanted({ cause, node, interface: device, claimants = [] }: Expectation): string {
  if (cause !== 'arp-conflict') return `${cause} ${node} ${device}`;
  const each = claimants.map((claimant) => `${claimant.node} ${claimant.interface} ${claimant.mac}`);
  return `${cause} ${each.sort().join(', ')}`;
}
