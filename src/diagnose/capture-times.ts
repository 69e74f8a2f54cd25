/** When captures ran: what one does not show tells nothing of a packet that passed before it began, or after it ended. */
import type { Clocks } from '../correlate/clocks/clocks.js';
import type { Sighting } from '../model/sighting.js';
import type { Coverage, NodeView } from './context.js';

type Span = Pick<Coverage, 'node' | 'firstTime' | 'lastTime'>;

/** Clocks that somebody sets now and then are off by less, ns; that captures were given together says the rest. */
const WRONG_CLOCK = 300_000_000_000n;

/**
 * Whether a capture has packets from before and after one of those that were seen, be it elsewhere.
 *
 * @param doubt how far clocks may be apart that no packet places against each other, ns
 */
export function spans(
  { node, firstTime, lastTime }: Span,
  beside: readonly Sighting[],
  clocks: Clocks,
  doubt = WRONG_CLOCK,
): boolean {
  if (firstTime === null || lastTime === null) return false;
  return beside.some((sighting) => {
    if (sighting.time === null) return false;
    const placed = clocks.timeAt(node, sighting);
    const [time, slack] = placed === null ? [sighting.time, doubt] : [placed, 0n];
    return time >= firstTime - slack && time <= lastTime + slack;
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
  doubt = WRONG_CLOCK,
): readonly Coverage[] {
  const running = captures.filter((capture) => spans(capture, beside, clocks, doubt));
  if (running.length === captures.length) return captures;
  return captures.filter(
    (capture) =>
      running.includes(capture) ||
      capture.firstTime === null ||
      capture.lastTime === null ||
      running.some((other) => capture.firstTime! <= other.lastTime! && other.firstTime! <= capture.lastTime!),
  );
}
