/** Connections that were made, but only after packets of theirs were lost. */
import type { Attempt } from '../correlate/attempt.js';
import type { Finding } from '../model/analysis.js';
import { isSlow } from './loss.js';

/**
 * A finding that says how many of its connections were made in the end, and after how long. Where all were, nothing is
 * lost but time: a named cause is a risk, and one lost packet with no reason is ordinary.
 */
export function withSlow(finding: Omit<Finding, 'id'>, attempts: readonly Attempt[]): Omit<Finding, 'id'> {
  const slow = attempts.filter(isSlow);
  if (slow.length === 0) return finding;
  const all = slow.length === attempts.length;
  const which = countText(slow.length, attempts.length);
  const summary = `${finding.summary} ${which} made in the end, after ${waitText(slow)}.`;
  if (!all) return { ...finding, slow: slow.length, summary };
  const severity = finding.cause === 'undetermined' || finding.severity === 'info' ? 'info' : 'risk';
  return { ...finding, slow: slow.length, severity, summary };
}

function countText(slow: number, all: number): string {
  if (slow < all) return `${slow} of the ${all} connections ${slow === 1 ? 'was' : 'were'}`;
  if (all === 1) return 'The connection was';
  return all === 2 ? 'Both connections were' : `All ${all} connections were`;
}

/** `1.0 s`, or `1.0 to 7.1 s`. */
function waitText(slow: readonly Attempt[]): string {
  let [least, most] = [Number.POSITIVE_INFINITY, 0];
  for (const { delayNs } of slow) {
    const wait = Number(delayNs) / 1e9;
    least = Math.min(least, wait);
    most = Math.max(most, wait);
  }
  const [from, to] = [least.toFixed(1), most.toFixed(1)];
  return from === to ? `${from} s` : `${from} to ${to} s`;
}
