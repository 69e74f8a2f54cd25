import type { CauseId, Finding } from '../model/analysis.js';
import { numberText } from '../model/texts.js';
import type { Suspicion } from './cause.js';
import { surest } from './confidence.js';

/** What every finding of failed attempts says alike. */
type Fault = Pick<
  Finding,
  'cause' | 'confidence' | 'severity' | 'vip' | 'node' | 'interface' | 'netns' | 'claimants' | 'attempts'
>;

/**
 * The head of a finding, from suspicions of one node and interface.
 *
 * @param netns the namespace of the node that the interface is in; null for its own
 */
export function faultOf(
  cause: CauseId,
  suspicions: readonly Suspicion<unknown>[],
  netns: string | null = null,
): Fault {
  const { attempt, node, interface: name } = suspicions[0]!;
  return {
    cause,
    confidence: surest(suspicions.map((s) => s.confidence)),
    severity: 'fault',
    vip: attempt.vip,
    node,
    interface: name,
    ...(netns === null ? {} : { netns }),
    claimants: [],
    attempts: suspicions.map((s) => s.attempt.id),
  };
}

/** How many connection attempts a sentence is about, at its start. */
export function attemptsText(suspicions: readonly unknown[]): string {
  return suspicions.length === 1
    ? 'One connection attempt'
    : `${numberText(suspicions.length)} connection attempts`;
}
