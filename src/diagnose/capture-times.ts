/** When captures ran: what one does not show tells nothing of a packet that passed before it began, or after it ended. */
import type { Clocks } from '../correlate/clocks/clocks.js';
import type { Sighting } from '../model/sighting.js';
import type { Coverage, NodeView } from './context.js';

type Span = Pick<Coverage, 'node' | 'firstTime' | 'lastTime'>;

/**
 * Whether a capture has packets from before and after one of those that were seen, be it elsewhere. Where nothing places
 * the nodes' clocks against each other, what they show is taken as it is: nodes that are captured together show times
 * that overlap, unless a clock is wrong, and then nothing tells.
 */
export function spans(
  { node, firstTime, lastTime }: Span,
  beside: readonly Sighting[],
  clocks: Clocks,
): boolean {
  if (firstTime === null || lastTime === null) return false;
  return beside.some((sighting) => {
    const time = clocks.timeAt(node, sighting) ?? sighting.time;
    return time !== null && time >= firstTime && time <= lastTime;
  });
}

/**
 * The captures of a node that may have been running. One of an interface on which little came looks shorter than it was:
 * beside another of the node's that ran, it did too. One without times may be of any.
 */
export function capturesThen(
  { captures }: NodeView,
  beside: readonly Sighting[],
  clocks: Clocks,
): readonly Coverage[] {
  const running = captures.filter((capture) => spans(capture, beside, clocks));
  if (running.length === captures.length) return captures;
  return captures.filter(
    (capture) =>
      running.includes(capture) ||
      capture.firstTime === null ||
      capture.lastTime === null ||
      running.some((other) => capture.firstTime! <= other.lastTime! && other.firstTime! <= capture.lastTime!),
  );
}
