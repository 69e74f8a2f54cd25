import type { Attempt } from '../correlate/attempt.js';
import { seenBy } from '../correlate/overheard.js';
import type { DiagnosisContext } from './context.js';

/**
 * A SYN is sent again after a second at the earliest, and tcpdump may lose its last second when it is stopped:
 * what ends a capture this close to its end proves nothing, ns.
 */
const END_OF_CAPTURE = 1_500_000_000n;

/** Whether an attempt asked once only, and the captures that saw it ended right after. */
export function isCutShort(attempt: Attempt, context: DiagnosisContext): boolean {
  if (attempt.tries > 1) return false;
  for (const trace of attempt.traces) {
    for (const { time, point } of seenBy(trace)) {
      const capture = context
        .node(point.node, point.netns)
        ?.captures.find((c) => c.capture === point.capture);
      if (time === null || capture?.lastTime == null) return false;
      if (capture.lastTime - time > END_OF_CAPTURE) return false;
    }
  }
  return true;
}

/**
 * Whether a node that saw the client's last SYN was captured until that would have been sent again: each wait is twice
 * the one before (RFC 6298 section 5.5). Its captures end together: one of an interface on which nothing more came
 * looks as if it had ended before.
 */
export function isWatchedAfterAsking({ traces, tries }: Attempt, context: DiagnosisContext): boolean {
  const wait = END_OF_CAPTURE << BigInt(Math.max(tries - 1, 0));
  const asked = traces.findLast((trace) => trace.role === 'request')?.sightings ?? [];
  return asked.some(({ time, point }) => {
    const captures = context.node(point.node, point.netns)?.captures ?? [];
    return time !== null && captures.some(({ lastTime }) => lastTime !== null && lastTime - time > wait);
  });
}

/** How long a server may take to answer what is sent again, and how long its silence is a proof without that, ns. */
const ANSWER = 300_000_000n;
const SILENCE = 2_500_000_000n;

/** Whether the captures end with the last packet of a connection soon after its handshake: an answer may have followed. */
export function isCutOff({ legs, others }: Attempt, context: DiagnosisContext): boolean {
  const acks = others.filter(({ kind, time }) => kind === 'ack' && time !== null);
  return !legs.some(({ witnesses }) =>
    witnesses.some(({ point, lastTime: last }) => {
      const { captures } = context.node(point.node, point.netns) ?? { captures: [] };
      const end = captures.find(({ capture }) => capture === point.capture)?.lastTime ?? null;
      const made = acks.find((ack) => ack.point.capture === point.capture)?.time ?? null;
      if (last === null || end === null) return true;
      return end - last >= ANSWER || (made !== null && last - made >= SILENCE);
    }),
  );
}
