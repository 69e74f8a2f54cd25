import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Analysis, Outcome } from '../../src/model/analysis.js';
import type { Truth } from '../lab/truth.js';

/** The bundles of a recorded scenario, in the order of their names. */
export function bundlesIn(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => /^node\d/.test(name))
    .sort()
    .map((name) => join(directory, name));
}

export function readTruth(directory: string): Truth {
  return JSON.parse(readFileSync(join(directory, 'truth.json'), 'utf8')) as Truth;
}

/** The outcomes that fit what the client itself experienced. */
const FITTING: Record<string, readonly Outcome[]> = {
  connected: ['established'],
  timeout: ['no-reply', 'reply-lost', 'unacknowledged', 'rejected'],
  refused: ['refused'],
  reset: ['refused', 'rejected'],
};

/** Holds an analysis against what was really so. */
export function assertTruth(t: ExecutionContext, truth: Truth, analysis: Analysis): void {
  const faults = analysis.findings.filter((finding) => finding.severity === 'fault');
  for (const { sourcePort, result } of truth.client) {
    const attempts = analysis.attempts.filter((attempt) => attempt.client.port === sourcePort);
    t.is(attempts.length, 1, `one attempt from port ${sourcePort}`);
    const { outcome, server, vip, id } = attempts[0]!;
    t.true(FITTING[result]!.includes(outcome), `port ${sourcePort}: ${result} in truth, ${outcome} here`);
    t.deepEqual(server, { address: truth.vip, port: truth.port });
    t.is(vip, truth.vip);
    const explained = faults.filter((finding) => finding.attempts.includes(id));
    t.is(
      explained.length,
      result === 'connected' ? 0 : 1,
      `port ${sourcePort}: ${explained.length} findings`,
    );
  }
  t.is(analysis.attempts.length, truth.client.length);
  if (truth.expect === null) {
    t.deepEqual(faults, []);
    return;
  }
  t.is(faults.length, 1);
  const [fault] = faults;
  const { cause, node, interface: name } = fault!;
  t.deepEqual({ cause, node, interface: name }, truth.expect);
}
