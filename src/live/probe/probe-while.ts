import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Probing } from './probing.js';

/** So long after a capture began it surely sees everything. */
const LEAD_MS = 1000;
/** The last packets have so long to be captured. */
const TRAIL_MS = 1500;

/**
 * Probes while packets are captured.
 *
 * @param until when the capture is to end, ms since 1970; null: when it is ended
 * @returns resolved when that is over, and the probe as well, or when the signal comes
 */
export async function probeWhile(
  probing: Probing,
  until: number | null,
  signal: AbortSignal,
  onMessage: (message: string) => void,
): Promise<void> {
  const pause = (milliseconds: number) => sleep(milliseconds, undefined, { signal }).catch(() => {});
  const late = () => onMessage('the probe is not over yet: the recording goes on until it is');
  await pause(LEAD_MS);
  const timer = until === null ? null : setTimeout(late, Math.max(0, until - Date.now()));
  await probing.run(signal);
  if (timer !== null) clearTimeout(timer);
  await pause(TRAIL_MS);
  await restOf(until, signal);
}

/** What is left of a recording's time. */
export async function restOf(until: number | null, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  if (until === null) await once(signal, 'abort');
  else await sleep(Math.max(0, until - Date.now()), undefined, { signal }).catch(() => {});
}
